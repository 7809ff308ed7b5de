"""What [audit.engine-card] may say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, field_validator

from fmaudit import ModelError, Params, facts
from fmaudit_engine_card.architecture.fits import PRECISIONS, RESERVE, precision

__all__ = ["EngineCardParams"]

Length = Annotated[int, Field(ge=1, le=2**40)]
Height = Annotated[int, Field(ge=1, le=4096)]


class EngineCardParams(Params):
    """Parameters of the engine card; another one costs measuring only."""

    contexts: tuple[Length, ...] = Field(
        (4_096, 32_768, 131_072, 262_144), min_length=1, description="Lengths in tokens that state and operations are given for."
    )
    precisions: tuple[str, ...] = Field(
        ("float32", "bfloat16", "int8", "int4"), min_length=1, description=f"Precisions of the weights: {', '.join(PRECISIONS)}."
    )
    state_bytes: float = Field(2, gt=0, le=8, description="Bytes of a value in the state (keys, values, recurrent states).")
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
    card_data: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Corpora and tokenizers that belong to a model's card, by the model's name; else all of the run."
    )
    training_tokens: dict[str, float] = Field(
        default_factory=dict,
        description="Tokens a model was trained on, by its name in audit.toml: adds operations and tokens per parameter.",
    )

    @field_validator("precisions")
    @classmethod
    def _known_precisions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_named(lambda name: precision(name).name, name) for name in names))

    @field_validator("devices")
    @classmethod
    def _known_devices(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_named(lambda name: facts.find_device(name).name, name) for name in names))

    @field_validator("contexts", "prompt_lengths", "new_tokens", "batches")
    @classmethod
    def _in_order(cls, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(lengths)))

    @field_validator("training_tokens")
    @classmethod
    def _some_tokens(cls, tokens: dict[str, float]) -> dict[str, float]:
        wrong = next((name for name, count in tokens.items() if not 1 <= count < float("inf")), None)
        if wrong is not None:
            raise ValueError(f"{wrong}: {tokens[wrong]} is no number of tokens")
        return tokens


def _named(find: Callable[[str], str], name: str) -> str:
    """Look a name up as a validator: what is wrong becomes a message about the parameter."""
    try:
        return find(name)
    except ModelError as error:
        raise ValueError(" - ".join(str(error).split("\n  "))) from None
