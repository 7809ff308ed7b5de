"""The README has a card for every metric that a suite may give, and for no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import fmaudit_sampling
from fmaudit_sampling.audit import SamplingConsistency
from fmaudit_sampling.params import SamplingParams
from fmaudit_sampling.suites.frontier import DIVERSITY

PLUGIN = Path(fmaudit_sampling.__file__).parent
CALLS = {
    "rate",
    "average",
    "insufficient",
    "undefined",
    "given",
    "paired_difference",
    "paired_shares",
    "truncated",
    "item_mean",
    "_metric",
    "_left_out",
    "_of_many",
    "_spread_metric",
}


def yielded() -> set[str]:
    """The names of metrics as they stand in the code: the first argument of what makes one."""
    names = {name for name, _, _ in DIVERSITY.values()} | {f"recommended_{field}" for field in ("temperature", "top_p", "top_k")}
    for path in PLUGIN.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = node.args[:1] if called in CALLS else [k.value for k in node.keywords if called == "Metric" and k.arg == "name"]
                names |= {str(one.value) for one in given if isinstance(one, ast.Constant)}
    return names


def cards() -> list[list[str]]:
    """The rows of all tables of metrics: metric, unit, formula, source."""
    lines = [line for line in (PLUGIN / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_metric_has_a_card_with_unit_formula_and_source() -> None:
    told = {name for metric, *_ in cards() for name in re.findall(r"`([a-z0-9_]+)", metric)}
    assert told == yielded()
    assert len(told) > 60
    assert all(len(card) == 4 and all(card) for card in cards())
    assert {unit for _, unit, _, _ in cards()} <= {"fraction", "ratio", "count", "nats"}


def test_headlines_are_metrics_that_have_a_card() -> None:
    every = SamplingConsistency(SamplingParams(suites=tuple(SamplingConsistency.available)))
    assert {name.partition("{")[0] for name in every.headlines} <= yielded()
    assert [name for name, suite in every.suites.items() if not suite.headlines] == ["distribution"]  # a view: no number answers it
