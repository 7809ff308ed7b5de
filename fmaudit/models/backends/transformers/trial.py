"""One trial of the clock: random prompts of one length through `generate`, and exactly so many new tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fmaudit.errors import RequestError
from fmaudit.models.backends.transformers.prefill import masked, neutral, settings
from fmaudit.models.timing import process_peak

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["device_peak", "run_trial"]


def run_trial(loaded: Loaded, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
    """Read `batch` random prompts at once and write greedily; no end token ends it.

    Raises RequestError for lengths beyond the model's own, and where there is no memory for it.
    """
    import torch

    together = max(prompt_tokens, new_tokens) if loaded.seq2seq else prompt_tokens + new_tokens
    if together > loaded.max_length:
        raise RequestError(f"too-long: {prompt_tokens} + {new_tokens} tokens, and the model was made for {loaded.max_length}")
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(loaded.vocabulary, (batch, prompt_tokens), generator=draw).to(loaded.device)
    try:
        with neutral(loaded.model), torch.inference_mode():
            given = masked(loaded.model, torch.ones_like(ids))
            loaded.model.generate(input_ids=ids, generation_config=settings(loaded, new_tokens, min_new_tokens=new_tokens), **given)
    except torch.OutOfMemoryError as error:
        raise RequestError(f"no-memory: {batch} x {together} tokens: {error}") from error
    if loaded.device.type == "cuda":
        torch.cuda.synchronize(loaded.device)
    return prompt_tokens, new_tokens


def device_peak(loaded: Loaded, *, anew: bool) -> int | None:
    """Read the most that a GPU's allocator held at once, or this process on a CPU, in bytes."""
    import torch

    if loaded.device.type == "cpu":
        return process_peak(anew=anew)
    if loaded.device.type != "cuda":
        return None
    if anew:
        torch.cuda.reset_peak_memory_stats(loaded.device)
    return int(torch.cuda.max_memory_allocated(loaded.device))
