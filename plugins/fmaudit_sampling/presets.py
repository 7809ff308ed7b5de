"""Which of several settings to use: the steadiest of those that are accurate enough, or the most varied of those not surely worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fmaudit import Finding, Interval, Severity, results, stats

__all__ = ["Measured", "Preset", "factual_preset", "fiction_preset", "knows", "loss", "recommendation", "share_interval"]

ByItem = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured at one setting, each by item: accuracy, agreement of samples, diversity, and what prompts ask for."""

    name: str
    temperature: float
    accuracy: ByItem = field(default_factory=dict)
    agreement: ByItem = field(default_factory=dict)
    diversity: ByItem = field(default_factory=dict)
    quality: ByItem = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The chosen setting and the settings it was chosen from; `best` is the most accurate one, `lost` what the choice costs of it."""

    chosen: Measured
    able: tuple[str, ...]
    best: Measured
    lost: stats.Estimate | None


def factual_preset(settings: Sequence[Measured]) -> Preset | None:
    """Choose the setting of lowest variance (highest agreement) whose accuracy lies within the interval of the best setting's.

    A setting also must not lose surely against the best in accuracy or quality on the same items. Ties go to accuracy, then to the
    lower temperature. None where nothing was measured on two items.
    """
    known = [each for each in settings if len(each.accuracy) > 1]
    if not known:
        return None
    best = max(known, key=lambda each: (_mean(each.accuracy), -each.temperature))
    floor = share_interval(list(best.accuracy.values())).low
    able = [each for each in known if _mean(each.accuracy) >= floor and not _surely_worse(each, best)]
    chosen = max(able, key=lambda each: (_mean(each.agreement), _mean(each.accuracy), -each.temperature))
    return Preset(chosen=chosen, able=tuple(each.name for each in able), best=best, lost=loss(best.accuracy, chosen.accuracy))


def fiction_preset(settings: Sequence[Measured], tolerance: float = 0.0) -> Preset | None:
    """Choose the most varied setting that is not surely worse, or by no more than `tolerance`, in accuracy and in what prompts ask for.

    None where no diversity was measured.
    """
    known = [each for each in settings if each.diversity]
    if not known:
        return None
    best = max(known, key=lambda each: (_mean(each.accuracy), -each.temperature))
    finest = max(known, key=lambda each: (_mean(each.quality), -each.temperature))
    able = [
        each
        for each in known
        if not _lower(each.accuracy, best.accuracy, tolerance) and not _lower(each.quality, finest.quality, tolerance)
    ]
    chosen = max(able or [best], key=lambda each: (_mean(each.diversity), -each.temperature))
    return Preset(chosen=chosen, able=tuple(each.name for each in able), best=best, lost=loss(best.accuracy, chosen.accuracy))


def knows(setting: Measured) -> bool:
    """Say whether surely more than no question was answered rightly: without that, settings differ by luck alone."""
    values = list(setting.accuracy.values())
    return len(values) > 1 and share_interval(values).low > 0.0


def loss(best: ByItem, other: ByItem) -> stats.Estimate | None:
    """Estimate what one setting loses against another on the items of both; None for fewer than two."""
    shared = sorted(best.keys() & other.keys())
    return stats.mean([best[item] - other[item] for item in shared]) if len(shared) > 1 else None


def recommendation(purpose: str, preset: Preset, chosen: Mapping[str, Any]) -> Finding:
    """Word a preset with its evidence; `chosen` are the settings themselves."""
    work = "factual and legal work" if purpose == "factual" else "fiction"
    one = preset.chosen
    accuracy, best = (list(each.accuracy.values()) for each in (one, preset.best))
    if purpose == "factual":
        steady = sum(one.agreement.values()) / max(1, len(one.agreement))
        why = f"it is the steadiest of {len(preset.able)} settings whose accuracy lies within the interval of the best "
        why += f"(two answers agree in {results.percent(steady)} of cases)"
    else:
        varied = sum(one.diversity.values()) / max(1, len(one.diversity))
        why = f"its completions are the most varied (Vendi score {varied:.2f}) of {len(preset.able)} settings not surely less accurate"
    compared = "itself the most accurate" if one.name == preset.best.name else (
        f"the most accurate, {preset.best.name}, reaches {results.percent(_mean(preset.best.accuracy))}, "
        f"{results.span(share_interval(best), results.percent)}{_lost(preset)}"
    )  # fmt: skip
    settings = f"temperature = {chosen['temperature']:g}, top_p = {chosen['top_p']:g}" + (
        f", top_k = {chosen['top_k']}" if chosen["top_k"] else ""
    )
    return Finding(
        code=f"preset-{purpose}", severity=Severity.NOTE, metric=f"recommended_temperature{{purpose={purpose}}}",
        slice={"purpose": purpose},
        sentence=(
            f"For {work}, use {one.name} ({settings}): {why}, with {results.percent(_mean(one.accuracy))} of "
            f"{len(one.accuracy)} questions right ({results.span(share_interval(accuracy), results.percent)}); {compared}."
        ),
    )  # fmt: skip


def share_interval(values: Sequence[float]) -> Interval:
    """Give the interval of a mean of shares, within 0 and 1; where all are at one end it is that of a proportion."""
    if set(values) in ({0.0}, {1.0}):
        return stats.proportion(sum(values), len(values))
    found = stats.mean(values).interval
    return Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)


def _lost(preset: Preset) -> str:
    return (
        f"; the difference is {results.points(preset.lost.value)}, {results.span(preset.lost.interval, results.points)}"
        if preset.lost
        else ""
    )


def _surely_worse(setting: Measured, best: Measured) -> bool:
    return _lower(setting.accuracy, best.accuracy) or _lower(setting.quality, best.quality)


def _lower(values: ByItem, best: ByItem, tolerance: float = 0.0) -> bool:
    """Whether something is surely lost on the same items (the 95 % interval lies above 0), and more than the tolerance."""
    lost = loss(best, values)
    if lost is None:
        return False
    return bool(lost.interval.low > 0.0 and lost.value > tolerance)


def _mean(values: ByItem) -> float:
    return float(np.mean(list(values.values()))) if values else 0.0
