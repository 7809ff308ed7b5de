"""What goes through the model together: right-padded lanes, or rows of many segments packed end to end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Asked", "Batch", "Layout", "Segment", "Shapes", "Unit", "padded_batches"]

BUCKET: Final = 32  # a lane of a fixed shape is padded to a multiple of it


@dataclass(frozen=True, slots=True)
class Unit:
    """Targets after a context, asked once however many requests want it."""

    context: tuple[int, ...]
    targets: tuple[int, ...]

    @property
    def inputs(self) -> tuple[int, ...]:
        """All tokens that the model must read: every one but the last."""
        return (self.context + self.targets)[:-1]


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a unit's logits are: positions [targets] in the flattened [rows x length] of its batch."""

    unit: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """Tokens `start` to `stop` of a packed row, which see themselves and the tokens of their `parent`, a segment before them."""

    start: int
    stop: int
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The segments of a packed row; they cover it."""

    segments: tuple[Segment, ...]


@dataclass(slots=True)
class Batch:
    """Token ids [rows][length], and what is wanted of them; `positions` and `layout` for a packed row only."""

    ids: list[list[int]]
    asked: list[Asked]
    real: int  # tokens that are not padding
    attended: int = 0  # pairs of tokens that attention looks at
    layout: Layout | None = None
    positions: list[int] = field(default_factory=list)
    encoded: int = 0  # tokens that an encoder reads for this batch, padding included
    encoded_real: int = 0

    @property
    def tokens(self) -> int:
        """Tokens that go through the model (a decoder, where there is one)."""
        return len(self.ids) * len(self.ids[0])


@dataclass(frozen=True, slots=True)
class Shapes:
    """How big batches are: `tokens` in one, and whether a batch's shape may depend on what else is in it.

    In half precision the shape of a matrix product changes the bits of its rows. With `fixed`, everything that decides a row's shape is
    the row's own, so that its score never depends on the others.
    """

    tokens: int
    fixed: bool
    longest: int  # positions that the model knows
    filler: int = 0  # a token id for padding


def padded_batches(units: Sequence[Unit], chosen: Sequence[int], shapes: Shapes, *, alone: bool = False) -> Iterator[Batch]:
    """Sort units by length, longest first, and pad them to the right in batches under the token budget.

    Units that read the same tokens share a lane. `alone` makes batches of one lane without padding.
    """
    lanes: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i in chosen:
        lanes[units[i].inputs].append(i)
    order = sorted(lanes, key=lambda inputs: (-len(inputs), inputs))
    start = 0
    while start < len(order):
        length = len(order[start]) if alone or not shapes.fixed else _bucket(len(order[start]))
        rows = 1 if alone else max(1, shapes.tokens // length)
        members = []
        for inputs in order[start : start + rows]:
            if shapes.fixed and not alone and _bucket(len(inputs)) != length:
                break
            members.append(inputs)
        start += len(members)
        yield _padded(members, length, rows if shapes.fixed else len(members), lanes, units, shapes.filler)


def _bucket(length: int) -> int:
    return -(-length // BUCKET) * BUCKET


def _padded(
    members: Sequence[tuple[int, ...]],
    length: int,
    rows: int,
    lanes: dict[tuple[int, ...], list[int]],
    units: Sequence[Unit],
    filler: int,
) -> Batch:
    ids = [list(inputs) + [filler] * (length - len(inputs)) for inputs in members]
    ids += [ids[0]] * (rows - len(members))
    asked = []
    for row, inputs in enumerate(members):
        end = row * length + len(inputs)
        asked += [Asked(i, tuple(range(end - len(units[i].targets), end))) for i in lanes[inputs]]
    return Batch(ids, asked, real=sum(map(len, members)), attended=rows * length * (length + 1) // 2)
