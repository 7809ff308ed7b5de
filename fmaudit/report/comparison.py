"""A comparison of two runs as words: rows of a table for people, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fmaudit.judge.comparing import Comparison, Difference, Outcome
from fmaudit.judge.drift import Drift, drift_finding
from fmaudit.records import Metric
from fmaudit.report.humane import number, plural, show
from fmaudit.report.scale import Scale

__all__ = ["comparison_as_json", "comparison_view", "difference_view", "headline", "limit_words", "signed"]

View = dict[str, Any]

_MARKS = {
    Outcome.WORSE: "✕",
    Outcome.CHANGED: "▲",
    Outcome.BETTER: "✓",
    Outcome.LIKELY: "△",
    Outcome.UNSEEN: "≈",
    Outcome.UNJUDGED: "?",
    Outcome.ABSENT: "–",
}
_TONES = {Outcome.WORSE: "error", Outcome.CHANGED: "warning", Outcome.BETTER: "pass"}  # a note, the others
_WORDS = {
    Outcome.WORSE: "surely worse",
    Outcome.CHANGED: "surely changed",
    Outcome.BETTER: "surely better",
    Outcome.LIKELY: "may have changed",
}


def comparison_view(comparison: Comparison, unseen: int | None = None) -> View:
    """Lay a comparison out for a page or a terminal: what else changed, then the surest differences, then what was not seen.

    `unseen` limits how many of the differences that are not sure are in it; `more` counts the rest.
    """
    sure = [one for one in comparison.differences if one.sure]
    rest = [one for one in comparison.differences if not one.sure]
    shown = rest if unseen is None else rest[:unseen]
    scales = _scales(comparison.differences)
    return {
        "before": comparison.before,
        "after": comparison.after,
        "headline": headline(comparison),
        "settings": [asdict(change) for change in comparison.settings],
        "sure": [difference_view(one) | {"bar": _bar(one, scales)} for one in sure],
        "rest": [difference_view(one) | {"bar": _bar(one, scales)} for one in shown],
        "more": len(rest) - len(shown),
        "drifts": [_drift_view(drift) for drift in comparison.drifts],
        "only_before": [f"{name} ({target})" for name, target in comparison.only_before],
        "only_after": [f"{name} ({target})" for name, target in comparison.only_after],
        "notes": list(comparison.notes),
    }


def headline(comparison: Comparison) -> str:
    """Say in a sentence what surely changed."""
    compared = [one for one in comparison.differences if one.change is not None]
    if not compared:
        return "No metric could be compared."
    parts = [f"{len(found)} {word}" for outcome, word in _WORDS.items() if (found := comparison.of(outcome))]
    among = f"{plural(len(compared), 'metric')} compared".replace("\u00a0", " ")
    return f"{among}: {', '.join(parts)}." if parts else f"{among}: no difference seen."


def difference_view(one: Difference) -> View:
    """Write one difference: before, after, the change with its interval, its q-value, and what could have been seen."""
    return {
        "outcome": one.outcome.value,
        "mark": _MARKS[one.outcome],
        "tone": _TONES.get(one.outcome, "note"),
        "metric": one.name,
        "target": one.target,
        "before": show(one.before).value,
        "after": show(one.after).value,
        "change": signed(one.value, one.after.unit, one.change.interval.low, one.change.interval.high) if one.change else _bare(one),
        "q": _chance(one.q_value),
        "could_see": _could_see(one),
        "how": one.change.method if one.change else one.note or "one of the two has no interval",
    }


def _scales(differences: Sequence[Difference]) -> dict[str, Scale]:
    """Choose a scale with nothing in its middle: one for all shares, and one for every other metric's name."""
    ends: dict[str, float] = {}
    for one in differences:
        if one.change is not None:
            known = [abs(end) for end in (one.change.value, one.change.interval.low, one.change.interval.high) if math.isfinite(end)]
            ends[_family(one)] = max([ends.get(_family(one), 0.0), *known])
    return {family: Scale(-(end or 1.0), end or 1.0) for family, end in ends.items()}


def _family(one: Difference) -> str:
    return one.after.unit if one.after.unit == "fraction" else f"{one.audit}.{one.after.name}"


def _bar(one: Difference, scales: Mapping[str, Scale]) -> View | None:
    """Place a change and its interval on a line from 0 to 100; 50 is no change."""
    if one.change is None or not math.isfinite(one.change.value):
        return None
    place, interval = scales[_family(one)], one.change.interval
    return {"low": place(interval.low), "value": place(one.change.value), "high": place(interval.high)}


def limit_words(value: float | None, unit: str) -> str:
    """Write a size of a change: shares in points."""
    if value is None:
        return "nothing"
    if unit != "fraction":
        return number(value, unit).value
    return f"{value * 100:.0f} points" if value >= 0.995 else f"{value * 100:.2g} points"


def _could_see(one: Difference) -> str:
    """Say how small a change would have been found; only where none was."""
    if one.outcome is not Outcome.UNSEEN or one.change is None:
        return ""
    return "" if one.change.detectable == 0.0 else limit_words(one.change.detectable, one.after.unit)


def signed(value: float | None, unit: str, low: float, high: float) -> str:
    """Write a change with its sign and interval; one of exactly nothing is "same"."""
    if value is None:
        return ""
    if value == low == high == 0.0:
        return "same"
    if unit == "fraction":
        places = max(1, min(4, 1 - math.floor(math.log10(max((high - low) * 50.0, 1e-4)))))
        return f"{value * 100:+.{places}f} ({low * 100:+.{places}f} to {high * 100:+.{places}f}) points".replace("-", "−")
    shown = number(value, unit, low, high)
    return _plus(shown.value, value) + (f" ({shown.interval})" if shown.interval else "")


def _bare(one: Difference) -> str:
    if one.value is None:
        return ""
    return "same" if one.value == 0.0 else _plus(limit_words(one.value, one.after.unit), one.value)


def _plus(text: str, value: float) -> str:
    return f"+{text}" if value > 0 else text


def _chance(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def _drift_view(drift: Drift) -> View:
    finding = drift_finding(drift)
    parts = [
        {"part": part.part, "before": part.before, "after": part.after, "low": part.interval.low, "high": part.interval.high,
         "weight": part.weight}
        for part in drift.contributions[:12]
    ]  # fmt: skip
    return {"title": drift.title, "target": drift.target, "sure": drift.sure, "sentence": finding.sentence, "parts": parts}


# -- JSON --------------------------------------------------------------------------------------------------------


def comparison_as_json(comparison: Comparison) -> View:
    """Lay a comparison out as `fmaudit compare --json` prints it."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "summary": headline(comparison),
        "settings": [asdict(change) for change in comparison.settings],
        "differences": [_difference_json(one) for one in comparison.differences],
        "drift": [_drift_json(drift) for drift in comparison.drifts],
        "only_before": _listed(comparison.only_before),
        "only_after": _listed(comparison.only_after),
        "notes": list(comparison.notes),
    }


def _difference_json(one: Difference) -> View:
    change = one.change
    return {
        "metric": one.name,
        "slice": dict(sorted(one.after.slice.items())),
        "target": one.target,
        "unit": one.after.unit,
        "outcome": one.outcome.value,
        "before": _metric_json(one.before),
        "after": _metric_json(one.after),
        "change": _finite(one.value),
        "low": _finite(change.interval.low) if change else None,
        "high": _finite(change.interval.high) if change else None,
        "p": change.p_value if change else None,
        "q": one.q_value,
        "family_q": one.family_q,
        "detectable": _finite(change.detectable) if change else None,
        "shared": change.shared if change else 0,
        "method": change.method if change else "",
        **({"note": one.note} if one.note else {}),
    }


def _metric_json(metric: Metric) -> View:
    ends = (metric.interval.low, metric.interval.high) if metric.interval else (None, None)
    return {"value": _finite(metric.value), "low": _finite(ends[0]), "high": _finite(ends[1]), "n": metric.n, "status": str(metric.status)}


def _drift_json(drift: Drift) -> View:
    plain = asdict(drift)
    plain.pop("q_value")
    return {**plain, "q": drift.q_value, "sure": drift.sure, "sentence": drift_finding(drift).sentence}


def _listed(pairs: Sequence[tuple[str, str]]) -> list[View]:
    return [{"metric": name, "target": target} for name, target in pairs]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
