"""How long a model takes: prompts and completions of given lengths, for the clock alone."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fmaudit.errors import RequestError
from fmaudit.models.accounting import EnergyMeter
from fmaudit.models.requests import Failure, GenerateRequest, Sampling

if TYPE_CHECKING:
    from fmaudit.models.base import Backend

__all__ = ["Timing", "process_peak", "time_trial", "trial_by_requests"]

WORDS = ("river", "stone", "under", "seven", "green", "house", "early", "paper", "cloud", "north", "table", "light", "bread", "quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one trial took: `batch` prompts of `prompt_tokens` tokens read together, and `new_tokens` written after each of them.

    `seconds` are of the clock, `cpu_seconds` of this process over all its threads: on a busy machine the first grow, the second hardly.
    `memory_bytes` is the most that the device's allocator (of a GPU) or this process (on a CPU) held meanwhile; None where that is
    not known, as is `joules`.
    """

    prompt_tokens: int
    new_tokens: int
    batch: int
    seconds: float
    cpu_seconds: float
    joules: float | None = None
    joules_method: str = ""
    memory_bytes: int | None = None


def time_trial(backend: Backend, prompt_tokens: int, new_tokens: int, batch: int = 1, seed: int = 0) -> Timing:
    """Time one trial of an open backend. Raises RequestError for what the model does not take, ModelError for a backend without a clock."""
    device = backend.profile().device
    meter = EnergyMeter(device)
    backend.peak_memory(anew=True)
    meter.start()
    cpu, begin = time.process_time(), time.perf_counter()
    read, written = backend.trial(prompt_tokens, new_tokens, batch, seed)
    seconds, busy = time.perf_counter() - begin, time.process_time() - cpu
    joules, method = meter.stop() if device else (None, "a server's energy cannot be read")
    return Timing(
        prompt_tokens=read, new_tokens=written, batch=batch, seconds=seconds, cpu_seconds=busy, joules=joules, joules_method=method,
        memory_bytes=backend.peak_memory(),
    )  # fmt: skip


def trial_by_requests(backend: Backend, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
    """Do a trial with requests, where a backend knows no lengths: words for tokens, drawn anew, so that no server has them by heart.

    The counts are what it says it read and wrote, on average; a completion may end early. Raises RequestError when a request failed.
    """
    draw = random.Random(f"{seed}")
    sampling = Sampling(temperature=1.0, max_new_tokens=new_tokens, seed=seed)
    prompts = [" ".join(draw.choices(WORDS, k=max(1, prompt_tokens))) for _ in range(batch)]
    before = backend.usage.plain()
    for _, answer in backend.generate_each([GenerateRequest(prompt=prompt, sampling=sampling) for prompt in prompts]):
        if isinstance(answer, Failure):
            raise RequestError(f"{answer.reason}: {answer.detail}")
    read, written = (round((getattr(backend.usage, name) - before[name]) / batch) for name in ("prompt_tokens", "completion_tokens"))
    return read or prompt_tokens, written or new_tokens


def process_peak(*, anew: bool = False) -> int | None:
    """Read the most memory that this process had at once, in bytes, since it was asked `anew`; None on systems that do not tell."""
    try:
        if anew:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # resets the high-water mark (proc(5))
        with open("/proc/self/status") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return None
