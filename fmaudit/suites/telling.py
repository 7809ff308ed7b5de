"""What is told of a suite beside its own figures: that it failed, has no value, or could not be asked."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.models.base import Capability
from fmaudit.records import Finding, Metric, MetricStatus, Severity, format_slice

if TYPE_CHECKING:
    from fmaudit.records import Exhibit
    from fmaudit.suites.suite import Suite

__all__ = ["in_words", "measured", "not_asked"]

ABILITIES: Mapping[str, str] = {
    Capability.GENERATE: "write answers",
    Capability.SAMPLE: "draw answers at random",
    Capability.SETTINGS: "draw answers with the settings it is asked for",
    Capability.LOG_PROBS: "tell the log-probabilities of its answers",
    Capability.SCORE: "score given texts (tell their log-probabilities)",
    Capability.LOGITS: "give its logits",
    Capability.CHAT: "take chats",
    Capability.EMBED: "embed texts",
    Capability.TOKENIZE: "tokenize texts",
    Capability.TIME: "be timed",
}


def measured(suite: Suite, rows: Sequence[Mapping[str, Any]]) -> list[Metric | Finding | Exhibit]:
    """Let a suite read its rows; one that raises costs its own results, and not those of the suites beside it."""
    try:
        found = list(suite.measure(rows))
        return [*found, *_without_value(suite, found)]
    except Exception as error:  # a plugin may raise anything
        frame = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({Path(frame.filename).name}:{frame.lineno})"
    where, name = {"suite": suite.name}, "measured"
    return [
        Metric(name=name, value=None, unit="count", n=len(rows), slice=where, status=MetricStatus.UNDEFINED, note=words),
        Finding(
            code="suite-failed",
            severity=Severity.ERROR,
            metric=f"{name}{{suite={suite.name}}}",
            slice=where,
            sentence=f"The suite {suite.name!r} ({suite.title}) could not be measured: {words}.",
            advice="Its answers are kept: `fmaudit measure RUN` reads them again once the cause is mended.",
        ),
    ]


def _without_value(suite: Suite, found: Sequence[Metric | Finding | Exhibit]) -> Iterator[Finding]:
    """Say that a suite was asked and none of its chief metrics has a value, so that a complete run is not taken for an answer.

    A slice counts only where a headline names it, or where its metric has nothing but slices.
    """
    metrics = [each for each in found if isinstance(each, Metric)]
    chief = [each for name in suite.headlines for each in _called(metrics, name)]
    if chief and not any(metric.value is not None for metric in chief):
        first = f"{chief[0].name}{format_slice(chief[0].slice)}"
        yield Finding(
            code="suite-without-value", severity=Severity.WARNING, slice={"suite": suite.name},
            sentence=f"The suite {suite.name!r} ({suite.title}) was asked, and {first} has no value: {chief[0].note}.",
            advice="Ask more items (limit, items), or fewer for a rate (minimum_items); see what became of the answers.",
        )  # fmt: skip


def _called(metrics: Sequence[Metric], name: str) -> list[Metric]:
    """Find the metric of a headline, or where it has nothing but slices, these."""
    exact = [each for each in metrics if each.name + format_slice(each.slice) == name]
    return exact or [each for each in metrics if each.name == name]


def not_asked(suite: Suite, rows: Sequence[Mapping[str, Any]], alone: bool) -> Iterator[Metric | Finding]:
    """Say that a suite has no answers, and why; where no suite beside it has any, nothing was audited, and that is an error."""
    why = f"the model cannot {in_words(str(rows[0]['evidence']).split(', '))}" if rows else "no answer came; the ledger says why"
    yield Metric(name="answered", value=None, unit="count", n=0, slice={"suite": suite.name}, status=MetricStatus.UNDEFINED, note=why)
    yield Finding(
        code="suite-not-asked",
        severity=Severity.WARNING if not rows else Severity.ERROR if alone else Severity.NOTE,
        sentence=f"The suite {suite.name!r} ({suite.title}) says nothing of this model: {why}.",
        slice={"suite": suite.name},
    )


def in_words(lacking: Sequence[str]) -> str:
    """Word what a model cannot do; what is no capability is in words already."""
    return " or ".join(ABILITIES.get(each, each) for each in lacking)
