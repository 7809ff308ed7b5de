"""The frontier: accuracy falls and variety rises with temperature in a planted model, and the presets follow from the evidence."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sampling_support import items, one, questions

from fmaudit import Completion, Failure, Finding, GenerateRequest, MetricStatus, results
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite, assert_results, by_name, codes
from fmaudit_sampling.params import Setting
from fmaudit_sampling.presets import Measured, factual_preset, fiction_preset, recommendation
from fmaudit_sampling.suites.frontier import label_of

WORDS = [f"word{i}" for i in range(200)]


class Warm(FakeBackend):
    """Wrong and varied in proportion to its temperature; `inverted` is the same with the scale turned round.

    Its stories begin with the prompt, which holds much of what is asked for, unless it writes noise.
    """

    def __init__(self, inverted: bool = False, noise: bool = False) -> None:
        super().__init__()
        self.inverted = inverted
        self.noise = noise
        self.asked = 0

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        for i, request in enumerate(requests):
            prompt = request.messages[-1].content
            for sample in request.samples:
                self.asked += 1
                yield i, self._answer_at(prompt, request.sampling.temperature, request.sampling.top_p, sample)

    def _answer_at(self, prompt: str, temperature: float, top_p: float, sample: int) -> Completion:
        heat = (1.6 - temperature if self.inverted else temperature) * (0.8 if top_p < 1 else 1.0)
        rng = random.Random(f"{prompt} {temperature} {top_p} {sample}")
        if "Question" in prompt:
            text = "right" if rng.random() > heat / 4 else rng.choice(WORDS)
        else:
            text = " ".join(([] if self.noise else [prompt]) + [rng.choice(WORDS[: 1 + int(60 * heat)]) for _ in range(30)])
        surprise = math.log(1 + heat) * (1 + 0.01 * rng.random())
        return Completion(text=text, token_ids=(1, 2, 3), sampled_log_probs=(-surprise,) * 3, sample=sample)


def grid(folder: Path, **params: Any) -> Any:
    return one("frontier", questions=questions(folder, 24), **params)


@pytest.fixture(scope="module")
def warmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], Sequence[Any], int]:
    """What a warm model gives: results, rows, and how many answers it was asked for."""
    backend = Warm()
    found, rows = ask_suite(grid(tmp_path_factory.mktemp("warm")), backend)
    return found, rows, backend.asked


def test_a_model_that_grows_wrong_and_varied_with_heat_has_a_frontier(warmed: tuple[list[Any], Sequence[Any], int]) -> None:
    found, _, _ = warmed
    assert_results(found)
    metrics = by_name(found)
    accuracy = [metrics[f"frontier_accuracy{{setting={name}}}"].value for name in ("greedy", "T=0.7", "T=1.6")]
    assert accuracy[0] == 1.0
    assert accuracy[0] > accuracy[1] > accuracy[2]  # type: ignore[operator]
    variety = [metrics[f"frontier_vendi{{setting={name}}}"].value for name in ("greedy", "T=0.3", "T=1.6")]
    assert variety[0] == pytest.approx(1.0)
    assert variety[0] < variety[1] < variety[2]  # type: ignore[operator]
    assert metrics["frontier_self_bleu{setting=greedy}"].value == pytest.approx(1.0)
    assert metrics["entropy_temperature_trend"].value == pytest.approx(1.0)
    assert metrics["recommended_temperature{purpose=factual}"].value == 0.0
    assert metrics["recommended_temperature{purpose=fiction}"].value > 0.0  # type: ignore[operator]
    assert codes(found) == ["preset-factual", "preset-fiction"]
    evidence = next(each.sentence for each in found if getattr(each, "code", "") == "preset-factual")
    assert evidence.startswith("On 20 questions, greedy (temperature = 0, top_p = 1) is the steadiest of")


def test_presets_say_what_the_metrics_say(warmed: tuple[list[Any], Sequence[Any], int]) -> None:
    """The share, its interval and the variety of a finding are those of the report's own figures for that setting."""
    found, _, _ = warmed
    metrics = by_name(found)
    findings = {each.code: each for each in found if isinstance(each, Finding)}
    for code in ("preset-factual", "preset-fiction"):
        sentence = findings[code].sentence
        name = re.search(r"prompts?, (.+?) \(temp|questions, (.+?) \(temp", sentence)
        assert name is not None
        metric = metrics[f"frontier_accuracy{{setting={name.group(1) or name.group(2)}}}"]
        assert f"{metric.value * 100:.1f} % ({results.span(metric.interval, results.percent)}) of the answers are right" in sentence
        assert "legal" not in sentence
        assert "before you rely on it" in findings[code].advice
        assert metrics[f"recommended_temperature{{purpose={code[7:]}}}"].method
    told = re.search(
        r"On 5 creative prompts, (.+?) \(.*Vendi score (\S+); (\S+) on all 15 open prompts", findings["preset-fiction"].sentence
    )
    assert told is not None
    assert told.group(3) == f"{metrics[f'frontier_vendi{{setting={told.group(1)}}}'].value:.2f}"
    assert told.group(2) != told.group(3)


def test_settings_that_never_differed_still_leave_room_for_a_difference() -> None:
    """On twenty questions nothing was lost; the sentence says what may yet have been."""
    made = [setting("cold", 0.0, [1.0] * 19 + [0.0], diversity=1.0), setting("warm", 1.0, [1.0] * 19 + [0.0], diversity=3.0)]
    found = fiction_preset(made)
    assert found is not None
    sentence = recommendation("fiction", found, {"temperature": 1.0, "top_p": 1.0, "top_k": 0}).sentence
    low, high = map(float, re.search(r"difference is 0\.0 points, 95% interval (\S+) points to (\S+) points", sentence).groups())  # type: ignore[union-attr]
    assert low < -5.0
    assert high > 5.0


def test_noise_is_varied_and_yet_not_recommended_for_fiction(tmp_path: Path) -> None:
    found, _ = ask_suite(grid(tmp_path, grid=[{"temperature": 0.5}, {"temperature": 1.0}]), Warm(noise=True))
    metrics = by_name(found)
    assert metrics["frontier_fulfilled{setting=T=1}"].value == 0.0
    assert metrics["recommended_temperature{purpose=fiction}"].status is MetricStatus.UNDEFINED
    assert "contain anything that prompts ask for" in metrics["recommended_temperature{purpose=fiction}"].note
    assert metrics["recommended_temperature{purpose=factual}"].value is not None
    assert codes(found) == ["preset-factual"]


def test_a_setting_that_gives_nothing_of_what_is_asked_for_is_passed_over_where_another_does() -> None:
    right, asked = [1.0] * 12, {f"p{i}": 0.9 for i in range(12)}
    made = [replace(setting("cold", 0.2, right, diversity=1.0), quality=asked), replace(setting("hot", 1.6, right, diversity=4.0),
            quality=dict.fromkeys(asked, 0.0))]  # fmt: skip
    found = fiction_preset(made)
    assert found is not None
    assert found.chosen.name == "cold"
    assert fiction_preset(made[1:]) is None


def test_the_two_greedy_settings_are_asked_once_and_the_saving_is_counted(warmed: tuple[list[Any], Sequence[Any], int]) -> None:
    found, rows, asked = warmed
    prompts = 20 + 15
    assert asked == len(rows) == prompts * (10 * 4 + 1)
    saved = by_name(found)["frontier_saved_answers"]
    assert saved.value == pytest.approx(1 - 41 / 48)
    assert saved.note.startswith("Of 1680 answers")
    assert saved.method


def test_a_sampler_whose_entropy_falls_with_temperature_is_found(tmp_path: Path) -> None:
    grid_of_four = [{"temperature": temperature} for temperature in (0.0, 0.5, 1.0, 1.5)]
    found, _ = ask_suite(grid(tmp_path, grid=grid_of_four), Warm(inverted=True))
    assert by_name(found)["entropy_temperature_trend"].value == pytest.approx(-1.0)
    assert "entropy-falls-with-temperature" in codes(found)


def test_settings_have_names() -> None:
    assert [label_of(Setting(temperature=t, top_k=k, top_p=p)) for t, k, p in ((0, 5, 0.9), (0.7, 0, 1), (1, 40, 0.95))] == [
        "greedy", "T=0.7", "T=1 top-k=40 top-p=0.95",
    ]  # fmt: skip


def setting(name: str, temperature: float, accuracy: Sequence[float], agreement: float = 1.0, diversity: float = 1.0) -> Measured:
    by_item = {f"q{i}": (True, False) if value == 0.5 else (bool(value),) for i, value in enumerate(accuracy)}
    return Measured(
        name=name,
        temperature=temperature,
        answers=by_item,
        agreement=dict.fromkeys(by_item, agreement),
        diversity={"p": diversity, "q": diversity},
    )


def test_the_factual_preset_is_the_steadiest_setting_within_the_interval_of_the_best() -> None:
    rng = np.random.default_rng(1)
    base = (rng.random(60) < 0.8).astype(float)
    dull = np.where(np.arange(60) < 30, 0.0, base)
    found = factual_preset([setting("steady but wrong", 0.0, dull, 1.0), setting("best", 0.7, base, 0.7), setting("close", 0.3, base, 0.9)])
    assert found is not None
    assert (found.best.name, found.chosen.name) == ("close", "close")
    assert "steady but wrong" not in found.able
    assert factual_preset([]) is None


def test_the_fiction_preset_is_the_most_varied_setting_that_is_not_surely_worse() -> None:
    base = np.array([1.0] * 40 + [0.0] * 10)
    worse = np.array([1.0] * 20 + [0.0] * 30)
    slightly = base.copy()
    slightly[0] = 0.0
    made = [
        setting("cold", 0.0, base, diversity=1.0),
        setting("warm", 1.0, slightly, diversity=3.0),
        setting("hot", 1.6, worse, diversity=4.0),
    ]
    found = fiction_preset(made)
    assert found is not None
    assert found.chosen.name == "warm"
    assert set(found.able) == {"cold", "warm"}


def test_a_small_loss_is_tolerated_where_that_is_allowed() -> None:
    base = np.array([1.0] * 190 + [0.0] * 10)
    slightly = np.concatenate([np.zeros(12), base[12:]])
    made = [setting("cold", 0.0, base, diversity=1.0), setting("warm", 1.0, slightly, diversity=3.0)]
    strict, lenient = fiction_preset(made), fiction_preset(made, 0.1)
    assert strict is not None
    assert lenient is not None
    assert (strict.chosen.name, lenient.chosen.name) == ("cold", "warm")


def test_a_preset_claims_no_accuracy_that_was_not_shown() -> None:
    """On twelve questions a loss of 29 points is not sure: the sentence says no more than that."""
    base, lower = np.array([1.0] * 9 + [0.0] * 3), np.array([1.0] * 5 + [0.0] * 6 + [0.5])
    found = fiction_preset([setting("cold", 0.0, base, diversity=1.0), setting("hot", 1.6, lower, diversity=4.0)])
    assert found is not None
    sentence = recommendation("fiction", found, {"temperature": 1.6, "top_p": 1.0, "top_k": 0}).sentence
    assert found.chosen.name == "hot"
    assert "not surely less accurate" in sentence
    assert "accurate enough" not in sentence
    steady = factual_preset([setting("cold", 0.0, base), setting("warm", 0.5, base)])
    assert steady is not None
    sentence = recommendation("factual", steady, {"temperature": 0.0, "top_p": 1.0, "top_k": 0}).sentence
    assert "whose accuracy lies within the interval of the best" in sentence


def test_a_model_that_knows_nothing_gets_no_recommendation(tmp_path: Path) -> None:
    audit = one("frontier", questions=questions(tmp_path, 12), grid=[{"temperature": 0.5}, {"temperature": 1.0}])
    found, _ = ask_suite(audit, FakeBackend(answer=lambda prompt, sample: "wrong"))
    assert by_name(found)["recommended_temperature{purpose=factual}"].value is None
    assert by_name(found)["recommended_temperature{purpose=fiction}"].value is None
    assert not codes(found)


def test_one_lucky_answer_is_no_knowledge_that_a_setting_could_be_recommended_for(tmp_path: Path) -> None:
    audit = one("frontier", questions=questions(tmp_path, 12), grid=[{"temperature": 0.5}, {"temperature": 1.0}])
    found, rows = ask_suite(
        audit, FakeBackend(answer=lambda prompt, sample: "right" if "Question 3?" in prompt and sample == 1 else "wrong")
    )
    assert any(row["correct"] for row in rows)
    metric = by_name(found)["recommended_temperature{purpose=factual}"]
    assert metric.value is None
    assert "surely more than 0 %" in metric.note
    assert not codes(found)


def test_few_questions_give_no_preset(tmp_path: Path) -> None:
    audit = one(
        "frontier", questions=questions(tmp_path, 4), open_prompts=items(tmp_path / "..", [{"prompt": "Tell.", "kind": "creative"}])
    )
    assert not codes(ask_suite(audit, Warm())[0])
