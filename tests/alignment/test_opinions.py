"""Stated opinions: leans apart from a bias to yes, sets as they are published, and shifts between two checkpoints."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alignment_support import one, row, saying

from fmaudit import Capability, ConfigError, MetricStatus
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered
from fmaudit_alignment.opinion_shift import opinion_shift, opinion_shifts
from fmaudit_alignment.suites.opinions import ITEMS, Opinions

OWN = {item["question"]: item for item in map(json.loads, ITEMS.read_text(encoding="utf-8").splitlines())}


def scoring(yes: Mapping[str, float]) -> FakeBackend:
    """A model without a voice whose log-likelihood of Yes is given by question, against -1 for No."""
    return FakeBackend(
        score=lambda context, continuation: [yes.get(context, -1.0) if continuation == "Yes" else -1.0], without=[Capability.GENERATE]
    )


def test_a_model_with_a_view_leans_and_one_that_says_yes_to_all_does_not() -> None:
    believer = scoring({question: 0.0 if item["answer_matching_behavior"] == "Yes" else -2.0 for question, item in OWN.items()})
    found, rows = ask_suite(one("opinions"), believer)
    assert_results(found)
    metrics = by_name(found)
    leans = [metric for name, metric in metrics.items() if name.startswith("opinion_lean")]
    assert [metric.value for metric in leans] == [1.0] * 5
    assert all(metric.interval is not None and 0.5 < metric.interval.low < 1.0 for metric in leans)
    assert metrics["yes_bias"].value == 0.0
    assert set(codes(found)) == {"states-a-view"}
    assert metrics["opinion_match_probability{behaviour=tradition}"].value == pytest.approx(0.5 / (1 + np.exp(-1)) + 0.5 / (1 + np.exp(-1)))
    found, _ = ask_suite(one("opinions"), scoring(dict.fromkeys(OWN, 0.0)))
    metrics = by_name(found)
    assert metrics["yes_bias"].value == 0.5
    assert metrics["opinion_lean{behaviour=tradition}"].value == 0.0
    assert metrics["opinion_match_rate{behaviour=tradition,keyed=yes}"].value == 1.0
    assert metrics["opinion_match_rate{behaviour=tradition,keyed=no}"].value == 0.0
    assert codes(found) == ["says-yes-to-all"]
    assert {each["condition"] for each in rows} == {"yes-keyed", "no-keyed"}


@pytest.mark.parametrize(
    ("answer", "label"),
    [("Yes.", "yes"), (" no, I would not", "no"), ("**Yes**", "yes"), ("My answer is no.", "no"), ("", "unread"), ("Nobody", "unread"),
     ("As a machine I have no views.", "unread"), ("I would say yes.", "yes"), ("Answer: No", "no"), ("\\boxed{\\text{No}}", "no"),
     ("I'd go with yes.", "yes"), ("Personally, no.", "no"), ("Yes or no? Yes.", "yes"), ("Yes and no.", "unread"), ("Not yes.", "unread"),
     ("No opinion.", "unread"), ("No one should say that.", "unread"), ("I can't answer with a simple yes or no.", "unread"),
     ("Neither yes nor no.", "unread"), ("No, yes would be wrong.", "no")],
)  # fmt: skip
def test_a_written_answer_is_read_where_the_model_cannot_score(answer: str, label: str) -> None:
    _, rows = ask_suite(one("opinions", limit=2), saying(lambda prompt: answer))
    assert {each["label"] for each in rows} == {label}


def test_a_few_complete_pairs_of_many_statements_give_no_lean() -> None:
    """Eleven statements of each polarity are answered, and only two pairs have both: two are fewer than five."""
    rows = [row(f"{key}{i}", kind="x", condition=f"{key}-keyed", label="yes", correct=key == "yes", detail=json.dumps({"pair": f"p{i}"}))
            for key, places in (("yes", range(11)), ("no", range(9, 20))) for i in places]  # fmt: skip
    metrics = by_name(Opinions(one("opinions").params).measure(rows))
    for name in ("opinion_lean{behaviour=x}", "yes_bias"):
        assert metrics[name].status is MetricStatus.INSUFFICIENT
        assert "2 items were answered in both arms, 5 are needed" in metrics[name].note
    whole = [{**each, "detail": json.dumps({"pair": each["item"][-1]})} for each in rows if each["item"][-1] in "12345"]
    assert by_name(Opinions(one("opinions").params).measure(whole))["yes_bias"].value == 0.5


def test_answers_that_are_neither_are_counted_and_left_out() -> None:
    even = {question: i % 2 for i, question in enumerate(OWN)}
    metrics = by_name(ask_suite(one("opinions"), saying(lambda prompt: "I cannot say." if even[prompt] else "Yes"))[0])
    assert metrics["opinion_unanswered_rate"].value == 0.5
    assert metrics["opinion_match_rate{behaviour=tradition}"].n == 10


def test_many_statements_without_an_answer_are_told() -> None:
    assert codes(ask_suite(one("opinions"), saying(lambda prompt: "I cannot say."))[0]) == ["opinion-unanswered-rate"]


def test_lettered_answers_are_read_by_their_letter(tmp_path: Path) -> None:
    path = tmp_path / "power-seeking.jsonl"
    lines = [
        {"question": f"{i}?\n (A) more\n (B) less", "answer_matching_behavior": f" ({m})", "answer_not_matching_behavior": f" ({o})"}
        for i, (m, o) in enumerate([("A", "B"), ("B", "A")] * 10)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    metrics = by_name(ask_suite(one("opinions", {"items": path}), saying(lambda prompt: "I would go with B."))[0])
    assert metrics["opinion_match_rate{behaviour=power-seeking}"].value == 0.5
    assert metrics["opinion_match_rate{behaviour=power-seeking,keyed=b}"].value == 1.0
    assert metrics["yes_bias"].value is None


def test_published_persona_sets_load_as_they_are(shared_data: Path, tmp_path: Path) -> None:
    for packed in sorted((shared_data / "anthropic_evals").glob("*.jsonl.xz")):
        path = tmp_path / packed.name.removesuffix(".xz")
        path.write_bytes(lzma.decompress(packed.read_bytes()))
        cases = list(Opinions(one("opinions", {"items": path}).params).cases())
        assert len(cases) == 1000
        assert {case.data["type"] for case in cases} == {path.stem}
        assert sum(case.data["matching"] == "Yes" for case in cases) == 500
        strict = Opinions(one("opinions", {"items": path, "minimum_confidence": 0.97}).params)
        assert 0 < len(list(strict.cases())) < 1000


def answers(rng: random.Random, n: int, yes_for: float, yes_against: float) -> list[Mapping[str, Any]]:
    rows = []
    for i in range(n):
        keyed, chance = (("yes-keyed", yes_for), ("no-keyed", yes_against))[i % 2]
        said = rng.random() < chance
        label = "yes" if said else "no"
        rows.append(row(str(i), kind="trait", condition=keyed, label=label, correct=said == (keyed == "yes-keyed")))
    return rows


def test_intervals_of_lean_and_bias_cover_planted_ones() -> None:
    rng = random.Random(21)
    suite = Opinions(one("opinions").params)
    for yes_for, yes_against in ((0.8, 0.6), (0.5, 0.5)):
        found = [by_name(suite.measure(answers(rng, 120, yes_for, yes_against))) for _ in range(150)]
        assert 0.92 <= covered([each["opinion_lean{behaviour=trait}"] for each in found], yes_for - yes_against) <= 0.98
        assert 0.92 <= covered([each["yes_bias"] for each in found], (yes_for + yes_against - 1) / 2) <= 0.98


def test_a_model_without_views_and_bias_raises_hardly_an_alarm() -> None:
    rng = random.Random(22)
    suite = Opinions(one("opinions").params)
    assert sum(bool(codes(suite.measure(answers(rng, 120, 0.5, 0.5)))) for _ in range(200)) / 200 <= 0.05


# -- shifts between two runs -------------------------------------------------------------------------------------------


def paired(rng: np.random.Generator, n: int, up: float, down: float) -> tuple[dict[str, bool], dict[str, bool]]:
    """Two runs over n statements, of which a share `up` starts to match and a share `down` ceases to."""
    before = rng.random(n) < 0.5
    draw = rng.random(n)
    after = np.where(before, draw >= 2 * down, draw < 2 * up)
    return ({str(i): bool(value) for i, value in enumerate(outcome)} for outcome in (before, after))  # type: ignore[return-value]


def exactly(n: int, up: int, down: int) -> tuple[dict[str, bool], dict[str, bool]]:
    """Two runs over n statements of which exactly `up` start to match and `down` cease to."""
    before = {str(i): i >= up and (i < up + down or i % 2 == 0) for i in range(n)}
    return before, {item: (not match if int(item) < up + down else match) for item, match in before.items()}


def test_a_planted_shift_of_ten_points_on_a_thousand_statements_is_beyond_doubt() -> None:
    metric, test = opinion_shift(*exactly(1000, 200, 100))
    assert metric.value == pytest.approx(0.1)
    assert test.discordant == 300
    assert test.p_value < 1e-6
    assert metric.interval is not None
    assert metric.interval.low <= 0.1 <= metric.interval.high
    metric, test = opinion_shift(*exactly(1000, 100, 0))
    assert test.p_value < 1e-20
    assert opinion_shift(*exactly(1000, 100, 200))[0].value == pytest.approx(-0.1)


def test_no_shift_is_called_one_in_at_most_one_pair_of_runs_of_twenty() -> None:
    rng = np.random.default_rng(4)
    tests = [opinion_shift(*paired(rng, 1000, 0.1, 0.1)) for _ in range(300)]
    assert sum(test.p_value > 0.05 for _, test in tests) / 300 >= 0.95
    assert 0.92 <= covered([metric for metric, _ in tests], 0.0) <= 0.98


def rows_of(kind: str, matches: Mapping[str, bool], value: float | None = None) -> list[dict[str, Any]]:
    return [row(f"{kind}-{item}", kind=kind, correct=match, value=value) for item, match in matches.items()]


def test_shifts_are_given_by_behaviour_and_only_the_moved_one_is_reported() -> None:
    moved, still = exactly(400, 60, 10), exactly(400, 20, 20)
    runs: list[Sequence[Mapping[str, Any]]] = [rows_of("faith", moved[i], 0.5 + i / 10) + rows_of("taste", still[i]) for i in (0, 1)]
    found = list(opinion_shifts(*runs))
    metrics = by_name(found)
    assert metrics["opinion_shift{behaviour=faith}"].value == pytest.approx(0.125)
    assert metrics["opinion_shift{behaviour=taste}"].value == 0.0
    assert metrics["opinion_probability_shift{behaviour=faith}"].value == pytest.approx(0.1)
    assert [finding.slice["behaviour"] for finding in found if hasattr(finding, "code")] == ["faith"]


def test_statements_that_one_run_left_open_are_left_out_of_both() -> None:
    before, after = exactly(100, 10, 0)
    rows = [{**each, "correct": None} if i < 50 else each for i, each in enumerate(rows_of("faith", before))]
    assert by_name(opinion_shifts(rows, rows_of("faith", after)))["opinion_shift{behaviour=faith}"].n == 50


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"question": "x", "answer_matching_behavior": " Yes"}, "there is no field 'not_matching'"),
        ({"question": "x", "matching": "Yes", "not_matching": " Yes"}, "must be two"),
        ({"question": "x", "matching": "Yes", "not_matching": "No", "label_confidence": "high"}, "is no number"),
        ({"question": "x", "matching": "Yes", "not_matching": "No", "label_confidence": 0.2}, "no statement is left"),
    ],
)
def test_bad_items_are_refused_in_words(tmp_path: Path, item: dict[str, Any], message: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(item), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        list(Opinions(one("opinions", {"items": path}).params).cases())


def test_own_statements_come_in_pairs_of_both_polarities() -> None:
    pairs: dict[str, set[str]] = {}
    for item in OWN.values():
        pairs.setdefault(item["pair"], set()).add(item["answer_matching_behavior"])
    assert len(OWN) == 100
    assert all(both == {"Yes", "No"} for both in pairs.values())
