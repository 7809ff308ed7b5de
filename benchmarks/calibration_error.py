"""How often the interval of the expected calibration error holds the truth, for models that are wrong about themselves in several ways.

    python benchmarks/calibration_error.py [runs per cell]

The truth is the mean distance of confidence and chance of being right in the same equal-mass bins over a million answers. About 20 minutes
on one core with the default 400 runs; prints a table in Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fmaudit_sampling.measures.calibration import calibration_error, forecasts

Floats = NDArray[np.float64]
Kind = Callable[[np.random.Generator, int], tuple[Floats, Floats]]
SIZES = (50, 100, 300, 1000)
DRAWS = 200


def shifted(by: float) -> Kind:
    """Too sure by the same amount everywhere."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        true = rng.uniform(0.5, 1.0 - by, n)
        return true + by, true

    return draw


def sharpened(power: float) -> Kind:
    """Too sure of likely answers and not sure enough of unlikely ones: odds to a power, as a wrong temperature makes them."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        true = rng.uniform(0.02, 0.98, n)
        return true**power / (true**power + (1.0 - true) ** power), true

    return draw


def crossing(by: float) -> Kind:
    """Too sure of one half and as much too unsure of the other: mean confidence equals accuracy."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        shown = rng.uniform(0.3, 0.9, n)
        return shown, np.clip(np.where(shown > 0.6, shown - by, shown + by), 0.0, 1.0)

    return draw


def in_tenths(kind: Kind) -> Kind:
    """Confidences as shares of ten samples, with ties."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        shown, true = kind(rng, n)
        return np.round(shown, 1), true

    return draw


KINDS: dict[str, Kind] = {
    "calibrated": shifted(0.0),
    "too sure by .05": shifted(0.05),
    "too sure by .1": shifted(0.1),
    "too sure by .2": shifted(0.2),
    "too sure by .3": shifted(0.3),
    "odds to the power 2": sharpened(2.0),
    "odds to the power 4": sharpened(4.0),
    "half too sure, half too unsure by .1": crossing(0.1),
    "half too sure, half too unsure by .25": crossing(0.25),
    "too sure by .2, in tenths": in_tenths(shifted(0.2)),
    "odds to the power 4, in tenths": in_tenths(sharpened(4.0)),
}


def truth(kind: Kind, seed: int = 1) -> float:
    """Give the error in 15 bins of many answers whose chances of being right are known."""
    shown, true = kind(np.random.default_rng(seed), 1_000_000)
    order = np.argsort(shown, kind="stable")
    parts = zip(np.array_split(shown[order], 15), np.array_split(true[order], 15), strict=True)
    return float(np.mean([abs((confidence - chance).mean()) for confidence, chance in parts]))


def cell(kind: Kind, n: int, runs: int, true: float) -> dict[str, float]:
    """Estimate `runs` times."""
    rows = []
    for run in range(runs):
        rng = np.random.default_rng([run, n])
        shown, chance = kind(rng, n)
        found = calibration_error(forecasts(shown, rng.random(n) < chance), draws=DRAWS, seed=run)
        old = max(0.0, found.plain - found.expected)
        half = found.interval.high - found.plain  # 1.96 bootstrap errors, unless cut at 1
        rows.append((
            found.interval.low - 1e-12 <= true <= found.interval.high, found.interval.high < true, found.value, found.plain,
            found.interval.high - found.interval.low, max(0.0, old - half) <= true <= old + half,
        ))  # fmt: skip
    names = ("covers", "too low", "value", "plain", "width", "before")
    return dict(zip(names, np.asarray(rows, np.float64).mean(axis=0).tolist(), strict=True))


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("| model | truth | answers | covers | too low | mean value | mean plain error | mean width | covers, corrected value alone |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, kind in KINDS.items():
        true = truth(kind)
        for n in SIZES:
            got = cell(kind, n, runs, true)
            print(
                f"| {name} | {true:.3f} | {n:,} | {got['covers']:.3f} | {got['too low']:.3f} | {got['value']:.3f} | {got['plain']:.3f} "
                f"| {got['width']:.3f} | {got['before']:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
