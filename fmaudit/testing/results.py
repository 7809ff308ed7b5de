"""Rows made without a model, results by name, and the share of intervals that hold a truth: what tests of suites share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fmaudit.records import Finding, Metric, format_slice
from fmaudit.suites.row import SCHEMA

__all__ = ["by_name", "codes", "covered", "row"]

_EMPTY = {"int32": None, "bool": None, "double": None, "string": ""}
_BLANK: dict[str, Any] = {field.name: _EMPTY[str(field.type)] for field in SCHEMA} | {"sample": 0, "builtin": False, "finish": "stop"}


def row(item: str, **columns: Any) -> dict[str, Any]:
    """Make a row as a suite's `measure` gets it: all columns of `Row`, empty but for those given; the prompt is the item's name."""
    unknown = sorted(columns.keys() - _BLANK.keys() - {"case"})
    if unknown:
        raise AssertionError(f"a suite's rows have no column {unknown[0]!r}")
    return {**_BLANK, "item": item, "case": item, "prompt": item, **columns}


def by_name(found: Iterable[object]) -> dict[str, Metric]:
    """Gather the metrics by name and slice, as "share{language=te}"; a name that comes twice is an error."""
    metrics: dict[str, Metric] = {}
    for result in found:
        if isinstance(result, Metric):
            name = result.name + format_slice(result.slice)
            if name in metrics:
                raise AssertionError(f"the metric {name} was yielded twice")
            metrics[name] = result
    return metrics


def codes(found: Iterable[object]) -> list[str]:
    """Give the codes of the findings, in order."""
    return [result.code for result in found if isinstance(result, Finding)]


def covered(metrics: Sequence[Metric], truth: float) -> float:
    """Give the share of intervals that hold the truth, rounding aside; a metric without an interval does not."""
    if not metrics:
        raise AssertionError("there is no metric")
    inside = [metric.interval is not None and metric.interval.low - 1e-12 <= truth <= metric.interval.high + 1e-12 for metric in metrics]
    return sum(inside) / len(inside)
