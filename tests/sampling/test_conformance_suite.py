"""The suite conformance: a sampler that does what it states, planted ones that do not, and models that keep their logits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from fmaudit import Capability, Finding, Metric, MetricStatus
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.testing import ask, ask_suite, measure
from fmaudit_sampling.audit import SamplingConsistency
from fmaudit_sampling.params import ConformanceParams, SamplingParams, Setting

STATED = Setting(temperature=0.8, top_k=50, top_p=0.9)
LETTERS = 128  # bytes that are a text of their own: answers can be read back


@cache
def logits(text: str) -> Any:
    """Zipf-like logits over the first 128 bytes, in an order that the text so far decides."""
    rng = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16))
    weights = np.full(256, -np.inf, np.float32)
    weights[rng.permutation(LETTERS)] = -1.2 * np.log(np.arange(1, LETTERS + 1)) + 0.3 * rng.standard_normal(LETTERS)
    return weights


def drawing(setting: Setting, length: int = 48, *, greedy: float = 0.0, p_first: bool = False) -> Callable[[str, int], str]:
    """A sampler of a known setting; `greedy` takes the top token so often, `p_first` cuts by top-p before the temperature."""

    def answer(prompt: str, sample: int) -> str:
        rng = np.random.default_rng([sample, *hashlib.sha256(prompt.encode()).digest()])
        text = ""
        for _ in range(length):
            values = logits(prompt + text).astype(float)
            order = np.argsort(-values, kind="stable")[: setting.top_k or None]
            cut = np.exp(values[order] / (1.0 if p_first else setting.temperature))
            cut /= cut.sum()
            kept = order[np.cumsum(cut) - cut < setting.top_p]
            mass = np.exp(values[kept] / setting.temperature)
            chosen = kept[0] if rng.random() < greedy else rng.choice(kept, p=mass / mass.sum())
            text += chr(int(chosen))
        return text

    return answer


def run(backend: FakeBackend, **params: Any) -> tuple[dict[str, Metric], list[Finding], Any]:
    settings = ConformanceParams(settings=(STATED,), prompts=4, tokens=1500, first=0, **params)
    found, rows = ask_suite(SamplingConsistency(SamplingParams(suites=("conformance",), conformance=settings)), backend)
    return {each.name: each for each in found if isinstance(each, Metric)}, [each for each in found if isinstance(each, Finding)], rows


def test_a_sampler_that_does_what_it_states_is_not_accused() -> None:
    metrics, findings, _ = run(FakeBackend(answer=drawing(STATED), logits=logits))
    assert metrics["sampler_violations"].value == 0.0
    assert "sampler-deviates" not in {finding.code for finding in findings}
    estimate = metrics["temperature_estimate"]
    assert estimate.interval is not None
    assert estimate.interval.low < 0.8 < estimate.interval.high
    assert metrics["sampler_violations"].n == pytest.approx(1500, abs=50)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (drawing(Setting(temperature=0.6, top_k=50, top_p=0.9)), "temperature"),
        (drawing(Setting(temperature=0.8, top_k=60, top_p=1.0)), "could not have been drawn"),
        (drawing(Setting(temperature=0.8, top_k=50, top_p=0.8)), "not drawn with"),
        (drawing(STATED, greedy=0.25), "not drawn with"),
        (drawing(Setting(temperature=0.5, top_k=50, top_p=0.9), p_first=True), "not drawn with"),
    ],
    ids=["colder", "wider", "narrower", "greedy leakage", "top-p before the temperature"],
)
def test_a_planted_deviation_is_found_and_named(answer: Callable[[str, int], str], says: str) -> None:
    metrics, findings, _ = run(FakeBackend(answer=answer, logits=logits))
    assert metrics["sampler_conforms"].value == 0.0
    (finding,) = findings
    assert finding.code == "sampler-deviates"
    assert says in finding.sentence


def test_a_model_that_ends_early_is_asked_more_often_but_not_for_ever() -> None:
    short, rows = drawing(STATED, length=12), FakeBackend(answer=drawing(STATED, length=1), logits=logits)
    metrics, _, _ = run(FakeBackend(answer=short, logits=logits))
    assert metrics["sampler_violations"].n == pytest.approx(1500, abs=100)
    most = round(1500 / 4 / 48) * 10
    assert run(rows)[0]["sampler_violations"].n == 4 * most  # one token each


def test_a_greedy_answer_is_not_asked_for_again() -> None:
    settings = ConformanceParams(settings=(Setting(temperature=0),), prompts=4, tokens=1500, first=0)
    _, rows = ask_suite(
        SamplingConsistency(SamplingParams(suites=("conformance",), conformance=settings)),
        FakeBackend(answer=drawing(Setting(top_k=1), length=12), logits=logits),
    )
    assert len(rows) == 4  # a copy is no evidence


def test_copies_of_one_greedy_answer_do_not_add_up_to_conformance() -> None:
    settings = ConformanceParams(settings=(Setting(temperature=0),), prompts=1, tokens=400, first=0)
    found, rows = ask_suite(
        SamplingConsistency(SamplingParams(suites=("conformance",), conformance=settings)),
        FakeBackend(answer=drawing(Setting(top_k=1)), logits=logits),
    )
    metric = next(each for each in found if isinstance(each, Metric) and each.name == "sampler_conforms")
    assert (len(rows), metric.n, metric.value, metric.status) == (1, 48, None, MetricStatus.INSUFFICIENT)
    assert "tokens would tell" in metric.note
    (finding,) = [each for each in found if isinstance(each, Finding)]
    assert "conformance.prompts" in finding.advice


def test_how_many_tokens_would_tell_is_enough() -> None:
    """A peaked model: what the note asks for is drawn next, and tells."""

    def peaked(text: str) -> Any:
        return logits(text) * 2.5

    def answer(prompt: str, sample: int) -> str:
        rng, text = np.random.default_rng([sample, *hashlib.sha256(prompt.encode()).digest()]), ""
        for _ in range(48):
            mass = np.exp(peaked(prompt + text).astype(float))
            text += chr(int(rng.choice(256, p=mass / mass.sum())))
        return text

    def told(tokens: int) -> Metric:
        settings = ConformanceParams(settings=(Setting(),), prompts=4, tokens=tokens, first=0)
        params = SamplingParams(suites=("conformance",), conformance=settings)
        found, _ = ask_suite(SamplingConsistency(params), FakeBackend(answer=answer, logits=peaked))
        return next(each for each in found if isinstance(each, Metric) and each.name == "sampler_conforms")

    few = told(400)
    assert few.value is None
    enough = int(re.search(r"about ([\d,]+) such tokens", few.note).group(1).replace(",", ""))  # type: ignore[union-attr]
    assert 600 < enough < 20_000
    assert told(round(enough * 1.15)).value == 1.0


def test_too_few_draws_to_tell_are_no_deviation() -> None:
    settings = ConformanceParams(settings=(STATED,), prompts=1, tokens=100, first=0)
    found, _ = ask_suite(
        SamplingConsistency(SamplingParams(suites=("conformance",), conformance=settings)),
        FakeBackend(answer=drawing(STATED), logits=logits),
    )
    metric = next(each for each in found if isinstance(each, Metric) and each.name == "sampler_conforms")
    assert (metric.value, metric.status) == (None, MetricStatus.INSUFFICIENT)
    assert metric.note.startswith("cannot tell: ")
    assert [each.code for each in found if isinstance(each, Finding)] == ["sampler-not-shown"]


def test_a_server_that_tells_no_token_ids_has_nothing_weighed() -> None:
    class Silent(FakeBackend):
        def generate_each(self, requests: Any) -> Any:
            for place, answer in super().generate_each(requests):
                yield place, replace(answer, token_ids=())

    settings = ConformanceParams(settings=(STATED,), prompts=2, tokens=200, first=0)
    audit = SamplingConsistency(SamplingParams(suites=("conformance",), conformance=settings))
    metrics, findings, _ = measure(audit, ask(audit, Silent(answer=drawing(STATED), logits=logits)))
    assert metrics["answered{suite=conformance}"].note == "the model cannot name the tokens that it draws"
    assert [finding.code for finding in findings] == ["suite-not-asked"]


def test_a_server_that_keeps_its_logits_is_held_to_a_reference_with_the_same_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    own = FakeBackend(logits=logits)
    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(own))
    server = FakeBackend(answer=drawing(Setting(temperature=0.6, top_k=50, top_p=0.9)), without=[Capability.LOGITS])
    settings = ConformanceParams(settings=(STATED,), prompts=4, tokens=800, first=0)
    params = SamplingParams(suites=("conformance",), conformance=settings, reference={"same": {"uri": "fake:"}})
    found, _ = ask_suite(SamplingConsistency(params), server)
    assert "sampler-deviates" in {each.code for each in found if isinstance(each, Finding)}


def test_without_logits_and_reference_nothing_is_claimed() -> None:
    _, rows = ask_suite(
        SamplingConsistency(SamplingParams(suites=("conformance",), conformance=ConformanceParams(prompts=2))),
        FakeBackend(without=[Capability.LOGITS]),
    )
    assert {row["label"] for row in rows} == {"unavailable"}


def test_the_first_token_is_drawn_again_and_again_and_tested_too() -> None:
    settings = ConformanceParams(settings=(Setting(),), prompts=1, tokens=100, first=200)
    answer = drawing(Setting(temperature=0.5), length=2)  # too short for a test of whole texts
    params = SamplingParams(suites=("conformance",), conformance=settings)
    found, rows = ask_suite(SamplingConsistency(params), FakeBackend(answer=answer, logits=logits))
    assert [row["tokens"] for row in rows if row["kind"] == "first token"] == [200]
    assert any(isinstance(each, Finding) and each.code == "sampler-deviates" for each in found)
