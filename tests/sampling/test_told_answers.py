"""Answers of today's assistants, labelled by a person: refusals, reasons, parts, units, dates, hearsay, in many languages."""

from __future__ import annotations

import time

import pytest
from told_answers import ANSWERED, DECLINED, REPORTED, STEADY, Told
from told_latest import LATER, LATEST

from fmaudit_sampling.answers import ABSTAINED, CORRECT, EMPTY, UNREAD, WRONG, abstains, read_answer
from fmaudit_sampling.asked import thing_hits, what_is_asked
from fmaudit_sampling.numerals import final_number

LETTERS = {CORRECT: "c", WRONG: "w", ABSTAINED: "a", UNREAD: "u", EMPTY: "e"}
TEAM = "How many players of one basketball team are on the court?"


def read(told: Told, text: str) -> str:
    return read_answer(text, told.right, told.wrong, numeric=told.numeric, answerable=bool(told.right), question=told.question).label


@pytest.mark.parametrize("told", [*REPORTED, *ANSWERED, *DECLINED, *STEADY, *LATER, *LATEST], ids=lambda told: told.question[:50])
def test_answers_are_read_as_a_person_labels_them(told: Told) -> None:
    amiss = [(text, labels, label) for labels, text in told.answers if LETTERS[label := read(told, text)] not in labels]
    assert not amiss


def test_what_declines_gives_way_to_a_form_that_is_given_all_the_same() -> None:
    declining = [text for told in DECLINED for labels, text in told.answers if labels == "a" and text.isascii()]
    assert len(declining) > 50
    for text in declining:
        assert (
            read_answer(f"{text} It is Canberra.", ["Canberra"], ["Sydney"], question="What is the capital of Australia?").label == CORRECT
        )
        assert read_answer(f"{text} It is Sydney.", ["Canberra"], ["Sydney"], question="What is the capital of Australia?").label == WRONG


@pytest.mark.parametrize(
    "text",
    [
        "It was invented by Edison.", "Made in Paris.", "There is no doubt that it is Rome.", "No one else but Smith.",
        "I can't help but say Rome.",
        "He is known for a novel called Emma.", "It is a real place in Peru.", "Certainly Rome.", "I'm sure it is Rome.",
        "Nothing rhymes with it: orange.",
        "Not Rome.", "No.", "None.", "Sie kann gut singen.", "Es ist Rom, kein Zweifel.", "Personne d'autre que Hugo.", "Solo uno.",
    ],
)  # fmt: skip
def test_a_no_on_the_way_declines_nothing(text: str) -> None:
    assert not abstains(text)


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("How many moons does Mars have?", "Mars has 2 moons, and Jupiter 95.", 2),
        ("How many member states are there?", "It has 2 observer states and 193 member states.", 193),
        ("Wie viele Zähne hat ein Erwachsener?", "Ein Erwachsener hat 32 Zähne und 2 Ohren.", 32),
        ("Сколько зубов у взрослого?", "У взрослого 32 зуба и 2 уха.", 32),
        ("What is the atomic number of iron?", "Iron has a mass of 55.8 u and the atomic number 26.", 26),
    ],
)
def test_the_number_before_the_thing_asked_for_is_told(question: str, text: str, value: float) -> None:
    asked = what_is_asked(question)
    assert thing_hits(text, asked) == [(value,)]
    found = final_number([text], asked)
    assert found is not None
    assert (found.value, found.sure) == (value, False)


def test_what_a_question_asks_for_is_read() -> None:
    assert what_is_asked("How many time zones does Russia have?").thing == ("time", "zon")
    assert what_is_asked("At what temperature in degrees Celsius does water boil?").unit == "celsius"
    assert what_is_asked("In which year did the war end?").year
    assert not what_is_asked("How many days does a leap year have?").year
    assert what_is_asked("What is 15% of 80?").given == {15.0, 80.0}
    assert what_is_asked(TEAM).each
    assert not what_is_asked("Ann has 4 pens. She buys 3. How many pens has she?").short
    assert not what_is_asked("").counts


@pytest.mark.parametrize(
    "unit",
    [
        "5: 6 = 7 ", "5 °C or 6 °F ", "in total 5 ", "1969 and 1970 ", "5 players per team, ", "(5 ",
        "including 5, ", "5 apples. ", "5 + 3 = 8. ",
    ],
)  # fmt: skip
def test_the_time_to_read_grows_with_the_length_of_an_answer_and_no_faster(unit: str) -> None:
    begun = time.process_time()
    read_answer(unit * 3000, ["7"], numeric=True, question=TEAM)
    assert time.process_time() - begun < 5.0


def test_a_wrong_number_is_unread_where_the_right_one_stands_and_nothing_names_the_other() -> None:
    def label(text: str) -> str:
        return read_answer(text, ["31"], numeric=True, question="Maria has 36 eggs. She breaks 5 eggs. How many eggs are left?").label

    assert label("There were 36 eggs. 5 broke. 31 remain.") == UNREAD
    assert label("There were 36 eggs. 5 broke. 30 remain.") == WRONG
    assert label("There were 36 eggs and 31 remain. The answer is 36.") == WRONG
    assert label("36 − 5 = 31, so 36 eggs.") == WRONG
