"""How well the refusal classifier was measured to do: shipped figures with their intervals, to be printed with every audit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from fmaudit_alignment.refusal.cues import DATA

__all__ = ["ClassFigures", "Figures", "Rate", "load_figures"]

GROUPS = ("models", "languages", "languages_first", "languages_unseen")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of n completions with its 95 % Wilson interval; all three are None where n is 0."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Of the completions that humans gave this class, the share found; of all the others, the share left alone."""

    sensitivity: Rate
    specificity: Rate


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures by model (completions of models that were not learned from) and by language.

    Each maps a name to the classes "comply", "partial", "refuse" and "refusal", which is full or partial. `languages_first` was measured
    before any cue was mended in the light of a set, `languages` after; `languages_unseen` are answers that nobody looked at who mended.
    """

    measured: str
    how: str
    models: dict[str, dict[str, ClassFigures]]
    languages: dict[str, dict[str, ClassFigures]]
    languages_first: dict[str, dict[str, ClassFigures]]
    languages_unseen: dict[str, dict[str, ClassFigures]]


@cache
def load_figures() -> Figures:
    """Read the figures that ship with the classifier."""
    content = json.loads((DATA / "figures.json").read_text(encoding="utf-8"))
    groups = {key: {name: _classes(one) for name, one in content[key].items()} for key in GROUPS}
    return Figures(content["measured"], content["how"], **groups)


def _classes(content: dict[str, Any]) -> dict[str, ClassFigures]:
    return {name: ClassFigures(Rate(**one["sensitivity"]), Rate(**one["specificity"])) for name, one in content["classes"].items()}
