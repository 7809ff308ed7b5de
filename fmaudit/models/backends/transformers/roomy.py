"""Caches with room: transformers copies all keys and values for every token that it adds, here a token is written into its place."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["spread"]


def spread(cached: Any, index: Any, room: int) -> None:
    """Copy the rows `index` of a cache into its place, in this order, with room for `room` more tokens where its layers only grow."""
    growing: Any = _growing_layer()
    for i, layer in enumerate(cached.layers):
        if type(layer) is growing and layer.is_initialized and layer.keys.numel():
            cached.layers[i] = _roomy_layer()(layer, index, room)
        else:
            layer.reorder_cache(index)


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

    return RoomyLayer


def _with_room(part: Any, index: Any, room: int) -> Any:
    rows = part.index_select(0, index.to(part.device))
    whole = rows.new_empty((*rows.shape[:2], rows.shape[2] + room, rows.shape[3]))
    whole[:, :, : rows.shape[2]] = rows
    return whole
