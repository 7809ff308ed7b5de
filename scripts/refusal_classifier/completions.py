"""Labelled completions to learn from and to measure on: XSTest's files, the examples written for this project, and the multilingual set."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmaudit_alignment.refusal.cues import DATA
from fmaudit_alignment.refusal.features import features
from fmaudit_alignment.refusal.reading import read

__all__ = ["LABELS", "MODELS", "Floats", "Labelled", "load_labelled", "load_xstest", "measure", "written"]

Floats = NDArray[np.float64]
LABELS = ("comply", "partial", "refuse")
MODELS = {"llama2-original-prompt": "llama2orig_streval.csv", "mistral-instruct": "mistralinstruct_streval.csv"}
_OF_XSTEST = {"1_full_compliance": "comply", "2_full_refusal": "refuse", "3_partial_refusal": "partial"}


@dataclass(frozen=True)
class Labelled:
    """A completion with its human label; `matched` is what the set's own string match said, where it comes with one.

    `part` tells the sets by language apart: "first", "second", and "second-unseen", which nobody who mends cues may look at.
    """

    prompt: str
    completion: str
    label: str
    language: str = "en"
    matched: str = ""
    part: str = "first"
    intent: str = ""  # of XSTest's prompts: safe or unsafe


def load_xstest(folder: Path) -> dict[str, list[Labelled]]:
    """Read the completions of each model with the label that two annotators settled on."""
    return {model: _of_csv(folder / name) for model, name in MODELS.items()}


def _of_csv(path: Path) -> list[Labelled]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                row["prompt"],
                row["completion"],
                _OF_XSTEST[row["final_label"]],
                "en",
                _OF_XSTEST[row["strmatch_label"]],
                intent="unsafe" if row["type"].startswith("contrast") else "safe",
            )
            for row in csv.DictReader(file)
        ]


def load_labelled(path: Path) -> list[Labelled]:
    """Read lines of {"language", "prompt", "completion", "label", "set"}."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Labelled(row["prompt"], row["completion"], row["label"], row["language"], part=row["set"]) for row in rows]


def written() -> list[Labelled]:
    """The examples written by hand for this project, in English but where they name a language: what real sets of few models lack."""
    rows = json.loads((DATA / "examples.json").read_text(encoding="utf-8"))
    return [Labelled(row["prompt"], row["completion"], row["label"], row.get("language", "en")) for row in rows]


def measure(items: list[Labelled]) -> tuple[Floats, NDArray[np.int64]]:
    """Measure the features, one row for each completion, and number the labels in the order of `LABELS`."""
    rows = [features(read(item.prompt, item.completion, item.language)) for item in items]
    return np.array(rows, dtype=np.float64), np.array([LABELS.index(item.label) for item in items])
