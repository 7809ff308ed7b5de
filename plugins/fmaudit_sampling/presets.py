"""Which of several settings to use: the steadiest of those that are accurate enough, or the most varied of those not surely worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fmaudit import Finding, Metric, Severity, results

__all__ = ["Measured", "Preset", "declined", "factual_preset", "fiction_preset", "recommendation"]

ByItem = Mapping[str, float]
Answers = Mapping[str, Sequence[float]]
OWN = {
    "factual": "It holds for these questions: name some of your own work in `questions` before you rely on it.",
    "fiction": "It holds for these prompts: name some of your own in `open_prompts` and read what comes before you rely on it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured at one setting, by item: which answers are right, agreement of samples, variety, and what prompts ask for.

    `diversity` is of the creative prompts, where there are any, and `overall` of all open prompts.
    """

    name: str
    temperature: float
    answers: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    agreement: ByItem = field(default_factory=dict)
    diversity: ByItem = field(default_factory=dict)
    overall: ByItem = field(default_factory=dict)
    quality: ByItem = field(default_factory=dict)

    def accuracy(self, minimum: int = 2) -> Metric:
        """Give the share of answers that are right, as the report has it."""
        hits = [(item, hit) for item, answers in self.answers.items() for hit in answers]
        slice_ = {"setting": self.name}
        return results.rate("frontier_accuracy", [hit for _, hit in hits], [item for item, _ in hits], minimum=minimum, slice_=slice_)

    @property
    def right(self) -> float:
        """The share of answers that are right; 0 where none was given."""
        return self.accuracy().value or 0.0

    @property
    def knows(self) -> bool:
        """Whether right answers are more than the luck of one question or two: without that, settings differ by luck alone."""
        return len(self.answers) > 1 and _surely_some([sum(answers) / len(answers) for answers in self.answers.values()])

    @property
    def fulfils(self) -> bool:
        """Whether completions surely contain something of what prompts ask for; also where fewer than two prompts ask for anything."""
        return len(self.quality) < 2 or _surely_some(list(self.quality.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The chosen setting and the settings it was chosen from; `best` is the most accurate one, `lost` what the choice costs of it."""

    chosen: Measured
    able: tuple[str, ...]
    best: Measured
    lost: Metric | None


def declined(purpose: str, settings: Sequence[Measured]) -> str:
    """Say why no setting can be recommended for a purpose; nothing where one can."""
    if not any(each.knows for each in settings):
        return "by the spread between questions, at no setting are surely more than 0 % answered rightly, so accuracy recommends none"
    if purpose == "fiction" and not any(each.fulfils for each in settings):
        return (
            "by the spread between prompts, at no setting do completions surely contain anything that prompts ask for, so how varied "
            "they are recommends none"
        )
    return ""


def factual_preset(settings: Sequence[Measured]) -> Preset | None:
    """Choose the setting of lowest variance (highest agreement) whose accuracy lies within the interval of the best setting's.

    A setting also must not lose surely against the best in accuracy or quality on the same items. Ties go to accuracy, then to the
    lower temperature. None where nothing was measured on two items.
    """
    known = [each for each in settings if each.accuracy().interval is not None]
    if not known:
        return None
    best = max(known, key=lambda each: (each.right, -each.temperature))
    interval = best.accuracy().interval
    floor = interval.low if interval is not None else 0.0
    able = [each for each in known if each.right >= floor and not _worse(each, best, best)]
    chosen = max(able, key=lambda each: (_mean(each.agreement), each.right, -each.temperature))
    return Preset(chosen=chosen, able=tuple(each.name for each in able), best=best, lost=_loss(best.answers, chosen.answers))


def fiction_preset(settings: Sequence[Measured], tolerance: float = 0.0) -> Preset | None:
    """Choose the most varied setting that is not surely worse, or by no more than `tolerance`, in accuracy and in what prompts ask for.

    A setting must surely give something of what prompts ask for: noise is varied as well. None where no setting does, or no diversity
    was measured.
    """
    known = [each for each in settings if each.diversity]
    if not known:
        return None
    best = max(known, key=lambda each: (each.right, -each.temperature))
    finest = max(known, key=lambda each: (_mean(each.quality), -each.temperature))
    able = [each for each in known if each.fulfils and not _worse(each, best, finest, tolerance)]
    if not able and not best.fulfils:
        return None
    chosen = max(able or [best], key=lambda each: (_mean(each.diversity), -each.temperature))
    return Preset(chosen=chosen, able=tuple(each.name for each in able), best=best, lost=_loss(best.answers, chosen.answers))


def recommendation(purpose: str, preset: Preset, chosen: Mapping[str, Any]) -> Finding:
    """Word a preset as what was measured; `chosen` are the settings themselves."""
    one = preset.chosen
    settings = f"temperature = {chosen['temperature']:g}, top_p = {chosen['top_p']:g}" + (
        f", top_k = {chosen['top_k']}" if chosen["top_k"] else ""
    )
    head = _steadiest(one, settings, len(preset.able)) if purpose == "factual" else _most_varied(one, settings, len(preset.able))
    compared = "itself the most accurate" if one.name == preset.best.name else (
        f"the most accurate, {preset.best.name}, reaches {_share(preset.best)}{_lost(preset.lost)}"
    )  # fmt: skip
    return Finding(
        code=f"preset-{purpose}", severity=Severity.NOTE, metric=f"recommended_temperature{{purpose={purpose}}}",
        slice={"purpose": purpose}, sentence=f"{head}; {compared}.", advice=OWN[purpose],
    )  # fmt: skip


def _steadiest(one: Measured, settings: str, able: int) -> str:
    agree = f"two answers agree in {results.percent(_mean(one.agreement))} of cases" if one.temperature else "its answer is always the same"
    return (
        f"On {len(one.answers)} questions, {one.name} ({settings}) is the steadiest of {able} settings whose accuracy lies within the "
        f"interval of the best: {agree}, and {_share(one)} of the answers are right"
    )


def _most_varied(one: Measured, settings: str, able: int) -> str:
    part = len(one.overall) > len(one.diversity)
    everywhere = f"; {_mean(one.overall):.2f} on all {len(one.overall)} open prompts" if part else ""
    return (
        f"On {len(one.diversity)} {'creative' if part else 'open'} prompts, {one.name} ({settings}) is the most varied (Vendi score "
        f"{_mean(one.diversity):.2f}{everywhere}) of {able} settings not surely less accurate on {len(one.answers)} questions: "
        f"{_share(one)} of the answers are right"
    )


def _share(setting: Measured) -> str:
    found = setting.accuracy()
    return f"{results.percent(setting.right)} ({results.span(found.interval, results.percent)})"


def _lost(lost: Metric | None) -> str:
    if lost is None or lost.value is None:
        return ""
    return f"; the difference is {results.points(lost.value)}, {results.span(lost.interval, results.points)}"


def _loss(best: Answers, other: Answers) -> Metric | None:
    """Compare two settings on the items of both; None for fewer than two."""
    found, test = results.paired_shares(name="loss", first=best, second=other)
    return found if test is not None else None


def _worse(setting: Measured, best: Measured, finest: Measured, tolerance: float = 0.0) -> bool:
    """Whether accuracy or what prompts ask for is surely lost on the same items, and more of it than the tolerance."""
    asked, given = ({item: (value,) for item, value in each.quality.items()} for each in (finest, setting))
    losses = (_loss(best.answers, setting.answers), _loss(asked, given))
    return any(lost is not None and _surely(lost, tolerance) for lost in losses)


def _surely(lost: Metric, tolerance: float) -> bool:
    return lost.interval is not None and lost.value is not None and lost.interval.low > 0.0 and lost.value > tolerance


def _surely_some(values: Sequence[float]) -> bool:
    """Whether a mean over items is above 0 by the t interval, which one item or two cannot lift (Wilson's is above 0 for any hit)."""
    interval = results.average(name="mean", values=values, within=(0.0, 1.0)).interval
    return interval is not None and interval.low > 0.0


def _mean(values: ByItem) -> float:
    return float(np.mean(list(values.values()))) if values else 0.0
