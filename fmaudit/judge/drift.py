"""Drift of a corpus between two snapshots: how far its shares moved, whether that is more than chance, and what moved most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fmaudit.judge.parts import OTHERS, Parts
from fmaudit.records import Finding, Interval, Severity, format_slice
from fmaudit.stats.divergence import jensen_shannon, stability_index

__all__ = ["LEAST_P", "Contribution", "Distance", "Drift", "drift_finding", "finer", "measure_drift"]

Floats = NDArray[np.float64]
DRAWS = 1000
LEAST_P = 1.0 / (DRAWS + 1)
SHIFTED = 0.1  # of the stability index: below it, what moved for sure is small


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far two distributions are apart: as seen, less what chance adds, with the interval of that."""

    value: float
    corrected: float  # value less its bootstrap bias, not below 0
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One part's share before and after, and what part of the divergence it makes up."""

    part: str
    before: float
    after: float
    interval: Interval  # of after - before
    weight: float  # share of the Jensen-Shannon divergence, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The shift of one whole: Jensen-Shannon divergence in bits, stability index, and the parts, most moved first.

    `p_value` is that of "the shares are the same"; `expected` is the divergence that chance alone would show.
    """

    audit: str
    target: str
    name: str
    key: str
    group: Mapping[str, str]
    divergence: Distance
    stability: Distance
    expected: float
    p_value: float
    q_value: float
    contributions: tuple[Contribution, ...]
    sources: int
    shared: int
    method: str
    level: float = 0.05

    @property
    def sure(self) -> bool:
        """Whether the shares surely moved: at a false discovery rate of `level`."""
        return self.q_value <= self.level

    @property
    def title(self) -> str:
        """The name with the whole it is of."""
        return f"{self.audit}.{self.name}{format_slice(self.group)}"


def measure_drift(audit: str, target: str, name: str, parts: Parts, *, draws: int = DRAWS, seed: int = 0) -> Drift | None:
    """Measure how far the parts moved; None where a run has nothing, or fewer than two parts or sources.

    The p-value comes from a permutation test that keeps sources whole: what a source has in the two runs is swapped or not, and sources
    that only one run has are dealt out anew, after the second run is brought to the first one's amount per source. Intervals come from
    resampled sources, normal with the bias taken off: a divergence is never negative, so chance alone pushes it up.
    """
    if len(parts.names) < 2 or not (parts.before.sum() > 0 and parts.after.sum() > 0) or (parts.sources < 2 and not parts.independent):
        return None
    rng = np.random.default_rng(seed)
    chance = _chance(parts, rng, draws)
    old, new = _resampled(parts, rng, draws)
    totals = parts.before.sum(axis=0), parts.after.sum(axis=0)
    divergence = _distance(float(_jensen_shannon(*totals)), _jensen_shannon(old, new))
    p_value = (_hits(chance, divergence.value) + 1) / (draws + 1) if divergence.value > 0.0 else 1.0
    return Drift(
        audit=audit, target=target, name=name, key=parts.key, group=parts.group, divergence=divergence,
        stability=_distance(float(stability_index(*totals)), np.asarray(stability_index(old, new), dtype=np.float64)),
        expected=float(chance.mean()), p_value=p_value, q_value=p_value, contributions=_contributions(parts, old, new),
        sources=parts.sources, shared=parts.shared,
        method="independent documents" if parts.independent else f"by source, {parts.shared:,} of {parts.sources:,} in both runs",
    )  # fmt: skip


def finer(drift: Drift, parts: Parts, draws: int, *, seed: int = 0) -> Drift:
    """Sharpen the p-value of a drift that no draw reached: draw on up to `draws`, or until one does.

    The p-value stays valid: a small one needs that nothing was hit in all draws but the last thousand, and that is as rare as it says.
    """
    rng, made, hits = np.random.default_rng([seed, 1]), DRAWS, 0
    while not hits and made < draws:
        hits += _hits(_chance(parts, rng, DRAWS), drift.divergence.value)
        made += DRAWS
    p_value = (hits + 1) / (made + 1)
    return replace(drift, p_value=p_value, q_value=p_value)


def drift_finding(drift: Drift, labels: tuple[str, str] = ("before", "after")) -> Finding:
    """Say in a sentence what moved, the part that moved most first, or what could not be seen."""
    psi, jsd = drift.stability, drift.divergence
    figures = (
        f"stability index {psi.corrected:.3f} ({psi.interval.low:.3f} to {psi.interval.high:.3f}), Jensen-Shannon divergence "
        f"{jsd.corrected:.4f} bits ({jsd.interval.low:.4f} to {jsd.interval.high:.4f}; chance alone shows {drift.expected:.4f})"
    )
    chance = "q < 0.001" if drift.q_value < 0.001 else f"q = {drift.q_value:.2g}"
    whole = f"{drift.title} of {drift.target!r}"
    if not drift.sure:
        sentence = f"No shift seen in {whole}: {figures}, {chance}."
        return Finding(code="no-drift-seen", severity=Severity.NOTE, sentence=sentence, metric=drift.name, slice=dict(drift.group))
    moved = drift.contributions[0]
    others = [part for part in drift.contributions[1:4] if part.interval.low > 0.0 or part.interval.high < 0.0]
    also = f"; also {', '.join(_moved(part, short=True) for part in others)}" if others else ""
    return Finding(
        code="drift", severity=Severity.WARNING if psi.corrected > SHIFTED else Severity.NOTE, metric=drift.name,
        sentence=f"{whole} shifted: {_moved(moved)}, {moved.weight:.0%} of the shift{also}; {figures}, {chance}.",
        slice={**drift.group, drift.key: moved.part},
    )  # fmt: skip


def _moved(part: Contribution, *, short: bool = False) -> str:
    change = part.after - part.before
    figures = f"{_percent(part.before)} to {_percent(part.after)}"
    if short:
        return f"{part.part} {figures}"
    ends = f"{part.interval.low * 100:+.2f} to {part.interval.high * 100:+.2f} points"
    return f"{part.part} {'rose' if change > 0 else 'fell'} from {figures} ({part.interval.level:.0%} interval {ends})"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _contributions(parts: Parts, resampled_old: Floats, resampled_new: Floats) -> tuple[Contribution, ...]:
    old, new = parts.shares()
    terms = _terms(old, new)
    total = float(terms.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        change = _rows_to_one(resampled_new) - _rows_to_one(resampled_old)
    low, high = np.nanquantile(change, [0.025, 0.975], axis=0)
    found = [
        Contribution(
            part=name, before=float(old[i]), after=float(new[i]), weight=float(terms[i]) / total if total else 0.0,
            interval=Interval(float(low[i]), float(high[i]), 0.95, "bootstrap percentile"),
        )
        for i, name in enumerate(parts.names)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda part: (part.part == OTHERS, -part.weight, part.part)))


def _rows_to_one(totals: Floats) -> Floats:
    shares: Floats = totals / totals.sum(axis=-1, keepdims=True)
    return shares


def _resampled(parts: Parts, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """Return resampled totals before and after, draws x parts."""
    if parts.independent:
        tables = [amounts.sum(axis=0) for amounts in (parts.before, parts.after)]
        old, new = (rng.multinomial(round(float(t.sum())), t / t.sum(), draws).astype(np.float64) for t in tables)
        return old, new
    n = len(parts.before)
    drawn = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]  # a multinomial, ten times as fast as numpy's own
    weights = np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)
    return weights @ parts.before, weights @ parts.after


def _chance(parts: Parts, rng: np.random.Generator, draws: int) -> Floats:
    """Return the divergences of runs whose sources were dealt out anew, so that nothing can have moved but by chance."""
    if parts.independent:
        old, new = parts.shares()
        first, second = (rng.multinomial(round(float(amounts.sum())), (old + new) / 2.0, draws) for amounts in (parts.before, parts.after))
        return _jensen_shannon(first.astype(np.float64), second.astype(np.float64))
    old, new = parts.before, parts.after * _depth(parts)
    in_old, in_new = old.any(axis=1), new.any(axis=1)
    both, alone = in_old & in_new, in_old ^ in_new
    swapped = rng.integers(0, 2, (draws, int(both.sum()))).astype(np.float64)
    dealt = _dealt(rng, draws, int(alone.sum()), int((in_new & alone).sum()))
    second = new[both].sum(axis=0) + swapped @ (old - new)[both] + dealt @ (old + new)[alone]
    return _jensen_shannon(np.clip((old + new).sum(axis=0) - second, 0.0, None), np.clip(second, 0.0, None))


def _hits(chance: Floats, divergence: float) -> int:
    return int((chance >= divergence * (1.0 - 1e-12)).sum())


def _dealt(rng: np.random.Generator, draws: int, n: int, chosen: int) -> Floats:
    """Choose as many of n in each draw: draws x n of zeros and ones."""
    marks = np.zeros((draws, n))
    marks[:, :chosen] = 1.0
    return rng.permuted(marks, axis=1)


def _depth(parts: Parts) -> float:
    """Return how much less the second run has of a source than the first: sources can be dealt out only at the same depth."""
    each = [amounts.sum() / max(int(amounts.any(axis=1).sum()), 1) for amounts in (parts.before, parts.after)]
    return float(each[0] / each[1])


def _distance(value: float, replicates: Floats) -> Distance:
    corrected, half = 2.0 * value - float(replicates.mean()), 1.96 * float(replicates.std(ddof=1))
    ends = Interval(max(corrected - half, 0.0), max(corrected + half, 0.0), 0.95, "bootstrap normal")
    return Distance(value=value, corrected=max(corrected, 0.0), interval=ends)


def _jensen_shannon(first: Floats, second: Floats) -> Floats:
    return np.nan_to_num(np.asarray(jensen_shannon(first, second), dtype=np.float64))


def _terms(old: Floats, new: Floats) -> Floats:
    """Return every part's term of the Jensen-Shannon divergence: they add up to it, and none is negative."""
    middle = (old + new) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (np.where(old > 0, old * np.log2(old / middle), 0.0) + np.where(new > 0, new * np.log2(new / middle), 0.0)) / 2.0
    return np.maximum(terms, 0.0)
