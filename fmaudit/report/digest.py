"""What a report says first, whatever its format: what was not examined, the findings in order, the headline numbers."""

from __future__ import annotations

import itertools
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fmaudit.records import NOTHING_MEASURED, Evidence, LedgerEntry, Metric, MetricStatus, Severity, Verdict, VerdictStatus, format_slice
from fmaudit.report.document import CoverageTotal, FindingRow, LedgerRow, MetricRow, ReportData, RunStatus, TargetRow
from fmaudit.report.humane import count, plural, share, show, size
from fmaudit.report.safe import visible

__all__ = [
    "LossGroup",
    "LossRow",
    "command",
    "counted",
    "coverage_totals",
    "empty_corpora",
    "examined_sentences",
    "headlines",
    "is_whole",
    "label",
    "limits_of",
    "loss_groups",
    "owner",
    "ranked_findings",
    "ranked_verdicts",
    "statuses",
    "unit_of",
    "unlisted_losses",
    "without_unit",
]

_COUNTED = {"tokenizer": "sentence", "model": "case"}  # of a target that is not a corpus
_SEVERITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_VERDICT = {VerdictStatus.FAIL: 0, VerdictStatus.INCONCLUSIVE: 1, VerdictStatus.NOT_MEASURED: 2, VerdictStatus.PASS: 3}
# words in the names of metrics that tell how the asking went
_ASIDE = frozenset(
    ("answered", "cut", "empty", "saved", "truncated", "unanswered", "unjudged", "unmatched", "unread", "unreadable", "untranslated")
)
_SLICES = 2  # shown of a headline that has nothing but slices
_CHANGE = re.compile(r"\b(change|rise|fall) <= \S+")
_LIMIT = re.compile(r"(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)(?![\w.])")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRow:
    """Ledger entries of one file that say the same, added up: `entry` stands where the first one stands."""

    entry: LedgerEntry
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LossGroup:
    """The ledger rows of one target with the same reason; `bytes` counts only the sizes that are known."""

    target: str
    reason: str
    lost: bool
    documents: int
    bytes: int | None
    rows: tuple[LossRow, ...]
    noun: str = "document"  # what is counted: "case" of a model, "row" of a tokenizer

    @property
    def entries(self) -> int:
        """How many entries of the ledger are in it."""
        return sum(row.entries for row in self.rows)


def ranked_findings(data: ReportData) -> list[FindingRow]:
    """Order findings by severity, within one those behind a failed check first, then those behind the audits' headlines.

    Then all targets take turns, as their audits gave them; in every turn the largest comes first: what a share surely is away from 0.
    """
    metrics = {(row.name, row.target): row.metric for row in data.metrics}
    failed = {(verdict.metric, verdict.target) for verdict in data.verdicts if verdict.status is VerdictStatus.FAIL}
    chief = {f"{audit.name}.{name}".partition("{")[0] for audit in data.audits for name in audit.headlines}
    turns = Counter[tuple[Any, ...]]()
    ranks = []
    for row in data.findings:
        name = f"{row.audit}.{row.finding.metric}"
        checked = not failed.isdisjoint({(name, row.target), (name, "")})
        rank = (_SEVERITY[row.finding.severity], not checked, name.partition("{")[0] not in chief)
        ranks.append((*rank, turns[row.audit, row.target, rank], -_sure_size(metrics.get((name, row.target)))))
        turns[row.audit, row.target, rank] += 1
    return [row for _, row in sorted(zip(ranks, data.findings, strict=True), key=lambda pair: pair[0])]


def _sure_size(metric: Metric | None) -> float:
    """Say how far from 0 a share surely is; figures of other units are not to be compared with it, and have none."""
    if metric is None or metric.interval is None or metric.unit != "fraction":
        return 0.0
    return max(metric.interval.low, -metric.interval.high, 0.0)


def ranked_verdicts(data: ReportData) -> list[Verdict]:
    """Order verdicts: what failed first."""
    return sorted(data.verdicts, key=lambda verdict: _VERDICT[verdict.status])


def statuses(data: ReportData) -> list[tuple[VerdictStatus, int]]:
    """Count the verdicts of every status, what failed first."""
    counted = {status: sum(verdict.status is status for verdict in data.verdicts) for status in _VERDICT}
    return [(status, amount) for status, amount in counted.items() if amount]


def coverage_totals(data: ReportData) -> list[CoverageTotal]:
    """Return the totals of every target, added up from its ledger rows where the run has none."""
    known = {total.target: total for total in data.coverage.totals}
    examined = {target.name: target.documents or 0 for target in data.targets}
    names = [*known, *(row.target for row in data.coverage.rows), *(target.name for target in data.targets if target.kind == "corpus")]
    totals = [known.get(name) or _added(name, examined.get(name, 0), data.coverage.rows) for name in dict.fromkeys(names)]
    models = {target.name for target in data.targets if target.kind == "model"}  # their failed cases were asked too
    return [replace(total, examined=total.examined - total.lost) if total.target in models else total for total in totals]


def _added(name: str, examined: int, rows: Iterable[LedgerRow]) -> CoverageTotal:
    entries = [row.entry for row in rows if row.target == name]
    sizes = [entry.size for entry in entries if entry.lost and entry.size is not None]
    return CoverageTotal(
        target=name,
        examined=examined,
        lost=sum(entry.count for entry in entries if entry.lost),
        repaired=sum(entry.count for entry in entries if not entry.lost),
        bytes_lost=sum(sizes) if sizes else None,
    )


def is_whole(data: ReportData) -> bool:
    """Say whether nothing was lost: no document, no file, no audit, no corpus was empty, every audit has a figure, and the run ended."""
    lost = any(total.lost or total.files_lost for total in coverage_totals(data))
    return (
        not lost
        and not empty_corpora(data)
        and not _figureless(data)
        and data.status is RunStatus.COMPLETE
        and not any(audit.error for audit in data.audits)
    )


def _figureless(data: ReportData) -> list[FindingRow]:
    """Find what says that an audit measured nothing of a target; an empty corpus is told as such."""
    empty = empty_corpora(data)
    return [row for row in data.findings if row.finding.code == NOTHING_MEASURED and row.target not in empty]


def empty_corpora(data: ReportData) -> list[str]:
    """Name the corpora in which no document was found at all."""
    kinds = {target.name: target.kind for target in data.targets}
    empty = [total for total in coverage_totals(data) if not total.examined and not total.lost and not total.files_lost]
    return [total.target for total in empty if kinds.get(total.target, "corpus") == "corpus"]


def examined_sentences(data: ReportData) -> list[str]:
    """Say in plain sentences what was not examined, then what was."""
    totals = sorted(coverage_totals(data), key=lambda total: not (total.lost or total.files_lost or not total.examined))
    out = [_total_sentence(total, data) for total in totals]
    sampled = [target for target in data.targets if target.sampled < 1.0]
    out += [f"{visible(target.name)} is a sample by design: {share(target.sampled)} of it was to be examined." for target in sampled]
    out += [f"The audit {visible(audit.name)} did not finish: {visible(audit.error)}" for audit in data.audits if audit.error]
    out += [f"{visible(row.target)}: {visible(row.finding.sentence)}" for row in _figureless(data)]
    if not out:
        out.append("The run names no corpus, so there is no count of documents.")
    if data.status is RunStatus.PARTIAL and not any(total.lost or total.files_lost for total in coverage_totals(data)):
        out.append("The run is marked partial: the numbers cover only what was examined so far.")
    return out


def _total_sentence(total: CoverageTotal, data: ReportData) -> str:
    target = next((target for target in data.targets if target.name == total.target), None)
    name = visible(total.target)
    if not total.lost and not total.files_lost and not total.examined:
        where = f" in {plural(target.files, 'file')}" if target and target.files else ""
        text = f"{name}: no document was found{where}, so nothing of it was measured: look at its path and its sample."
    elif not total.lost and not total.files_lost:
        where = f" in {plural(target.files, 'file')}" if target and target.files else ""
        amount = f" ({size(target.bytes)})" if target and target.bytes is not None else ""
        text = f"{name}: all of {plural(total.examined, counted(target))}{where}{amount} examined."
    else:
        known = f", at least {size(total.bytes_lost)}" if total.bytes_lost is not None else ""
        text = f"{name}: {plural(total.lost, counted(target))} not examined{known}; {count(total.examined)} examined."
        text += f" {plural(total.files_lost, 'file')} could not be read at all." if total.files_lost else ""
    return text + (f" {plural(total.repaired, 'document')} examined after a repair." if total.repaired else "")


def counted(target: TargetRow | None) -> str:
    """Name what is counted of a target."""
    return _COUNTED.get(target.kind if target else "", "document")


def loss_groups(data: ReportData) -> list[LossGroup]:
    """Group the ledger by target and reason: losses before repairs, the largest first."""
    grouped: dict[tuple[str, str, bool], list[LedgerRow]] = {}
    for row in data.coverage.rows:
        grouped.setdefault((row.target, row.entry.reason, row.entry.lost), []).append(row)
    nouns = {target.name: counted(target) for target in data.targets}
    groups = [replace(_group(key, rows), noun=nouns.get(key[0], "document")) for key, rows in grouped.items()]
    return sorted(groups, key=lambda group: (not group.lost, -group.documents, group.target, group.reason))


def _group(key: tuple[str, str, bool], rows: list[LedgerRow]) -> LossGroup:
    same: dict[tuple[str, str], list[LedgerEntry]] = {}
    for row in rows:
        same.setdefault((row.entry.file, row.entry.detail), []).append(row.entry)
    merged = [LossRow(entry=_sum(entries), entries=len(entries)) for entries in same.values()]
    documents = sum(row.entry.count for row in rows)
    return LossGroup(
        target=key[0], reason=key[1], lost=key[2], documents=documents, bytes=_size([r.entry for r in rows]), rows=tuple(merged)
    )


def _sum(entries: list[LedgerEntry]) -> LedgerEntry:
    return replace(entries[0], count=sum(entry.count for entry in entries), size=_size(entries))


def _size(entries: list[LedgerEntry]) -> int | None:
    sizes = [entry.size for entry in entries if entry.size is not None]
    return sum(sizes) if sizes else None


def unlisted_losses(data: ReportData) -> dict[str, tuple[int, str]]:
    """Count, by target, what was not examined and whose ledger entries the report does not carry, and name what is counted."""
    listed: dict[str, int] = {}
    for row in data.coverage.rows:
        listed[row.target] = listed.get(row.target, 0) + (row.entry.count if row.entry.lost else 0)
    rest = {total.target: total.lost - listed.get(total.target, 0) for total in coverage_totals(data)}
    nouns = {target.name: counted(target) for target in data.targets}
    return {target: (amount, nouns.get(target, "document")) for target, amount in rest.items() if amount > 0}


def headlines(data: ReportData, limit: int = 12) -> list[MetricRow]:
    """Choose the metrics of the summary: those the report names, else in turn from every audit and target.

    An audit's own headlines come first, then its unsliced metrics, then those that tell how the asking went and not what the answer is.
    """
    if data.headlines:
        named = {row.name: row for row in reversed(data.metrics)}
        return [named[name] for name in data.headlines if name in named][:limit]
    chief = {audit.name: audit.headlines for audit in data.audits}
    owned: dict[tuple[str, str], list[MetricRow]] = {}
    for row in data.metrics:
        if row.metric.status is MetricStatus.OK:
            owned.setdefault((row.audit, row.target), []).append(row)
    queues = [_ordered(rows, chief.get(audit, ())) for (audit, _), rows in owned.items()]
    queues = [queue for queue in queues if queue]
    share_of_each = -(-limit // max(len(queues), 1))
    return list(_in_turn(queues, share_of_each))[:limit]


def _ordered(rows: Sequence[MetricRow], chief: Sequence[str]) -> list[MetricRow]:
    """Order one audit's metrics of one target by how much they say of what it is about."""
    first = [row for name in chief for row in _named(rows, name)]
    whole = [row for row in rows if not row.metric.slice and row.metric.name != "documents"]
    whole.sort(key=lambda row: not _ASIDE.isdisjoint(row.metric.name.split("_")))
    return list({id(row): row for row in (*first, *whole)}.values())


def _named(rows: Sequence[MetricRow], name: str) -> list[MetricRow]:
    """Find the metric of a name, or where it has nothing but slices, the first ones."""
    exact = [row for row in rows if row.metric.name + format_slice(row.metric.slice) == name]
    return exact or [row for row in rows if row.metric.name == name][:_SLICES]


def _in_turn(queues: Iterable[list[MetricRow]], most: int) -> Iterator[MetricRow]:
    """Keep audits together: the first `most` of each, so that the summary reads in blocks."""
    return itertools.chain.from_iterable(queue[:most] for queue in queues)


def label(metric: Metric) -> str:
    """Name a metric for people: `removed share · th · c4`."""
    return " · ".join([visible(metric.name).replace("_", " "), *(visible(metric.slice[key]) for key in sorted(metric.slice))])


def owner(data: ReportData, row: MetricRow, rows: Sequence[MetricRow]) -> str:
    """Name whose number a headline is: nothing with one target, and the audit too where another one's number is called the same."""
    if len(data.targets) < 2:
        return ""
    same = any(other.audit != row.audit and label(other.metric) == label(row.metric) for other in rows)
    return f"{visible(row.target)} ({visible(row.audit)})" if same else visible(row.target)


def without_unit(row: MetricRow) -> str:
    """Write a metric's value, leaving out a unit that its name already says: `languages: 31`."""
    value, _, unit = show(row.metric).value.partition("\u00a0")
    return value if unit and unit in label(row.metric) else f"{value}\u00a0{unit}".rstrip("\u00a0")


def command(data: ReportData, target: str, evidence: Evidence) -> str:
    """Write the command that prints a document, or nothing where its name could not be copied safely."""
    parts = (data.run_id, target, evidence.file)
    if not evidence.file or any(visible(part) != part or len(part) > 300 for part in parts):
        return ""
    where = f"""file = '{evidence.file.replace("'", "''")}' and "offset" = {evidence.offset}"""
    corpora = sum(one.kind == "corpus" for one in data.targets)
    which = f" --target {shlex.quote(target)}" if corpora > 1 else ""
    return f"fmaudit documents {shlex.quote(data.run_id)}{which} --where {shlex.quote(where)} --json"


def limits_of(verdict: Verdict) -> list[tuple[str, float]]:
    """Read the limits of a check as written: `[("<=", 0.8)]`; those that bound a change, or are no plain numbers, are not among them."""
    text = _CHANGE.sub("", verdict.check.removeprefix(verdict.metric))
    return [(found[1], float(found[2])) for found in _LIMIT.finditer(text)]


def unit_of(data: ReportData, verdict: Verdict) -> str:
    """Look up the unit of the metric that a verdict speaks of."""
    same = (row.metric.unit for row in data.metrics if row.name == verdict.metric and row.target == verdict.target)
    return next(same, "")
