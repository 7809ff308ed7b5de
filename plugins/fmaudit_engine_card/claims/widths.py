"""Decides in which precision a size is said: of several sizes and several precisions in a sentence each has its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.order import is_list
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading

__all__ = ["Width", "width_of"]

Pair = tuple[str, float]

USUAL: tuple[Pair, ...] = (("float16", 2.0), ("int8", 1.0), ("int4", 0.5), ("float32", 4.0))
MOST = 12  # sizes in a sentence; more of them are a table in a line, where only what is joined is sure
_MADE = r"(?:stored|loaded|held|kept|saved|represented|quanti[sz]ed|compressed|cast|converted|rounded|served|run)"
# between a size and the precision it is said in: "14 GB of weights in", "14 GB (", "14 GB when quantised to", "14 GB of"
_JOINED = re.compile(
    rf"\s*(?:(?:of\s+)?(?:memory|V?RAM|weights|GPU memory|disk(?: space)?)\s+)?(?:\(\s*)?(?:(?:when|if|once|after|as|with|for|by)\s+)?"
    rf"(?:(?:it is|it['’]s|they are|the weights are|being)\s+)?(?:{_MADE}\s+)?"
    r"(?:(?:in|at|with|for|using|as|under|of|to|by|via|through)\s+)?"
    r"(?:(?:pure|plain|native|full|just|only|symmetric)\s+)?",
    re.I,
)
# before a size that another one is held against, or that a change starts from
_FROM = re.compile(
    r"\b(?:from|instead of|rather than|(?<!more )(?<!less )(?<!fewer )(?<!greater )(?<!larger )(?<!smaller )than|versus"
    r"|vs\.?|compared (?:to|with)|against|unlike|not|half of|original|of the|the usual)\s+"
    r"(?:(?:its|their|the|about|around|roughly|some|nearly|almost|only|just|original|full|usual|a)\s+)*$",
    re.I,
)
# and between it and the size that it becomes
_BECOMES = re.compile(
    r"[^,.;:]{0,40}?(?:\b(?:down )?(?:to|into)\b|→|->|\bbecomes?\b|\bturns? into\b)\s*(?:\w+\s+){0,2}(?:~|about |only )?$", re.I
)


@dataclass(frozen=True, slots=True)
class Width:
    """The precision of a size as (name, bytes), None where the sentence leaves it open; `others` may be meant where it is not sure."""

    pair: Pair | None
    others: tuple[Pair, ...] = ()


def width_of(reading: Reading, size: Quantity) -> Width:
    """Return the precision a size is said in.

    In this order: the one joined behind it ("14 GB in fp16"); of as many precisions as sizes in two lists the one in its place; none for
    what a change starts from; the last one named before it, and the only one behind it, that no other size has. Else it is left open.
    """
    precisions, sizes = reading.precisions, _alike(reading, size)
    if not precisions:
        bits = reading.role("bits")
        return Width((f"{bits.value:g} bits", bits.value / 8.0) if bits else None)
    joined = _joined(reading, sizes)
    if size.start in joined:
        return Width(_pair(joined[size.start]))
    if len(sizes) > MOST:
        return Width(None)
    if (mention := _in_place(reading, sizes, size)) is not None:
        return Width(_pair(mention))
    return _nearby(reading, sizes, joined, size)


def _nearby(reading: Reading, sizes: list[Quantity], joined: dict[int, Mention], size: Quantity) -> Width:
    """Return the precision before or behind a size that no other has; what other sizes do not have may be meant instead."""
    bound = reading.order.bound if len(reading.precisions) == 1 else {}
    said = [q for q in reading.quantities if q.unit == "bytes"]
    starts = {q.start for q in said if _is_start(reading, sizes, q)}
    between = [q for q in said if q.start not in starts and not (size.start in bound and q.start in bound)]
    taken = {mention.start for mention in joined.values()}
    near = {
        q.start: _before(reading.precisions, taken, between, q) or _behind(reading.precisions, taken, sizes, q)
        for q in sizes
        if q.start not in joined and q.start not in starts
    }
    mention = near.get(size.start)
    if mention is None:
        return Width(None)
    changed = any(mention.end <= start < size.start for start in starts)
    elsewhere = {_pair(other) for start, other in [*joined.items(), *near.items()] if other is not None and start != size.start}
    free = dict.fromkeys([*(_pair(other) for other in reading.precisions), *(USUAL if changed else ())])
    return Width(_pair(mention), tuple(pair for pair in free if pair != _pair(mention) and pair not in elsewhere))


def _alike(reading: Reading, size: Quantity) -> list[Quantity]:
    """Return the sizes of a sentence that are spoken of in the same way: those of devices and of other models are not."""
    bound = reading.order.bound
    role = next((reading.roles.get(i, "") for i, q in enumerate(reading.quantities) if q.start == size.start), "")
    found = [q for i, q in enumerate(reading.quantities) if q.unit == "bytes" and reading.roles.get(i, "") == role]
    if size.start in bound and len(reading.precisions) == 1:  # the sizes of several models in one precision
        found = [q for q in found if q.start == size.start or q.start not in bound]
    return found if any(q.start == size.start for q in found) else [size]


def _joined(reading: Reading, sizes: list[Quantity]) -> dict[int, Mention]:
    """Return the precisions that stand right behind a size, by the size's start."""
    found = {}
    for size in sizes:
        mention = next((m for m in reading.precisions if m.start >= size.end), None)
        if mention is not None and _JOINED.fullmatch(reading.text[size.end : min(mention.start, size.end + 80)]):
            found[size.start] = mention
    return found


def _in_place(reading: Reading, sizes: list[Quantity], size: Quantity) -> Mention | None:
    """Return the precision at the same place of a list that is as long as that of the sizes and stands before or behind it."""
    precisions = reading.precisions
    apart = precisions[-1].start < sizes[0].start or precisions[0].start > sizes[-1].start
    listed = is_list(reading.text, precisions) and is_list(reading.text, sizes)
    if len(sizes) < 2 or len(sizes) != len(precisions) or not apart or not listed:
        return None
    return precisions[[q.start for q in sizes].index(size.start)]


def _is_start(reading: Reading, sizes: list[Quantity], size: Quantity) -> bool:
    """Tell a size that a change starts from, or that another is held against."""
    if _FROM.search(reading.text[max(0, size.start - 60) : size.start]):
        return True
    after = next((other for other in sizes if other.start > size.start), None)
    return after is not None and _BECOMES.fullmatch(reading.text[size.end : after.start]) is not None


def _before(precisions: list[Mention], taken: set[int], sizes: list[Quantity], size: Quantity) -> Mention | None:
    """Return the last precision before a size, if no other size has it or stands between."""
    last = next((m for m in reversed(precisions) if m.end <= size.start), None)
    if last is None or last.start in taken or any(last.end <= other.start < size.start for other in sizes):
        return None
    return last


def _behind(precisions: list[Mention], taken: set[int], sizes: list[Quantity], size: Quantity) -> Mention | None:
    """Return the precision behind the last size, if it is the only one that no size has."""
    free = [m for m in precisions if m.start not in taken]
    return free[0] if len(free) == 1 and free[0].start >= size.end and sizes[-1].start == size.start else None


def _pair(mention: Mention) -> Pair:
    return str(mention.thing[0]), float(mention.thing[1])
