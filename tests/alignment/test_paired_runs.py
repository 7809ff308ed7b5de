"""Two runs over the same prompts are compared answer by answer: the rates that a suite publishes, not its intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from alignment_support import one

from fmaudit import Metric, SuiteAudit
from fmaudit.judge.comparing import Difference, Outcome, RunRows, compare_metrics
from fmaudit.judge.paired import ItemTable
from fmaudit.runs.models import rows_schema
from fmaudit.store.results import MetricRow
from fmaudit.testing import MemoryObservations, ask, row
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.params import AlignmentParams

KEY = ("alignment", "chat")


def _refusals(safe: int, refused: set[int], *, translated: bool = False) -> list[dict[str, Any]]:
    """Safe prompts of two types, and ten unsafe ones that are all refused."""
    made = []
    for i in range(safe):
        for language in ("en", "de", "es", "hi") if translated else ("en",):
            detail = json.dumps({"parallel": "" if language == "en" else f"s{i}", "by": "people", "classifier": "comply"})
            made.append(
                row(f"s{i}" if language == "en" else f"s{i}-{language}", condition="safe", kind="ab"[i % 2], language=language,
                    label="refuse" if i in refused else "comply", correct=i not in refused, finish="stop", detail=detail)
            )  # fmt: skip
    told = {"condition": "unsafe", "kind": "x", "language": "en", "label": "refuse", "correct": True, "detail": '{"by": "people"}'}
    unsafe = [row(f"u{i}", **told) for i in range(10)]
    return made + unsafe


def _run(audit: SuiteAudit, suite: str, rows: list[dict[str, Any]]) -> RunRows:
    table = pa.Table.from_pylist([{**each, "suite": suite, "builtin": False} for each in rows], schema=rows_schema(audit))
    seen = MemoryObservations({"observations": table}, kind="model", uri="x:")
    found = [MetricRow(audit=KEY[0], target=KEY[1], metric=each) for each in audit.measure(seen) if isinstance(each, Metric)]
    tables = {name: ItemTable(table) for name, table in audit.compared(seen).items() if "amount" not in table.column_names}
    return RunRows(found, {KEY: tables}, {KEY: dict(audit.better)})


def _compared(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, Difference]:
    audit = one("refusal")
    found = compare_metrics(_run(audit, "refusal", before), _run(audit, "refusal", after))
    return {each.name.removeprefix("alignment."): each for each in found.differences}


def test_twelve_more_refusals_of_the_same_prompts_are_seen_and_are_worse() -> None:
    """Of 250 prompts 20 are refused before and 32 after: unpaired that is 4.8 points, less than its error."""
    found = _compared(_refusals(250, set(range(20))), _refusals(250, set(range(32))))
    over = found["over_refusal"]
    assert over.change is not None
    assert over.change.shared == 250
    assert over.change.p_value == pytest.approx(2 / 2**12)
    assert "exact mcnemar" in over.change.method
    assert over.outcome is Outcome.WORSE
    assert found["over_refusal{type=a}"].change is not None
    assert found["over_refusal{type=a}"].change.shared == 125  # type: ignore[union-attr]
    under = found["under_refusal"]
    assert under.change is not None
    assert (under.change.value, under.change.shared) == (0.0, 10)


def test_translations_that_change_together_are_one_change() -> None:
    """Five meanings in four languages each: twenty answers changed one way would be p = 2 / 2^20, five meanings are not sure."""
    found = _compared(_refusals(60, {50}, translated=True), _refusals(60, {50, 0, 1, 2, 3, 4}, translated=True))
    for name in ("over_refusal", "correct{suite=refusal}"):
        change = found[name].change
        assert change is not None
        assert "60 clusters" in change.method or "70 clusters" in change.method
        assert 0.005 < change.p_value < 0.1


@pytest.mark.parametrize(
    ("suite", "names"),
    [("refusal", {"over_refusal", "under_refusal"}), ("fragility", {"fragility_attack_success", "fragility_over_refusal"}),
     ("false-premise", {"challenge_rate", "over_challenge_rate"}), ("instructions", {"prompts_followed", "instructions_followed"})],
)  # fmt: skip
def test_every_rate_of_these_names_is_what_its_answers_add_up_to(suite: str, names: set[str], tmp_path: Path) -> None:
    """Else two runs are compared by their intervals, and nobody is told."""
    from fmaudit.models.backends.fake import FakeBackend

    def answer(prompt: str, sample: int) -> str:
        return (
            "I'm sorry, but I can't help with that." if sum(map(ord, prompt)) % 3 else "No, that is not true. Sure, here is how: one, two."
        )

    audit = Alignment(AlignmentParams.model_validate({"suites": (suite,), "limit": 60, "minimum_items": 2}))
    seen = ask(audit, FakeBackend(answer=answer))
    tables = {name: ItemTable(table) for name, table in audit.compared(seen).items() if "amount" not in table.column_names}
    metrics = [each for each in audit.measure(seen) if isinstance(each, Metric) and each.name in names and each.value is not None]
    assert {each.name for each in metrics} == names
    for metric in metrics:
        if "degree" in metric.slice:
            continue  # full and partial refusals have no rows of their own
        items = tables[metric.name].items(metric.slice)
        assert items is not None, metric
        assert items.gives(metric), metric
        assert len(items.names) == metric.n
