"""Samples in batches of fixed shapes: what a row goes through depends on its own prompt, never on the other rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Abilities
    from fmaudit.models.requests import Sampling
    from fmaudit.models.sampling import Cut

__all__ = ["NOTHING", "Batch", "Drawn", "Limits", "Row", "Shape", "batches", "shape_of"]

BUCKET: Final = 32  # prompts are padded to a multiple of it
PREFILL_ONCE_FROM: Final = 32  # padded tokens from which a prompt is computed once for all its samples: always on a processor
PREFILL_ONCE_FROM_ON_GPU: Final = 64  # which computes fewer as quickly for every sample as in a pass of their own
PREFILL_TOKENS: Final = 128  # that go through the model together when prompts are computed once: enough for a processor
PREFILL_TOKENS_OF_GPU: Final = 4096
BATCH_TOKENS: Final = 32_768  # of prompts in one batch
PAUSE: Final = 64  # drawn tokens after which a row waits for the others that go on; then again at four times as many


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a batch has, how many tokens of prompts are computed together, and from which length on a prompt is computed once.

    `pause` is the number of tokens after which rows that go on are put into new batches, 0 for never: few rows of a batch are long, and
    the finished ones cannot leave it. All of them belong to the numeric mode.
    """

    rows: int
    prefill_tokens: int = PREFILL_TOKENS
    prefill_from: int = PREFILL_ONCE_FROM
    pause: int = PAUSE


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """The shape of a batch: [rows, length]; `slots` prompts are computed together before their samples, 0: every row for itself."""

    length: int
    rows: int
    slots: int
    padded: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a row drew before a pause: tokens, and their log-probabilities under the model's own and the stated distribution."""

    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    sampled_log_probs: tuple[float, ...] = ()


NOTHING: Final = Drawn()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One sample to draw: `request` is the position of its request, `ids` its prompt, `drawn` what it has so far."""

    request: int
    sample: int
    ids: tuple[int, ...]
    sampling: Sampling
    cut: Cut
    key: int
    drawn: Drawn = NOTHING

    @property
    def fed(self) -> tuple[int, ...]:
        """The tokens that the model reads before it goes on: the prompt and what was drawn after it."""
        return self.ids + self.drawn.ids

    @property
    def offset(self) -> int:
        """How many tokens were drawn."""
        return len(self.drawn.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that go through the model together, at most as many as the shape has: each after `offset` drawn tokens, up to `pause`."""

    shape: Shape
    cut: Cut
    rows: tuple[Row, ...]
    offset: int = 0
    pause: int = 0

    @property
    def limit(self) -> int:
        """Tokens that the longest completion may get in this batch."""
        longest = max(row.sampling.max_new_tokens for row in self.rows)
        return (min(longest, self.pause) if self.pause else longest) - self.offset


def shape_of(length: int, abilities: Abilities, limits: Limits) -> Shape:
    """Give the shape for a prompt of `length` tokens: a function of the prompt and the model alone, so part of the numeric mode.

    A padded row has at least one token of padding: transformers drops a mask without any, and then takes another path.
    """
    if not (abilities.batch_decode and abilities.rows_apart):
        return Shape(length, 1, 0, False)
    padded = abilities.left_pad
    full = BUCKET * (length // BUCKET + 1) if padded else length
    # at least two: several recurrent models do not mask the padding of a single row
    height = max(2, min(limits.rows, BATCH_TOKENS // full))
    slots = max(2, min(height, limits.prefill_tokens // full)) if abilities.expand_cache and full >= limits.prefill_from else 0
    return Shape(full, height, slots, padded)


def batches(rows: Iterable[Row], abilities: Abilities, limits: Limits) -> Iterator[Batch]:
    """Put rows into batches: the longest prompts first, equal parameters together, a prompt's samples side by side."""
    shaped = [(shape_of(len(row.fed), abilities, limits), row) for row in rows]
    shaped.sort(key=_order)
    for (shape, cut, offset), group in groupby(shaped, key=lambda pair: (pair[0], pair[1].cut, pair[1].offset)):
        members = [row for _, row in group]
        # a row alone holds nobody up
        pause = max(limits.pause, 4 * offset) if limits.pause and shape.rows > 1 else 0
        for start in range(0, len(members), shape.rows):
            yield Batch(shape=shape, cut=cut, rows=tuple(members[start : start + shape.rows]), offset=offset, pause=pause)


def _order(pair: tuple[Shape, Row]) -> tuple[object, ...]:
    shape, row = pair
    return -shape.length, row.cut, row.offset, -row.sampling.max_new_tokens, row.request, row.sample
