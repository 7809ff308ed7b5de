"""How rates, averages and paired differences become metrics, rows are parted, metrics are shown, and figures become words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from statistics import stdev
from typing import Any

from fmaudit import stats
from fmaudit.records import Exhibit, Finding, Interval, Metric, MetricStatus, Severity, format_slice

__all__ = [
    "OFTEN",
    "Results",
    "Rows",
    "average",
    "bars",
    "by_item",
    "chance_words",
    "given",
    "groups",
    "has_words",
    "insufficient",
    "number",
    "often",
    "paired_difference",
    "paired_shares",
    "percent",
    "points",
    "rate",
    "size_span",
    "span",
    "table",
    "truncated",
    "undefined",
    "warned",
    "wordless",
]

Results = Iterator[Metric | Finding | Exhibit]
Rows = Sequence[Mapping[str, Any]]
OFTEN = 0.1  # the share of answers cut off, empty or unread that is warned of
_NOTHING: Mapping[str, str] = {}


def rate(
    name: str,
    hits: Sequence[bool],
    items: Sequence[str] | None = None,
    *,
    minimum: int = 1,
    slice_: Mapping[str, str] = _NOTHING,
    method: str = "",
    note: str = "",
) -> Metric:
    """Make the share of hits a metric: Wilson, or clustered where `items` (one name per hit) says that some belong together.

    Fewer items than `minimum` give the status "insufficient".
    """
    n = len(hits)
    groups: dict[str, list[float]] = {}
    for i, hit in enumerate(hits):
        pair = groups.setdefault(items[i] if items is not None else str(i), [0.0, 0.0])
        pair[0] += bool(hit)
        pair[1] += 1.0
    if len(groups) < max(1, minimum):
        return insufficient(name, "fraction", slice_, n, _few(len(groups), max(1, minimum)))
    if len(groups) == n:
        interval = stats.proportion(sum(map(bool, hits)), n)
    elif len(groups) == 1:
        return insufficient(name, "fraction", slice_, n, "one item alone has no interval")
    else:
        interval = stats.clustered_proportion([pair[0] for pair in groups.values()], [pair[1] for pair in groups.values()]).interval
    value = sum(map(bool, hits)) / n
    by = "; by item" if len(groups) < n else ""
    return Metric(
        name=name, value=value, unit="fraction", n=n, n_clusters=len(groups), interval=interval,
        method=(f"{method}; " if method else "") + interval.method + by, slice=dict(slice_), note=note,
    )  # fmt: skip


def average(
    name: str,
    values: Sequence[float],
    items: Sequence[str] | None = None,
    *,
    unit: str = "ratio",
    minimum: int = 2,
    slice_: Mapping[str, str] = _NOTHING,
    note: str = "",
    within: tuple[float, float] | None = None,
) -> Metric:
    """Make a mean a metric, its error clustered by item where `items` are given.

    `within` are the ends that no value lies beyond: the interval keeps to them, and where all values are alike it is as wide as items
    that were not seen may yet differ (Clopper and Pearson), not empty, unless an end is infinite.
    """
    clusters = len(set(items)) if items is not None else len(values)
    if clusters < max(2, minimum):
        return insufficient(name, unit, slice_, len(values), _few(clusters, max(2, minimum)))
    estimate = stats.mean(values) if items is None or clusters == len(values) else stats.clustered_mean(values, list(items))
    if within is not None:
        estimate = replace(estimate, interval=_within(values, clusters, estimate.interval, *within))
    return given(name, estimate, unit, slice_, n=len(values), clusters=clusters, note=note)


def paired_difference(
    name: str,
    first: Mapping[str, bool],
    second: Mapping[str, bool],
    *,
    minimum: int = 2,
    slice_: Mapping[str, str] = _NOTHING,
    note: str = "",
    factor: float = 1.0,
) -> tuple[Metric, Any]:
    """Compare two arms on the items that both answered, first minus second: the metric, and the test (None if there is too little).

    The metric's note says the exact p-value of McNemar's test and the smallest difference that would have been found. All of the
    metric's figures are times `factor`: one half where opposite arms say the same thing twice.
    """
    shared = sorted(first.keys() & second.keys())
    if len(shared) < max(2, minimum):
        return insufficient(name, "fraction", slice_, len(shared), _few_pairs(len(shared), max(2, minimum))), None
    test = stats.compare_paired([first[item] for item in shared], [second[item] for item in shared])
    words = _tested(test, stats.mde_mcnemar(test.n, test.discordant), factor)
    interval = replace(test.interval, low=factor * test.interval.low, high=factor * test.interval.high)
    metric = Metric(
        name=name, value=factor * test.difference, unit="fraction", n=test.n, n_clusters=test.n, interval=interval,
        method=f"{test.method}; {test.interval.method}", slice=dict(slice_), note=f"{note}; {words}" if note else words,
    )  # fmt: skip
    return metric, test


def paired_shares(
    name: str,
    first: Mapping[str, Sequence[float]],
    second: Mapping[str, Sequence[float]],
    *,
    minimum: int = 2,
    slice_: Mapping[str, str] = _NOTHING,
    note: str = "",
) -> tuple[Metric, Any]:
    """Compare two arms whose items have several samples, or halves where a tie counts half: the metric, and the test or None.

    With one yes or no an item it is `paired_difference`. Else every item counts once, by the difference of its means: t interval over
    items, p-value by sign flips; where all items differ alike, the interval is as wide as items that were not seen may yet differ.
    """
    if all(len(values) == 1 and values[0] in (0, 1) for arm in (first, second) for values in arm.values()):
        plain = [{item: bool(values[0]) for item, values in arm.items()} for arm in (first, second)]
        return paired_difference(name, *plain, minimum=minimum, slice_=slice_, note=note)
    shared = sorted(first.keys() & second.keys())
    if len(shared) < max(2, minimum):
        return insufficient(name, "fraction", slice_, len(shared), _few_pairs(len(shared), max(2, minimum))), None
    moved = [sum(first[item]) / len(first[item]) - sum(second[item]) / len(second[item]) for item in shared]
    test = replace(stats.sign_flip(moved, draws=2000), interval=_within(moved, len(moved), stats.mean(moved).interval, -1.0, 1.0))
    deviation = stdev(moved)
    few = test.n < 6 or not deviation  # five that all change one way have p = 2 / 2^5 = 0.06: nothing would be found
    words = _tested(test, stats.mde_mcnemar(test.n, 0) if few else stats.mde_mean(test.n, deviation))
    metric = Metric(
        name=name, value=test.difference, unit="fraction", n=sum(len(first[item]) + len(second[item]) for item in shared),
        n_clusters=test.n, interval=test.interval, method=f"{test.method} by item; {test.interval.method}", slice=dict(slice_),
        note=f"{note}; {words}" if note else words,
    )  # fmt: skip
    return metric, test


def _few(n: int, needed: int) -> str:
    return f"{n} {'item' if n == 1 else 'items'} answered, and {needed} {'is' if needed == 1 else 'are'} needed"


def _few_pairs(n: int, needed: int) -> str:
    return f"{n} {'item was' if n == 1 else 'items were'} answered in both arms, {needed} are needed"


def _tested(test: Any, detectable: float | None, factor: float = 1.0) -> str:
    """Say what a paired test found and, since every "no difference" needs it, the smallest difference that it would have found."""
    able = detectable is not None and detectable <= 1.0
    smallest = f"a difference of {points(factor * detectable)} would be found" if able and detectable else "no difference would be found"
    return f"{chance_words('p', test.p_value)}, {test.discordant} of {test.n} items differ; {smallest} with 80 % power"


def _within(values: Sequence[float], clusters: int, found: Interval, least: float, most: float) -> Interval:
    """Keep the interval of a mean between its ends; where all values are alike, let the share that may yet differ lie at either end."""
    if max(values) - min(values) > 1e-9 or not isfinite(most - least):
        return replace(found, low=max(least, found.low), high=min(most, found.high))
    share, value = stats.zero_success_upper(clusters), values[0]
    low, high = value - share * (value - least), value + share * (most - value)
    return Interval(low, high, found.level, "all items alike; Clopper-Pearson for others")


def given(
    name: str,
    estimate: Any,
    unit: str,
    slice_: Mapping[str, str] = _NOTHING,
    *,
    n: int | None = None,
    clusters: int | None = None,
    method: str = "",
    note: str = "",
) -> Metric:
    """Make a metric of an estimate; its own n and clusters unless given."""
    return Metric(
        name=name, value=estimate.value, unit=unit, n=estimate.n if n is None else n, interval=estimate.interval,
        n_clusters=clusters if clusters is not None else estimate.n_clusters, method=method or estimate.interval.method,
        slice=dict(slice_), note=note,
    )  # fmt: skip


def insufficient(name: str, unit: str, slice_: Mapping[str, str], n: int, note: str) -> Metric:
    """Say that there is too little for a number."""
    return Metric(name=name, value=None, unit=unit, n=n, slice=dict(slice_), status=MetricStatus.INSUFFICIENT, note=note)


def undefined(name: str, unit: str, slice_: Mapping[str, str], n: int, note: str) -> Metric:
    """Say that there is no such number, and why."""
    return Metric(name=name, value=None, unit=unit, n=n, slice=dict(slice_), status=MetricStatus.UNDEFINED, note=note)


# -- rows ----------------------------------------------------------------------------------------------------------


def groups(rows: Rows, column: str) -> dict[str, list[Mapping[str, Any]]]:
    """Part rows by a column, in the order of its values; rows without one are left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row[column]:
            found.setdefault(str(row[column]), []).append(row)
    return dict(sorted(found.items()))


def by_item(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Gather rows by item, in the order of first occurrence."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["item"]), []).append(row)
    return found


def often(metric: Metric, limit: float = OFTEN) -> bool:
    """Say whether a share is above the limit by the lower bound of its interval: one that a few answers may have made is not."""
    return metric.interval is not None and metric.interval.low > limit


def warned(metric: Metric, what: str, advice: str = "", *, then: str = "", code: str = "", limit: float = OFTEN) -> Results:
    """Yield a share, and a warning where it is surely above the limit: "31 % of 100 {what} (95 % interval ...); {then}."

    Its code is the metric's name with hyphens, unless it is given.
    """
    yield metric
    if metric.value is not None and often(metric, limit):
        sentence = f"{percent(metric.value)} of {metric.n} {what} ({span(metric.interval, percent)})"
        full = metric.name + format_slice(metric.slice)
        yield Finding(
            code=code or metric.name.replace("_", "-"), severity=Severity.WARNING, metric=full, slice=metric.slice,
            sentence=f"{sentence}; {then}." if then else f"{sentence}.", advice=advice,
        )  # fmt: skip


def _cut_off(row: Mapping[str, Any]) -> bool:
    return bool(row["finish"] == "length")


def truncated(name: str, rows: Rows, minimum: int, what: str, *, cut: Callable[[Mapping[str, Any]], bool] = _cut_off) -> Results:
    """Yield the share of written answers that the token limit cut off, and a warning where it is surely above a tenth.

    Rows without a `finish` were not written. `what` says in a sentence how such answers were judged; `cut` which rows were cut off
    (finish "length" by default).
    """
    written = [row for row in rows if row["finish"]]
    if rows and not written:
        yield undefined(name, "fraction", _NOTHING, 0, "no answer says how it ended")
        return
    metric = rate(name, [cut(row) for row in written], [row["item"] for row in written], minimum=minimum, note=what)
    advice = "Raise max_new_tokens, or name a stop string."
    yield from warned(metric, "answers were cut off at the token limit", advice, then=what)


def has_words(row: Mapping[str, Any]) -> bool:
    """Say whether an answer holds a letter or a digit; one whose text is not kept, or that was only scored, counts as if it did."""
    return row["response"] is None or any(map(str.isalnum, str(row["response"])))


def wordless(name: str, rows: Rows, minimum: int, then: str) -> Results:
    """Yield the share of answers without a word, and a warning where it is surely above a tenth; `then` says how they were judged."""
    metric = rate(name, [not has_words(row) for row in rows], [row["item"] for row in rows], minimum=minimum, note=then)
    advice = "Ask a model that was trained for chats through its chat template; see that the recording or the server gives texts."
    yield from warned(metric, "answers are empty", advice, then=then)


# -- exhibits ------------------------------------------------------------------------------------------------------


def bars(name: str, title: str, metrics: Iterable[tuple[str, Metric]], caption: str, unit: str = "fraction") -> Iterator[Exhibit]:
    """Yield one chart of the metrics that have a value and an interval, each under its label; nothing where there are fewer than two."""
    rows = [
        {"group": label, "value": metric.value, "low": metric.interval.low, "high": metric.interval.high, "n": metric.n}
        for label, metric in metrics
        if metric.value is not None and metric.interval is not None
    ]
    if len(rows) > 1:
        encoding = {"x": "value", "y": "group", "low": "low", "high": "high"}
        yield table(name, title, rows, caption, kind="bars", encoding=encoding, unit=unit)


def table(name: str, title: str, rows: Rows, caption: str, **options: Any) -> Exhibit:
    """Make an exhibit of rows; a table unless `kind` says otherwise."""
    import pyarrow as pa

    return Exhibit(name=name, title=title, data=pa.Table.from_pylist([dict(row) for row in rows]), caption=caption, **options)


# -- words ---------------------------------------------------------------------------------------------------------


def percent(value: float) -> str:
    """Write a share for a sentence."""
    return f"{value * 100:.1f} %"


def points(value: float) -> str:
    """Write a difference of shares for a sentence."""
    return f"{value * 100:.1f} points"


def number(value: float) -> str:
    """Write a figure for a sentence: two digits behind the point, three where it is small."""
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def chance_words(name: str, value: float) -> str:
    """Write a p- or q-value for a sentence."""
    return f"{name} < 0.001" if value < 0.001 else f"{name} = {value:.2g}"


def size_span(interval: Interval, value: float, write: Any = points) -> str:
    """Write the interval of a difference for a sentence that tells its size alone ("3 points fewer"): below 0 its ends are turned over."""
    return span(interval if value >= 0 else replace(interval, low=-interval.high, high=-interval.low), write)


def span(interval: Interval | None, write: Any = number) -> str:
    """Write an interval for a sentence."""
    return f"{interval.level:.0%} interval {write(interval.low)} to {write(interval.high)}" if interval else "no interval"
