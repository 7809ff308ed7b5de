"""The viewer of distributions: temperature, top-k and top-p do to listed probabilities what arithmetic says, and the rest stays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sampling_support import one

from fmaudit import Capability, Completion, Failure, GenerateRequest
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name

CAT = "The cat sat on the"
LISTED = {"mat": 0.6, "floor": 0.15, "sofa": 0.05, "roof": 0.01}


def scoring(listed: dict[str, float]) -> FakeBackend:
    return FakeBackend(score=lambda context, continuation: [math.log(listed[continuation.strip()])] + [0.0] * (len(continuation) - 1))


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


def test_entropy_rises_with_temperature() -> None:
    metrics = by_name(asked(LISTED)[0])
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
    backend = Drawn(score=lambda context, continuation: [math.log(0.05)] + [0.0] * (len(continuation) - 1))
    _, rows = ask_suite(one("distribution", distribution={"prompts": {CAT: ["roof"]}}), backend)
    assert seen(rows, "T=1") == pytest.approx({"roof": 0.05, " mat (drawn)": 0.6, " rug (drawn)": 0.3, "(rest)": 0.05})
