"""The viewer of distributions: temperature, top-k and top-p do to listed probabilities what arithmetic says, and the rest stays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from sampling_support import one

from fmaudit import Capability, Completion, Failure, GenerateRequest
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name

CAT = "The cat sat on the"
LISTED = {"mat": 0.6, "floor": 0.15, "sofa": 0.05, "roof": 0.01}


def scoring(listed: dict[str, float]) -> FakeBackend:
    """A model that can score, and keeps its logits."""
    return FakeBackend(
        score=lambda context, continuation: [math.log(listed[continuation.strip()])] + [0.0] * (len(continuation) - 1),
        without=[Capability.LOGITS],
    )


def seen(rows: Sequence[Any], setting: str) -> dict[str, float]:
    return {row["evidence"]: row["value"] for row in rows if row["condition"] == setting}


def asked(listed: dict[str, float]) -> tuple[list[Any], list[Any]]:
    found, rows = ask_suite(one("distribution", distribution={"prompts": {CAT: list(listed)}}), scoring(listed))
    return found, list(rows)


def test_the_listed_words_and_the_rest_are_shown_at_every_temperature() -> None:
    found, rows = asked(LISTED)
    assert_results(found)
    expected = {
        "T=1": (0.6, 0.15, 0.05, 0.01, 0.19),
        "T=0.5": (0.8547, 0.0534, 0.0059, 0.0002, 0.0857),
        "T=2": (0.4031, 0.2016, 0.1164, 0.0520, 0.2269),
        "T=1 top-k=2": (0.8, 0.2, 0.0, 0.0, 0.0),
    }
    for setting, values in expected.items():
        shown = seen(rows, setting)
        assert list(shown) == ["mat", "floor", "sofa", "roof", "(rest)"]
        assert tuple(shown.values()) == pytest.approx(values, abs=5e-5)
    assert by_name(found)["listed_mass{text=1}"].value == pytest.approx(0.81)
    chart = next(each for each in found if getattr(each, "name", "") == "next-1")
    assert "0.81" in chart.caption
    assert "0.19" in chart.caption


def test_off_temperature_1_the_entropy_is_unknown_without_logits() -> None:
    found, _ = asked(LISTED)
    metrics = by_name(found)
    plain = metrics["next_word_entropy{setting=T=1,text=1}"]
    assert plain.value == pytest.approx(-sum(p * math.log(p) for p in (*LISTED.values(), 0.19)))
    assert plain.method.startswith("exact")
    for setting in ("T=2", "T=0.5", "T=1 top-k=2", "T=1 top-p=0.9"):
        hidden = metrics[f"next_word_entropy{{setting={setting},text=1}}"]
        assert (hidden.value, hidden.status) == (None, "undefined")
    assert not any(name.startswith("next_token_entropy") for name in metrics)
    chart = next(each for each in found if getattr(each, "name", "") == "next-1")
    assert "rest counts as one token" in chart.caption


def bytewise(weights: dict[str, float], then: dict[str, float] | None = None) -> FakeBackend:
    """A model over bytes that gives its logits: `weights` after a space, `then` after any other letter."""

    def logits(text: str) -> Any:
        found = np.full(256, -np.inf, np.float32)
        for letter, weight in (weights if text.endswith(" ") or then is None else then).items():
            found[ord(letter)] = math.log(weight)
        return found

    def score(context: str, continuation: str) -> list[float]:
        rows = [logits(context + continuation[:i]).astype(float) for i in range(len(continuation))]
        return [float(row[ord(one)] - np.log(np.exp(row).sum())) for row, one in zip(rows, continuation, strict=True)]

    return FakeBackend(score=score, logits=logits)


def viewed(backend: FakeBackend, words: Sequence[str]) -> tuple[dict[str, Any], list[Any], list[Any]]:
    found, rows = ask_suite(one("distribution", distribution={"prompts": {CAT + " ": list(words)}}), backend)
    return by_name(found), list(rows), found


def test_from_logits_the_worked_example_is_the_same_where_the_rest_is_one_token() -> None:
    metrics, rows, found = viewed(bytewise({"a": 0.6, "b": 0.15, "c": 0.05, "d": 0.01, "z": 0.19}), "abcd")
    assert_results(found)
    expected = {
        "T=1": (0.6, 0.15, 0.05, 0.01, 0.19),
        "T=0.5": (0.8547, 0.0534, 0.0059, 0.0002, 0.0857),
        "T=2": (0.4031, 0.2016, 0.1164, 0.0520, 0.2269),
    }
    for setting, values in expected.items():
        assert tuple(seen(rows, setting).values()) == pytest.approx(values, abs=5e-5)
        entropy = -sum(p * math.log(p) for p in seen(rows, setting).values())
        assert metrics[f"next_token_entropy{{setting={setting},text=1}}"].value == pytest.approx(entropy, abs=1e-6)
    assert seen(rows, "T=1 top-k=2") == pytest.approx({"a": 0.6 / 0.79, "b": 0.0, "c": 0.0, "d": 0.0, "(rest)": 0.19 / 0.79}, abs=1e-6)


def test_a_rest_of_many_tokens_is_what_the_logits_make_of_it() -> None:
    """The truth by arithmetic: 26 unlisted tokens hold .2 of the mass; hot they hold far more of it, and top-p keeps some of them."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    weights = {"A": 0.5, "B": 0.3, **{letter: 0.2 * (30 - i) for i, letter in enumerate(letters)}}
    scale = 0.2 / sum(weights[letter] for letter in letters)
    weights |= {letter: weights[letter] * scale for letter in letters}
    metrics, rows, _ = viewed(bytewise(weights), "AB")
    hot = {name: p**0.5 for name, p in weights.items()}
    hot = {name: p / sum(hot.values()) for name, p in hot.items()}
    assert seen(rows, "T=2") == pytest.approx({"A": hot["A"], "B": hot["B"], "(rest)": 1 - hot["A"] - hot["B"]}, abs=1e-6)
    assert metrics["next_token_entropy{setting=T=2,text=1}"].value == pytest.approx(-sum(p * math.log(p) for p in hot.values()), abs=1e-6)
    kept: dict[str, float] = {}
    for name, p in sorted(weights.items(), key=lambda pair: -pair[1]):
        if sum(kept.values()) < 0.9:
            kept[name] = p
    total = sum(kept.values())
    assert 3 < len(kept) < len(weights)
    assert seen(rows, "T=1 top-p=0.9") == pytest.approx({"A": 0.5 / total, "B": 0.3 / total, "(rest)": 1 - 0.8 / total}, abs=1e-6)
    assert metrics["next_token_entropy{setting=T=1 top-p=0.9,text=1}"].value == pytest.approx(
        -sum(p / total * math.log(p / total) for p in kept.values()), abs=1e-6
    )
    assert seen(rows, "T=1 top-k=2") == pytest.approx({"A": 0.625, "B": 0.375, "(rest)": 0.0}, abs=1e-6)


def test_a_word_of_several_tokens_is_drawn_token_by_token() -> None:
    _, rows, _ = viewed(bytewise({"a": 0.7, "b": 0.3}, {"x": 0.8, "y": 0.2}), ["ax", "bx", "by"])
    half = [0.49 / 0.58, 0.64 / 0.68]  # of a, and of x behind it, at temperature .5
    assert seen(rows, "T=1") == pytest.approx({"ax": 0.56, "bx": 0.24, "by": 0.06, "(rest)": 0.14}, abs=1e-6)
    assert seen(rows, "T=0.5")["ax"] == pytest.approx(half[0] * half[1], abs=1e-6)
    assert seen(rows, "T=1 top-p=0.9")["by"] == pytest.approx(0.06, abs=1e-6)


def test_entropy_rises_with_temperature() -> None:
    metrics, _, _ = viewed(bytewise({"a": 0.6, "b": 0.15, "c": 0.05, "d": 0.01, "z": 0.19}), "abcd")
    entropies = [metrics[f"next_word_entropy{{setting={setting},text=1}}"].value for setting in ("T=0.5", "T=1", "T=2")]
    assert entropies == sorted(entropies)  # type: ignore[type-var]
    assert len(set(entropies)) == 3


def test_words_that_hold_everything_leave_no_rest() -> None:
    found, rows = asked({"mat": 0.75, "rug": 0.25 + 1e-12})
    assert "(rest)" not in seen(rows, "T=1")
    assert by_name(found)["listed_mass{text=1}"].value == 1.0


def test_a_word_that_begins_with_another_is_a_part_of_it() -> None:
    _, rows = asked({"mat": 0.6, "mattress": 0.2, "rug": 0.1})
    assert list(seen(rows, "T=1")) == ["mat", "rug", "(rest)"]


class Drawn(FakeBackend):
    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        for i, request in enumerate(requests):
            for sample in request.samples:
                word, p = [(" mat", 0.6), (" rug", 0.3)][sample % 3 == 0]
                yield i, Completion(text=word, token_ids=(1,), log_probs=(math.log(p),), sample=sample)


def test_a_model_that_cannot_score_is_asked_for_tokens_instead() -> None:
    audit = one("distribution", distribution={"prompts": {CAT: ["x"]}})
    _, rows = ask_suite(audit, Drawn(without=[Capability.SCORE]))
    assert seen(rows, "T=1") == pytest.approx({" mat": 0.6, " rug": 0.3, "(rest)": 0.1})


def test_what_is_drawn_is_shown_beside_listed_words() -> None:
    backend = Drawn(score=lambda context, continuation: [math.log(0.05)] + [0.0] * (len(continuation) - 1), without=[Capability.LOGITS])
    _, rows = ask_suite(one("distribution", distribution={"prompts": {CAT: ["roof"]}}), backend)
    assert seen(rows, "T=1") == pytest.approx({"roof": 0.05, " mat (drawn)": 0.6, " rug (drawn)": 0.3, "(rest)": 0.05})
