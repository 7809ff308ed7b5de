"""Whether confidences mean what they say: calibration error, Brier score, likelihood, reliability curve, abstention."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmaudit import Interval, StatisticsError, stats

__all__ = [
    "Abstention",
    "Brier",
    "CalibrationError",
    "Forecasts",
    "Reliability",
    "abstention",
    "brier",
    "calibration_error",
    "forecasts",
    "nats_per_answer",
    "overconfidence",
    "reliability_curve",
]

BINS = 15
BLOCK = 4_000_000  # resampled answers held together
SMALLEST = 1e-12  # probability that a likelihood counts an impossible answer with

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Confidences and outcomes (1 right, 0 wrong) in ascending order of the confidence, and the clusters they come from.

    `starts` are where equal confidences begin: outcomes count with their mean over equal confidences, so no order of ties shows.
    """

    confidence: Floats
    correct: Floats
    clusters: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.confidence)

    def levelled(self, correct: Floats) -> Floats:
        """Replace outcomes [..., answers] by their mean over equal confidences."""
        sizes = np.diff(np.append(self.starts, len(self)))
        return np.asarray(np.repeat(np.add.reduceat(correct, self.starts, axis=-1) / sizes, sizes, axis=-1))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationError:
    """Expected calibration error in equal-mass bins: as found (`plain`), and less what calibrated answers show by chance (`expected`).

    `value` is the difference, and at least `gap`, the distance of mean confidence and accuracy, which no calibration error is below.
    `p_value` is the chance of a plain error as large from calibrated answers.
    """

    value: float
    interval: Interval
    plain: float
    expected: float
    gap: float
    p_value: float
    n: int
    bins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brier:
    """Mean squared error of the confidences; it equals reliability - resolution + uncertainty exactly.

    Murphy 1973, with the terms within bins (Stephenson, Coelho and Jolliffe 2008) counted to the resolution.
    """

    value: float
    interval: Interval | None
    reliability: float
    resolution: float
    uncertainty: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """One bin of the reliability curve."""

    confidence: float
    accuracy: float
    interval: Interval
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Accuracy among the answers of which the model is most confident, [answers] from one to all, and its mean (AUARC).

    `random` is what abstaining without looking gives (the accuracy of all), `best` what perfect ranking would.
    """

    accuracy: Floats
    area: float
    interval: Interval
    random: float
    best: float
    n: int


def forecasts(confidences: npt.ArrayLike, correct: npt.ArrayLike, clusters: Sequence[Hashable] | None = None) -> Forecasts:
    """Check and sort confidences in 0..1 and outcomes; without `clusters` every answer is its own. Raises StatisticsError."""
    p, right = np.asarray(confidences, np.float64), np.asarray(correct, np.float64)
    if p.ndim != 1 or p.shape != right.shape or not len(p) or not ((p >= 0) & (p <= 1)).all() or not np.isin(right, (0.0, 1.0)).all():
        raise StatisticsError(f"{p.shape} confidences in 0..1 and {right.shape} outcomes, right or wrong, are needed, one per answer")
    names = np.arange(len(p)) if clusters is None else np.unique(np.asarray(list(map(str, clusters))), return_inverse=True)[1]
    if names.shape != p.shape:
        raise StatisticsError(f"{len(names)} clusters for {len(p)} answers")
    return _sorted(p, right, np.asarray(names, np.int64))


def calibration_error(found: Forecasts, *, bins: int = BINS, draws: int = 500, seed: int = 0) -> CalibrationError:
    """Estimate the expected calibration error, sum over bins of n_b / n |accuracy - mean confidence|, less its bias.

    What chance adds is largest for calibrated answers, and is the mean error of answers redrawn as right with their own confidence; the
    more the bins truly err, the less it is. So the truth lies between the corrected and the plain error but for their noise: the interval
    runs from the corrected less to the plain plus 1.96 bootstrap errors over clusters, and covers at least as often as it says.
    """
    bins = min(bins, len(found))
    rng, chance = np.random.default_rng(seed), []
    for size in _batches(draws, len(found)):
        redrawn = (rng.random((size, len(found))) < found.confidence).astype(np.float64)
        chance.append(_binned_error(found.confidence, found.levelled(redrawn), bins))
    plain = float(_binned_error(found.confidence, found.levelled(found.correct), bins))
    null = np.concatenate(chance)
    corrected = plain - float(null.mean())
    gap = abs(_mean(found.confidence) - _mean(found.correct))
    error = float(np.std(_resampled(found, lambda f: float(_binned_error(f.confidence, f.levelled(f.correct), bins)), draws, seed), ddof=1))
    value = min(plain, max(0.0, corrected, gap))  # rounding aside, the gap is never above the plain error
    low, high = max(0.0, min(value, corrected - 1.96 * error)), min(1.0, plain + 1.96 * error)
    interval = Interval(low, high, 0.95, "bootstrap normal, from the corrected to the plain error")
    p_value = (int((null >= plain - 1e-12).sum()) + 1) / (draws + 1)
    return CalibrationError(
        value=value, interval=interval, plain=plain, expected=float(null.mean()), gap=gap, p_value=p_value, n=len(found), bins=bins
    )


def brier(found: Forecasts, *, bins: int = BINS) -> Brier:
    """Compute the Brier score, mean (confidence - correct)^2, with its decomposition over equal-mass bins of levelled outcomes."""
    squares = (found.confidence - found.correct) ** 2
    value, base = _mean(squares), _mean(found.correct)
    sizes, confidence, accuracy = _bins(found, bins)
    reliability = float((sizes * (confidence - accuracy) ** 2).sum()) / len(found)
    uncertainty = base * (1.0 - base)
    return Brier(
        value=value, interval=_mean_interval(squares, found.clusters), reliability=reliability, uncertainty=uncertainty,
        resolution=reliability + uncertainty - value, n=len(found),
    )  # fmt: skip


def nats_per_answer(found: Forecasts) -> stats.Estimate | float:
    """Give the mean of -ln of the probability given to what happened, with its clustered interval where there are two clusters."""
    p = np.where(found.correct == 1.0, found.confidence, 1.0 - found.confidence)
    losses = -np.log(np.maximum(p, SMALLEST))
    return stats.clustered_mean(losses, found.clusters) if len(np.unique(found.clusters)) > 1 else _mean(losses)


def overconfidence(found: Forecasts) -> stats.Estimate:
    """Estimate mean confidence - accuracy, above 0 for a model that is too sure; fewer than two clusters is a StatisticsError."""
    return stats.clustered_mean(found.confidence - found.correct, found.clusters)


def reliability_curve(found: Forecasts, *, bins: int = BINS) -> tuple[Reliability, ...]:
    """Give accuracy against mean confidence in equal-mass bins; intervals by cluster where clusters hold several answers."""
    levelled, curve = found.levelled(found.correct), []
    for part in np.array_split(np.arange(len(found)), min(bins, len(found))):
        hits = levelled[part]
        interval = _share_interval(hits, found.clusters[part])
        curve.append(Reliability(confidence=_mean(found.confidence[part]), accuracy=_mean(hits), interval=interval, n=len(part)))
    return tuple(curve)


def abstention(found: Forecasts, *, draws: int = 500, seed: int = 0) -> Abstention:
    """Compute the accuracy-rejection curve and its area, the mean over 1..n answers kept (Nadeem, Zucker and Hanczar 2009).

    Answers of equal confidence are rejected in random order, on average. The interval is a percentile bootstrap over clusters.
    """
    curve = _kept_accuracy(found.levelled(found.correct)[::-1])
    areas = _resampled(found, lambda f: float(_kept_accuracy(f.levelled(f.correct)[::-1]).mean()), draws, seed)
    area, best = float(curve.mean()), float(_kept_accuracy(np.sort(found.correct)[::-1]).mean())
    low, high = (float(end) for end in np.quantile(areas, (0.025, 0.975)))
    interval = Interval(min(low, area), max(high, area), 0.95, "bootstrap percentile")
    return Abstention(accuracy=curve, area=area, interval=interval, random=_mean(found.correct), best=best, n=len(found))


def _sorted(p: Floats, right: Floats, clusters: npt.NDArray[np.int64]) -> Forecasts:
    order = np.lexsort((clusters, right, p))
    return _in_order(p[order], right[order], clusters[order])


def _in_order(confidence: Floats, right: Floats, clusters: npt.NDArray[np.int64]) -> Forecasts:
    starts = np.flatnonzero(np.concatenate(([True], confidence[1:] != confidence[:-1])))
    return Forecasts(confidence, right, clusters, starts)


def _binned_error(confidence: Floats, correct: Floats, bins: int) -> Floats:
    starts = _starts(len(confidence), bins)
    return np.asarray(np.abs(np.add.reduceat(correct - confidence, starts, axis=-1)).sum(axis=-1) / len(confidence))


def _bins(found: Forecasts, bins: int) -> tuple[Floats, Floats, Floats]:
    starts = _starts(len(found), min(bins, len(found)))
    sizes = np.diff(np.append(starts, len(found))).astype(np.float64)
    confidence, accuracy = (np.add.reduceat(x, starts) / sizes for x in (found.confidence, found.levelled(found.correct)))
    return sizes, confidence, accuracy


def _starts(n: int, bins: int) -> npt.NDArray[np.int64]:
    """Where equal-mass bins begin: as numpy.array_split cuts."""
    sizes = np.full(bins, n // bins) + (np.arange(bins) < n % bins)
    return np.asarray(np.concatenate(([0], np.cumsum(sizes)[:-1])), np.int64)


def _kept_accuracy(correct: Floats) -> Floats:
    return np.asarray(np.cumsum(correct) / np.arange(1, len(correct) + 1))


def _resampled(found: Forecasts, statistic: Callable[[Forecasts], float], draws: int, seed: int) -> Floats:
    """Evaluate a statistic on answers of clusters drawn with replacement."""
    codes = np.unique(found.clusters, return_inverse=True)[1]
    groups, rng, values = int(codes.max()) + 1, np.random.default_rng(seed), np.empty(draws)
    for i in range(draws):
        times = np.bincount(rng.integers(0, groups, groups), minlength=groups)
        rows = np.repeat(np.arange(len(found)), times[codes])  # still in ascending order of the confidence
        values[i] = statistic(_in_order(found.confidence[rows], found.correct[rows], found.clusters[rows]))
    return values


def _batches(draws: int, n: int) -> list[int]:
    step = max(1, BLOCK // n)
    return [min(step, draws - start) for start in range(0, draws, step)]


def _mean(values: Floats) -> float:
    return stats.exact_sum(values.tolist()) / len(values)


def _mean_interval(values: Floats, clusters: npt.NDArray[np.int64]) -> Interval | None:
    if len(np.unique(clusters)) < 2:
        return None
    found = stats.clustered_mean(values, clusters).interval
    return Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)


def _share_interval(hits: Floats, clusters: npt.NDArray[np.int64]) -> Interval:
    total = stats.exact_sum(hits.tolist())
    if len(np.unique(clusters)) in (1, len(hits)):
        return stats.proportion(min(total, len(hits)), len(hits))
    sums, sizes = (np.bincount(np.unique(clusters, return_inverse=True)[1], weights=w) for w in (hits, np.ones(len(hits))))
    return stats.clustered_proportion(np.minimum(sums, sizes), sizes).interval
