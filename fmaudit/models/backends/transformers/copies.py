"""A small random float32 model with the structure of a large one, to try things on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["small_copy"]

LARGEST: Final = 300_000_000  # parameters of a copy
VOCABULARY: Final = 256
INNER: Final = 128  # width of the feed-forward layers of a copy
WINDOW: Final = 12  # tokens of its sliding windows and chunks: shorter than what the probe tries
POSITIONS: Final = 512
_INNER_NAMES: Final = ("intermediate_size", "ffn_dim", "n_inner", "d_ff", "ffn_hidden_size", "encoder_ffn_dim", "decoder_ffn_dim")
_DEPTH_NAMES: Final = ("num_hidden_layers", "n_layer", "num_layers", "num_decoder_layers", "encoder_layers", "decoder_layers", "n_layers")


def small_copy(loaded: Loaded) -> Loaded:
    """Give a random copy with few layers (one of every kind), few token ids and short windows.

    Gives the model itself when no copy can be made: its configuration may forbid it, or the copy would still be large.
    """
    for inner in (INNER, None):
        try:
            small = _made(loaded, _shrunk(loaded.model.config, inner))
        except Exception:  # configurations check themselves in their own ways
            continue
        if small is not None:
            return small
    return loaded


def _made(loaded: Loaded, config: Any) -> Loaded | None:
    import torch

    kind = type(loaded.model)
    settings = {"dtype": torch.float32, "attn_implementation": loaded.model.config._attn_implementation}
    with torch.device("meta"):
        size = sum(weight.numel() for weight in kind._from_config(copy.deepcopy(config), **settings).parameters())
    if size > LARGEST:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        model = kind._from_config(config, **settings).eval()
        _sharpen(model)
    model = model.to(loaded.device).requires_grad_(False)
    vocabulary = model.get_input_embeddings().weight.shape[0]
    ends = tuple(token for token in loaded.end_ids if token < vocabulary) or (1,)
    prefix, pad, start = (
        token if token is not None and token < vocabulary else 0 for token in (loaded.prefix_id, loaded.pad_id, loaded.start_id)
    )
    longest = min(loaded.max_length, POSITIONS)
    return replace(
        loaded,
        model=model,
        dtype=torch.float32,
        vocabulary=vocabulary,
        prefix_id=prefix,
        pad_id=pad,
        end_ids=ends,
        start_id=start if loaded.seq2seq else None,
        max_length=longest,
    )


def _shrunk(config: Any, inner: int | None) -> Any:
    config = copy.deepcopy(config)
    for part in _parts(config):
        _shrink_depth(part)
        for name, value in list(vars(part).items()):
            if name.endswith("_token_id"):
                setattr(part, name, _inside(value))
        if getattr(part, "vocab_size", 0) > VOCABULARY:
            part.vocab_size = VOCABULARY
        for name in _INNER_NAMES if inner else ():
            if (getattr(part, name, None) or 0) > INNER:
                setattr(part, name, inner)
    for part, name in list(_windows(config)):
        setattr(part, name, WINDOW)
    for part in _parts(config):
        _turn_early(vars(part).get("rope_parameters"))
    return config


def _turn_early(rotation: Any) -> None:
    """Let positions be read in another way beyond few tokens, where a model has two: for a whole batch, by its longest row."""
    for name, value in rotation.items() if isinstance(rotation, dict) else ():
        if name == "original_max_position_embeddings" and isinstance(value, int):
            rotation[name] = min(value, WINDOW)
        else:
            _turn_early(value)  # one set for every kind of layer


def _shrink_depth(part: Any) -> None:
    """Keep the first layers up to the first of every kind, two at least; lists that name a thing per layer are cut alike."""
    for name in _DEPTH_NAMES:
        depth = vars(part).get(name)
        if not isinstance(depth, int) or depth <= 2:
            continue
        kinds = _kinds(part, depth)
        few = max(2, *(kinds.index(kind) + 1 for kind in kinds)) if kinds else 2
        for other, value in list(vars(part).items()):
            if isinstance(value, list | tuple) and len(value) == depth:
                setattr(part, other, value[:few])
        setattr(part, name, few)


def _kinds(part: Any, depth: int) -> list[Any]:
    for name in ("layer_types", "layers_block_type", "block_types"):
        kinds = getattr(part, name, None)
        if kinds:
            return [kinds[i % len(kinds)] for i in range(depth)]
    period = max((int(value) for name, value in vars(part).items() if name.endswith("_layer_period") and value), default=0)
    return [i % period for i in range(depth)] if period else []


def _inside(value: Any) -> Any:
    if isinstance(value, int):
        return value if value < VOCABULARY else 0
    return [_inside(one) for one in value] if isinstance(value, list) else value


def _windows(config: Any) -> Iterator[tuple[Any, str]]:
    """Name the settings that limit how far back a layer looks, where they are longer than the probe's sequences would show."""
    for part in _parts(config):
        for name, value in vars(part).items():
            is_window = "window" in name or name in ("attention_chunk_size", "local_attention_size", "original_max_position_embeddings")
            if is_window and isinstance(value, int) and not isinstance(value, bool) and value > WINDOW and "layer" not in name:
                yield part, name


def _parts(config: Any) -> Iterator[Any]:
    yield config
    for name in getattr(config, "sub_configs", ()):
        part = getattr(config, name, None)
        if part is not None:
            yield from _parts(part)


def _sharpen(model: Any) -> None:
    # The usual initial weights are so small that logits hardly depend on the context: a mistake would not show.
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 3 and "conv" in name:
                weight.normal_(0.0, 1.0 / (weight.shape[1] * weight.shape[2]) ** 0.5)
            elif weight.ndim >= 2 and min(weight.shape[-2:]) > 4 and not any(part in name for part in ("A_log", "conv", "lru")):
                weight.normal_(0.0, 1.5 / weight.shape[-1] ** 0.5)
