"""Self-contradiction: what a model invents anew each time finds no support, what it repeats does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from sampling_support import one, saying

from fmaudit.testing import ask_suite, assert_results, by_name, codes, row
from fmaudit_sampling.suites.contradiction import PASSAGES, _label, _unsupported
from fmaudit_sampling.support import likeness, sentences, word_support

OWN = {item["prompt"]: item for line in PASSAGES.read_text(encoding="utf-8").splitlines() for item in [json.loads(line)]}


def steady(prompt: str, sample: int) -> str:
    return " ".join(OWN[prompt]["facts"])


def inventing(prompt: str, sample: int) -> str:
    """Repeats two facts, and then says something made up of words that it never uses again."""
    rng = random.Random(f"{prompt} {sample}")
    made = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(6))
    return f"{' '.join(OWN[prompt]['facts'][:2])} Moreover {made}."


def test_a_model_that_repeats_itself_contradicts_nothing() -> None:
    found, rows = ask_suite(one("contradiction", samples=4), saying(steady))
    assert_results(found)
    metrics = by_name(found)
    assert metrics["self_contradiction"].value == pytest.approx(0.0)
    assert metrics["unsupported_rate"].value == 0.0
    assert {each["label"] for each in rows} == {"true"}
    assert not codes(found)


def test_invented_sentences_find_no_support_and_repeated_ones_do() -> None:
    found, rows = ask_suite(one("contradiction", samples=4), saying(inventing, without=[]))
    made = [each["value"] for each in rows if each["response"].startswith("Moreover")]
    told = [each["value"] for each in rows if not each["response"].startswith("Moreover")]
    # the greedy answer is the first sample's text, so one sample of four supports it
    assert sum(made) / len(made) > 0.6
    assert max(told) < 1e-9
    assert by_name(found)["unsupported_rate"].value == pytest.approx(1 / 3)
    assert "self-contradiction" in codes(found)


def test_false_sentences_that_change_are_told_from_true_ones_that_stay() -> None:
    def wavering(prompt: str, sample: int) -> str:
        item = OWN[prompt]
        lie = item["false"][sample % len(item["false"])]
        return f"{item['facts'][0]} {lie}"

    metrics = by_name(ask_suite(one("contradiction", samples=8), saying(wavering))[0])
    assert metrics["contradiction_auroc"].value >= 0.75  # type: ignore[operator]


def test_own_passages_label_their_own_sentences_rightly() -> None:
    for item in OWN.values():
        assert [_label(fact, item) for fact in item["facts"]] == ["true"] * len(item["facts"])
        assert [_label(lie, item) for lie in item["false"]] == ["false"] * len(item["false"])
        assert _label("Nothing of the kind was ever said here by anybody.", item) == ""


def test_sentences_are_cut_and_list_marks_taken_off() -> None:
    text = "1. The Moon orbits the Earth. It is small!\n- St. Anne lived here. Yes.\n\n東京は首都です。大きいです。"
    assert sentences(text) == ["The Moon orbits the Earth.", "It is small!", "St. Anne lived here.", "東京は首都です。", "大きいです。"]


def test_support_is_the_share_of_words_in_the_nearest_sentence() -> None:
    assert word_support("The cat sleeps.", ["The cat sleeps. A dog barks.", "A dog barks."]) == [pytest.approx(1.0), 0.0]
    apart = word_support("The cat sleeps.", ["The cat. Somebody sleeps."])[0]
    assert 0.0 < apart < 1.0
    assert word_support("The cat sleeps.", [""]) == [0.0]
    assert likeness("a b c", "b c d") == pytest.approx(3 / 7)


def test_a_judge_is_asked_where_one_is_named(tmp_path: Path) -> None:
    script = tmp_path / "judge.json"
    script.write_text(json.dumps({"*": ["No."]}))
    audit = one("contradiction", samples=2, limit=10, equivalence="judge", judge={"judge": {"uri": f"fake:{script}"}})
    found, _ = ask_suite(audit, saying(steady))
    assert by_name(found)["self_contradiction"].value == 1.0
    assert "as the judge says" in by_name(found)["self_contradiction"].note
    assert by_name(found)["support_unread_rate"].value == 0.0


def test_what_the_judge_does_not_judge_is_counted_and_never_taken_as_no(tmp_path: Path) -> None:
    script = tmp_path / "judge.json"
    script.write_text(json.dumps({"*": ["I cannot tell."]}))
    audit = one("contradiction", samples=2, limit=10, equivalence="judge", judge={"judge": {"uri": f"fake:{script}"}})
    found, rows = ask_suite(audit, saying(steady))
    metrics = by_name(found)
    assert {each["value"] for each in rows} == {None}
    assert metrics["support_unread_rate"].value == 1.0
    assert metrics["self_contradiction"].value is metrics["unsupported_rate"].value is None
    assert codes(found) == ["support-unread-rate"]


def test_samples_without_a_verdict_are_left_out_of_the_support() -> None:
    assert _unsupported([1.0, None, 0.0, None]) == 0.5
    assert _unsupported([1.0, None]) == 0.0
    assert _unsupported([None]) is None


def test_passages_that_are_cut_off_are_counted_as_passages() -> None:
    """Half of the passages end in the middle of their fourth sentence: an eighth of the sentences, half of the passages."""
    seen = [
        row(f"p{i}", sample=place, value=0.0, response="It is so.", finish="length" if place == 3 and i < 10 else "stop")
        for i in range(20)
        for place in range(4)
    ]
    found = list(one("contradiction").suites["contradiction"].measure(seen))
    rate = by_name(found)["passage_truncated_rate"]
    assert (rate.value, rate.n) == (0.5, 20)
    assert "passage-truncated-rate" in codes(found)


def test_passages_without_a_sentence_are_counted_and_left_out() -> None:
    silent = set(list(OWN)[:8])
    found, _ = ask_suite(one("contradiction", samples=2), saying(lambda prompt, sample: "" if prompt in silent else steady(prompt, sample)))
    metrics = by_name(found)
    assert metrics["passage_empty_rate"].value == len(silent) / len(OWN)
    assert "passage-empty-rate" in codes(found)
    assert metrics["self_contradiction"].value == pytest.approx(0.0)
    assert metrics["self_contradiction"].n_clusters == len(OWN) - len(silent)


def test_why_there_is_no_figure_is_said_in_one_line() -> None:
    rows = [row(f"q{i}", value=0.5, response="x y.", label="true", detail="") for i in range(12)]
    metric = by_name(one("contradiction").suites["contradiction"].measure(rows))["contradiction_auroc"]
    assert metric.status == "insufficient"
    assert metric.note
    assert "\n" not in metric.note
