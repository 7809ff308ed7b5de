"""Packed rows: documents end to end, and a context once with all its continuations behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from fmaudit.models.backends.transformers.batches import Asked, Batch, Layout, Segment, Shapes, Unit

__all__ = ["packed_batches"]

SHARED_FROM: Final = 64  # tokens: a shorter context is as quickly read again


@dataclass(slots=True)
class _Tree:
    """A context and the different tails that follow it; a document is a trunk with nothing behind it."""

    trunk: tuple[int, ...]
    tails: dict[tuple[int, ...], list[int]] = field(default_factory=dict)  # inputs after the trunk -> units
    own: list[int] = field(default_factory=list)  # units whose logits all lie in the trunk

    @property
    def size(self) -> int:
        """Tokens of its part of the row."""
        return len(self.trunk) + sum(map(len, self.tails))


def packed_batches(units: Sequence[Unit], chosen: Sequence[int], shapes: Shapes, *, trees: bool) -> Iterator[Batch]:
    """Fill rows of `shapes.tokens` (of whole multiples of it for what is longer), the largest pieces first.

    The length of the row that a unit comes into follows from the unit alone, and with `trees` so does whether its context is read apart.
    """
    classes: dict[int, dict[tuple[int, ...], _Tree]] = defaultdict(dict)
    for i in chosen:
        unit = units[i]
        shared = trees and len(unit.context) >= SHARED_FROM
        trunk = unit.context if shared else unit.inputs
        tree = classes[_row_length(unit, shared, shapes.tokens)].setdefault(trunk, _Tree(trunk))
        tail = unit.targets[:-1] if shared else ()
        if tail:
            tree.tails.setdefault(tail, []).append(i)
        else:
            tree.own.append(i)
    for length in sorted(classes, reverse=True):
        parts = [part for tree in classes[length].values() for part in _cut(tree, length)]
        for row in _fill(parts, length):
            yield _batch(row, length, units, shapes)


def _row_length(unit: Unit, shared: bool, tokens: int) -> int:
    """Give the row's length: room for the unit and, behind a shared context, half a row more for its siblings."""
    need = len(unit.inputs)
    if shared:
        need = max(need, len(unit.context) + tokens // 2)
    return -(-need // tokens) * tokens


def _cut(tree: _Tree, length: int) -> Iterator[_Tree]:
    """Cut a tree with more tails than fit behind one trunk."""
    part = _Tree(tree.trunk, own=tree.own)
    room = length - len(tree.trunk)
    for tail in sorted(tree.tails, key=lambda tail: (-len(tail), tail)):
        if len(tail) > room:
            yield part
            part, room = _Tree(tree.trunk), length - len(tree.trunk)
        part.tails[tail] = tree.tails[tail]
        room -= len(tail)
    yield part


def _fill(parts: Sequence[_Tree], length: int) -> list[list[_Tree]]:
    """Put parts into as few rows as first-fit-decreasing finds."""
    rows: list[list[_Tree]] = []
    room: list[int] = []
    first = 0  # rows before it are full
    for part in sorted(parts, key=lambda part: (-part.size, part.trunk)):
        place = next((i for i in range(first, len(rows)) if room[i] >= part.size), None)
        if place is None:
            rows.append([])
            room.append(length)
            place = len(rows) - 1
        rows[place].append(part)
        room[place] -= part.size
        while first < len(rows) and room[first] == 0:
            first += 1
    return rows


@dataclass(slots=True)
class _Row:
    """A row that is being written."""

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    attended: int = 0

    def add(self, tokens: Sequence[int], first: int = 0, parent: int | None = None) -> tuple[int, int]:
        """Write a segment whose first token is at position `first` of its text; give where it begins and its number."""
        start = len(self.ids)
        self.ids += tokens
        self.positions += range(first, first + len(tokens))
        self.segments.append(Segment(start, start + len(tokens), parent))
        self.attended += len(tokens) * (len(tokens) + 1) // 2 + len(tokens) * first
        return start, len(self.segments) - 1


def _batch(parts: Sequence[_Tree], length: int, units: Sequence[Unit], shapes: Shapes) -> Batch:
    row = _Row()
    for tree in parts:
        start, trunk = row.add(tree.trunk)
        end = start + len(tree.trunk)
        row.asked += [Asked(i, tuple(range(end - len(units[i].targets), end))) for i in tree.own]
        for tail, members in tree.tails.items():
            begin, _ = row.add(tail, len(tree.trunk), trunk)
            row.asked += [Asked(i, (end - 1, *range(begin, begin + len(tail)))) for i in members]
    real = len(row.ids)
    if shapes.fixed and real < length:
        _fill_up(row, length - real, shapes)
    return Batch([row.ids], row.asked, real, row.attended, Layout(tuple(row.segments)), row.positions)


def _fill_up(row: _Row, missing: int, shapes: Shapes) -> None:
    while missing:
        size = min(missing, shapes.longest)
        row.add([shapes.filler] * size)
        missing -= size
