"""Greedy determinism: one completion of fifty is one, wavering models and those that mind their batch are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sampling_support import one, saying

from fmaudit import Completion, Failure, GenerateRequest
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes
from fmaudit_sampling.prompts import fulfils, load_prompts
from fmaudit_sampling.suites.determinism import first_divergence


class Batched(FakeBackend):
    """A model whose answers depend on how many are asked together, or on the length asked for."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        for i, request in enumerate(requests):
            if self.fault == "alone":
                text = "among others" if len(requests) > 1 else "alone"
            else:
                text = ("short" if request.sampling.max_new_tokens < 50 else "much longer")[:5]
            finish = "length" if self.fault == "longer" else "stop"
            yield i, Completion(text=text, token_ids=tuple(text.encode()), finish=finish)


def test_a_deterministic_model_gives_one_completion_of_fifty() -> None:
    audit = one("determinism", determinism={"runs": 50})
    found, rows = ask_suite(audit, saying(lambda prompt, sample: f"A story: {prompt[:20]}"))
    assert_results(found)
    metrics = by_name(found)
    assert sum(row["condition"] == "together" for row in rows) == 500
    assert metrics["greedy_unique_share"].value == pytest.approx(1 / 50)
    assert metrics["greedy_unique_share"].method.startswith("exact for these prompts")
    assert metrics["greedy_stable_rate"].value == 1.0
    assert metrics["greedy_changed_rate{way=alone}"].value == metrics["greedy_changed_rate{way=longer}"].value == 0.0
    assert "greedy_first_divergence" not in metrics
    assert not codes(found)


def test_every_run_asks_the_model_and_not_its_cache() -> None:
    backend = saying(lambda prompt, sample: "x")
    ask_suite(one("determinism", determinism={"runs": 7, "items": 3}), backend)
    assert len(backend.prompts) == 3 * (7 + 2)


def test_a_model_that_wavers_is_found_with_the_place_where_its_answers_part() -> None:
    calls: dict[str, int] = {}

    def wavering(prompt: str, sample: int) -> str:
        calls[prompt] = calls.get(prompt, 0) + 1
        return f"always the same, and then {'left' if calls[prompt] % 4 == 0 else 'right'}"

    found, _ = ask_suite(one("determinism", determinism={"runs": 8}), saying(wavering))
    metrics = by_name(found)
    assert metrics["greedy_stable_rate"].value == 0.0
    assert metrics["greedy_unique_share"].value == pytest.approx(2 / 8)
    assert metrics["greedy_first_divergence"].value == len("always the same, and then ")
    assert codes(found) == ["greedy-unstable"]


@pytest.mark.parametrize("fault", ["alone", "longer"])
def test_a_model_that_minds_its_batch_or_its_limit_is_found(fault: str) -> None:
    found, _ = ask_suite(one("determinism"), Batched(fault))
    metrics = by_name(found)
    assert metrics["greedy_stable_rate"].value == 1.0
    assert metrics[f"greedy_changed_rate{{way={fault}}}"].value == 1.0
    assert codes(found) == ["greedy-depends-on-batch"]


@pytest.mark.parametrize(
    ("sequences", "place"),
    [
        ((["a", "b"], ["a", "b"]), None),
        ((["a", "b"], ["a", "c"]), 1),
        ((["a"], ["a", "b"]), 1),
        (([], ["a"]), 0),
        (("xyz", "xyz", "xYz"), 1),
    ],
)
def test_the_first_divergence_is_the_first_place_that_differs(sequences: Any, place: int | None) -> None:
    assert first_divergence(sequences) == place


def test_open_prompts_have_kinds_and_what_an_answer_must_contain() -> None:
    prompts = load_prompts(one("determinism").params.open_prompts, None)  # type: ignore[attr-defined]
    assert {prompt["kind"] for prompt in prompts} >= {"creative", "legal", "factual"}
    assert all(prompt["must"] for prompt in prompts if prompt["kind"] == "legal")
    assert fulfils("Governed by the law of Ireland.", ["ireland", "dublin", "governed by|governing law"]) == pytest.approx(2 / 3)
    assert fulfils("Anything.", []) is None
