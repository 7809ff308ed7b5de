"""Families of models collected from runs and tables."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fmaudit import ConfigError
from fmaudit.store.results import METRICS
from fmaudit_engine_card.trends.family import Family, family_of_runs, family_of_table, family_trend
from fmaudit_engine_card.trends.tests import Trend, ValueTrend

SIZES = {"small": 1e8, "middle": 1e9, "large": 1e10}


class Finished:
    """A run with the metrics given, in the schema that runs have."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows

    def metrics(self) -> pa.Table:
        return pa.Table.from_pylist([{name: row.get(name) for name in METRICS.names} for row in self.rows], schema=METRICS)


def share(target: str, value: float | None, n: int = 400, **more: Any) -> dict[str, Any]:
    return {
        "metric": "alignment.accuracy",
        "target": target,
        "value": value,
        "n": n,
        "unit": "fraction",
        "interval_method": "wilson",
        **more,
    }


def test_one_metric_of_several_runs_is_put_in_the_order_of_size() -> None:
    first = Finished(share("large", 0.6), share("other", 0.1))
    second = Finished(share("small", 0.3), share("middle", 0.45))
    family = family_of_runs([first, second], "alignment.accuracy", SIZES)
    assert (family.names, family.successes, family.totals) == (("small", "middle", "large"), (120, 180, 240), (400,) * 3)
    found = family_trend(family)
    assert isinstance(found, Trend)
    assert found.direction == "up"


def test_a_share_over_clusters_is_not_tested_as_if_its_items_were_independent() -> None:
    run = Finished(*(share(name, 0.5, n_clusters=20) for name in SIZES))
    family = family_of_runs([run], "alignment.accuracy", SIZES)
    assert family.totals == ()
    means = Finished(*(share(name, 0.5, interval_method="t") for name in SIZES))
    assert family_of_runs([means], "alignment.accuracy", SIZES).totals == ()
    assert isinstance(family_trend(Family("loss", ("a", "b", "c", "d"), (1, 2, 3, 4), (4.0, 3.0, 2.0, 1.0))), ValueTrend)


def test_missing_and_repeated_members_are_named() -> None:
    with pytest.raises(ConfigError, match=r"no value of alignment\.accuracy for large, middle"):
        family_of_runs([Finished(share("small", 0.3), share("middle", None))], "alignment.accuracy", SIZES)
    with pytest.raises(ConfigError, match="small has alignment"):
        family_of_runs([Finished(share("small", 0.3)), Finished(share("small", 0.4))], "alignment.accuracy", SIZES)


def test_a_table_has_counts_or_values() -> None:
    counted = family_of_table({"parameters": [1e8, 1e9, 1e10], "hits": [120, 180, 240], "n": [400] * 3, "model": ["a", "b", "c"]})
    assert (counted.names, counted.values) == (("a", "b", "c"), (0.3, 0.45, 0.6))
    found = family_trend(counted)
    assert isinstance(found, Trend)
    assert found.direction == "up"
    losses = family_of_table([{"size": 10.0**k, "loss": 4 - 0.2 * k} for k in range(6)])
    assert family_trend(losses).direction == "down"
    with pytest.raises(ConfigError, match="no family of models"):
        family_of_table({"size": [1, 2], "hits": [1, 2]})


def test_shares_in_a_column_of_counts_are_refused_and_not_rounded() -> None:
    with pytest.raises(ConfigError, match=r"row 2: correct = 0\.6 is no count"):
        family_of_table([{"size": size, "correct": share, "n": 100} for size, share in ((1e9, 0), (1e10, 0.6), (1e11, 0.8))])
