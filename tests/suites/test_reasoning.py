"""A model that thinks aloud is judged by its answer, not by its thoughts."""

from __future__ import annotations

import asyncio

import pytest

from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.models.requests import Completion
from fmaudit.suites.asking import Asker, AskParams
from fmaudit.suites.reasoning import without_reasoning

MARKS = ("<think>", "</think>")


@pytest.mark.parametrize(
    ("text", "answer", "finish"),
    [
        ("<think>London? No.</think>\n\nParis", "Paris", "stop"),
        ("\n<think>\nLondon? No.\n</think>Paris", "Paris", "stop"),
        ("London? No.</think>Paris", "Paris", "stop"),  # the template wrote the first mark
        ("<think>London? Or is it", "", "length"),
        ("<think></think>", "", "stop"),
        ("Paris", "Paris", "stop"),
        ("In HTML, <think> is no element.", "In HTML, <think> is no element.", "stop"),
        ("", "", "stop"),
    ],
)
def test_the_answer_is_what_comes_after_the_thoughts(text: str, answer: str, finish: str) -> None:
    found = without_reasoning(Completion(text=text, token_ids=(1, 2, 3)), MARKS)
    assert (found.text, found.finish, found.token_ids) == (answer, finish, (1, 2, 3))


def test_two_empty_marks_keep_everything() -> None:
    whole = Completion(text="<think>a</think>b")
    assert without_reasoning(whole, ("", "")) is whole


def test_suites_get_answers_without_thoughts_and_with_marks_of_ones_own() -> None:
    model = Model(FakeBackend(answer=lambda prompt, sample: "[a]maybe no[/a] Yes"))
    kept, cut = (Asker(model, AskParams(chat=False, reasoning=marks)) for marks in (MARKS, ("[a]", "[/a]")))
    assert [asyncio.run(each.say("?"))[0].text for each in (kept, cut)] == ["[a]maybe no[/a] Yes", "Yes"]
