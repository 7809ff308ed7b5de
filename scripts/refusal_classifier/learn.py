"""Learn the weights of the refusal classifier: python scripts/refusal_classifier/learn.py XSTEST_FOLDER.

Two logistic regressions with an L2 penalty over the standardised features: refusal (full or partial) against compliance, and, among
refusals, partial against full. Within each model's completions, and within the written examples, compliance and refusal weigh the same, so
that no model's own rate of refusals is learned; full and partial refusals are drawn a fifth of the way to the same weight. The weights are
written to plugins/fmaudit_alignment/data/refusal/weights.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from completions import Floats, Labelled, load_xstest, measure, written
from numpy.typing import NDArray
from scipy.optimize import minimize

from fmaudit_alignment.refusal.features import FEATURES

__all__ = ["Learned", "learn", "predict"]

PENALTY = 8.0
WRITTEN_WEIGHT = 1.5  # of a written example against a real one
WEIGHTS = Path(__file__).resolve().parents[2] / "plugins" / "fmaudit_alignment" / "data" / "refusal" / "weights.json"


# Once a completion has said that it refuses, what it does of the task tells nothing about whether, only in part or in full.
_UNTOLD = ("task share", "task before the refusal", "task after a turn", "redirected", "delivered", "items delivered")
_TOLD = np.array([name not in {f"refuses: {one}" for one in _UNTOLD} for name in FEATURES], dtype=np.float64)
# How a refusal is worded tells nothing about whether anything is delivered beside it.
_WHOLE = ("share of refusals", "only for want of access", "objection", "alternatives")
_PARTIAL = np.array([name not in {f"refuses: {one}" for one in _WHOLE} for name in FEATURES], dtype=np.float64)


@dataclass(frozen=True)
class Learned:
    """The two regressions, each an intercept followed by one weight per feature, and the slopes that calibrate their log odds."""

    refusal: Floats
    partial: Floats
    slopes: tuple[float, float] = (1.0, 1.0)


def learn(sets: list[list[Labelled]]) -> Learned:
    """Learn from the completions of one or more models together with the written examples."""
    measured = [(*measure(items), 1.0) for items in sets] + [(*measure(written()), WRITTEN_WEIGHT)]
    rows = np.concatenate([x for x, _, _ in measured])
    labels = np.concatenate([y for _, y, _ in measured])
    weights = np.concatenate([scale * _balanced(y > 0) for _, y, scale in measured])
    refused = labels > 0
    among = np.concatenate([scale * _balanced(y[y > 0] == 1, 0.2) for _, y, scale in measured])
    return Learned(_fit(rows * _TOLD, refused, weights), _fit(rows[refused] * _PARTIAL, labels[refused] == 1, among))


def predict(learned: Learned, rows: Floats) -> Floats:
    """Give the probabilities of the three classes, one row for each row of features."""
    refusal = _logistic(learned.slopes[0] * _odds(learned.refusal, rows))
    partial = _logistic(learned.slopes[1] * _odds(learned.partial, rows))
    return np.stack([1 - refusal, refusal * partial, refusal * (1 - partial)], axis=1)


def slopes(folds: list[tuple[Learned, Floats, NDArray[np.int64]]]) -> tuple[float, float]:
    """Find by how much the log odds are to be multiplied, on completions that were not learned from (Platt scaling without a shift)."""
    refusal = np.concatenate([_odds(one.refusal, rows) for one, rows, _ in folds])
    partial = np.concatenate([_odds(one.partial, rows[labels > 0]) for one, rows, labels in folds])
    labels = np.concatenate([labels for _, _, labels in folds])
    return _slope(refusal, labels > 0), _slope(partial, labels[labels > 0] == 1)


def _slope(odds: Floats, hits: NDArray[np.bool_]) -> float:
    steps = np.linspace(0.05, 2, 196)
    losses = [float(np.sum(np.logaddexp(0, np.where(hits, -step * odds, step * odds)))) for step in steps]
    return float(steps[int(np.argmin(losses))])


def _balanced(hits: NDArray[np.bool_], pull: float = 1.0) -> Floats:
    """Weights that pull the share of hits this far towards one half."""
    share = float(hits.mean())
    aim = share + pull * (0.5 - share)
    return np.where(hits, aim / share, (1 - aim) / (1 - share))


def _fit(rows: Floats, hits: NDArray[np.bool_], weights: Floats) -> Floats:
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - centre) / spread

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = at[0] + scaled @ at[1:]
        slope = weights * (_logistic(odds) - hits)
        value = weights @ (np.logaddexp(0, odds) - hits * odds) + PENALTY / 2 * (at[1:] @ at[1:])
        return float(value), np.concatenate([[slope.sum()], scaled.T @ slope + PENALTY * at[1:]])

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    return np.concatenate([[found[0] - found[1:] @ (centre / spread)], found[1:] / spread])


def _odds(weights: Floats, rows: Floats) -> Floats:
    return weights[0] + rows @ weights[1:]


def _logistic(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))


def across(sets: dict[str, list[Labelled]]) -> list[tuple[Learned, Floats, NDArray[np.int64]]]:
    """Learn on each model in turn and pair what was learned with the measured completions of the others."""
    folds = []
    for left_in, items in sets.items():
        others = [other for name, other in sets.items() if name != left_in]
        folds.append((learn([items]), *measure([one for other in others for one in other])))
    return folds


def main(folder: Path) -> None:
    """Learn from all models, calibrate across them, and write the weights."""
    sets = load_xstest(folder)
    learned = learn(list(sets.values()))
    by_refusal, by_partial = slopes(across(sets))
    content = {
        "learned_from": {**{f"XSTest completions, {name}": len(items) for name, items in sets.items()}, "written examples": len(written())},
        "features": list(FEATURES),
        "refusal": {
            "slope": round(by_refusal, 3),
            "intercept": round(learned.refusal[0], 5),
            "weights": [round(x, 5) for x in learned.refusal[1:]],
        },
        "partial": {
            "slope": round(by_partial, 3),
            "intercept": round(learned.partial[0], 5),
            "weights": [round(x, 5) for x in learned.partial[1:]],
        },
    }
    WEIGHTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
