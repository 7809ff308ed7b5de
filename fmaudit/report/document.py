"""All that a report needs, and nothing else: the core fills it from a run directory, the renderers only read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fmaudit.judge.level import Shift
from fmaudit.records import Exhibit, Finding, LedgerEntry, Metric, Verdict

if TYPE_CHECKING:
    from fmaudit.judge.comparing import Comparison
    from fmaudit.judge.settings import SettingChange

__all__ = [
    "AuditRow",
    "Coverage",
    "CoverageTotal",
    "EnvironmentRow",
    "ExhibitRow",
    "FindingRow",
    "LedgerRow",
    "MetricRow",
    "ModelRow",
    "ReportData",
    "RunStatus",
    "SettingRow",
    "TargetRow",
    "Trend",
    "TrendRun",
    "TrendSeries",
]


class RunStatus(StrEnum):
    """How far the run came."""

    COMPLETE = "complete"
    PARTIAL = "partial"  # something was not examined
    FAILED = "failed"  # an audit failed, or nothing could be measured


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A corpus, a tokenizer or a model as audit.toml names it; `documents` and `bytes` are what was examined."""

    name: str
    kind: str  # "corpus", "tokenizer", "model"
    description: str = ""
    documents: int | None = None
    bytes: int | None = None
    sampled: float = 1.0  # the share that was to be looked at, by design
    files: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One entry of the ledger with the target it belongs to."""

    target: str
    entry: LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTotal:
    """What was lost or repaired of one target; `bytes_lost` counts only the losses whose size is known."""

    target: str
    examined: int
    lost: int = 0
    repaired: int = 0
    bytes_lost: int | None = None
    files_lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was not examined: ledger rows, and totals that stay right where the rows were cut.

    `entries` counts all entries of the ledger, also those that `rows` leaves out; None means that none is left out.
    """

    rows: tuple[LedgerRow, ...] = ()
    totals: tuple[CoverageTotal, ...] = ()
    entries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An audit that ran or failed, stamped with who made it and its parameters; `headlines` names its chief metrics."""

    name: str
    title: str
    version: str
    plugin: str = ""
    plugin_version: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    headlines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A metric of one audit and target; `name` is its full name."""

    audit: str
    target: str
    name: str
    metric: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A finding of one audit and target."""

    audit: str
    target: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitRow:
    """An exhibit of one audit and target."""

    audit: str
    target: str
    exhibit: Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """How a model ran: what it is, what its answers cost, how far they depend on how they were computed.

    `usage` and `determinism` are plain values as `fmaudit.models.accounting` and a backend's probe lay them out.
    """

    name: str
    uri: str
    builtin: bool
    numeric_mode: str
    profile: Mapping[str, Any]
    usage: Mapping[str, Any]
    determinism: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A resolved setting and where its value came from ("audit.toml:12", "--set", "default")."""

    key: str
    value: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRow:
    """A fact about where the numbers were made: a version, the hardware, the seed."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRun:
    """One of the runs of the same audit.toml, and what else is different in it from the run before."""

    id: str
    created: str
    changes: tuple[SettingChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendSeries:
    """One metric over the runs of a trend, None in a run that does not have it; `shift` where its level surely shifted."""

    audit: str
    target: str
    name: str
    metrics: tuple[Metric | None, ...]
    shift: Shift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Chief metrics over the runs of the same audit.toml up to this one, oldest first."""

    runs: tuple[TrendRun, ...]
    series: tuple[TrendSeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """A whole report. Times are UTC in ISO 8601; `headlines` names the metrics of the summary, if not the first ones.

    `source` is the path of audit.toml from the root of its repository. `comparison` is with the run that `baseline` says, in words;
    where there is none, `baseline` says why.
    """

    run_id: str
    title: str
    status: RunStatus
    created: str
    finished: str
    version: str
    targets: tuple[TargetRow, ...] = ()
    coverage: Coverage = Coverage()
    audits: tuple[AuditRow, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    exhibits: tuple[ExhibitRow, ...] = ()
    models: tuple[ModelRow, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    settings: tuple[SettingRow, ...] = ()
    environment: tuple[EnvironmentRow, ...] = ()
    reproduce: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    source: str = ""
    baseline: str = ""
    comparison: Comparison | None = None
    trend: Trend | None = None
