"""Reads the numbers of a config.json under the names that families give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fmaudit import ModelError

__all__ = ["Config"]

HIDDEN = ("hidden_size", "n_embd", "d_model", "n_embed")
LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads")
CONTEXT = ("max_position_embeddings", "n_positions", "context_length", "max_seq_len", "seq_length", "n_ctx")
MOST_LAYERS = 10_000
LARGEST = 2**40


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration and where it came from, for messages; `defaults` are the sizes that its family's class has where it is silent.

    A key that is given as null is given: it has no default. `assumed` collects the defaults that were used, so that they can be told.
    """

    values: Mapping[str, Any]
    where: str = "the configuration"
    notes: list[str] = field(default_factory=list)
    defaults: Mapping[str, int] = field(default_factory=dict)
    assumed: dict[str, int] = field(default_factory=dict)
    part: bool = False  # of a larger configuration, which leaves out whatever its class has

    def get(self, *names: str) -> Any:
        """Return the first of these keys that has a value, else the class's default of one that is not given at all, else None."""
        given = self._given(*names)
        if given is not None or any(name in self.values for name in names):
            return given
        name = next((name for name in names if name in self.defaults), None)
        if name is None:
            return None
        self.assumed[name] = self.defaults[name]
        return self.defaults[name]

    def _given(self, *names: str) -> Any:
        return next((self.values[name] for name in names if self.values.get(name) is not None), None)

    def count(self, *names: str, default: int | None = None, zero: bool = False) -> int:
        """Return a whole number above 0 (or 0 where `zero`). Raises ModelError where it is missing or something else."""
        value = self.get(*names)
        if value is None:
            if default is None:
                raise ModelError(f"{self.where}: {' or '.join(names)} is missing", hint="it is needed to count the model's parameters")
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not (0 if zero else 1) <= value <= LARGEST:
            raise ModelError(
                f"{self.where}: {names[0]} is {value!r}", hint=f"a whole number from {0 if zero else 1} to {LARGEST:,} is needed"
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes or no. Raises ModelError for anything else."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ModelError(f"{self.where}: {name} is {value!r}", hint="true or false is needed")
        return value

    def window(self, name: str = "sliding_window") -> int | None:
        """Return the size of a sliding window, None where there is none."""
        return self.count(name) if self.get(name) is not None else None

    def counts(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers, empty where it is missing. Raises ModelError."""
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(one, int) and not isinstance(one, bool) for one in value):
            raise ModelError(
                f"{self.where}: {name} is no list of whole numbers", hint="[3, 7, 11], say: the layers by their number, from 0"
            )
        return tuple(value)

    @property
    def hidden(self) -> int:
        """The width of the residual stream."""
        return self.count(*HIDDEN)

    @property
    def layers(self) -> int:
        """The number of blocks, of the encoder where there are two halves."""
        return self.blocks(*LAYERS)

    def blocks(self, *names: str, default: int | None = None) -> int:
        """Return a number of blocks. Raises ModelError for more than any model has."""
        layers = self.count(*names, default=default)
        if layers > MOST_LAYERS:
            raise ModelError(f"{self.where}: {layers:,} layers", hint=f"no more than {MOST_LAYERS:,} are read")
        return layers

    @property
    def heads(self) -> int:
        """The number of query heads."""
        return self.count(*HEADS)

    @property
    def vocabulary(self) -> int:
        """The number of rows of the embedding."""
        return self.count("vocab_size")

    @property
    def context(self) -> int | None:
        """The longest sequence the configuration names, if any; of a whole one the class's is no limit that anybody set."""
        given = self.get(*CONTEXT) if self.part else self._given(*CONTEXT)
        return self.count(*CONTEXT) if isinstance(given, int) and given > 0 else None

    def layer_types(self, layers: int) -> tuple[str, ...]:
        """Return the kind of each layer where `layer_types` lists them, else nothing. Raises ModelError for another number of kinds."""
        kinds = self.get("layer_types")
        if kinds is None:
            return ()
        if not isinstance(kinds, list | tuple) or len(kinds) != layers or not all(isinstance(kind, str) for kind in kinds):
            raise ModelError(
                f"{self.where}: layer_types does not name one kind for each of {layers} layers",
                hint='a list such as ["full_attention", "sliding_attention"], as long as the model has layers',
            )
        return tuple(kinds)

    def key_heads(self, heads: int) -> int:
        """Return the number of key-value heads: as given, else the class's, else one for each query head. Raises ModelError."""
        keys = self.count("num_key_value_heads", default=heads)
        if heads % keys:
            raise ModelError(
                f"{self.where}: {heads} query heads cannot share {keys} key-value heads",
                hint="num_attention_heads is a multiple of num_key_value_heads",
            )
        return keys

    def head_width(self, hidden: int, heads: int) -> int:
        """Return the width of a head: as given, else the class's, else hidden / heads. Raises ModelError where that has a remainder."""
        given = self.get("head_dim")
        if given is not None:
            return self.count("head_dim")
        if hidden % heads:
            raise ModelError(f"{self.where}: a hidden size of {hidden} cannot be split into {heads} heads", hint="or give head_dim")
        return hidden // heads
