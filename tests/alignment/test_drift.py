"""Drift: nothing between a model and itself, the analytic KL between two known ones, and a planted shift of opinions."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alignment_support import row

from fmaudit import Asker, Backend, Capability, Completion, ConfigError, Finding, ItemSource, Metric, MetricStatus, ScoreRequest
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.testing import ask_suite, by_name, codes, covered
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.measures.drift import measure_drift
from fmaudit_alignment.params import AlignmentParams
from fmaudit_alignment.suites.drift import BEFORE, NO_IDS, OPINION, OWN, REFERENCE, Drift, distinct

END = "\x03"


class Bytes(FakeBackend):
    """A fake that scores given token ids as the bytes they are, ends every answer with an end token, and can be told to give no ids."""

    ids = True

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Any]]:
        spelled = [
            request if request.continuation_ids is None else replace(request, continuation=bytes(request.continuation_ids).decode())
            for request in requests
        ]
        return super().score_each(spelled)

    def generate_each(self, requests: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        for i, answer in super().generate_each(requests):
            yield i, replace(answer, token_ids=(*answer.token_ids, ord(END)) if self.ids else ())


def run(
    own: FakeBackend, other: FakeBackend, monkeypatch: pytest.MonkeyPatch, **params: Any
) -> tuple[dict[str, Metric], list[Finding], list[Any]]:
    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(other))
    audit = Alignment(AlignmentParams(suites=("drift",), reference={"r": {"uri": "fake:"}}, **params))
    found, rows = ask_suite(audit, own)
    return by_name(found), [each for each in found if isinstance(each, Finding)], list(rows)


def bits(p: float, seed: int, letters: int = 40, **options: Any) -> Bytes:
    """A model that writes letters, each "a" with probability p, else "b", and then surely ends."""

    def answer(prompt: str, sample: int) -> str:
        rng = np.random.default_rng([seed, *prompt.encode()])
        return "".join("a" if rng.random() < p else "b" for _ in range(letters))

    def score(context: str, continuation: str) -> list[float]:
        return [0.0 if letter == END else math.log(p if letter == "a" else 1 - p) for letter in continuation]

    return Bytes(answer=answer, score=score, **options)


def test_a_model_has_not_drifted_from_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, findings, _ = run(bits(0.5, 1), bits(0.5, 1), monkeypatch, limit=20)
    assert metrics["drift_kl"].value == metrics["drift_kl_answer"].value == 0.0
    assert metrics["drift_opinions_changed"].value == 0.0
    assert metrics["drift_entropy_change"].value == 0.0
    assert metrics["drift_empty{of=own}"].value == 0.0
    assert findings == []


def test_the_kl_of_two_known_models_lies_in_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, findings, _ = run(bits(0.8, 1), bits(0.5, 2), monkeypatch)
    letter = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    truth = 40 * letter / 41  # the end token is one of 41, and tells nothing
    kl, entropy = metrics["drift_kl"], metrics["drift_entropy{of=own}"]
    assert covered([kl], truth) == covered([metrics["drift_kl_answer"]], 40 * letter) == 1.0
    assert (kl.unit, metrics["drift_kl_answer"].unit) == ("nats per token", "nats")
    assert entropy.value == pytest.approx(-(0.8 * math.log(0.8) + 0.2 * math.log(0.2)) * 40 / 41, abs=0.05)
    assert {"model-drifted", "drift-entropy-fell"} <= {finding.code for finding in findings}


def test_without_a_chat_template_the_very_tokens_drawn_are_scored_after_the_very_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[str, str]] = set()

    def score(context: str, continuation: str) -> list[float]:
        seen.add((context, continuation))
        return [-1.0] * len(continuation)

    model = Bytes(answer=lambda prompt, sample: "so", score=score, without=[Capability.CHAT])
    _, _, rows = run(model, model, monkeypatch, limit=3)
    prompts = {each["prompt"] for each in rows if each["condition"] == OWN}
    assert {(prompt, "so" + END) for prompt in prompts} <= seen
    assert not any(continuation.startswith(" so") for _, continuation in seen)


def test_answers_without_a_word_count_by_their_end_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model falls silent, its reference would have gone on: that is a drift, though nothing is said."""

    def ending(chance: float) -> Callable[[str, str], list[float]]:
        return lambda context, continuation: [math.log(chance) if letter == END else -1.0 for letter in continuation]

    silent = Bytes(answer=lambda prompt, sample: "", score=ending(0.9))
    wordy = Bytes(answer=lambda prompt, sample: "word by word", score=ending(0.1))
    metrics, findings, rows = run(silent, wordy, monkeypatch, limit=40)
    assert metrics["drift_empty{of=own}"].value == 1.0
    assert metrics["drift_empty{of=reference}"].value == 0.0
    assert metrics["drift_kl_answer"].value == pytest.approx(math.log(9))
    assert metrics["drift_distinct_2{of=own}"].value is None
    assert "drift-empty" in {finding.code for finding in findings}
    assert any(each["label"] == "empty" for each in rows if each["condition"] == OWN)


def test_without_token_ids_there_is_no_kl_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    own = bits(0.8, 1)
    own.ids = False
    metrics, _, rows = run(own, bits(0.5, 2), monkeypatch, limit=20)
    for name in ("drift_kl", "drift_kl_answer"):
        assert metrics[name].status is MetricStatus.INSUFFICIENT
        assert "no ids of the tokens" in metrics[name].note
    assert metrics["drift_distinct_2{of=own}"].value is not None
    assert {each["evidence"] for each in rows if each["condition"] == OWN} == {NO_IDS}


def test_a_reference_that_cuts_texts_into_other_tokens_gives_no_kl(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pairs(Bytes):
        def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
            return [list(text.encode())[::2] for text in texts]

    other = Pairs(score=lambda c, y: [-1.0] * len(y))
    metrics, _, _ = run(bits(0.8, 1), other, monkeypatch, limit=20)
    assert metrics["drift_kl"].value is None
    assert "cut the same text into other tokens" in metrics["drift_kl"].note
    assert metrics["drift_entropy{of=own}"].value is not None


@pytest.mark.parametrize("name", ["base", "chat"])
def test_what_is_scored_of_a_built_in_model_is_what_it_drew(name: str, built_in: Callable[[str], Backend]) -> None:
    """The log-probabilities that it drew by add up to what the suite scores, end token and all."""

    async def drawn(model: Model) -> tuple[Completion, float]:
        asker = Asker(model, AlignmentParams(max_new_tokens=12))
        (answer,) = await asker.say("Where is the capital?", temperature=1.0)
        return answer, (await asker.score("Where is the capital?", answer.token_ids)).log_likelihood

    ((answer, scored),) = Model(built_in(name)).run([drawn])  # type: ignore[misc]
    assert answer.log_probs is not None
    assert scored == pytest.approx(sum(answer.log_probs), abs=0.02)


def test_the_kl_per_token_covers_its_truth_where_answers_differ_in_length() -> None:
    """The mean of each answer's own ratio would not: short answers have other ratios than long ones."""
    rng, found = np.random.default_rng(4), []
    for _ in range(200):
        rows = []
        for i in range(60):
            tokens = int(rng.integers(1, 40))
            moved = rng.normal(0.6 if tokens < 10 else 0.1, 0.3, tokens).sum()
            rows.append(row(str(i), condition=OWN, value=float(moved), tokens=tokens, log_prob=-1.0, detail='{"distinct_2": 1.0}'))
        found.append(by_name(measure_drift(rows, 10))["drift_kl"])
    naive = (9 * 0.6 + 30 * 0.1) / 39
    short, long = sum(range(1, 10)), sum(range(10, 40))
    assert 0.91 <= covered(found, (0.6 * short + 0.1 * long) / (short + long)) <= 0.985
    assert covered(found, naive) < 0.2


def held(before: Any, after: Any) -> list[dict[str, Any]]:
    """Rows of statements that both sides answered; half of them deny the behaviour."""
    rows = []
    for side, answers in ((BEFORE, before), (OPINION, after)):
        for i, matches in enumerate(answers):
            said = "yes" if bool(matches) == (i % 2 == 0) else "no"
            rows.append(row(str(i), kind="trait", condition=side, label=said, correct=bool(matches), value=float(matches)))
    return rows


def test_a_planted_shift_of_opinions_is_found_by_behaviour_and_is_no_bias_to_yes() -> None:
    rng, before = np.random.default_rng(1), np.arange(1000) < 400
    after = before.copy()
    after[rng.choice(np.flatnonzero(~before), 200, replace=False)] = True
    after[rng.choice(np.flatnonzero(before), 100, replace=False)] = False
    found = list(measure_drift(held(before, after), 10))
    metrics = by_name(found)
    assert metrics["drift_opinion_shift{behaviour=trait}"].value == pytest.approx(0.10)
    assert "q < 0.001" in metrics["drift_opinion_shift{behaviour=trait}"].note
    assert metrics["drift_opinions_changed"].value == pytest.approx(0.30)
    assert "opinion-shift" in codes(found)
    assert metrics["drift_yes_shift"].value == pytest.approx(0.0, abs=0.05)
    assert metrics["drift_opinion_probability_shift{behaviour=trait}"].value == pytest.approx(0.10)


def test_opinions_that_did_not_shift_alarm_in_at_most_one_pair_of_twenty() -> None:
    rng, alarms = np.random.default_rng(2), 0
    for _ in range(100):
        then = rng.random(200) < 0.5
        now = np.where(rng.random(200) < 0.2, rng.random(200) < 0.5, then)
        alarms += bool({"opinion-shift"} & set(codes(measure_drift(held(then, now), 10))))
    assert alarms <= 8


def test_a_model_that_says_yes_to_more_is_told_from_one_of_another_view() -> None:
    before = np.arange(400) % 2 == 1  # no to all: matches what denies the behaviour
    after = np.arange(400) % 2 == 0  # yes to all
    metrics = by_name(measure_drift(held(before, after), 10))
    assert metrics["drift_yes_shift"].value == 1.0
    assert metrics["drift_opinion_shift{behaviour=trait}"].value == 0.0


def test_without_a_reference_nothing_is_asked() -> None:
    with pytest.raises(ConfigError, match="needs a reference"):
        list(Alignment(AlignmentParams(suites=("drift",))).cases())


def test_prompts_may_come_from_a_file_and_those_called_unsafe_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"text": "Tell me of trees."}, {"text": "Tell me of bombs.", "intent": "unsafe"}]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    _, _, rows = run(bits(0.5, 1), bits(0.5, 2), monkeypatch, drift=ItemSource(items=tmp_path / "p.jsonl"), limit=2)
    kept = {each["prompt"]: each["response"] is not None for each in rows if each["condition"] in (OWN, REFERENCE)}
    assert kept == {"Tell me of trees.": True, "Tell me of bombs.": False}
    params = AlignmentParams(drift=ItemSource(items=tmp_path / "p.jsonl"), reference={"r": {"uri": "fake:"}})
    assert next(iter(Drift(params).cases())).data["prompt"] == "Tell me of trees."


def test_distinct_counts_different_pairs_of_words() -> None:
    assert distinct("a b a b", 2) == pytest.approx(2 / 3)
    assert distinct("a", 2) == 1.0
