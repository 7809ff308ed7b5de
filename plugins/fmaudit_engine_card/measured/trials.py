"""Which lengths are tried, in which order, for how long; every trial becomes a row."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fmaudit import Capability, ModelError, RequestError

if TYPE_CHECKING:
    from fmaudit import Model, Timing
    from fmaudit_engine_card.params import EngineCardParams

__all__ = ["COLUMNS", "NO_CLOCK", "PROMPT", "SHORT_OF_TIME", "Trial", "planned", "timed"]

PROMPT = 16  # tokens before a completion that is timed
LONGEST = 4096  # of a prompt, where nobody asks for more
WRITTEN = 256  # new tokens, likewise
TOGETHER = 32  # new tokens of each row of a batch
NO_CLOCK = "this way to reach a model has no clock"
SHORT_OF_TIME = "for time"
WARM_SHARE = 1 / 3  # of the time that warming up may take: what is left of the list then is not tried

COLUMNS: list[tuple[str, pa.DataType]] = [
    ("kind", pa.string()),  # "profile", "trial", "left-out", "machine"
    ("phase", pa.string()),  # "prefill": a prompt and one token; "decode": a short prompt and many
    ("tokens", pa.int64()),  # of the prompt where it is prefill, new ones where it is decode, as asked
    ("prompt_tokens", pa.int64()),  # as it was
    ("new_tokens", pa.int64()),
    ("batch", pa.int64()),
    ("round", pa.int64()),
    ("seconds", pa.float64()),
    ("cpu_seconds", pa.float64()),
    ("joules", pa.float64()),
    ("joules_method", pa.string()),
    ("memory_bytes", pa.int64()),
    ("peak_flops", pa.float64()),
    ("device", pa.string()),
    ("reason", pa.string()),
]


@dataclass(frozen=True, slots=True, order=True)
class Trial:
    """One thing to time."""

    phase: str
    batch: int
    tokens: int

    @property
    def prompt_tokens(self) -> int:
        """Tokens to read."""
        return self.tokens if self.phase == "prefill" else PROMPT

    @property
    def new_tokens(self) -> int:
        """Tokens to write: the first one comes with the prompt."""
        return 1 if self.phase == "prefill" else self.tokens


def planned(settings: EngineCardParams, context: int | None) -> tuple[Trial, ...]:
    """List the trials, cheap ones first: prompts and completions of growing length one at a time, then batches."""
    longest = min(context or LONGEST // 4, LONGEST)
    prompts = settings.prompt_lengths or tuple(sorted({max(1, (longest - 1) * part // 64) for part in (2, 4, 8, 16, 24, 32, 48, 64)}))
    most = max(8, min(WRITTEN, longest - PROMPT - 1))
    news = settings.new_tokens or tuple(sorted({max(2, most * part // 32) for part in (1, 2, 4, 8, 16, 24, 32)}))
    single = [Trial("prefill", 1, tokens) for tokens in prompts] + [Trial("decode", 1, tokens) for tokens in news]
    base, few = prompts[len(prompts) // 2], min(TOGETHER, max(news))
    batches = [Trial(phase, batch, tokens) for batch in settings.batches for phase, tokens in (("prefill", base), ("decode", few))]
    return tuple(dict.fromkeys((*single, *batches)))


async def timed(model: Model, settings: EngineCardParams) -> list[dict[str, Any]]:
    """Time every trial once to warm up, then in rounds of shuffled order, so that a drift of the machine is no growth with length.

    At least two rounds, at most `repeats`, as many as the time allows. A backend without a clock gives one row that says so.
    """
    if Capability.TIME not in model.capabilities:
        return [{"kind": "left-out", "reason": NO_CLOCK}]
    known = model.profile()
    begin = time.perf_counter()
    rows, costs = await _warmed(model, planned(settings, known.max_length), settings.seconds * WARM_SHARE)
    trials, draw = list(costs), random.Random("rounds")
    for number in range(settings.repeats):
        if number >= 2 and time.perf_counter() - begin + sum(costs.values()) > settings.seconds:
            rows.append({"kind": "left-out", "reason": f"{settings.repeats - number} of {settings.repeats} rounds, {SHORT_OF_TIME}"})
            break
        draw.shuffle(trials)
        for trial in trials:
            timing = await model.timed(trial.prompt_tokens, trial.new_tokens, trial.batch, seed=number)
            rows.append(_row(trial, number, timing))
    rows.append({"kind": "machine", "peak_flops": model.peak_flops(), "device": known.device})
    return rows


async def _warmed(model: Model, trials: Sequence[Trial], seconds: float) -> tuple[list[dict[str, Any]], dict[Trial, float]]:
    """Do every trial once, unrecorded; those that the model does not take, or that come too late, are left out and said to be."""
    rows: list[dict[str, Any]] = []
    costs: dict[Trial, float] = {}
    begin = time.perf_counter()
    for trial in trials:
        reason = "" if time.perf_counter() - begin < seconds or len(costs) < 2 else SHORT_OF_TIME
        if not reason:
            try:
                costs[trial] = (await model.timed(trial.prompt_tokens, trial.new_tokens, trial.batch, seed=len(trials))).seconds
            except (RequestError, ModelError) as error:
                reason = str(error).split("\n")[0]
        if reason:
            left = {"kind": "left-out", "phase": trial.phase, "tokens": trial.tokens, "batch": trial.batch}
            rows.append({**left, "reason": f"{trial.phase} of {trial.batch} x {trial.tokens:,} tokens: {reason}"})
    return rows, costs


def _row(trial: Trial, number: int, timing: Timing) -> dict[str, Any]:
    return {
        "kind": "trial", "phase": trial.phase, "tokens": trial.tokens, "prompt_tokens": timing.prompt_tokens,
        "new_tokens": timing.new_tokens, "batch": trial.batch, "round": number, "seconds": timing.seconds,
        "cpu_seconds": timing.cpu_seconds, "joules": timing.joules, "joules_method": timing.joules_method,
        "memory_bytes": timing.memory_bytes,
    }  # fmt: skip
