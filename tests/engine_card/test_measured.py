"""Timing a backend: planted times are found within their intervals, and real models behave as they must."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fmaudit import Backend, Capability, Exhibit, Finding, Metric, MetricStatus, ModelError, Profile, RequestError, humane, load_backend
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.timing import process_peak, time_trial, trial_by_requests
from fmaudit.testing import ask, assert_results, by_name, codes, measure
from fmaudit_engine_card import profile
from fmaudit_engine_card.audit import EngineCard
from fmaudit_engine_card.measured.behaviour import measure_behaviour
from fmaudit_engine_card.measured.fits import fit_line
from fmaudit_engine_card.measured.series import Measured
from fmaudit_engine_card.measured.trials import PROMPT, Trial, planned
from fmaudit_engine_card.params import EngineCardParams

Clock = Callable[[Trial, random.Random], float]


def _rows(clock: Clock, rounds: int = 6, context: int = 4096, **about: Any) -> list[dict[str, Any]]:
    """Make the rows of all planned trials with the times that `clock` gives."""
    draw = random.Random(0)
    rows: list[dict[str, Any]] = [
        {
            "kind": "trial", "phase": trial.phase, "tokens": trial.tokens, "prompt_tokens": trial.prompt_tokens,
            "new_tokens": trial.new_tokens, "batch": trial.batch, "round": number, "seconds": clock(trial, draw), "cpu_seconds": 1.0,
            "joules": 2.0, "joules_method": "estimated", "memory_bytes": 1000 + trial.tokens,
        }
        for number in range(rounds)
        for trial in planned(EngineCardParams(), context)
    ]  # fmt: skip
    return [*rows, {"kind": "machine", "peak_flops": 1e12, "device": "cpu:x", **about}]


def _attentive(trial: Trial, draw: random.Random) -> float:
    """Take 10 ms, 0.1 ms a token read, 20 ns a pair, 2 ms a token written, with 3 % of noise."""
    noise = draw.uniform(0.97, 1.03)
    if trial.phase == "prefill":
        return noise * trial.batch**0.5 * (0.01 + 1e-4 * trial.tokens + 2e-8 * trial.tokens**2)
    return noise * trial.batch**0.2 * (0.02 + 2e-3 * trial.tokens)


def test_planted_times_are_found_within_their_intervals() -> None:
    found = list(measure_behaviour(_rows(_attentive), profile("llama-2-7b")))
    assert_results(found)
    metrics = by_name(found)
    slope = metrics["seconds_per_token"]
    assert slope.interval is not None
    assert slope.interval.low <= 2e-3 <= slope.interval.high
    assert slope.interval.level > 0.95
    assert (metrics["decode_linearity{of=fastest}"].value or 0) > 0.99
    shares = [metric for metric in metrics.values() if metric.name == "attention_time_share"]
    for metric in shares:
        n = int(metric.slice["tokens"])
        truth = 2e-8 * n**2 / (0.01 + 1e-4 * n + 2e-8 * n**2)
        assert metric.interval is not None
        assert metric.interval.low - 0.05 <= truth <= metric.interval.high + 0.05
    assert metrics["bends_at"].value == pytest.approx(5000, rel=0.3)
    assert codes(found) == ["attention-bends-time", "times-are-relative"]


def test_a_use_of_a_looked_up_rate_says_how_old_the_table_was_on_the_day_of_the_run() -> None:
    told = {}
    for device in ("NVIDIA H100 80GB HBM3", "cpu:x"):
        rows = _rows(lambda trial, draw: 1.0, device=device)
        told[device] = by_name(measure_behaviour(rows, profile("llama-2-7b"), "2026-11-22"))["utilisation{phase=prefill}"].note
    assert "facts of H100: read on 2024-11-18, 734 days ago" in told["NVIDIA H100 80GB HBM3"]
    assert "days ago" not in told["cpu:x"]


def test_utilisation_is_the_work_of_the_architecture_over_the_machines_peak() -> None:
    found = by_name(measure_behaviour(_rows(lambda trial, draw: 1.0), profile("llama-2-7b")))
    engine = profile("llama-2-7b")
    longest = max(trial.tokens for trial in planned(EngineCardParams(), 4096) if trial.phase == "prefill")
    head = 2 * 32_000 * 4096
    work = engine.linear_flops(longest) - head * (longest - 1) + engine.attention_flops(longest, causal=True)
    assert found["utilisation{phase=prefill}"].value == pytest.approx(work / 1e12)
    assert "utilisation{phase=prefill}" not in by_name(measure_behaviour(_rows(lambda trial, draw: 1.0), None))


def test_rates_and_energy_count_the_tokens_of_all_rows() -> None:
    found = by_name(measure_behaviour(_rows(lambda trial, draw: 0.5), None))
    tokens = int(planned(EngineCardParams(), 4096)[4].tokens)
    assert found["tokens_per_second{batch=16,phase=prefill}"].value == 16 * tokens / 0.5
    longest = max(trial.tokens for trial in planned(EngineCardParams(), 4096) if trial.phase == "decode")
    joules = found["joules_per_token{phase=decode}"]
    assert joules.value == 2.0 / longest
    assert "estimated" in joules.note


def test_attention_that_takes_nothing_is_told_and_bends_nowhere() -> None:
    found = list(measure_behaviour(_rows(lambda trial, draw: 1e-4 * trial.tokens * draw.uniform(0.999, 1.0)), None))
    bends = by_name(found)["bends_at"]
    assert bends.status is MetricStatus.UNDEFINED or (bends.value or 0) > 50_000
    assert "attention-bends-time" not in codes(found)


def test_decoding_without_a_cache_is_found() -> None:
    found = list(measure_behaviour(_rows(lambda trial, draw: 1e-5 * (trial.tokens + PROMPT) ** 2), None))
    assert "decoding-not-linear" in codes(found)


def test_a_drift_of_the_machine_is_no_growth_with_the_length() -> None:
    """A clock that slows down all the time: lengths come in another order in every round, so the fit hardly sees it."""

    class Slowing(FakeBackend):
        calls = 0

        def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
            self.calls += 1
            time.sleep(0.002 * (1 + self.calls / 200))
            return prompt_tokens, new_tokens

    lengths = (8, 16, 32, 64, 128, 256)
    settings = EngineCardParams(measure=True, prompt_lengths=lengths, new_tokens=lengths, batches=(1,), repeats=6)
    rows = ask(EngineCard(settings), Slowing()).sql("SELECT * FROM observations WHERE kind = 'trial'").to_pylist()
    order = [tuple(row["tokens"] for row in rows if row["round"] == number and row["phase"] == "decode") for number in range(6)]
    assert len(set(order)) > 3
    first = Measured.of(rows).single("decode")
    assert first[-1].middle()[0] / first[0].middle()[0] < 2


def test_a_backend_without_a_clock_is_said_to_have_none() -> None:
    audit = EngineCard(EngineCardParams(measure=True, card=False))
    backend = FakeBackend(without=[Capability.TIME])
    _, findings, _ = measure(audit, ask(audit, backend))
    assert next(finding.sentence for finding in findings if finding.code == "not-timed").startswith("Not timed: this way to reach")


def test_a_card_says_that_it_was_asked_for_times_and_why_it_has_none() -> None:
    audit = EngineCard(EngineCardParams(measure=True))
    metrics, findings, shown = measure(audit, ask(audit, FakeBackend(without=[Capability.TIME])))
    assert metrics["seconds_per_token"].status is MetricStatus.UNDEFINED
    cells = [cell for one in shown for row in one.data.to_pylist() for cell in row.values() if str(cell).startswith("How fast it is")]
    assert cells == ["How fast it is: engine-card looked, and has no number (this way to reach a model has no clock)."]
    advice = next(finding.advice for finding in findings if finding.code == "not-timed")
    assert "hf:" in advice
    assert "seconds" not in advice
    silent = EngineCard(EngineCardParams())
    assert "seconds_per_token" not in measure(silent, ask(silent, FakeBackend()))[0]


def test_every_reason_for_which_something_was_not_timed_gets_its_own_remedy() -> None:
    late, refused = "4 of 6 rounds, for time", "prefill of 1 x 30 tokens: too-long: 20 tokens are the most"
    for reasons, told, untold in (
        ((late,), "more seconds", "lengths"),
        ((refused,), "lengths", "seconds"),
        ((late, refused), "seconds", "hf:"),
    ):
        rows = [*_rows(_attentive), *({"kind": "left-out", "reason": reason} for reason in reasons)]
        advice = next(one.advice for one in measure_behaviour(rows, None) if isinstance(one, Finding) and one.code == "not-timed")
        assert told in advice
        assert untold not in advice


def test_charts_say_the_figures_of_the_card_and_which_others_are_drawn() -> None:
    found = list(measure_behaviour(_rows(_attentive), profile("llama-2-7b")))
    metrics, shown = by_name(found), {one.name: one.caption for one in found if isinstance(one, Exhibit)}
    share = max((metric for metric in metrics.values() if metric.name == "attention_time_share"), key=lambda one: one.value or 0)
    assert f"{humane.share(share.value or 0)} of the time" in shown["prefill-time"]
    for which in ("median", "fastest"):
        assert f"R² = {metrics[f'decode_linearity{{of={which}}}'].value:.4f}" in shown["decode-time"]
    assert f"{humane.duration(metrics['seconds_per_token'].value or 0)} a token, fitted round by round" in shown["decode-time"]
    bends = next(one.sentence for one in found if isinstance(one, Finding) and one.code == "attention-bends-time")
    assert humane.share(share.value or 0) in bends


def test_what_the_model_does_not_take_is_left_out_and_said() -> None:
    class Short(FakeBackend):
        def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
            if prompt_tokens > 20:
                raise RequestError("too-long: 20 tokens are the most")
            return prompt_tokens, new_tokens

    audit = EngineCard(EngineCardParams(measure=True, card=False, prompt_lengths=(5, 10, 30), new_tokens=(2, 4), batches=(1,), repeats=2))
    metrics, findings, _ = measure(audit, ask(audit, Short()))
    assert "prefill_seconds{batch=1,tokens=10}" in metrics
    assert "prefill_seconds{batch=1,tokens=30}" not in metrics
    assert any("too-long" in finding.sentence for finding in findings)


def test_time_that_runs_out_costs_rounds_and_not_the_run() -> None:
    class Slow(FakeBackend):
        def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
            time.sleep(0.01)
            return prompt_tokens, new_tokens

    audit = EngineCard(EngineCardParams(measure=True, card=False, batches=(1,), repeats=100, seconds=0.6))
    begin = time.monotonic()
    metrics, findings, _ = measure(audit, ask(audit, Slow()))
    assert time.monotonic() - begin < 6
    assert 2 <= next(metric.n for metric in metrics.values() if metric.name == "prefill_seconds") < 100
    assert any("for time" in finding.sentence for finding in findings)


def test_lengths_stay_within_the_models_context() -> None:
    for context in (32, 512, 100_000, None):
        trials = planned(EngineCardParams(), context)
        longest = max(trial.prompt_tokens + trial.new_tokens for trial in trials)
        assert longest <= min(context or 4096, 4096)
        assert len(set(trials)) == len(trials)


def test_a_server_is_timed_by_requests_and_its_own_counts() -> None:
    class Server(FakeBackend):
        def generate_each(self, requests: Any) -> Any:
            for i, answer in super().generate_each(requests):
                self.usage.prompt_tokens, self.usage.completion_tokens = 7 * (i + 1), 3 * (i + 1)
                yield i, answer

    backend = Server()
    assert trial_by_requests(backend, 5, 4, 2, seed=1) == (7, 3)
    assert len(set(backend.prompts)) == 2


def test_a_backend_that_implements_no_trial_cannot_be_timed() -> None:
    class Plain(Backend):
        @classmethod
        def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> Plain:
            return cls(uri)

        def profile(self) -> Profile:
            return Profile()

    with pytest.raises(ModelError, match="cannot time"):
        time_trial(Plain("plain:"), 4, 4)


def test_the_peak_of_memory_forgets_what_was_before() -> None:
    if process_peak(anew=True) is None:
        pytest.skip("no /proc/self/clear_refs to forget a peak with: only Linux tells")
    before = process_peak() or 0
    block = bytearray(64 << 20)
    block[::4096] = b"x" * len(block[::4096])
    assert (process_peak() or 0) >= before + (60 << 20)
    del block
    assert (process_peak(anew=True) or 0) < before + (60 << 20)


def _until(audit: EngineCard, backend: Backend, good: Callable[[dict[str, Metric]], bool]) -> dict[str, Metric]:
    """Time again while other work on this machine spoils it: what is claimed is of the model, not of its neighbours."""
    for _ in range(8):
        metrics, _, _ = measure(audit, ask(audit, backend))
        if good(metrics):
            break
    return metrics


def test_decoding_of_a_built_in_model_is_linear_in_its_tokens() -> None:
    """The least of several rounds, in time of this process: a busy machine takes nothing away from the claim."""
    pytest.importorskip("transformers")
    lengths = [8, 64, 128, 192, 256]
    best = dict.fromkeys(lengths, float("inf"))
    with load_backend("demo:chat", threads=1) as backend:
        time_trial(backend, PROMPT, 8)
        for number in range(30):
            for length in random.Random(number).sample(lengths, len(lengths)):
                best[length] = min(best[length], time_trial(backend, PROMPT, length).cpu_seconds)
            line = fit_line(lengths, list(best.values()))
            if number and line.r_squared > 0.99:
                break
    assert line.r_squared > 0.99
    assert line.slope > 0


def test_attentions_share_of_prefill_grows_with_the_length(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from architecture_support import build

    values = {
        "vocab_size": 64, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 8,
        "max_position_embeddings": 8192,
    }  # fmt: skip
    build("llama", values, device="cpu").save_pretrained(tmp_path)
    lengths = (128, 256, 512, 1024, 2048)
    settings = EngineCardParams(measure=True, card=False, prompt_lengths=lengths, new_tokens=(2,), batches=(1,), repeats=3, seconds=60)
    with load_backend(f"hf:{tmp_path}") as backend:
        metrics = _until(EngineCard(settings), backend, lambda found: (found["attention_time_share{tokens=2048}"].value or 0) > 0.5)
    shares = [metrics[f"attention_time_share{{tokens={n}}}"].value or 0 for n in lengths]
    assert shares == sorted(shares)
    assert shares[-1] > 0.5 > shares[0]
    assert (metrics["peak_memory"].value or 0) > 2e6
    assert 0 < (metrics["utilisation{phase=prefill}"].value or 0) < 1
