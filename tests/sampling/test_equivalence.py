"""When answers mean the same: by words, numbers, embeddings, entailment both ways, a judge; and what happens where one is missing."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from sampling_support import one, questions, saying

from fmaudit import Asker, Capability, Model, Severity
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, by_name, codes
from fmaudit_sampling.equivalence import Equivalence, settle
from fmaudit_sampling.stems import beyond
from fmaudit_sampling.verdicts import read_verdict

CAPITALS = {"paris": 1, "the city of paris": 1, "lutetia": 1, "rome": 2, "the eternal city": 2}


def asker(answer: Any = None, **options: Any) -> Asker:
    audit = one("agreement")
    return Asker(Model(FakeBackend(answer=answer, **options)), audit.params)


def clusters(meaning: Equivalence, *answers: str) -> tuple[int, ...]:
    return asyncio.run(meaning.gather("Which city?", answers)).numbers


def parts(prompt: str) -> tuple[str, str]:
    a, b = re.findall(r"<answer [AB]>\n(.*?)\n</answer", prompt)
    return a, b


def knowing(prompt: str, sample: int) -> str:
    a, b = parts(prompt)
    return "Yes." if CAPITALS[a.lower()] == CAPITALS[b.lower()] else "No, they differ."


def test_words_and_numbers_are_compared_once_normalised() -> None:
    assert clusters(settle("exact", asker()), "Paris", "paris.", "Rome", " PARIS ") == (0, 0, 1, 0)
    assert clusters(settle("number", asker()), "so 4", "4.0", "IV", "5") == (0, 0, 1, 2)


@pytest.mark.parametrize("kind", ["entailment", "judge"])
def test_a_model_that_knows_gathers_wordings_of_one_meaning(kind: Any) -> None:
    model = asker(knowing)
    meaning = Equivalence(kind, model)
    assert clusters(meaning, "Paris", "Rome", "Lutetia", "The city of Paris", "the eternal city", "paris") == (0, 1, 0, 0, 1, 0)


def test_entailment_one_way_is_not_enough() -> None:
    general = asker(lambda prompt, sample: "yes" if parts(prompt)[1] == "a city" else "no")
    assert clusters(Equivalence("entailment", general), "Paris", "a city") == (0, 1)


def test_every_pair_is_asked_once() -> None:
    backend = FakeBackend(answer=knowing)
    meaning = Equivalence("entailment", Asker(Model(backend), one("agreement").params))
    assert clusters(meaning, "Paris", "Rome", "Lutetia") == (0, 1, 0)
    asked = len(backend.prompts)
    assert asked == 6  # three texts, ordered pairs
    assert clusters(meaning, "Lutetia", "Paris", "Rome", "Rome") == (0, 0, 1, 1)
    assert len(backend.prompts) == asked


def test_embeddings_near_one_another_mean_the_same() -> None:
    meaning = settle("embedding", asker(), threshold=0.95)  # the scripted model counts bytes
    assert clusters(meaning, "abcdefgh", "hgfedcba", "zzzz", "abcdefgi") == (0, 0, 1, 2)
    loose = settle("embedding", asker(), threshold=0.8)
    assert clusters(loose, "abcdefgh", "hgfedcba", "zzzz", "abcdefgi") == (0, 0, 1, 0)


def test_what_is_missing_is_said_and_equal_words_are_used() -> None:
    blind = settle("embedding", asker(without=[Capability.EMBED]))
    assert (blind.kind, "no embeddings" in blind.note) == ("exact", True)
    alone = settle("judge", asker())
    assert (alone.kind, "no judge is named" in alone.note) == ("exact", True)
    assert "the model itself" in settle("entailment", asker()).note
    assert "(equivalence exact)" in settle("exact", asker()).note


def test_an_answer_that_is_neither_yes_nor_no_is_counted_and_keeps_meanings_apart() -> None:
    meaning = Equivalence("judge", asker(lambda prompt, sample: "Perhaps."))
    found = asyncio.run(meaning.gather("Which city?", ["Paris", "Rome"]))
    assert (found.numbers, found.compared, found.unread) == ((0, 1), 2, 2)
    again = asyncio.run(meaning.gather("Which city?", ["Rome", "Paris", "Rome"]))
    assert (again.numbers, again.compared, again.unread) == ((0, 1, 0), 2, 2)


def undecided(share: float) -> Any:
    """Answers that differ, and a judge who says neither yes nor no for a share of the questions, and yes otherwise."""

    def answer(prompt: str, sample: int) -> str:
        if "<answer A>" not in prompt:
            return ["this", "that"][sample % 2]
        number = int(re.findall(r"Question (\d+)", prompt)[0])
        return "Perhaps." if number % 20 < 20 * share else "yes"

    return saying(answer)


def asked(folder: Path, suite: str, share: float) -> list[Any]:
    own = {"agreement": {"split_items": 2}} if suite == "agreement" else {}
    audit = one(suite, questions=questions(folder, 40), samples=2, equivalence="entailment", **own)
    return ask_suite(audit, undecided(share))[0]


def test_a_suite_says_in_its_note_how_meanings_were_told_apart(tmp_path: Path) -> None:
    assert by_name(asked(tmp_path, "agreement", 0.0))["repeat_agreement"].note.endswith("as the model itself says (equivalence entailment)")


@pytest.mark.parametrize("suite", ["agreement", "calibration", "hallucination", "frontier"])
def test_comparisons_that_nobody_decided_are_a_rate_and_many_of_them_a_warning(tmp_path: Path, suite: str) -> None:
    found = asked(tmp_path, suite, 0.5)
    rate = by_name(found)[f"meaning_unread_rate{{suite={suite}}}"]
    assert rate.value == pytest.approx(0.5, abs=0.06)
    finding = next(each for each in found if getattr(each, "code", "") == "meanings-unread")
    assert finding.severity is Severity.WARNING
    assert finding.metric == f"meaning_unread_rate{{suite={suite}}}"
    assert "equal words decide there" in finding.sentence


def test_few_undecided_comparisons_are_counted_and_not_warned_of(tmp_path: Path) -> None:
    found = asked(tmp_path, "agreement", 0.05)
    assert by_name(found)["meaning_unread_rate{suite=agreement}"].value == pytest.approx(0.05, abs=0.02)
    assert "meanings-unread" not in codes(found)


def test_few_comparisons_that_all_fail_are_warned_of_too(tmp_path: Path) -> None:
    """Three questions are too few for a rate, and all that is said of them rests on comparisons that nobody judged."""

    def babbling(prompt: str, sample: int) -> str:
        return "purple" if "<answer A>" in prompt else ["one thing", "another"][sample % 2]

    found, _ = ask_suite(one("agreement", equivalence="entailment", questions=questions(tmp_path, 3), samples=2), saying(babbling))
    assert by_name(found)["meaning_unread_rate{suite=agreement}"].status == "insufficient"
    finding = next(each for each in found if getattr(each, "code", "") == "meanings-unread")
    assert "6 of 6 comparisons" in finding.sentence  # type: ignore[union-attr]


def test_meanings_told_apart_by_words_have_no_such_rate(tmp_path: Path) -> None:
    metrics = by_name(ask_suite(one("agreement", questions=questions(tmp_path, 12), samples=2), undecided(1.0))[0])
    assert not [name for name in metrics if name.startswith("meaning_unread_rate")]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Yes.", True), ("**No**, they differ", False), ("Answer: yes", True), ("да.", True), ("Nein", False), ("là non", False),
        ("是", True), ("不是", False), ("不，不一样", False), ("いいえ", False), ("हाँ", True), ("नहीं", False),
        ("No, Atlantis is fictional", False),
        ("Perhaps.", None), ("", None), ("yes or no", None), ("Yes/No", None), ("Nobody said so", None), ("eyes", None),
        ("I do not know, yes?", None), ("No lo sé", None), ("não sei", None), ("不知道", None), ("无法确定是否", None),
    ],
)  # fmt: skip
def test_a_verdict_is_yes_or_no_or_none_at_all(text: str, verdict: bool | None) -> None:
    assert read_verdict(text) is verdict


COTTON = "What is the colour of cotton in the land of Zorb?"


@pytest.mark.parametrize(
    ("question", "answer", "same"),
    [
        (COTTON, "The colour of cotton is blue.", "Blue"),
        (COTTON, "Cotton's colour in the land of Zorb is blue", "blue"),
        (COTTON, "Blue is the colour of cotton in Zorb.", "blue"),
        (COTTON, "It is blue", "blue"),
        (COTTON, "It's light blue.", "light blue"),
        ("Which planet is the largest?", "Jupiter is the largest planet", "jupiter"),
        ("Was ist die Hauptstadt von Norwegen?", "Die Hauptstadt von Norwegen ist Oslo.", "Oslo"),
        ("Quelle est la capitale de la France ?", "La capitale de la France est Paris.", "Paris"),
        ("¿Cuál es la capital de Perú?", "La capital de Perú es Lima", "Lima"),
        ("法国的首都是什么？", "法国的首都是巴黎", "巴黎"),
        ("What is an apple?", "a fruit", "fruit"),
        (COTTON, "The colour of cotton isn't blue.", "It is not blue"),
        (COTTON, "It isn’t blue", "not blue"),
    ],
)
def test_an_answer_that_repeats_the_question_means_what_it_adds(question: str, answer: str, same: str) -> None:
    assert beyond(answer, question) == beyond(same, question)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        (COTTON, "The colour of cotton is not blue.", "blue"),
        (COTTON, "The colour of cotton isn't blue.", "blue"),
        (COTTON, "Blue is not the colour of cotton.", "blue"),
        (COTTON, "The colour of cotton is light blue.", "blue"),
        (COTTON, "The colour of cotton is blue or green.", "blue"),
        (COTTON, "The colour of wool is blue.", "blue"),
        (COTTON, "The colour of cotton is blue.", "The colour of cotton is red."),
        ("Which is bigger, the sun or the moon?", "The sun is the bigger one.", "The moon is the bigger one."),
        ("Which is bigger, the sun or the moon?", "The sun is bigger.", "The moon is bigger."),
        ("Of the sun and the moon, which is bigger?", "The sun is the bigger one.", "The moon is the bigger one."),
        ("法国的首都是什么？", "法国的首都不是巴黎", "巴黎"),
        ("What is the colour of cotton?", "The colour of cotton", "cotton"),
    ],
)
def test_what_an_answer_adds_is_never_dropped(question: str, first: str, second: str) -> None:
    assert beyond(first, question) != beyond(second, question)


@pytest.mark.parametrize("word", ["is foo ", "is ", "a: ", "the colour of cotton is ", "isn't "])
def test_a_long_answer_is_left_whole_at_once(word: str) -> None:
    text = word * (100_000 // len(word))
    begun = time.process_time()
    assert len(beyond(text, COTTON)) > 60_000
    assert time.process_time() - begun < 0.5


def test_one_answer_in_two_wordings_is_one_meaning_in_the_suite(tmp_path: Path) -> None:
    rows = [{"id": f"q{i}", "prompt": f"What is the colour of cotton number {i}?", "answers": ["white"]} for i in range(12)]
    path = tmp_path / "cotton.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    audit = one("agreement", questions={"items": path}, samples=4)

    def told(prompt: str, sample: int) -> str:
        return "blue" if sample else "The colour of cotton is blue."

    metrics = by_name(ask_suite(audit, saying(told))[0])
    assert (metrics["repeat_agreement"].value, metrics["semantic_entropy"].value) == (1.0, 0.0)
    assert metrics["string_agreement"].value == 0.5
    assert "(equivalence exact)" in metrics["repeat_agreement"].note
