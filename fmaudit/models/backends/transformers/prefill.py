"""Prompts computed once for all their samples: caches of a few prompts at a time, joined and copied to the rows of a batch."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fmaudit.models.backends.transformers.caches import joined, spread

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded
    from fmaudit.models.backends.transformers.memo import PromptMemo
    from fmaudit.models.backends.transformers.rows import Shape

__all__ = ["encoded_once", "neutral", "padded", "prefilled", "resumed", "settings", "starting"]


@contextmanager
def neutral(model: Any) -> Iterator[None]:
    """Hide the model's own generation settings, from which `generate` fills what it is not given, and keep its sums steady."""
    from fmaudit.models.backends.transformers.steady_attention import steady_attention
    from fmaudit.models.backends.transformers.steady_experts import steady_experts

    own = model.generation_config
    model.generation_config = _configuration()
    try:
        with steady_experts(model), steady_attention(model):
            yield
    finally:
        model.generation_config = own


def _configuration(**values: Any) -> Any:
    import transformers

    make: Any = transformers.GenerationConfig
    return make(**values)


def settings(loaded: Loaded, limit: int, **more: Any) -> Any:
    """Give generation settings that change nothing of what the processors state: greedy, one beam, `limit` new tokens, no end token."""
    return _configuration(
        do_sample=False,
        num_beams=1,
        max_new_tokens=limit,
        use_cache=loaded.abilities.decode_cache,
        pad_token_id=loaded.pad_id,
        decoder_start_token_id=loaded.start_id,
        disable_compile=True,
        **more,
    )


def padded(prompts: Sequence[Sequence[int]], length: int, loaded: Loaded) -> tuple[Any, Any]:
    """Give token ids and mask [prompts, length]: padding to the left, to the right of an encoder's text."""
    import torch

    ids = torch.full((len(prompts), length), loaded.pad_id, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, prompt in enumerate(prompts):
        place = slice(0, len(prompt)) if loaded.seq2seq else slice(length - len(prompt), length)
        ids[i, place] = torch.tensor(prompt, dtype=torch.long)
        mask[i, place] = 1
    return ids.to(loaded.device), mask.to(loaded.device)


def masked(model: Any, mask: Any) -> dict[str, Any]:
    """Give the mask as an argument of `generate`, which would else make one up from the ids; nothing to a model that takes none."""
    return {"attention_mask": mask} if "attention_mask" in _arguments(model) else {}


def _arguments(model: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(model.forward).parameters


def _chunks(prompts: Sequence[Sequence[int]], slots: int) -> Iterator[list[Sequence[int]]]:
    for start in range(0, len(prompts), slots):
        chunk = list(prompts[start : start + slots])
        yield chunk + [chunk[0]] * (slots - len(chunk))


def prefilled(prompts: Sequence[Sequence[int]], shape: Shape, loaded: Loaded, memo: PromptMemo | None = None) -> Any:
    """Give the cache of prompts without their last token: [prompts in whole chunks of `shape.slots`]; what `memo` has is not computed."""
    caches = []
    for chunk in _chunks(prompts, shape.slots):
        cache = memo.take(shape.length, chunk) if memo is not None else None
        if cache is None:
            cache = _computed(chunk, shape, loaded)
            if memo is not None:
                memo.keep(shape.length, chunk, cache)
        caches.append(cache)
    return joined(caches)


def _computed(chunk: Sequence[Sequence[int]], shape: Shape, loaded: Loaded) -> Any:
    ids, mask = padded(chunk, shape.length, loaded)
    with neutral(loaded.model):
        out = loaded.model.generate(
            ids[:, :-1],
            generation_config=settings(loaded, 1, return_dict_in_generate=True),
            **masked(loaded.model, mask[:, :-1]),
        )
    return out.past_key_values


def encoded_once(prompts: Sequence[Sequence[int]], shape: Shape, loaded: Loaded) -> Any:
    """Compute the encoder's states of prompts: [prompts in whole chunks of `shape.slots`, length, width]."""
    import torch

    encoder = loaded.model.get_encoder()
    states = []
    with torch.inference_mode():
        for chunk in _chunks(prompts, shape.slots):
            ids, mask = padded(chunk, shape.length, loaded)
            states.append(encoder(input_ids=ids, attention_mask=mask, return_dict=True).last_hidden_state)
    return torch.cat(states)


def starting(
    loaded: Loaded, prompts: Sequence[tuple[int, ...]], shape: Shape, room: int, memo: PromptMemo | None = None
) -> tuple[dict[str, Any], int]:
    """Give what `generate` starts from for the prompts of all rows of a batch, and how many tokens that is.

    Where the shape has slots, every distinct prompt is computed once here, but for its last token; `room` tokens may follow.
    """
    import torch

    ids, mask = padded(prompts, shape.length, loaded)
    start = 1 if loaded.seq2seq else shape.length
    arguments = {"input_ids": ids, **masked(loaded.model, mask)}
    if not shape.slots:
        return arguments, start
    distinct = {prompt: i for i, prompt in enumerate(dict.fromkeys(prompts))}
    index = torch.tensor([distinct[prompt] for prompt in prompts], device=loaded.device)
    if loaded.seq2seq:
        from transformers.modeling_outputs import BaseModelOutput

        states = encoded_once(list(distinct), shape, loaded)[index]
        return {"encoder_outputs": BaseModelOutput(last_hidden_state=states), "attention_mask": mask}, start
    cache = prefilled(list(distinct), shape, loaded, memo)
    spread(cache, index, room)
    return _after(loaded, cache, ids, mask)


def resumed(
    loaded: Loaded, texts: Sequence[tuple[int, ...]], rows: int, length: int, caches: list[Any], room: int
) -> tuple[dict[str, Any], int]:
    """Give what `generate` goes on from: all that was read and written, padded to `length`, and caches that hold it but for the last token.

    The caches have a row for every text; rows beyond those repeat the first. The list of them is emptied: they are used up.
    """
    import torch

    order = [*range(len(texts)), *[0] * (rows - len(texts))]
    ids, mask = padded([texts[i] for i in order], length, loaded)
    cache = joined(caches)
    caches.clear()
    spread(cache, torch.tensor(order, device=loaded.device), room)
    return _after(loaded, cache, ids, mask)


def _after(loaded: Loaded, cache: Any, ids: Any, mask: Any) -> tuple[dict[str, Any], int]:
    name = cache_name(loaded.model)
    if name == "past_key_values":
        return {"input_ids": ids, **masked(loaded.model, mask), name: cache}, ids.shape[1]
    return {"input_ids": ids[:, -1:], name: cache}, 1  # these models take the next token only, and no mask


def cache_name(model: Any) -> str:
    """Give the name under which a model takes its cache."""
    return "past_key_values" if "past_key_values" in _arguments(model) else "cache_params"
