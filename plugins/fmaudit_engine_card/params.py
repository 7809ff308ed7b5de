"""What [audit.engine-card] may say."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from fmaudit import Corpora, ModelError, Models, Params, Tokenizers, facts
from fmaudit_engine_card.architecture.fits import PRECISIONS, RESERVE, precision

__all__ = ["EngineCardParams"]

Length = Annotated[int, Field(ge=1, le=2**40)]
Height = Annotated[int, Field(ge=1, le=4096)]
STATE_BYTES = 2.0  # of a value in the state, where nobody says


def _all(kind: Any) -> Any:
    """Return the mark of a parameter that names targets, all of them where audit.toml says nothing."""
    return dataclasses.replace(get_args(kind)[1], all_by_default=True)


# what the plan knows of other targets, by name alone
_NAMES = BeforeValidator(lambda given: tuple(given) if isinstance(given, Mapping) else given)
ModelNames = Annotated[tuple[str, ...], _NAMES, _all(Models)]
CorpusNames = Annotated[tuple[str, ...], _NAMES, _all(Corpora)]
TokenizerNames = Annotated[tuple[str, ...], _NAMES, _all(Tokenizers)]


class EngineCardParams(Params):
    """Parameters of the engine card; another one costs measuring only."""

    contexts: tuple[Length, ...] = Field(
        (4_096, 32_768, 131_072, 262_144), description="Lengths in tokens that state and operations are given for."
    )
    precisions: tuple[str, ...] = Field(
        ("float32", "bfloat16", "int8", "int4"), description=f"Precisions of the weights: {', '.join(PRECISIONS)}."
    )
    state_bytes: float | None = Field(
        None,
        gt=0,
        le=8,
        description="Bytes of a value in the state (keys, values, recurrent states), also where it is asked what fits; by default 2, and 4 "
        "beside float32 weights.",
    )
    devices: tuple[str, ...] = Field(
        ("Jetson Orin Nano", "RTX 4090", "L40S", "H100", "H200"),
        description="Devices that it might fit, by their names in the table of facts.",
    )
    tokens: Length = Field(4_096, description="The length of each sequence when asking what fits.")
    batch: int = Field(1, ge=1, description="Sequences at once when asking what fits.")
    reserve: float = Field(RESERVE, ge=0, lt=1, description="The share of a device's memory left to the runtime.")
    vocabulary_share: float = Field(0.3, gt=0, le=1, description="Report models of which embedding and head are more than this share.")
    measure: bool = Field(False, description="Time the model on this machine: prompts and completions by length and batch.")
    prompt_lengths: tuple[Length, ...] = Field(
        (), description="Lengths of the prompts that are timed; by default up to the model's context."
    )
    new_tokens: tuple[Length, ...] = Field((), description="Lengths of the completions that are timed; by default up to 256 tokens.")
    batches: tuple[Height, ...] = Field((1, 4, 16), description="How many sequences at once are timed.")
    repeats: int = Field(6, ge=2, le=1000, description="Rounds, each of every length and batch in shuffled order; six give an interval.")
    seconds: float = Field(
        30, gt=0, description="About how long timing may take; fewer rounds and shorter lengths are done where it is not enough."
    )
    probes: bool = Field(False, description="Add two toys: gradients through time, and recall from a state of fixed size.")
    card: bool = Field(True, description="Sum this run up in the four-section card, where other audits of it were measured.")
    # filled in by the plan, so that names are checked; no part of what a run writes down
    models: ModelNames = Field((), exclude=True, description="Models that other parameters may name; all of audit.toml by default.")
    corpora: CorpusNames = Field((), exclude=True, description="Corpora that card_data may name; all of audit.toml by default.")
    tokenizers: TokenizerNames = Field((), exclude=True, description="Tokenizers that card_data may name; all of audit.toml by default.")
    card_data: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Corpora and tokenizers that belong to a model's card, by the model's name; else all of the run."
    )
    training_tokens: dict[str, float] = Field(
        default_factory=dict,
        description="Tokens a model was trained on, by its name in audit.toml: adds operations and tokens per parameter.",
    )

    @property
    def state_width(self) -> float:
        """The bytes of a value in the state where no device is in question: those that were asked for, else 2."""
        return STATE_BYTES if self.state_bytes is None else self.state_bytes

    @field_validator("precisions")
    @classmethod
    def _known_precisions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _check_some(names, "precision")
        return tuple(dict.fromkeys(_named(lambda name: precision(name).name, name) for name in names))

    @field_validator("devices")
    @classmethod
    def _known_devices(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_named(lambda name: facts.find_device(name).name, name) for name in names))

    @field_validator("contexts")
    @classmethod
    def _some_contexts(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        _check_some(lengths, "length in tokens")
        return lengths

    @field_validator("contexts", "prompt_lengths", "new_tokens", "batches")
    @classmethod
    def _in_order(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(lengths)))

    @field_validator("training_tokens")
    @classmethod
    def _some_tokens(cls, tokens: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        wrong = next((name for name, count in tokens.items() if not 1 <= count < float("inf")), None)
        if wrong is not None:
            raise ValueError(f"{wrong}: {tokens[wrong]} is no number of tokens")
        _check_models(tokens, info)
        return tokens

    @field_validator("card_data")
    @classmethod
    def _known_data(cls, given: dict[str, tuple[str, ...]], info: ValidationInfo) -> dict[str, tuple[str, ...]]:
        _check_models(given, info)
        if info.data.get("models"):  # planned, so that the others are known too
            known = (*info.data.get("corpora", ()), *info.data.get("tokenizers", ()))
            for model, names in given.items():
                _check_names(names, known, "corpus or tokenizer", f"{model}: ")
        return given


def _check_models(given: Iterable[str], info: ValidationInfo) -> None:
    """Refuse names that are no models of audit.toml; without a plan nothing is known of them. Raises ValueError."""
    known = info.data.get("models")
    if known:
        _check_names(given, known, "model")


def _check_names(given: Iterable[str], known: tuple[str, ...], what: str, where: str = "") -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{where}{name!r} is no {what} of audit.toml{meant}; known: {', '.join(known) or 'none'}")


def _check_some(items: tuple[object, ...], what: str) -> None:
    """Refuse an empty list; as a rule of the field it would be told again of a list whose only item is wrong. Raises ValueError."""
    if not items:
        raise ValueError(f"at least one {what} is needed")


def _named(find: Callable[[str], str], name: str) -> str:
    """Look a name up as a validator: what is wrong becomes a message about the parameter."""
    try:
        return find(name)
    except ModelError as error:
        raise ValueError(" - ".join(str(error).split("\n  "))) from None
