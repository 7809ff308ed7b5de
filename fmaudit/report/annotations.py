"""Annotations of a GitHub step: workflow commands that point at the lines of audit.toml, no more than a step shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fmaudit.records import Severity, VerdictStatus
from fmaudit.report.digest import examined_sentences, is_whole, ranked_findings, ranked_verdicts
from fmaudit.report.document import ReportData
from fmaudit.report.humane import plural
from fmaudit.report.places import Place, audit_place, check_places
from fmaudit.report.safe import clip, no_commands

__all__ = ["render_annotations"]

_MOST = 10  # of errors, and of warnings, that GitHub shows of a step
_TITLE, _TEXT = 120, 600


class _Annotation(NamedTuple):
    level: str  # error, warning
    place: Place
    title: str
    text: str


def render_annotations(data: ReportData) -> str:
    """Write `::error` and `::warning` lines: checks, audits and findings in error first; what is over a step's ten is counted in the last.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    every = [*_checks(data), *_audits(data), *_losses(data), *_findings(data)]
    lines = []
    for level in ("error", "warning"):
        those = [one for one in every if one.level == level]
        if len(those) > _MOST:
            rest = plural(len(those) - _MOST + 1, f"more {level}").replace("\u00a0", " ")
            those = [
                *those[: _MOST - 1],
                _Annotation(level, Place(data.source or "audit.toml"), "fmaudit", f"{rest}: in the summary of this step."),
            ]
        lines += [_command(one) for one in those]
    return "".join(f"{line}\n" for line in lines)


def _checks(data: ReportData) -> Iterator[_Annotation]:
    places = check_places(data)
    for verdict in ranked_verdicts(data):
        if verdict.status is VerdictStatus.PASS:
            continue
        level = "error" if verdict.status is VerdictStatus.FAIL else "warning"
        where = f" ({verdict.target})" if verdict.target else ""
        title = f"{verdict.status.value}: {verdict.check}{where}"
        yield _Annotation(level, places.get(verdict.check, Place(data.source or "audit.toml")), title, verdict.reason)


def _audits(data: ReportData) -> Iterator[_Annotation]:
    for audit in data.audits:
        if audit.error:
            yield _Annotation("error", audit_place(data, audit.name), f"{audit.name} did not finish", audit.error)


def _findings(data: ReportData) -> Iterator[_Annotation]:
    for row in ranked_findings(data):
        finding = row.finding
        if finding.severity is not Severity.NOTE:
            seen = f" ({finding.evidence[0].file} @ {finding.evidence[0].offset})" if finding.evidence else ""
            title = f"{row.audit} on {row.target}: {finding.code}"
            yield _Annotation(finding.severity.value, audit_place(data, row.audit), title, f"{finding.sentence}{seen}")


def _losses(data: ReportData) -> Iterator[_Annotation]:
    if not is_whole(data):
        text = " ".join(examined_sentences(data)[:5])
        yield _Annotation("warning", Place(data.source or "audit.toml"), "Not everything was examined", text)


def _command(one: _Annotation) -> str:
    properties = {
        "file": no_commands(clip(one.place.file, 300)),
        "line": str(one.place.line),
        "title": no_commands(clip(one.title, _TITLE)),
    }
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{one.level} {written}::{_data(no_commands(clip(one.text or one.title, _TEXT)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
