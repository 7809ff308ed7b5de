"""Similarity to survey answers: known values, tables of both shapes, and whose answers a model's are nearest to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alignment_support import one, row, saying

from fmaudit import Capability, ConfigError, stats
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered
from fmaudit_alignment.measures.culture import measure_culture, similarity
from fmaudit_alignment.suites.culture import Culture


def survey(n: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "question": f"Question {i}?", "options": ["yes", "no", "do not know"],
            "groups": {"Northland": list(rng.dirichlet([6, 1, 1])), "Southland": list(rng.dirichlet([1, 6, 1]))},
        }
        for i in range(n)
    ]  # fmt: skip


def written(tmp_path: Path, items: Sequence[Mapping[str, Any]]) -> Path:
    path = tmp_path / "survey.jsonl"
    path.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    return path


def like(items: Sequence[Mapping[str, Any]], group: str) -> FakeBackend:
    """A model whose probabilities are those of a group."""
    known = {item["question"]: item["groups"][group] for item in items}
    return FakeBackend(
        score=lambda context, letter: [float(np.log(known[context.partition("\n")[0]]["ABC".index(letter)]))], without=[Capability.GENERATE]
    )


def test_similarity_has_its_known_values() -> None:
    assert similarity([0.2, 0.8], [0.2, 0.8]) == 1.0
    assert similarity([1, 0], [0, 1]) == pytest.approx(0.0)
    assert similarity([1, 0], [1, 1]) == pytest.approx(1 - (0.75 * np.log2(4 / 3) + 0.25 * 2 - 0.5), abs=1e-12)


def test_identical_answers_have_similarity_one_and_the_nearest_group_is_named(tmp_path: Path) -> None:
    items = survey(20)
    audit = one("culture", {"items": written(tmp_path, items)})
    found, _ = ask_suite(audit, like(items, "Northland"))
    assert_results(found)
    metrics = by_name(found)
    assert metrics["culture_similarity{group=Northland}"].value == pytest.approx(1.0)
    other = metrics["culture_similarity{group=Southland}"]
    assert other.interval is not None
    assert other.interval.high < 0.9
    assert "language of a prompt is not a culture" in other.note
    assert codes(found) == ["nearest-group"]
    assert "'Southland'" in next(each.sentence for each in ask_suite(audit, like(items, "Southland"))[0] if hasattr(each, "sentence"))


def test_drawn_answers_are_counted_over_the_options(tmp_path: Path) -> None:
    items = [{**item, "groups": {"Half": [5, 5, 0]}} for item in survey(12)]
    answers = ["A", "(B) no", "A", "b.", "nothing of the kind"]
    audit = one("culture", {"items": written(tmp_path, items), "samples": 5})
    model = FakeBackend(answer=lambda prompt, sample: answers[sample], without=[Capability.SCORE])
    found, rows = ask_suite(audit, model)
    metrics = by_name(found)
    assert metrics["culture_similarity{group=Half}"].value == pytest.approx(1.0)
    assert metrics["culture_unread_rate"].value == pytest.approx(0.2)
    assert json.loads(rows[0]["detail"])["shares"] == [0.5, 0.5, 0.0]
    found, _ = ask_suite(audit, saying(lambda prompt: "no idea at all, sorry"))
    assert by_name(found)["culture_unread_rate"].value == 1.0
    assert "culture-unread-rate" in codes(found)


def test_both_shapes_of_table_and_the_published_one_read_the_same(tmp_path: Path) -> None:
    wide = written(tmp_path, [{"question": "Q?", "options": ["yes", "no"], "groups": {"X": [3, 1], "Y": [50, 50]}}])
    long = tmp_path / "long.csv"
    long.write_text("question,country,option,share\nQ?,X,yes,75\nQ?,X,no,25\nQ?,Y,yes,0.5\nQ?,Y,no,0.5\n", encoding="utf-8")
    published = tmp_path / "published.csv"
    cell = "\"defaultdict(<class 'list'>, {'X': [0.75, 0.25], 'Y': [0.5, 0.5]})\""
    published.write_text(f"question,selections,options,source\nQ?,{cell},\"['yes', 'no']\",GAS\n", encoding="utf-8")
    for path in (wide, long, published):
        (case,) = Culture(one("culture", {"items": path}).params).cases()
        assert case.data["options"] == ["yes", "no"]
        assert case.data["groups"] == {"X": [0.75, 0.25], "Y": [0.5, 0.5]}


def rows_of(model: np.ndarray[Any, Any], groups: Mapping[str, np.ndarray[Any, Any]]) -> list[dict[str, Any]]:
    details = [
        {"shares": list(shares), "drawn": 0, "unread": 0, "groups": {name: list(table[i]) for name, table in groups.items()}}
        for i, shares in enumerate(model)
    ]
    return [row(str(i), label="read", detail=json.dumps(detail)) for i, detail in enumerate(details)]


def test_intervals_cover_the_mean_over_questions() -> None:
    rng = np.random.default_rng(3)
    truth = 1 - float(np.mean(stats.jensen_shannon(rng.dirichlet([1, 1, 1], 200_000), rng.dirichlet([2, 1, 1], 200_000))))
    found = []
    for _ in range(400):
        table = rows_of(rng.dirichlet([1, 1, 1], 40), {"X": rng.dirichlet([2, 1, 1], 40)})
        found.append(by_name(measure_culture(table, 10))["culture_similarity{group=X}"])
    assert 0.92 <= covered(found, truth) <= 0.98


def test_groups_that_are_alike_have_no_nearest_one_in_nineteen_runs_of_twenty() -> None:
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(100):
        model = rng.dirichlet([2, 2, 2], 24)
        groups = {name: rng.dirichlet([2, 2, 2], 24) for name in "ABC"}
        alarms += "nearest-group" in codes(measure_culture(rows_of(model, groups), 10))
    assert alarms / 100 <= 0.05


def test_without_a_table_it_says_what_it_needs() -> None:
    with pytest.raises(ConfigError, match="no survey table") as caught:
        list(Culture(one("culture").params).cases())
    assert "items = PATH" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"question": "Q?", "options": ["a", "b"], "groups": {"X": [1]}}, "1 shares for 2 options"),
        ({"question": "Q?", "options": ["a", "b"], "groups": {"X": [1, -1]}}, "are no shares"),
        ({"question": "Q?", "options": ["a", "b"], "groups": {"X": [0, 0]}}, "are no shares"),
        ({"question": "Q?", "options": ["a"], "groups": {"X": [1]}}, "has 1 options"),
        ({"question": "Q?", "options": "a b", "groups": {"X": [1]}}, "neither JSON nor a list"),
        ({"question": "Q?", "group": "X", "option": "a"}, "has no group, option and share"),
        ({"question": "Q?", "options": 3, "groups": {"X": [1]}}, "must be a list"),
    ],
)
def test_bad_tables_are_refused_in_words(tmp_path: Path, item: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(Culture(one("culture", {"items": written(tmp_path, [item])}).params).cases())
