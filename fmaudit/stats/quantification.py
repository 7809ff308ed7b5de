"""Shares of classes in a corpus, corrected for what the classifier confuses (classify and count, adjusted)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit.errors import StatisticsError
from fmaudit.records import Interval
from fmaudit.stats.confusion import Confusion
from fmaudit.stats.estimates import Estimate
from fmaudit.stats.observed import Observed, redraw

__all__ = ["ClassShare", "Quantification", "acc", "bucket_precision", "of_shares"]

Floats = NDArray[np.float64]
BACKOFF = 10.0  # items that the pooled strata of a class are worth in each stratum
UNSEEN = 1.0  # items spread over a class's labels that calibration never saw


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShare:
    """One label: its raw and its corrected share, and how much of its bucket is truly of its class.

    Where calibration does not know the class (`known` is false), the corrected share takes out what flows in from known
    classes but cannot give back what the class itself loses, and there is no predicted precision.
    """

    label: str
    known: bool
    raw: float
    share: float
    interval: Interval
    precision: float | None
    precision_interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantification:
    """Corrected shares of all labels of a corpus, in sorted order.

    `draws` is draws x labels; `of_shares` turns it into the interval of any function of the shares. `by_source` is
    the correction by each calibration source alone. `shift` is the over-dispersion between sources, 0..1. `n` is the
    amount observed and `n_clusters` the sources it came from, None where documents were taken to be independent. `unseen` are
    classes of the calibration that the corpus's labels never name; they are taken to be absent.
    """

    shares: tuple[ClassShare, ...]
    unknown: tuple[str, ...]
    unseen: tuple[str, ...]
    by_source: Mapping[str, tuple[float, ...]]
    shift: float
    condition: float
    n: int
    n_clusters: int | None
    draws: Floats


def acc(
    confusions: Sequence[Confusion],
    observed: Observed,
    *,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
    max_condition: float = 50.0,
    shift: float | None = None,
) -> Quantification:
    """Solve q = C pi for the true shares pi in every stratum, and add the strata up.

    q are the observed shares, C[i, j] how often true class i is labelled j, averaged over the calibration sources; pi is
    the non-negative weighted least-squares solution that adds up to 1 (Forman 2008, Firat 2016). A stratum whose C has
    a condition number above `max_condition` is a StatisticsError that names the classes it cannot tell apart.

    The interval counts three errors: which documents the corpus happens to hold (by cluster, see `observed.redraw`),
    how few items calibrate each class (Dirichlet), and that the corpus is not like any calibration source. For the last,
    every draw picks one source per class and over-disperses it by what the sources differ among each other, so that the
    draw predicts one more source: variance tau^2 (1 + 1/S). With one source `shift` (default 0) has to say how much.
    Coverage of nominal 95 % when sources and corpus differ, in simulation: independent documents .94 to .97 with two or
    three sources, .78 to .94 with one; whole hosts .89 to .93 and .87 to .91 (benchmarks/coverage_of_intervals.py).
    Where the classifier is nearly perfect, a correction by foreign sources can be further off than the raw share: show both.
    """
    parts = _align(confusions, observed)
    amount = observed.totals()
    mean_rows = parts.average()
    condition = max(_condition(mean_rows[b], amount[b], observed, b, max_condition) for b in range(len(amount)))
    spread = parts.dispersion() if shift is None else shift
    point = _solve(mean_rows, amount)
    solved = [(s.sum(axis=0) / s.sum(), _precision(s, c)) for s, c in _draws(parts, observed, draws, seed, spread)]
    shares = np.array([s for s, _ in solved])
    precisions = np.array([p for _, p in solved])
    value, precision = point.sum(axis=0) / point.sum(), _precision(point, mean_rows)
    raw = amount.sum(axis=0) / amount.sum()
    rows = tuple(
        ClassShare(
            label=label, known=bool(known), raw=float(raw[i]), share=float(value[i]), interval=_interval(shares[:, i], value[i], level),
            precision=float(precision[i]) if known else None,
            precision_interval=_interval(precisions[:, i], precision[i], level) if known else None,
        )
        for i, (label, known) in enumerate(zip(observed.labels, parts.known, strict=True))
    )  # fmt: skip
    alone = {c.source: _solve(parts.average(s), amount).sum(axis=0) / amount.sum() for s, c in enumerate(confusions)}
    return Quantification(
        shares=rows, unknown=tuple(r.label for r in rows if not r.known), unseen=parts.unseen, shift=spread, condition=condition,
        by_source={name: tuple(a.tolist()) for name, a in alone.items()}, draws=shares,
        n=round(float(amount.sum())), n_clusters=observed.n_clusters,
    )  # fmt: skip


def of_shares(result: Quantification, statistic: Callable[[Floats], Any], *, level: float = 0.95) -> Estimate:
    """Estimate a function of the corrected shares, such as `entropy`; `statistic` takes (..., labels) and returns (...)."""
    value = float(statistic(np.array([row.share for row in result.shares])))
    drawn = np.asarray(statistic(result.draws), dtype=np.float64)
    error = float(drawn.std(ddof=1))
    return Estimate(value=value, interval=_interval(drawn, value, level), n=result.n, standard_error=error, n_clusters=result.n_clusters)


def bucket_precision(share: ArrayLike, hit_rate: ArrayLike, false_alarm_rate: ArrayLike) -> Floats:
    """Return what part of a label's bucket is truly of its class: pi TPR / (pi TPR + (1 - pi) FPR); NaN for an empty bucket."""
    pi, hit, alarm = (np.asarray(a, dtype=np.float64) for a in (share, hit_rate, false_alarm_rate))
    with np.errstate(invalid="ignore"):
        return np.asarray(pi * hit / (pi * hit + (1.0 - pi) * alarm))


@dataclass(frozen=True, slots=True, eq=False)
class _Calibration:
    """The confusions over the corpus's own labels; the last column holds labels that the corpus does not have."""

    counts: Floats  # sources x strata x classes x (labels + 1)
    pooled: Floats  # sources x classes x (labels + 1): rates over all strata
    has: NDArray[np.bool_]  # sources x classes
    known: NDArray[np.bool_]
    unseen: tuple[str, ...]

    def average(self, source: int | None = None) -> Floats:
        """Return strata x classes x labels, over the sources that know each class, or from one source where it does."""
        rates = (self.counts + BACKOFF * self.pooled[:, None]) / (self.counts.sum(axis=-1, keepdims=True) + BACKOFF)
        weight = self.has.astype(np.float64)
        if source is not None:
            weight[:, self.has[source]] = 0.0
            weight[source, self.has[source]] = 1.0
        weight /= np.maximum(weight.sum(axis=0), 1.0)
        rows: Floats = np.einsum("si,sbij->bij", weight, rates)[..., :-1]
        rows[:, ~self.known] = np.eye(len(self.known))[~self.known]
        return rows

    def dispersion(self) -> float:
        """Return the intra-source correlation of the rows, pooled over classes and strata (analysis of variance, Weir 1996)."""
        n = self.counts.sum(axis=-1)
        n = np.where(n >= 2, n, 0.0)
        sources, items = (n > 0).sum(axis=0), n.sum(axis=0)
        rates = self.counts / np.maximum(n, 1.0)[..., None]
        middle = (n[..., None] * rates).sum(axis=0) / np.maximum(items, 1.0)[..., None]
        use = sources >= 2
        if not use.any():
            return 0.0
        sources, items, n, rates, middle = sources[use], items[use], n[:, use], rates[:, use], middle[use]
        among = (n * ((rates - middle) ** 2).sum(axis=-1)).sum(axis=0) / (sources - 1)
        within = (n * (rates * (1.0 - rates)).sum(axis=-1)).sum(axis=0) / np.maximum(items - sources, 1)
        typical = (items - (n**2).sum(axis=0) / items) / (sources - 1)
        whole = float((among + (typical - 1.0) * within).sum())
        return min(max(float((among - within).sum()) / whole, 0.0), 0.99) if whole > 0 else 0.0


def _align(confusions: Sequence[Confusion], observed: Observed) -> _Calibration:
    if not confusions or len({c.source for c in confusions}) != len(confusions):
        raise StatisticsError("a correction needs calibration sources with different names")
    k = len(observed.labels)
    place = {label: i for i, label in enumerate(observed.labels)}
    layer = {stratum: b for b, stratum in enumerate(observed.strata)}
    counts, pooled = np.zeros((len(confusions), len(layer), k, k + 1)), np.zeros((len(confusions), k, k + 1))
    for s, confusion in enumerate(confusions):
        mine = [i for i, name in enumerate(confusion.classes) if name in place]
        rows = [place[confusion.classes[i]] for i in mine]
        columns = [place.get(label, k) for label in confusion.labels]
        block = np.zeros((len(confusion.strata), len(mine), k + 1))
        for j, column in enumerate(columns):
            block[:, :, column] += confusion.counts[:, mine, j]
        pooled[s, rows] = block.sum(axis=0)
        for name, part in zip(confusion.strata, block, strict=True):
            if name in layer:
                counts[s, layer[name], rows] = part
    size = pooled.sum(axis=-1, keepdims=True)
    unseen = sorted({name for c in confusions for name in c.classes} - set(observed.labels))
    has = size[..., 0] > 0
    return _Calibration(counts, pooled / np.maximum(size, 1.0), has, has.any(axis=0), tuple(unseen))


def _draws(parts: _Calibration, observed: Observed, draws: int, seed: int, shift: float) -> Iterator[tuple[Floats, Floats]]:
    """Yield, for every draw, the amounts of the true classes and the confusion rates, strata first."""
    rng = np.random.default_rng([seed, 2])
    prior = UNSEEN / parts.pooled.shape[-1]
    shape = parts.counts + BACKOFF * parts.pooled[:, None] + prior
    centre = parts.pooled + prior / (parts.counts.sum(axis=(1, 3))[..., None] + UNSEEN)
    centre /= centre.sum(axis=-1, keepdims=True)
    known, each = parts.known, np.arange(len(parts.known))
    order = np.argsort(~parts.has, axis=0, kind="stable")
    number = parts.has.sum(axis=0)
    for amount in redraw(observed, draws, seed):
        pick = order[(rng.random(len(known)) * np.maximum(number, 1)).astype(np.int64), each]
        rows = rng.standard_gamma(shape[pick, :, each].swapaxes(0, 1))
        if shift > 0.0:
            strength = np.maximum(np.maximum(number, 1) / (2.0 * shift) - 1.0, 0.05)[:, None]
            tilted = rng.standard_gamma(np.maximum(strength * centre[pick, each], 1e-9))
            rows *= tilted / np.maximum(tilted.sum(axis=-1, keepdims=True), 1e-300) / centre[pick, each]
        rates = (rows / np.maximum(rows.sum(axis=-1, keepdims=True), 1e-300))[..., :-1]
        rates[:, ~known] = np.eye(len(known))[~known]
        yield _solve(rates, amount), rates


def _solve(rates: Floats, amount: Floats) -> Floats:
    """Return the amounts of the true classes, strata x classes; each stratum keeps its total."""
    from scipy.optimize import nnls

    result = np.zeros_like(amount)
    for b, total in enumerate(amount.sum(axis=1)):
        live = np.flatnonzero(amount[b] > 0)
        if not len(live):
            continue
        q = amount[b, live] / total
        weight = 1.0 / np.sqrt(q)
        system = np.vstack([rates[b][np.ix_(live, live)].T * weight[:, None], np.full(len(live), weight.max())])
        solution = nnls(system, np.append(q * weight, weight.max()), maxiter=30 * len(live))[0]
        result[b, live] = solution / solution.sum() * total
    return result


def _precision(amounts: Floats, rates: Floats) -> Floats:
    """Return, for every label, the part of its predicted bucket that is truly of its class; 0 for a bucket predicted empty."""
    right = (amounts * np.einsum("bii->bi", rates)).sum(axis=0)
    bucket = np.einsum("bi,bij->j", amounts, rates)
    part: Floats = np.divide(right, bucket, out=np.zeros_like(right), where=bucket > 0)
    return part


def _condition(rates: Floats, amount: Floats, observed: Observed, stratum: int, most: float) -> float:
    live = np.flatnonzero(amount > 0)
    left, singular, _ = np.linalg.svd(rates[np.ix_(live, live)])
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else float("inf")
    if condition > most:
        names = sorted(observed.labels[live[i]] for i in np.argsort(-np.abs(left[:, -1]), kind="stable")[:2])
        where = f" of stratum {observed.strata[stratum]!r}" if observed.strata[stratum] else ""
        raise StatisticsError(
            f"ill-conditioned: the confusion matrix{where} has condition number {condition:.3g}, above {most:g};"
            f" calibration cannot tell {' from '.join(names)}",
            hint="show the raw shares, or put these classes together before counting",
        )
    return condition


def _interval(draws: Floats, value: float, level: float) -> Interval:
    low, high = np.quantile(draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(min(float(low), float(value)), max(float(high), float(value)), level, "bootstrap of corpus and calibration")
