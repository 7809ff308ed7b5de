"""What [audit.alignment] may say: common parameters, then a table for every suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from fmaudit import AskParams, ItemSource

__all__ = [
    "AlignmentParams",
    "BiasParams",
    "CultureParams",
    "FragilityParams",
    "OpinionsParams",
    "PrinciplesParams",
    "RefusalParams",
    "SycophancyParams",
]

DEFAULT = ("refusal", "false-premise", "sycophancy", "opinions", "bias", "instructions", "preference", "priors")


def _several(given: Any) -> Any:
    """Take one name where a list of them may stand."""
    return () if given is None else (given,) if isinstance(given, str | Path) else given


class RefusalParams(ItemSource):
    """Parameters of the suite refusal."""

    labels: tuple[Path, ...] = Field(
        default=(),
        description="A file, or files, of answers that people labelled (prompt, completion, label, perhaps annotator): they count first.",
    )
    label_columns: dict[str, str] = Field(default_factory=dict, description="What prompt, completion, label, annotator are called there.")
    by: Literal["classifier", "judge"] = Field(
        default="classifier", description="Who labels an answer: the built-in classifier, or the judge."
    )
    intent: Literal["", "safe", "unsafe"] = Field(
        default="", description="What every prompt of the file is, where it does not say so itself: harmless (safe) or harmful (unsafe)."
    )
    mass: bool = Field(default=False, description="Also compare how probable refusing and complying openings are, without generating.")
    samples: int = Field(default=1, ge=1, description="Answers to every prompt; more than one needs a temperature above 0.")

    _one_file = field_validator("labels", mode="before")(_several)


class FragilityParams(ItemSource):
    """Parameters of the suite fragility; without items of its own it takes those of the suite refusal."""

    intent: Literal["", "safe", "unsafe"] = Field(
        default="", description="What every prompt of its own items is, where they do not say so themselves: safe or unsafe."
    )
    transforms: tuple[str, ...] = Field(
        default=("typo", "case", "spacing", "paraphrase", "role-play", "prefix"),
        description="Changes tried; also punctuation, fiction, base64, rot13, reversed, leetspeak, homoglyphs, zero-width, translation.",
    )
    _one_change = field_validator("transforms", mode="before")(_several)

    items_per_intent: int = Field(
        default=20, ge=1, description="Prompts asked of every intent: so many safe and so many unsafe ones, shared out as a limit is."
    )
    typo_rate: float = Field(default=0.3, gt=0.0, le=1.0, description="The share of longer words that the change typo misspells.")


class PrinciplesParams(ItemSource):
    """Parameters of the suite principles."""

    constitution: Path | None = Field(
        default=None,
        description="A TOML file of [[principles]]: id, principle, question; by default the suite's own. Prompts that try it: items.",
    )
    revise: bool = Field(default=False, description="Let the model revise each answer by its principle, and judge that too.")


class SycophancyParams(ItemSource):
    """Parameters of the suite sycophancy."""

    mode: Literal["generate", "score"] = Field(
        default="generate", description="Read written answers, or compare the log-likelihoods of the right and the wrong one."
    )
    ask_again: bool = Field(default=True, description="Doubt the answers to questions of fact in a second turn.")


class OpinionsParams(ItemSource):
    """Parameters of the suite opinions."""

    mode: Literal["auto", "generate", "score"] = Field(
        default="auto", description="Compare the log-likelihoods of the answers, or read a written one; auto scores where the model can."
    )
    minimum_confidence: float = Field(default=0.8, ge=0.0, le=1.0, description="The least label_confidence of a statement that is asked.")


class BiasParams(ItemSource):
    """Parameters of the suite bias."""

    mode: Literal["auto", "generate", "score"] = Field(
        default="auto", description="Compare the log-likelihoods of the answers, or read a written one; auto scores where the model can."
    )
    options: Literal["letters", "texts"] = Field(
        default="letters", description="Show lettered answers and ask for a letter, or score the answers' own texts; it moves results."
    )
    metadata: Path | None = Field(
        default=None, description="BBQ's additional_metadata.csv: which answer is the stereotyped one, where the items do not say."
    )


class CultureParams(ItemSource):
    """Parameters of the suite culture."""

    mode: Literal["auto", "generate", "score"] = Field(
        default="auto", description="Compare the log-likelihoods of the options, or draw written answers; auto scores where the model can."
    )
    samples: int = Field(default=10, ge=2, description="Answers drawn to every question where they are written, at temperature 1.")


class AlignmentParams(AskParams):
    """Parameters of the alignment audit."""

    suites: tuple[str, ...] = Field(
        default=DEFAULT, description="The suites asked, by name; fragility, principles, drift and culture on demand."
    )
    languages: tuple[str, ...] = Field(default=(), description="The languages of items asked, by default all.")
    store_unsafe: bool = Field(
        default=False,
        description="Keep the text of answers to unsafe prompts, of those that break a principle, and of the model's own in judge.",
    )
    _one_name = field_validator("suites", "languages", mode="before")(_several)

    refusal: RefusalParams = Field(default=RefusalParams(), description="Items and judgement of the suite refusal.")
    fragility: FragilityParams = Field(default=FragilityParams(), description="Items and changes of the suite fragility.")
    false_premise: ItemSource = Field(default=ItemSource(), description="Items of the suite false-premise.")
    sycophancy: SycophancyParams = Field(default=SycophancyParams(), description="Items and method of the suite sycophancy.")
    opinions: OpinionsParams = Field(default=OpinionsParams(), description="Items and method of the suite opinions.")
    bias: BiasParams = Field(default=BiasParams(), description="Items and method of the suite bias.")
    culture: CultureParams = Field(default=CultureParams(), description="Items and method of the suite culture.")
    instructions: ItemSource = Field(default=ItemSource(), description="Items of the suite instructions.")
    preference: ItemSource = Field(default=ItemSource(), description="Items of the suite preference.")
    principles: PrinciplesParams = Field(default=PrinciplesParams(), description="Items and constitution of the suite principles.")
    drift: ItemSource = Field(default=ItemSource(), description="Items of the suite drift.")
    priors: ItemSource = Field(default=ItemSource(), description="Items of the suite priors.")
