"""What a model decodes right, found by trying it: forced tokens, whose logits must be those of one plain forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.backends.transformers.prefill import cache_name, neutral, settings, starting
from fmaudit.models.backends.transformers.rows import Shape

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["decode_abilities", "forced_logits"]

STEPS: Final = 4  # decoded after a prompt
LENGTHS: Final = (7, 13, 22, 31)  # of ragged prompts
LENGTH: Final = 32  # of padded ones
EVEN: Final = 18  # of prompts of one length: longer than the windows and chunks of tiny models
FLOAT32_TOLERANCE: Final = 2e-3  # root mean square error in units of the logits' own spread
HALF_TOLERANCE: Final = 0.1

Prompt = tuple[int, ...]


@dataclass(slots=True)
class Forced:
    """A logits processor that keeps the logits and takes the tokens it is given: `tokens` [rows, steps]."""

    tokens: Any
    seen: list[Any] = field(default_factory=list)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Force the next token of every row of `scores` [rows, vocabulary]."""
        import torch

        step = min(len(self.seen), self.tokens.shape[1] - 1)
        self.seen.append(scores.float().clone())
        return scores.fill_(-torch.inf).scatter_(1, self.tokens[:, step : step + 1].to(scores.device), 0.0)


def decode_abilities(loaded: Loaded) -> dict[str, bool]:
    """Say which ways of decoding give what a plain forward pass gives: fields of `Abilities`.

    `decode_cache` (a cache at all), `batch_decode` (several rows), `left_pad` (rows of different lengths, padded; an encoder's to the
    right), `expand_cache` (prompts computed once, a few at a time, then copied to their rows), `reuse_cache` (several tokens after a
    cache). A way that raises an error is one that is not right.
    """
    even, ragged = _prompts(loaded, (EVEN,) * 3), _prompts(loaded, LENGTHS)
    found = {"decode_cache": True, "batch_decode": False, "left_pad": False, "expand_cache": False, "reuse_cache": False}
    found["decode_cache"] = _right(loaded, even[:1], Shape(EVEN, 1, 0, False), cache=True) and _tried(lambda: _forgets(loaded, even[0]))
    cache = found["decode_cache"]
    found["batch_decode"] = _right(loaded, even, Shape(EVEN, 3, 0, False), cache=cache)
    if found["batch_decode"]:
        found["left_pad"] = _right(loaded, ragged, Shape(LENGTH, len(ragged), 0, True), cache=cache)
    if found["batch_decode"] and (cache or loaded.seq2seq):
        # two chunks, one of them with a prompt that only fills it, and rows in another order than their prompts
        rows = [even[i] for i in (2, 0, 0, 1)]
        found["expand_cache"] = _right(loaded, rows, Shape(EVEN, 4, 2, False), cache=cache)
        if found["expand_cache"] and found["left_pad"]:
            rows = [ragged[i] for i in (3, 1, 1, 0)]
            found["expand_cache"] = _right(loaded, rows, Shape(LENGTH, 4, 2, True), cache=cache)
    if cache and not loaded.seq2seq:
        found["reuse_cache"] = _tried(lambda: _continues_cache(loaded, even[0]))
    return found


def _prompts(loaded: Loaded, lengths: Sequence[int]) -> list[Prompt]:
    """Make token ids at random, without special ones."""
    import torch

    special = {loaded.pad_id, loaded.prefix_id, *loaded.end_ids}
    vocabulary = int(loaded.model.config.get_text_config(decoder=True).vocab_size)
    usable = torch.tensor([i for i in range(min(vocabulary, 50_000)) if i not in special])
    noise = torch.Generator().manual_seed(20)
    return [tuple(usable[torch.randint(len(usable), (length,), generator=noise)].tolist()) for length in lengths]


def _continuations(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Take the tokens that follow a prompt from the prompt itself, so that equal prompts go on alike."""
    return [(prompt * STEPS)[::-1][:STEPS] for prompt in prompts]


def forced_logits(loaded: Loaded, prompts: Sequence[Prompt], continuations: Sequence[Prompt], shape: Shape) -> Any:
    """Decode given tokens after prompts in a batch of this shape: logits [rows, steps, vocabulary] in float32."""
    import torch

    arguments, _ = starting(loaded, list(prompts), shape, STEPS)
    forced = Forced(torch.tensor(continuations))
    with neutral(loaded.model):
        loaded.model.generate(generation_config=settings(loaded, len(continuations[0])), logits_processor=[forced], **arguments)
    return torch.stack(forced.seen[: len(continuations[0])], 1)


def _plain_logits(loaded: Loaded, prompt: Prompt, continuation: Prompt) -> Any:
    """Give the logits [steps, vocabulary] of one forward pass over one sequence: no cache, no padding, no batch."""
    import torch

    def ids(tokens: Sequence[int]) -> Any:
        return torch.tensor([tokens], device=loaded.device)

    with torch.no_grad():
        if loaded.seq2seq:
            started = (loaded.start_id or 0, *continuation[:-1])
            return loaded.model(input_ids=ids(prompt), decoder_input_ids=ids(started), use_cache=False).logits[0].float()
        logits = loaded.model(input_ids=ids((*prompt, *continuation[:-1])), use_cache=False).logits[0]
        return logits[len(prompt) - 1 :].float()


def _right(loaded: Loaded, prompts: Sequence[Prompt], shape: Shape, *, cache: bool) -> bool:
    """Say whether a batch of this shape decodes every row as the plain forward pass does."""
    import torch

    trial = replace(loaded, abilities=replace(loaded.abilities, decode_cache=cache))
    continuations = _continuations(prompts)

    def same() -> bool:
        plain = torch.stack([_plain_logits(loaded, prompt, rest) for prompt, rest in zip(prompts, continuations, strict=True)])
        return _close(forced_logits(trial, prompts, continuations, shape), plain, loaded.dtype)

    return _tried(same)


def _forgets(loaded: Loaded, prompt: Prompt) -> bool:
    """Say whether a prompt of one token starts afresh: a model that keeps its state to itself may go on from the prompt before it."""
    single = prompt[:1]
    rest = _continuations([single])
    truth = _plain_logits(loaded, single, rest[0])
    trial = replace(loaded, abilities=replace(loaded.abilities, decode_cache=True))
    forced_logits(trial, [prompt], _continuations([prompt]), Shape(len(prompt), 1, 0, False))
    return _close(forced_logits(trial, [single], rest, Shape(1, 1, 0, False))[0], truth, loaded.dtype)


def _continues_cache(loaded: Loaded, prompt: Prompt) -> bool:
    """Say whether several tokens may follow a cache in one pass."""
    import torch

    rest = _continuations([prompt])[0]
    name = cache_name(loaded.model)
    with torch.no_grad():
        out = loaded.model(input_ids=torch.tensor([prompt], device=loaded.device), use_cache=True)
        more = torch.tensor([rest[:-1]], device=loaded.device)
        after = loaded.model(input_ids=more, use_cache=True, **{name: getattr(out, name)}).logits[0].float()
    return _close(after, _plain_logits(loaded, prompt, rest)[1:], loaded.dtype)


def _tried(attempt: Callable[[], bool]) -> bool:
    try:
        return attempt()
    except Exception:  # models fail in their own ways, and any of them means: not this way
        return False


def _close(found: Any, truth: Any, dtype: Any) -> bool:
    """Say whether logits agree row by row: root mean square error against their spread over the vocabulary."""
    import torch

    tolerance = FLOAT32_TOLERANCE if dtype in {torch.float32, torch.float64} else HALF_TOLERANCE
    error = (found - truth).square().mean(-1).sqrt()
    return bool((error <= tolerance * truth.std(-1)).all()) and bool(torch.isfinite(found).all())
