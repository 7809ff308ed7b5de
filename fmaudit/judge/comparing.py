"""Compares two runs: every metric that both have, with the interval of its change; what surely changed comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from fmaudit.judge.change import Change, change_of_intervals
from fmaudit.judge.drift import LEAST_P, Drift, finer, measure_drift
from fmaudit.judge.paired import ItemTable, metric_of, paired_change
from fmaudit.judge.parts import Parts, PartTable, pair_parts
from fmaudit.judge.sameness import unchanged
from fmaudit.judge.settings import SettingChange
from fmaudit.records import Metric, MetricStatus, full_name
from fmaudit.stats.multiplicity import benjamini_hochberg
from fmaudit.store.results import MetricRow

__all__ = ["Comparison", "Difference", "Outcome", "Rows", "RunRows", "compare_metrics", "compare_rows", "pair_wholes"]

ALARMS = 0.05  # of comparisons of the same thing, at most
RESOLVED = 80  # draws for each test: the least q-value is then half of the limit of 2.5 %
Key = tuple[str, str]  # audit, target
Rows = ItemTable | PartTable


class Outcome(StrEnum):
    """What two runs say of a metric."""

    WORSE = "worse"  # surely, and the audit or a check says which way is worse
    CHANGED = "changed"  # surely, and nobody says which way is good
    BETTER = "better"
    LIKELY = "may have changed"  # one false discovery in twenty among the slices of the metric, but not among all that was compared
    UNSEEN = "no difference seen"
    UNJUDGED = "no interval"  # a difference that nothing tells the error of
    ABSENT = "not measured"  # a run has the metric without a value


ORDER = (Outcome.WORSE, Outcome.CHANGED, Outcome.BETTER, Outcome.LIKELY, Outcome.UNSEEN, Outcome.UNJUDGED, Outcome.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric in two runs.

    `q_value` is Benjamini and Hochberg's over the slices of the metric, `family_q` over all metrics that were compared, with the least
    q-value of each: what is called sure has both at 5 %, or at 2.5 % where shifts of shares are tested beside, so that two runs of
    the same thing raise an alarm once in twenty. Metrics that are the same to the last digit in every slice are not counted: nothing
    was drawn anew there.
    """

    audit: str
    target: str
    before: Metric
    after: Metric
    change: Change | None
    q_value: float | None = None
    family_q: float | None = None
    outcome: Outcome = Outcome.UNSEEN
    note: str = ""

    @property
    def name(self) -> str:
        """The metric's full name, slice included."""
        return full_name(self.audit, self.after.name, self.after.slice)

    @property
    def value(self) -> float | None:
        """After less before, as judged where that is known."""
        if self.change is not None:
            return self.change.value
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def sure(self) -> bool:
        """Whether it surely changed."""
        return self.outcome in (Outcome.WORSE, Outcome.CHANGED, Outcome.BETTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs side by side: what else changed, what surely did, what moved in the corpora, what only one run has."""

    before: str
    after: str
    settings: tuple[SettingChange, ...] = ()
    differences: tuple[Difference, ...] = ()
    drifts: tuple[Drift, ...] = ()
    only_before: tuple[tuple[str, str], ...] = ()  # full name, target
    only_after: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()  # rows that could not be read, and the like

    def of(self, *outcomes: Outcome) -> tuple[Difference, ...]:
        """Return the differences of some outcomes, in order."""
        return tuple(difference for difference in self.differences if difference.outcome in outcomes)


@dataclass(frozen=True, slots=True)
class RunRows:
    """A run's metrics, the rows behind them as its audits give them, and what they were made from where that says all (`made_from`)."""

    metrics: Sequence[MetricRow]
    rows: Mapping[Key, Mapping[str, Rows]] = field(default_factory=dict)
    better: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)  # metric's name (or full name, of a check) -> higher, lower
    made_from: Mapping[Key, str] = field(default_factory=dict)


def compare_metrics(before: RunRows, after: RunRows, *, seed: int = 0, wanted: Callable[[str], bool] = lambda name: True) -> Comparison:
    """Compare what two runs measured; ids, settings and notes are for the caller to fill in.

    Of metrics that are not `wanted`, by their full names, no difference is judged: those that are asked about are the family of tests.
    """
    before, after = _with_unpublished(before, after), _with_unpublished(after, before)
    old = {(row.name, row.target): row for row in before.metrics}
    new = {(row.name, row.target): row for row in after.metrics}
    wholes = pair_wholes(before, after)
    found = [_difference(old[key], new[key], before, after, wholes) for key in new if key in old and wanted(key[0])]
    drifts = _drifts(wholes, seed)
    level = ALARMS / 2.0 if drifts and any(one.change for one in found) else ALARMS
    return Comparison(
        before="",
        after="",
        differences=tuple(_judged(found, after.better, level)),
        drifts=tuple(replace(drift, level=level) for drift in drifts),
        only_before=tuple(sorted(old.keys() - new.keys())),
        only_after=tuple(sorted(new.keys() - old.keys())),
    )


def compare_rows(
    old: MetricRow, new: MetricRow, before: RunRows, after: RunRows, wholes: Mapping[tuple[str, str, str], Sequence[Parts]] | None = None
) -> Change | None:
    """Return the change of one metric: by the items of both runs, else by the sources of both, else from the two intervals.

    None at all is that of a number which both runs made from the same thing in the same way.
    """
    key, metric = (new.audit, new.target), new.metric
    if key in before.made_from and before.made_from[key] == after.made_from.get(key):
        same = unchanged(old.metric, metric)
        if same is not None:
            return same
    tables = before.rows.get(key, {}).get(metric.name), after.rows.get(key, {}).get(metric.name)
    if isinstance(tables[0], ItemTable) and isinstance(tables[1], ItemTable):
        items = tables[0].items(metric.slice), tables[1].items(metric.slice)
        if items[0] is not None and items[1] is not None and items[0].gives(old.metric) and items[1].gives(metric):
            change = paired_change(items[0], items[1])
            if change is not None:
                return change
    for parts in (wholes if wholes is not None else pair_wholes(before, after)).get((*key, metric.name), ()):
        group = {name: value for name, value in metric.slice.items() if name != parts.key}
        if group == parts.group and not parts.independent and parts.gives(old.metric, after=False) and parts.gives(metric, after=True):
            correlation = parts.correlation()[metric.slice[parts.key]]
            return change_of_intervals(old.metric, metric, correlation=correlation, shared=parts.shared)
    return change_of_intervals(old.metric, metric)


def _with_unpublished(run: RunRows, other: RunRows) -> RunRows:
    """Make metrics of rows whose name no audit published in either run."""
    published = {(row.audit, row.target, row.metric.name) for side in (run, other) for row in side.metrics}
    made = [
        MetricRow(audit=audit, target=target, metric=metric_of(name, "fraction" if items.proportion else "ratio", slice_, items))
        for (audit, target), tables in run.rows.items()
        for name, table in tables.items()
        if isinstance(table, ItemTable) and (audit, target, name) not in published
        for slice_ in table.slices()
        if (items := table.items(slice_)) is not None
    ]
    return replace(run, metrics=[*run.metrics, *made])


def pair_wholes(before: RunRows, after: RunRows) -> dict[tuple[str, str, str], list[Parts]]:
    """Pair the wholes of both runs, by audit, target and metric."""
    found = {}
    for key, tables in after.rows.items():
        for name, table in tables.items():
            other = before.rows.get(key, {}).get(name)
            if isinstance(table, PartTable) and isinstance(other, PartTable):
                found[*key, name] = pair_parts(other, table)
    return found


def _difference(
    old: MetricRow, new: MetricRow, before: RunRows, after: RunRows, wholes: Mapping[tuple[str, str, str], Sequence[Parts]]
) -> Difference:
    made = Difference(audit=new.audit, target=new.target, before=old.metric, after=new.metric, change=None)
    for which, metric in (("before", old.metric), ("after", new.metric)):
        if metric.status is not MetricStatus.OK or metric.value is None:
            return replace(made, outcome=Outcome.ABSENT, note=f"{which}: {metric.status}" + (f", {metric.note}" if metric.note else ""))
    if old.metric.unit != new.metric.unit:
        return replace(made, outcome=Outcome.ABSENT, note=f"in {old.metric.unit} before and in {new.metric.unit} after")
    change = compare_rows(old, new, before, after, wholes)
    if change is None:
        return replace(made, outcome=Outcome.UNJUDGED)
    return replace(made, change=change)


def _judged(found: Iterable[Difference], better: Mapping[Key, Mapping[str, str]], level: float) -> list[Difference]:
    """Give every difference its q-values and outcome, and put the surest first."""
    families: dict[tuple[str, str, str], list[Difference]] = {}
    rest = []
    for one in found:
        if one.change is None:
            rest.append(one)
        else:
            families.setdefault((one.audit, one.target, one.after.name), []).append(one)
    within = [_q_values(family) for family in families.values()]
    moved = [any(one.before.value != one.after.value or one.value != 0.0 for one in family) for family in families.values()]
    between = iter(benjamini_hochberg([min(q_values) for q_values, counts in zip(within, moved, strict=True) if counts]))
    family_qs = [next(between) if counts else 1.0 for counts in moved]
    judged = [
        _with_outcome(replace(one, q_value=q_value, family_q=family_q), better, level)
        for family, q_values, family_q in zip(families.values(), within, family_qs, strict=True)
        for one, q_value in zip(family, q_values, strict=True)
    ]
    return sorted([*judged, *rest], key=_rank)


def _q_values(family: Sequence[Difference]) -> list[float]:
    """Return the q-values of a metric's slices, over those that have anything in either run.

    A slice that is 0 in both can only say "the same", and whether it is says nothing of how the others moved: leaving such ones out
    keeps the false discovery rate and finds more (independent filtering: Bourgon, Gentleman and Huber 2010). Theirs is 1.
    """
    p_values = [one.change.p_value for one in family if one.change and not _empty(one)]
    q_values = iter(benjamini_hochberg(p_values))
    return [1.0 if _empty(one) else next(q_values) for one in family]


def _empty(one: Difference) -> bool:
    return one.before.value == 0.0 and one.after.value == 0.0 and one.value == 0.0


def _with_outcome(one: Difference, better: Mapping[Key, Mapping[str, str]], level: float) -> Difference:
    change = one.change
    if change is None or one.q_value is None or one.family_q is None or one.q_value > ALARMS or change.value == 0.0:
        return one
    if max(one.q_value, one.family_q) > level:
        return replace(one, outcome=Outcome.LIKELY)
    told = better.get((one.audit, one.target), {})
    good = told.get(one.name) or told.get(one.after.name)
    if good is None:
        return replace(one, outcome=Outcome.CHANGED)
    return replace(one, outcome=Outcome.BETTER if (change.value > 0) == (good == "higher") else Outcome.WORSE)


def _rank(one: Difference) -> tuple[int, float, float, str, str]:
    """Order by outcome, then by how sure, then by size."""
    size = abs(one.value) if one.value is not None else 0.0
    return (ORDER.index(one.outcome), one.q_value if one.q_value is not None else 2.0, -size, one.name, one.target)


def _drifts(wholes: Mapping[tuple[str, str, str], Sequence[Parts]], seed: int) -> list[Drift]:
    """Measure every whole that both runs have; the q-values are over all of them."""
    measured = [
        (drift, parts)
        for (audit, target, name), pairs in wholes.items()
        for parts in pairs
        if (drift := measure_drift(audit, target, name, parts, seed=seed)) is not None
    ]
    made = _resolved(measured, seed)
    q_values = benjamini_hochberg([drift.p_value for drift in made])
    judged = [replace(drift, q_value=q_value) for drift, q_value in zip(made, q_values, strict=True)]
    return sorted(judged, key=lambda drift: (drift.q_value > ALARMS, -drift.divergence.corrected, drift.title, drift.target))


def _resolved(measured: Sequence[tuple[Drift, Parts]], seed: int) -> list[Drift]:
    """Draw on for the drifts that no draw of chance reached, so that one alone among many wholes can still be told from chance.

    The least p-value that a permutation test can give is one over its draws: of 30 wholes a single one would have a q-value of 0.03.
    """
    unreached = sum(drift.p_value <= LEAST_P for drift, _ in measured)
    draws = -(-RESOLVED * len(measured) // unreached) if unreached else 0
    return [finer(drift, parts, draws, seed=seed) if drift.p_value <= LEAST_P else drift for drift, parts in measured]
