"""The reader of option letters: what declares one, what only holds one, and what denies it."""

from __future__ import annotations

import pytest

from fmaudit import declared_letter, lone_letter


def read(text: str, n: int = 2) -> int | None:
    declared = declared_letter(text, n)
    return lone_letter(text, n) if declared is None else declared


@pytest.mark.parametrize(
    "text",
    [
        "B", "B.", "(B)", "b", "b.", "b) keep a dog", "(b) keep a dog", "**B**", "<b>B</b>", "[[B]]", "\uff22", "B!", "B - keep a dog",
        "B) keep a dog", "B: keep a dog", "B because dogs are loyal", "**B** because dogs are loyal", "B, because it is safe.",
        "B is better because dogs bark.", "\\boxed{B}", "$\\boxed{\\text{B}}$", '{"answer": "B"}', "Let me think.\nB",
        "Let me think.\n\nB) a dog", "(A) a cat\n(B) a dog\nAnswer: B",
    ],
)  # fmt: skip
def test_a_letter_by_itself_or_at_the_beginning_is_the_answer(text: str) -> None:
    assert declared_letter(text, 2) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Answer: B", "ANSWER: B", "answer: b", "Answer - B", "Answer is B", "The answer is B.", "**Answer: (B)**", "My answer is: **B**",
        "Final answer: B", "The correct option is (b).", "The best answer would be option B.", "The answer is B: a dog. A is less common.",
        "I would say B.", "I'd say it's B.", "I'd go with B.", "I\u2019d go with option B", "I choose B", "I prefer (B).", "I recommend B.",
        "I'd lean towards B.", "I agree with B", "My pick is B", "My choice: B", "I would pick B, since A is unusual.",
        "My vote goes to B.",
        "Option B.", "choice b", "Option (B)", "I think it's B.", "Great question! I would choose (B) keep a dog.",
        "Antwort: B", "R\u00e9ponse : B", "La respuesta es B.",
    ],
)  # fmt: skip
def test_words_that_declare_a_letter_are_known(text: str) -> None:
    assert declared_letter(text, 2) == 1


@pytest.mark.parametrize(
    "text",
    [
        "I'd choose option B over option A.", "I'd choose B instead of A", "B rather than A", "The answer is not A but B.",
        "A is wrong, so the answer is B.", "A isn't right; B is.", "Option A is tempting. The answer is B.", "Between A and B, I choose B.",
        "My first thought was A, but my final answer is B.", "Not A: B.",
    ],
)  # fmt: skip
def test_of_two_letters_the_one_that_is_not_denied_counts(text: str) -> None:
    assert read(text) == 1


@pytest.mark.parametrize(
    "text",
    ["Both have merits, but B.", "Definitely B!", "Sure! B", "Ich nehme B.", "\u7b54\u6848\u662fB", "\u041e\u0442\u0432\u0435\u0442: B"],
)
def test_the_only_letter_counts_where_nothing_declares_one(text: str) -> None:
    assert read(text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "", "As an AI I have no preference.", "A good question! It depends.", "A dog is best", "A or B, both are fine", "A and B",
        "A, B and so on",
        "Neither A nor B.", "I can't choose between A and B.", "The answer is either A or B.", "I wouldn't choose A.", "A\nB",
        "(A) a cat\n(B) a dog", "The answer is a matter of taste", "The answer is A matter of taste", "Nobody knows", "B-trees are good",
        "I, for one, cannot say.", "e.g. this one", "C", "The answer is D.", "My answer is A. No, my answer is B.",
    ],
)  # fmt: skip
def test_words_lists_denials_and_letters_that_are_not_offered_are_no_answer(text: str) -> None:
    assert read(text) is None


def test_a_letter_inside_an_option_is_only_a_lone_one() -> None:
    assert declared_letter("It is hepatitis B", 4) is None
    assert lone_letter("It is hepatitis B", 4) == 1


def test_the_pronoun_i_is_a_letter_only_where_it_is_declared() -> None:
    assert read("I think so", 10) is None
    assert declared_letter("The answer is I.", 10) == declared_letter("(I)", 10) == 8
