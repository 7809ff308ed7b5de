"""Samples in batches of fixed shapes: what a row goes through depends on its own prompt, never on the other rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Abilities
    from fmaudit.models.requests import Sampling
    from fmaudit.models.sampling import Cut

__all__ = ["BUCKET", "Limits", "Row", "Shape", "in_order", "shape_of"]

BUCKET: Final = 32  # prompts are padded to a multiple of it
PREFILL_ONCE_FROM: Final = 32  # padded tokens from which a prompt is computed once for all its samples: always on a processor
PREFILL_ONCE_FROM_ON_GPU: Final = 64  # which computes fewer as quickly for every sample as in a pass of their own
PREFILL_TOKENS: Final = 128  # that go through the model together when prompts are computed once: enough for a processor
SMALL: Final = 16_000_000  # parameters of a model for which they are enough: with fewer, the calls cost more than the products
MOST_PREFILL_TOKENS: Final = 1024
PREFILL_TOKENS_OF_GPU: Final = 4096
BATCH_TOKENS: Final = 32_768  # of prompts in one batch (changes the bits of long ones: raise facts.VERSION with it)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a batch has, how many tokens of prompts are computed together, and from which length on a prompt is computed once.

    All of them belong to the numeric mode.
    """

    rows: int
    prefill_tokens: int = PREFILL_TOKENS
    prefill_from: int = PREFILL_ONCE_FROM

    @classmethod
    def of(cls, rows: int, parameters: int, *, processor: bool) -> Limits:
        """Give the limits for a model of so many parameters on a processor or a GPU."""
        if not processor:
            return cls(rows, PREFILL_TOKENS_OF_GPU, PREFILL_ONCE_FROM_ON_GPU)
        tokens = PREFILL_TOKENS
        while tokens < MOST_PREFILL_TOKENS and parameters * tokens < SMALL * PREFILL_TOKENS:
            tokens *= 2
        return cls(rows, tokens)


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """The shape of a batch: [rows, length]; `slots` prompts are computed together before their samples, 0: every row for itself."""

    length: int
    rows: int
    slots: int
    padded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sample to draw: `request` is the position of its request, `ids` its prompt."""

    request: int
    sample: int
    ids: tuple[int, ...]
    sampling: Sampling
    cut: Cut
    key: int


def shape_of(length: int, abilities: Abilities, limits: Limits) -> Shape:
    """Give the shape for a prompt of `length` tokens: a function of the prompt and the model alone, so part of the numeric mode.

    A padded row has at least one token of padding: transformers drops a mask without any, and then takes another path.
    """
    if not abilities.batch_decode:
        return Shape(length, 1, 0, False)
    padded = abilities.left_pad
    full = BUCKET * (length // BUCKET + 1) if padded else length
    # at least two: several recurrent models do not mask the padding of a single row
    height = max(2, min(limits.rows, BATCH_TOKENS // full))
    slots = max(2, min(height, limits.prefill_tokens // full)) if abilities.expand_cache and full >= limits.prefill_from else 0
    return Shape(full, height, slots, padded)


def in_order(rows: Iterable[Row], abilities: Abilities, limits: Limits) -> list[tuple[Shape, Row]]:
    """Give rows with their shapes: the longest prompts first, then equal parameters together, then the longest answers.

    A prompt's samples stand side by side.
    """
    return sorted(((shape_of(len(row.ids), abilities, limits), row) for row in rows), key=_order)


def _order(pair: tuple[Shape, Row]) -> tuple[object, ...]:
    shape, row = pair
    return -shape.length, row.cut, -row.sampling.max_new_tokens, row.request, row.sample
