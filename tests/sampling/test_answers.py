"""Reading answers: the short form, abstention in many languages, and which known answer is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sampling_support import items

from fmaudit import ConfigError, ItemSource, sample_data
from fmaudit_sampling.answers import ABSTAINED, CORRECT, EMPTY, WRONG, abstains, named, read_answer, short_form
from fmaudit_sampling.questions import forms, load_questions


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Paris.", "Paris."),
        ("The answer is Berlin.", "Berlin."),
        ("It is 13.", "13."),
        ("**Answer:** 8 planets", "8 planets"),
        ("\n\n  Final answer: Rome\nBecause it is.", "Rome"),
        ("Sure! The answer is 4. Let me explain.", "4."),
        ("St. Petersburg is a city. It is old.", "St. Petersburg is a city."),
        ("...\n", ""),
        ("", ""),
        ("東京です。大きな都市です。", "東京です。"),
    ],
)
def test_the_short_form_is_the_first_sentence_without_its_opening(text: str, short: str) -> None:
    assert short_form(text) == short


@pytest.mark.parametrize(
    "text",
    [
        "I don't know.", "I don’t know who that is.", "Sorry. I'm not sure about that.", "Nobody knows the exact number.",
        "There is no such place.",
        "Das weiß ich nicht.", "Je ne sais pas.", "No lo sé.", "Не знаю.", "我不知道。",
        "わかりません。", "لا أعرف", "मुझे नहीं पता।", "Sijui.",
        "నాకు తెలియదు",
        "Não sei.", "Non lo so.", "Purtroppo non so", "Non so.", "Bilmiyorum.", "모르겠습니다.", "ไม่ทราบครับ", "Tôi không biết.",
    ],
)  # fmt: skip
def test_an_abstention_is_heard_in_many_languages(text: str) -> None:
    assert abstains(text)
    assert read_answer(text, ["Paris"]).label == ABSTAINED


@pytest.mark.parametrize(
    "text",
    [
        "Paris.",
        "Know-how.",
        "It is Knossos.",
        "The unknown soldier lies in Paris.",
        "Sure.",
        "8",
        "Non sono due, ma tre.",
        "Das weiß ich: Rom.",
    ],
)
def test_an_answer_is_no_abstention(text: str) -> None:
    assert not abstains(text)


@pytest.mark.parametrize(
    ("text", "label", "form"),
    [
        ("Paris.", CORRECT, "paris"),
        ("The capital of France is PARIS, of course.", CORRECT, "paris"),
        ("Not Lyon, but Paris.", CORRECT, "paris"),
        ("It isn't Paris.", WRONG, "it isn't paris"),
        ("Lyon. Paris is smaller.", WRONG, "lyon"),
        ("Comparison", WRONG, "comparison"),
        ("Rome", WRONG, "rome"),
        ("", EMPTY, ""),
        ("I do not know, maybe Paris.", CORRECT, "paris"),
    ],
)
def test_the_first_known_form_that_is_not_denied_decides(text: str, label: str, form: str) -> None:
    said = read_answer(text, ["Paris"], ["Lyon"])
    assert (said.label, said.form) == (label, form)


@pytest.mark.parametrize(
    ("text", "label", "form"),
    [
        ("There are 1,024 of them.", CORRECT, "1024"),
        ("1024.0", CORRECT, "1024"),
        ("-1024", WRONG, "-1024"),
        ("11024", WRONG, "11024"),
        ("about one thousand and twenty-four", CORRECT, "1024"),
        ("it was 7 of 9", WRONG, "7"),
    ],
)
def test_a_number_is_read_as_a_number(text: str, label: str, form: str) -> None:
    said = read_answer(text, ["1024", "one thousand and twenty-four"], numeric=True)
    assert (said.label, said.form) == (label, form)


def test_any_answer_to_a_question_without_one_is_wrong_and_an_abstention_is_not() -> None:
    assert read_answer("Karthul", [], answerable=False).label == WRONG
    assert read_answer("There is no record of it.", [], answerable=False).label == ABSTAINED
    assert read_answer("Karthul", []).label == ""


def test_words_without_spaces_are_found_and_parts_of_words_are_not() -> None:
    assert named("首都は東京です", ["東京"]) == "東京"
    assert named("a catalogue", ["cat"]) is None
    assert named("it is 14", ["4"]) is None
    assert named("it is 4.5", ["4"]) is None
    assert named("New York City", ["York", "New York"]) == "New York"


def test_an_answer_that_ends_in_the_middle_is_open() -> None:
    assert read_answer("The Great", ["x"]).open
    assert not read_answer("The Great.", ["x"]).open
    assert not read_answer("The Great\nand more", ["x"]).open


def test_questions_of_public_shapes_are_read(tmp_path: Path) -> None:
    rows = [
        {"question": "a?", "answer": {"value": "x", "aliases": ["x", "y"]}},
        {"question": "b?", "answers": {"text": ["u"], "answer_start": [1]}},
        {"query": "c?", "Correct Answers": "k; l", "Incorrect Answers": "m"},
        {"question": "d?", "answer_number": 18},
        {"question": "e?", "answers": []},
    ]
    found = load_questions(ItemSource(**items(tmp_path, rows)), None)
    assert [item["answers"] for item in found] == [["x", "y"], ["u"], ["k", "l"], ["18"], []]
    assert [item["answerable"] for item in found] == [True, True, True, True, False]
    assert [item["numeric"] for item in found] == [False, False, False, True, False]
    assert found[2]["wrong"] == ["m"]
    assert forms("a; b;;a") == ["a", "b"]


def test_the_sample_cases_load_and_an_answerable_question_needs_an_answer(tmp_path: Path) -> None:
    found = load_questions(ItemSource(items=sample_data() / "cases/questions.jsonl"), 40)
    assert {item["stratum"] for item in found} >= {"known", "new-wording", "new-words"}
    with pytest.raises(ConfigError, match="can be answered and has no answer"):
        load_questions(ItemSource(**items(tmp_path, [{"question": "a?", "answerable": True}])), None)


def test_own_questions_name_none_of_their_answers_in_the_wording() -> None:
    own = load_questions(ItemSource(), None)
    assert all(item["answerable"] == bool(item["answers"]) for item in own)
    assert not [item["id"] for item in own for form in item["answers"] if not item["numeric"] and named(item["prompt"], [form])]


@pytest.mark.parametrize(
    ("text", "right", "outcome"),
    [
        ("Janet's ducks lay 16 eggs. She sells 9 * 2 = 18. The answer is 18.", "18", "correct"),
        ("Step 1: 16 eggs\nStep 2: 9 left\nAnswer: 18", "18", "correct"),
        ("She eats 3 eggs, so she has 9 left.", "3", "wrong"),
        ("#### 1,004", "1004", "correct"),
        ("18", "18", "correct"),
    ],
)
def test_the_number_that_reasoning_ends_with_is_the_answer(text: str, right: str, outcome: str) -> None:
    assert read_answer(text, [right], numeric=True).label == outcome
