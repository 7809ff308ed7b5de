"""A family of models from runs or from a table: one metric against size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fmaudit import ConfigError
from fmaudit_engine_card.trends.tables import Source, Table, column, numbers, read_table
from fmaudit_engine_card.trends.tests import Scale, Trend, ValueTrend, trend, value_trend

__all__ = ["Family", "family_of_runs", "family_of_table", "family_trend"]


class HasMetrics(Protocol):
    """What a run of `fmaudit.open_run` offers: its metrics as an Arrow table."""

    def metrics(self) -> Any:
        """Return the metrics of the run."""


@dataclass(frozen=True, slots=True)
class Family:
    """Members by size: their values, and for proportions of independent items their successes and totals."""

    metric: str
    names: tuple[str, ...]
    sizes: tuple[float, ...]
    values: tuple[float, ...]
    successes: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()


def family_of_runs(runs: Sequence[HasMetrics], metric: str, sizes: Mapping[str, float]) -> Family:
    """Collect one metric of the models named in `sizes` (target -> parameters, steps ...) from one run or several.

    `metric` is its full name, slices included. Counts are used where it is a fraction of independent items; a fraction over clusters is
    kept as a value, because a binomial test would take its items for more than they are. Raises ConfigError for a target that has no
    such metric with a value, or has it twice.
    """
    rows = [row for run in runs for row in run.metrics().to_pylist() if row["metric"] == metric and row["target"] in sizes]
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["target"] in found:
            raise ConfigError(f"{row['target']} has {metric} in two runs", hint="give one run for each model, or rename a target")
        if row["value"] is not None:
            found[row["target"]] = row
    missing = sorted(set(sizes) - set(found))
    if missing:
        raise ConfigError(f"no value of {metric} for {', '.join(missing)}", hint="see `fmaudit results RUN` for the names of metrics")
    names = sorted(found, key=lambda name: sizes[name])
    values = tuple(float(found[name]["value"]) for name in names)
    counted = all(_is_count(row) for row in found.values())
    totals = tuple(int(found[name]["n"]) for name in names) if counted else ()
    hits = tuple(round(value * n) for value, n in zip(values, totals, strict=False)) if counted else ()
    return Family(metric, tuple(names), tuple(float(sizes[name]) for name in names), values, hits, totals)


def _is_count(row: Mapping[str, Any]) -> bool:
    """Tell whether a metric is a share of independent items, so that value x n are its successes.

    Two columns tell: the interval is one that only shares of independent items get, Wilson's or (at the ends) Clopper and Pearson's, and
    the items are not in clusters of several, which no column of clusters, none counted, or one for each item says.
    """
    items, clusters = row["n"], row["n_clusters"]
    if not items:
        return False
    clustered = bool(clusters) and clusters != items
    return not clustered and str(row["interval_method"]).startswith(("wilson", "clopper-pearson"))


def family_of_table(source: Source) -> Family:
    """Read a family from a table: size (or parameters, steps), and successes with totals (or hits with n), or value (or loss).

    Raises ConfigError for a table without these columns.
    """
    rows = read_table(source)
    size = column(rows, "size", "parameters", "params", "model size", "steps", "step")
    hits, totals = column(rows, "successes", "hits", "correct", "k"), column(rows, "totals", "total", "items", "n")
    value, name = column(rows, "value", "loss", "score", "accuracy"), column(rows, "name", "model")
    if size is None or (value is None and (hits is None or totals is None)):
        raise ConfigError(
            f"no family of models: columns {', '.join(map(str, rows[0]))}", hint="it takes size, and successes with totals, or value"
        )
    sizes = tuple(numbers(rows, size))
    names = tuple(str(row[name]) for row in rows) if name else tuple(f"{x:g}" for x in sizes)
    if hits is not None and totals is not None:
        k, n = (_counts(rows, one) for one in (hits, totals))
        return Family(hits, names, sizes, tuple(a / b if b else 0.0 for a, b in zip(k, n, strict=True)), k, n)
    return Family(str(value), names, sizes, tuple(numbers(rows, str(value))))


def _counts(rows: Table, name: str) -> tuple[int, ...]:
    """Return a column as counts. Raises ConfigError, with the row, for a share: rounded it would be another number altogether."""
    counts = numbers(rows, name)
    wrong = next((place for place, count in enumerate(counts) if not count.is_integer()), None)
    if wrong is not None:
        raise ConfigError(
            f"row {wrong + 1}: {name} = {counts[wrong]:g} is no count",
            hint=f"multiply shares by their totals, or name the column value, not {name}",
        )
    return tuple(int(count) for count in counts)


def family_trend(family: Family, *, scale: Scale = "log", alpha: float = 0.05) -> Trend | ValueTrend:
    """Test a family's trend: by counts where it has them (`trend`), else by rank (`value_trend`)."""
    if family.totals:
        return trend(family.sizes, family.successes, family.totals, scale=scale, alpha=alpha)
    return value_trend(family.sizes, family.values, scale=scale, alpha=alpha)
