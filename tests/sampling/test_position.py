"""Option position: a model that likes a letter is caught, one that reads the content is not, whatever it knows."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from sampling_support import items, one, saying

from fmaudit import ConfigError, ItemSource, StatisticsError
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes
from fmaudit_sampling.choices import load_choices, load_formats, read_choice, shown
from fmaudit_sampling.rotations import cramers_v, letter_bias, recall_spread

OPTIONS = ["Venus", "Mars", "Saturn", "Mercury"]


def listed(prompt: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-J])\. (.*)$", prompt, re.MULTILINE))


def made(folder: Path, count: int) -> dict[str, Path]:
    return items(
        folder,
        [{"id": f"c{i:03}", "question": f"Question {i}?", "options": ["right", "one", "two", "three"], "answer": 0} for i in range(count)],
    )


def letter_of(prompt: str, option: str) -> str:
    return next(letter for letter, text in listed(prompt).items() if text == option)


def fair(seed: int, skill: float) -> FakeBackend:
    """Chooses by content: the right option with probability `skill`, another otherwise, drawn anew for every order."""

    def answer(prompt: str, sample: int) -> str:
        rng = random.Random(f"{seed} {prompt}")
        return letter_of(prompt, "right" if rng.random() < skill else rng.choice(["one", "two", "three"]))

    return saying(answer)


def test_a_model_that_always_says_a_is_caught(tmp_path: Path) -> None:
    found, rows = ask_suite(one("position", choices=made(tmp_path, 20)), saying(lambda prompt, sample: "A"))
    assert_results(found)
    metrics = by_name(found)
    assert len(rows) == 80
    assert metrics["choice_accuracy"].value == 0.25
    assert (metrics["position_recall{place=A}"].value, metrics["position_recall{place=B}"].value) == (1.0, 0.0)
    assert metrics["position_recall_spread"].value == pytest.approx(np.sqrt(3) / 4)
    assert metrics["position_letter_bias"].value == pytest.approx(1.0)
    assert metrics["order_consistency"].value == 0.0
    assert codes(found) == ["position-bias"]


def test_a_model_that_scores_the_last_letter_highest_is_caught_by_scores(tmp_path: Path) -> None:
    backend = FakeBackend(score=lambda context, continuation: [-1.0 if continuation.strip() == "D" else -2.0])
    found, rows = ask_suite(one("position", choices=made(tmp_path, 20)), backend)
    assert by_name(found)["position_recall{place=D}"].value == 1.0
    assert rows[0]["confidence"] == pytest.approx(1 / (1 + 3 * np.exp(-1)))


def test_a_model_that_knows_is_free_of_bias(tmp_path: Path) -> None:
    found, _ = ask_suite(one("position", choices=made(tmp_path, 20)), saying(lambda prompt, sample: f"{letter_of(prompt, 'right')}."))
    metrics = by_name(found)
    assert metrics["order_proof_accuracy"].value == metrics["order_consistency"].value == 1.0
    assert metrics["position_recall_spread"].value == metrics["position_letter_bias"].value == 0.0
    assert not codes(found)


def test_a_model_whose_letters_tie_is_not_called_biased(tmp_path: Path) -> None:
    found, rows = ask_suite(one("position", choices=made(tmp_path, 60)), FakeBackend(score=lambda context, continuation: [-1.0]))
    assert {row["label"] for row in rows} == set("ABCD")
    assert "position-bias" not in codes(found)


def test_a_fair_model_is_asked_and_not_accused(tmp_path: Path) -> None:
    files = made(tmp_path, 20)
    assert sum("position-bias" in codes(ask_suite(one("position", choices=files), fair(seed, 0.5))[0]) for seed in range(10)) <= 2


@pytest.mark.parametrize("skill", [0.25, 0.6, 0.9])
def test_fair_choices_alarm_in_no_more_than_five_percent(skill: float) -> None:
    """Also where every item has its own favourite wrong option, so that its choices depend on one another."""
    rng, alarms, runs = np.random.default_rng(3), 0, 200
    for run in range(runs):
        favourite = rng.integers(1, 4, 30)
        content = np.where(
            rng.random((30, 4)) < skill, 0, np.where(rng.random((30, 4)) < 0.7, favourite[:, None], rng.integers(1, 4, (30, 4)))
        )
        place = (content - np.arange(4)) % 4  # rotation t shows option o at place o - t
        letters = np.stack([(place == k).sum(axis=1) for k in range(4)], axis=1)
        hits = np.stack([(content == 0)[:, (-k) % 4] for k in range(4)], axis=1)
        smaller = min(recall_spread(hits, draws=199, seed=run).p_value, letter_bias(letters, draws=199, seed=run).p_value)
        alarms += 2 * smaller < 0.05  # Holm's first step
    assert alarms / runs <= 0.08


def test_a_slight_lean_to_a_letter_is_found_among_many_items() -> None:
    rng = np.random.default_rng(4)
    lean = np.where(rng.random((150, 4)) < 0.25, 0, rng.integers(0, 4, (150, 4)))
    letters = np.stack([(lean == k).sum(axis=1) for k in range(4)], axis=1)
    assert letter_bias(letters).p_value < 0.01
    assert cramers_v([100, 100, 100, 100]) == 0.0
    assert cramers_v([400, 0, 0, 0]) == pytest.approx(1.0)


def hits_by_place(seed: int, items: int, lean: tuple[float, ...]) -> np.ndarray:  # type: ignore[type-arg]
    """Whether a model is right at each place: every item has its own difficulty, every place its own lean."""
    rng = np.random.default_rng([seed, items])
    return (rng.random((items, len(lean))) < rng.uniform(0.2, 0.8, (items, 1)) + np.array(lean)).astype(float)


def letters_by_place(seed: int, items: int, lean: float, skill: float) -> np.ndarray:  # type: ignore[type-arg]
    """How often each letter is chosen: A without looking with chance `lean` (which is then Cramer's V), else by content."""
    rng = np.random.default_rng([seed, items])
    content = np.where(rng.random((items, 4)) < skill, 0, rng.integers(0, 4, (items, 4)))
    place = np.where(rng.random((items, 4)) < lean, 0, (content - np.arange(4)) % 4)
    return np.stack([(place == k).sum(axis=1) for k in range(4)], axis=1)


@pytest.mark.parametrize("items", [40, 80])
@pytest.mark.parametrize("lean", [(0.0, 0.0, 0.0, 0.0), (0.15, 0.0, 0.0, -0.1), (0.2, 0.0, 0.0, 0.0)])
def test_the_spread_of_recall_lies_in_its_interval_whether_there_is_one_or_not(items: int, lean: tuple[float, ...]) -> None:
    truth = float(np.std(lean))
    found = [recall_spread(hits_by_place(seed, items, lean), draws=400, seed=seed).interval for seed in range(250)]
    assert 0.92 <= sum(each.low <= truth <= each.high for each in found) / 250 <= (1.0 if truth < 0.05 else 0.99)
    assert sum(each.low > 0.005 for each in found) / 250 <= 0.05 or truth > 0.005  # a check with max = 0.005 fails few fair models


@pytest.mark.parametrize("items", [40, 80])
@pytest.mark.parametrize(("lean", "skill"), [(0.0, 0.3), (0.0, 0.9), (0.1, 0.3), (0.1, 0.9), (0.3, 0.9)])
def test_a_lean_to_a_letter_lies_in_its_interval_whether_there_is_one_or_not(items: int, lean: float, skill: float) -> None:
    found = [letter_bias(letters_by_place(seed, items, lean, skill), draws=400, seed=seed).interval for seed in range(250)]
    assert sum(each.low <= lean <= each.high for each in found) / 250 >= 0.92
    assert sum(each.low > 0.005 for each in found) / 250 <= 0.05 or lean > 0.005


def test_less_what_chance_adds_a_fair_model_comes_near_to_none_and_a_lean_stays() -> None:
    fair, leaning = ([recall_spread(hits_by_place(s, 80, (x, 0, 0, 0)), draws=200) for s in range(100)] for x in (0.0, 0.2))
    assert np.mean([each.corrected for each in fair]) < 0.5 * np.mean([each.value for each in fair])
    assert np.mean([each.corrected for each in leaning]) == pytest.approx(np.std([0.2, 0, 0, 0]), rel=0.1)


def test_items_that_are_all_alike_still_leave_room_for_others() -> None:
    """A model that was right everywhere, or always said A, on twenty questions may differ on the next."""
    right, always = recall_spread(np.ones((20, 4))), letter_bias(np.tile([4, 0, 0, 0], (20, 1)))
    assert (right.value, right.interval.low) == (0.0, 0.0)
    assert 0.01 < right.interval.high < 0.1
    assert always.interval.high == always.value == pytest.approx(1.0)
    assert 0.8 < always.interval.low < 1.0


def test_one_item_shows_no_bias() -> None:
    with pytest.raises(StatisticsError, match="no position bias"):
        letter_bias([[1, 0, 0, 0]])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("B", 1), ("B.", 1), ("(C) Saturn", 2), ("b", 1), ("The answer is D.", 3), ("Answer: A", 0), ("Mars", 1), ("It is Saturn.", 2),
        ("A planet is a wanderer", None), ("", None), ("I think option C is right", 2), ("E", None), ("D - Mercury", 3),
        ("I would say B.", 1), ("The planet is (B) Mars.", 1), ("\\boxed{C}", 2), ("Mars or Saturn", None), ("Option A.", 0),
        ("It is a gas giant.\nSo it must be Saturn.", 2), ("Final answer: **D**", 3), ("C because of its rings", 2),
    ],
)  # fmt: skip
def test_a_choice_is_read_from_a_letter_or_the_option(text: str, place: int | None) -> None:
    assert read_choice(text, OPTIONS) == place


def test_answers_without_a_letter_are_counted_and_said(tmp_path: Path) -> None:
    found, _ = ask_suite(one("position", choices=made(tmp_path, 20)), saying(lambda prompt, sample: "Hm."))
    assert by_name(found)["choice_unread_rate"].value == 1.0
    assert codes(found) == ["choices-unread"]


def test_choices_of_public_shapes_are_read(tmp_path: Path) -> None:
    rows = [
        {"question": "a?", "choices": ["w", "x", "y", "z"], "answer": 2},
        {"question": "b?", "choices": {"text": ["w", "x"], "label": ["1", "2"]}, "answerKey": "2"},
        {"question": "c?", "options": ["w", "x", "y"], "answer": "C"},
        {"question": "d?", "ans0": "w", "ans1": "x", "ans2": "y", "label": 1},
        {"question": "e?", "gold": "g", "wrong": ["v", "w"]},
        {"ctx": "f", "endings": ["u", "v"], "label": "1"},
    ]
    found = load_choices(ItemSource(**items(tmp_path, rows)), None)
    assert [item["options"][item["answer"]] for item in found] == ["y", "x", "y", "x", "g", "v"]


@pytest.mark.parametrize(
    "bad",
    [
        {"options": ["a"], "answer": 0},
        {"options": ["a", "b"], "answer": 5},
        {"options": ["a", "a"], "answer": 0},
        {"options": ["a", None], "answer": 0},
    ],
)
def test_a_choice_without_a_right_option_is_refused(tmp_path: Path, bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"item 1: .* make no choice"):
        load_choices(ItemSource(**items(tmp_path, [{"question": "a?", **bad}])), None)


def test_own_choices_have_their_right_options_spread_over_the_places_and_every_format_shows_all_options() -> None:
    own = load_choices(ItemSource(), None)
    places = [item["answer"] for item in own]
    assert max(map(places.count, range(4))) - min(map(places.count, range(4))) <= 2
    assert len(load_formats()) >= 10
    for form in load_formats():
        text = shown(own[0]["prompt"], own[0]["options"], form)
        assert all(f"{letter}. {option}" in text for letter, option in zip("ABCD", own[0]["options"], strict=True))
        assert own[0]["prompt"] in text
        assert "{question}" in form.open
