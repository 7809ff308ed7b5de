"""What a model remembers of its rows: caches joined, divided and spread, with room for tokens that are written into their place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from fmaudit.errors import ModelError

__all__ = ["bytes_of", "chosen", "joined", "spread"]


def spread(cached: Any, index: Any, room: int) -> None:
    """Copy the rows `index` of a cache into its place, in this order, with room for `room` more tokens where its layers only grow."""
    growing: Any = _growing_layer()
    for i, layer in enumerate(cached.layers):
        if type(layer) is growing and layer.is_initialized and layer.keys.numel():
            cached.layers[i] = _roomy_layer()(layer, index, room)
        else:
            layer.reorder_cache(index)


def joined(caches: Sequence[Any]) -> Any:
    """Join caches of equal lengths along their rows: every tensor that their layers hold. Gives the first itself where it is alone."""
    if len(caches) == 1:
        return caches[0]
    return _made(caches, lambda parts: _together(parts, _concatenated))


def chosen(cached: Any, rows: Any) -> Any:
    """Give these rows of a cache as a cache of their own, without the room behind them."""
    return _made([cached], lambda parts: _together(parts, lambda tensors: tensors[0].index_select(0, rows.to(tensors[0].device))))


def bytes_of(cached: Any) -> int:
    """Count the bytes that a cache holds."""
    return sum(tensor.numel() * tensor.element_size() for layer in cached.layers for tensor in _tensors(list(vars(layer).values())))


def _tensors(value: Any) -> Iterator[Any]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)


def _made(caches: Sequence[Any], change: Callable[[Sequence[Any]], Any]) -> Any:
    """Make a cache whose layers hold what `change` makes of the attributes of theirs."""
    made = copy.copy(caches[0])
    made.layers = []
    for layers in zip(*(cached.layers for cached in caches), strict=True):
        plain = [layer.plain() if type(layer) is _roomy_layer() else layer for layer in layers]
        layer = copy.copy(plain[0])
        for name in vars(layer):
            setattr(layer, name, change([vars(other)[name] for other in plain]))
        made.layers.append(layer)
    return made


def _concatenated(tensors: Sequence[Any]) -> Any:
    import torch

    return torch.cat(list(tensors))


def _together(values: Sequence[Any], change: Callable[[Sequence[Any]], Any]) -> Any:
    """Change tensors that have rows, wherever they stand; what has none must be the same in all caches."""
    import torch

    first = values[0]
    if isinstance(first, torch.Tensor) and first.ndim:
        return change(values)
    if isinstance(first, Mapping):
        return {key: _together([value[key] for value in values], change) for key in first}
    if isinstance(first, list):
        return [_together(parts, change) for parts in zip(*values, strict=True)]
    if any(other is not first and other != first for other in values[1:]):
        raise ModelError(f"caches that differ cannot be joined: {first!r}")
    return first


def _growing_layer() -> Any:
    from transformers.cache_utils import DynamicLayer

    return DynamicLayer


@cache
def _roomy_layer() -> Any:
    growing: Any = _growing_layer()

    class RoomyLayer(growing):  # type: ignore[misc]
        """Keys and values [rows, heads, length, width] as the beginning of longer tensors."""

        def __init__(self, layer: Any, index: Any, room: int) -> None:
            super().__init__()
            self.lazy_initialization(layer.keys, layer.values)
            self._all_keys, self._all_values = (_with_room(part, index, room) for part in (layer.keys, layer.values))
            self._show(layer.keys.shape[-2])

        def _show(self, length: int) -> None:
            self.keys, self.values = self._all_keys[:, :, :length], self._all_values[:, :, :length]

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            """Write keys and values behind what is there; without room left, grow as transformers does."""
            before = self.keys.shape[-2]
            after = before + key_states.shape[-2]
            if after > self._all_keys.shape[-2]:
                keys, values = super().update(key_states, value_states, *args, **kwargs)
                return keys, values
            self._all_keys[:, :, before:after] = key_states
            self._all_values[:, :, before:after] = value_states
            self._show(after)
            return self.keys, self.values

        def plain(self) -> Any:
            """Give a layer of transformers' own that shows the same keys and values."""
            layer = growing()
            layer.lazy_initialization(self.keys, self.values)
            layer.keys, layer.values = self.keys, self.values
            return layer

    return RoomyLayer


def _with_room(part: Any, index: Any, room: int) -> Any:
    rows = part.index_select(0, index.to(part.device))
    whole = rows.new_empty((*rows.shape[:2], rows.shape[2] + room, rows.shape[3]))
    whole[:, :, : rows.shape[2]] = rows
    return whole
