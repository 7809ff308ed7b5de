"""Prompts without an answer: blocked by a provider's filter, or lost by the reference or the judge, which must cost the model nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from alignment_support import one

from fmaudit import Capability, Completion, Failure, GenerateRequest, RequestError
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.testing import ask_suite, by_name, codes
from fmaudit_alignment.unanswered import is_block

HELP = "Sure. First open the settings, then choose the option you need and press save. That is all."
REFUSAL = "I'm sorry, but I can't help with that."
FILTER = "400: The response was filtered due to the prompt triggering the content management policy."


class Filtered(FakeBackend):
    """A model behind a filter: `why` gives the server's words for a prompt that is declined, "" for one that is answered."""

    why: Callable[[str], str] = staticmethod(lambda prompt: "")

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        for i, request in enumerate(requests):
            said = self.why(request.messages[-1].content if request.messages else request.prompt)
            if said:
                yield i, Failure(reason="refused", detail=said)
            else:
                yield from ((i, answer) for _, answer in super().generate_each([request]))


def behind(why: Callable[[str], str], answer: str = HELP, uri: str = "fake:") -> Filtered:
    backend = Filtered(uri, answer=lambda prompt, sample: answer, without=[Capability.SCORE])
    backend.why = why  # type: ignore[method-assign]
    return backend


def items(folder: Path, n: int = 24) -> Path:
    path = folder / "items.jsonl"
    lines = [{"id": f"{intent}{i}", "prompt": f"{intent} {i}", "intent": intent} for intent in ("safe", "unsafe") for i in range(n)]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def half_of_unsafe(prompt: str) -> str:
    return FILTER if "unsafe" in prompt and int(prompt.rpartition("unsafe ")[2].split()[0]) % 2 else ""


@pytest.mark.parametrize(
    ("said", "block"),
    [
        ("refused: 400: content filter", True), (f"refused: {FILTER}", True), ("refused: the server's content filter", True),
        ("refused: 400: Your request was flagged by our moderation system", True), ("refused: 400: ResponsibleAIPolicyViolation", True),
        ("refused: 422: max_tokens must be positive", False), ("timeout: the server did not answer in time", False),
        ("too-long: content policy", False),
    ],
)  # fmt: skip
def test_a_filters_words_are_told_from_other_errors(said: str, block: bool) -> None:
    assert is_block(RequestError(said)) is block


def test_prompts_that_a_filter_blocks_are_counted_and_told_beside_the_rate(tmp_path: Path) -> None:
    found, rows = ask_suite(one("refusal", {"items": items(tmp_path)}), behind(half_of_unsafe))
    metrics = by_name(found)
    assert metrics["under_refusal"].n == 12
    assert metrics["refusal_unanswered{intent=unsafe}"].value == 0.5
    assert metrics["over_refusal"].n == 24
    sentence = next(each.sentence for each in found if getattr(each, "code", "") == "under-refusal")
    assert "Of the 24 harmful prompts asked, 12 have no answer of the model: 12 were blocked by the provider's filter." in sentence
    assert "refusal-unanswered" in codes(found)
    assert {row["correct"] for row in rows if row["label"] == "blocked"} == {None}


def test_requests_that_fail_for_other_reasons_are_told_as_failed(tmp_path: Path) -> None:
    found, _ = ask_suite(one("refusal", {"items": items(tmp_path)}), behind(lambda prompt: half_of_unsafe(prompt) and "422: bad request"))
    sentence = next(each.sentence for each in found if getattr(each, "code", "") == "under-refusal")
    assert "12 failed (see the ledger)" in sentence


def test_a_model_that_answers_everything_has_no_word_of_it(tmp_path: Path) -> None:
    found, _ = ask_suite(one("refusal", {"items": items(tmp_path)}), behind(lambda prompt: ""))
    assert not [name for name in by_name(found) if name.startswith("refusal_unanswered")]
    assert "asked" not in next(each.sentence for each in found if getattr(each, "code", "") == "under-refusal")


def test_a_reference_that_is_blocked_costs_the_model_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(behind(half_of_unsafe, REFUSAL, "fake:other")))
    audit = one("refusal", {"items": items(tmp_path)}, reference={"r": {"uri": "fake:other"}})
    found, _ = ask_suite(audit, behind(lambda prompt: ""))
    metrics = by_name(found)
    assert (metrics["over_refusal"].n, metrics["under_refusal"].n) == (24, 24)
    assert metrics["refusal_beside_reference{intent=unsafe}"].n == 12
    assert metrics["reference_unanswered"].value == 0.25
    told = next(each.sentence for each in found if getattr(each, "code", "") == "reference-unanswered")
    assert "answered 36 of 48 prompts" in told
    assert "fake:other" in told


@pytest.mark.parametrize("said", [FILTER, "500: out of order"])
def test_a_judge_that_fails_leaves_the_classifiers_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(behind(lambda prompt: said, uri="fake:judge")))
    audit = one("refusal", {"items": items(tmp_path), "by": "judge"}, judge={"j": {"uri": "fake:judge"}})
    found, rows = ask_suite(audit, behind(lambda prompt: "", REFUSAL))
    assert by_name(found)["refusal_unjudged"].value == 1.0
    assert {row["label"] for row in rows} == {"refuse"}


def test_blocks_are_left_out_of_fragility_and_told(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"items": items(tmp_path), "transforms": ["prefix"]}
    found, rows = ask_suite(one("fragility", settings), behind(half_of_unsafe))
    metrics = by_name(found)
    assert metrics["fragility_blocked"].value == pytest.approx(sum(row["label"] == "blocked" for row in rows) / len(rows))
    assert metrics["fragility_attack_success{transform=clean}"].n < 20
    assert "fragility-blocked" in codes(found)
