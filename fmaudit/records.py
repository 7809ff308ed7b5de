"""Frozen records that travel between the stages: what was measured, found, shown and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "NOTHING_MEASURED",
    "Case",
    "Evidence",
    "Exhibit",
    "Finding",
    "Interval",
    "LedgerEntry",
    "Measurement",
    "Message",
    "Metric",
    "MetricStatus",
    "Severity",
    "Verdict",
    "VerdictStatus",
    "format_slice",
    "full_name",
]


NOTHING_MEASURED: Final = "nothing-measured"  # the code of the finding that an audit gave no figure at all of a target


class MetricStatus(StrEnum):
    """Whether a metric has a value, and if not, why."""

    OK = "ok"
    INSUFFICIENT = "insufficient"  # fewer observations than the metric's minimum n
    UNDEFINED = "undefined"  # no such number exists (0/0); the note says why


class Severity(StrEnum):
    """How much a finding matters, from worth knowing to must be mended."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class VerdictStatus(StrEnum):
    """What a check says of a metric, given its interval."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One prompt or item of a model audit: `id` is unique in its audit and stable, `data` is what the audit needs to observe it."""

    id: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval in the unit of its metric."""

    low: float
    high: float
    level: float = 0.95
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One measured number with its interval, its n and how it was made.

    `unit` is "fraction", "ratio", "count", "bytes", "characters", "tokens", "bits", "nats" ("nats per token", "nats per byte"), "flops",
    "seconds", "languages" or "money" (the note says which).
    `n` counts observations, `n_clusters` the independent sources they came from. A metric without a value has
    a status other than "ok" and a note.
    """

    name: str
    value: float | None
    unit: str
    n: int
    interval: Interval | None = None
    n_clusters: int | None = None
    method: str = ""
    slice: Mapping[str, str] = field(default_factory=dict)
    status: MetricStatus = MetricStatus.OK
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A metric with the audit that measured it, and the target it is of; `kind` is "corpus", "tokenizer" or "model"."""

    audit: str
    target: str
    kind: str
    metric: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a finding can be seen: a document by file and offset, optionally a span of its text."""

    file: str
    offset: int
    id: str = ""
    excerpt: str = ""
    start: int | None = None  # span of the document's text, code points
    stop: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A plain sentence about the target that a person should act on.

    `code` is stable across runs ("rule-removes-language"), so that findings can be compared and muted.
    """

    code: str
    severity: Severity
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    metric: str = ""  # full name of the metric behind it, without the audit prefix: "share{language=te}"
    slice: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A chart or a table: rows plus how to draw them; the report and the dashboard draw the same thing.

    `kind` is "table", "bars" (x value, y category, optional low/high columns as whiskers), "stacked" (x value, y category,
    color group), "line" (x, y, optional color), "heatmap" (x, y, color value) or "histogram" (x binned start, y count).
    `encoding` maps the channels (x, y, low, high, color, reference) to columns of `data`, and `also` to one of the same unit that is not
    drawn; `spec` may hold a Vega-Lite mark and encoding instead, for what the kinds cannot draw. Every chart is also readable as its table.
    """

    name: str
    title: str
    data: pa.Table
    kind: str = "table"
    encoding: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""
    unit: str = ""  # unit of the value axis: "fraction" is shown as percent
    log: bool = False  # logarithmic value axis
    spec: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says."""

    check: str  # the check as written: "corpus-language.share{language=en} <= 0.8"
    metric: str
    target: str
    status: VerdictStatus
    reason: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Something of a corpus that was not examined, where, and why.

    `offset` is the document's position as its reader counts it, `size` the bytes lost where known, `count` the documents.
    `lost` is False where the document was examined after a repair (an invalid byte replaced by U+FFFD).
    """

    file: str
    offset: int
    reason: str  # "truncated", "invalid-json", "invalid-utf8", "oversize", "missing-text", "unreadable" ...
    detail: str = ""
    size: int | None = None
    count: int = 1
    lost: bool = True


def format_slice(slice_: Mapping[str, str]) -> str:
    """Write a slice as `{language=te,host=example.org}`, or nothing when it is empty; keys in sorted order."""
    if not slice_:
        return ""
    return "{" + ",".join(f"{key}={slice_[key]}" for key in sorted(slice_)) + "}"


def full_name(audit: str, name: str, slice_: Mapping[str, str]) -> str:
    """Write a metric's full name: `corpus-language.share{language=te}`."""
    return f"{audit}.{name}{format_slice(slice_)}"
