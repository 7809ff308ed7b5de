"""Drift: nothing between a model and itself, the analytic KL between two known ones, and a planted shift of opinions."""

from __future__ import annotations

import json
import math
import re
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
from fmaudit_alignment.suites.drift import BEFORE, NO_IDS, OPINION, OWN, REFERENCE, Drift, distinct, variety

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
    assert [finding.code for finding in findings] == ["reference-is-the-model"]


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
    assert metrics["drift_empty{of=own}"].value == 0.0
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
            rows.append(row(str(i), condition=OWN, value=float(moved), tokens=tokens, log_prob=-1.0))
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


def stopping(rng: np.random.Generator, p: float, n: int, side: str) -> list[dict[str, Any]]:
    """Rows of a model that ends its answer at every token with probability p, and has nothing else to choose: H(p) nats a token."""
    lengths = rng.geometric(p, n)
    return [
        row(str(i), condition=side, tokens=int(length), log_prob=math.log(p) + (int(length) - 1) * math.log(1 - p))
        for i, length in enumerate(lengths)
    ]


def test_the_entropy_is_per_token_however_long_answers_are() -> None:
    """Of 0.325 nats a token by construction; the mean of each answer's own ratio is .669, since short answers are the rare ends."""
    rng, truth = np.random.default_rng(7), -(0.1 * math.log(0.1) + 0.9 * math.log(0.9))
    found = [by_name(measure_drift(stopping(rng, 0.1, 80, OWN), 10))["drift_entropy{of=own}"] for _ in range(300)]
    assert 0.91 <= covered(found, truth) <= 0.985
    assert covered(found, 0.669) == 0.0
    assert found[0].unit == "nats per token"


def test_models_of_one_entropy_and_other_lengths_have_not_changed() -> None:
    """One ends at every tenth token, the other at nine of ten: both have 0.325 nats a token, and the answers tell nothing else."""
    rng, changes, alarms = np.random.default_rng(8), [], 0
    for _ in range(300):
        found = list(measure_drift([*stopping(rng, 0.1, 120, OWN), *stopping(rng, 0.9, 120, REFERENCE)], 10))
        changes.append(by_name(found)["drift_entropy_change"])
        alarms += "drift-entropy-fell" in codes(found)
    assert 0.91 <= covered(changes, 0.0) <= 0.985
    assert alarms / 300 <= 0.05
    assert sum("drift-entropy-fell" in codes(measure_drift([*stopping(rng, 0.05, 120, OWN), *stopping(rng, 0.3, 120, REFERENCE)], 10))
               for _ in range(20)) == 20  # fmt: skip


def test_what_fell_is_told_in_a_sentence_with_its_unit_and_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    _, findings, _ = run(bits(0.95, 1), bits(0.5, 2), monkeypatch)
    told = {finding.code: finding for finding in findings}
    assert re.match(r"The entropy of the model's answers fell by 0\.\d+ nats per token against", told["drift-entropy-fell"].sentence)
    assert all("fmaudit responses" in told[code].advice for code in ("model-drifted", "drift-entropy-fell"))


def test_a_token_that_the_reference_holds_impossible_makes_the_divergence_infinite() -> None:
    rows = stopping(np.random.default_rng(1), 0.2, 30, OWN)
    metrics = by_name(measure_drift([{**each, "value": math.inf if each["item"] == "3" else 0.1} for each in rows], 10))
    for name in ("drift_kl", "drift_kl_answer"):
        assert metrics[name].status is MetricStatus.UNDEFINED
        assert "probability 0 to a token of 1 of 30 answers" in metrics[name].note


@pytest.mark.parametrize("tokens", [0, None])
def test_answers_without_a_number_of_tokens_are_left_out_and_told(tokens: int | None) -> None:
    rows = [{**each, "value": 0.1 * each["tokens"]} for each in stopping(np.random.default_rng(1), 0.2, 30, OWN)]
    some = by_name(measure_drift([*rows[:20], *({**each, "tokens": tokens} for each in rows[20:])], 10))
    assert some["drift_kl"].value == pytest.approx(0.1)
    assert some["drift_kl"].n == some["drift_kl_answer"].n == 20
    assert "10 answers are left out: how many tokens" in some["drift_kl"].note
    none = by_name(measure_drift([{**each, "tokens": tokens} for each in rows], 10))
    assert none["drift_kl"].status is none["drift_kl_answer"].status is MetricStatus.INSUFFICIENT
    assert "30 answers are left out" in none["drift_kl"].note


def test_distinct_counts_different_pairs_of_words() -> None:
    assert distinct(["a", "b", "a", "b"], 2) == pytest.approx(2 / 3)
    assert distinct(["a"], 2) is None


def test_variety_is_that_of_equally_long_parts_and_of_characters_where_no_words_are_set_apart() -> None:
    assert variety("a b a b a b", "c d e") == [1.0, 1.0]
    assert variety("a b a b", "") == [None, None]
    assert variety("\u4f60\u597d\u5417" * 20, "\u4f60\u597d\u5417" * 20) == [pytest.approx(3 / 59)] * 2
    assert variety("\u6771\u4eac is big is big", "x " * 6)[0] == pytest.approx(4 / 5)


def test_long_answers_of_the_same_words_have_not_lost_variety() -> None:
    """Words of one distribution, 120 against 30 of them: nothing fell, and half as many words to choose from are found."""
    rng = np.random.default_rng(5)

    def said(vocabulary: int, length: int) -> str:
        return " ".join(f"w{word}" for word in rng.zipf(1.5, length) % vocabulary)

    def measured(vocabulary: int) -> list[Metric | Finding | Any]:
        rows = []
        for i in range(40):
            for side, share in zip((OWN, REFERENCE), variety(said(vocabulary, 120), said(300, 30)), strict=True):
                rows.append(row(str(i), condition=side, detail=json.dumps({"variety": share})))
        return list(measure_drift(rows, 10))

    runs = [measured(300) for _ in range(100)]
    assert 0.88 <= covered([by_name(each)["drift_distinct_2_change"] for each in runs], 0.0) <= 1.0
    assert sum("drift-distinct-2-fell" in codes(each) for each in runs) <= 6
    assert all("drift-distinct-2-fell" in codes(measured(4)) for _ in range(5))


def test_shares_of_different_pairs_keep_to_their_ends_and_are_never_certain() -> None:
    rows = [row(str(i), condition=side, detail='{"variety": 1.0}') for i in range(20) for side in (OWN, REFERENCE)]
    metrics = by_name(measure_drift(rows, 10))
    share, change = metrics["drift_distinct_2{of=own}"].interval, metrics["drift_distinct_2_change"].interval
    assert share is not None
    assert change is not None
    assert share.high == 1.0
    assert share.low == pytest.approx(0.832, abs=0.001)
    assert change.low < 0.0 < change.high
