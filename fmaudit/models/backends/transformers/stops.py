"""When a row of a batch is done, and the text of what it drew: end tokens, stop strings, the length that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["RowsDone", "StopWatch", "Tail", "cut_at_stop", "decoder"]

Decode = Callable[[Sequence[int]], str]

UNFINISHED: Final = "\N{REPLACEMENT CHARACTER}"  # how a decoder shows the bytes of a character that is not complete
MARGIN: Final = 16  # characters before a stop string that are decoded again with it: a tokenizer may drop or join the first ones


def decoder(tokenizer: Any) -> Decode:
    """Give the text of token ids, special tokens left out and spaces as they are."""

    def decode(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    return decode


def _complete(text: str) -> str:
    """Leave out the bytes at the end that may become a character with the next token."""
    return text.rstrip(UNFINISHED)


def _first_stop(text: str, stops: Sequence[str]) -> int:
    """Find where the earliest stop string begins, -1 without one."""
    return min((at for at in (text.find(stop) for stop in stops) if at >= 0), default=-1)


def cut_at_stop(ids: Sequence[int], decode: Decode, stops: Sequence[str]) -> tuple[str, int] | None:
    """Cut a completion before its first stop string: its text and how many tokens have a part in it, None without a stop string.

    A token that holds the last characters of the text and the first of the stop string counts: it was drawn for both.
    """
    text = decode(ids)
    at = _first_stop(text, stops)
    if at < 0:
        return None
    low, high = 0, len(ids)  # the fewest tokens whose text reaches the cut
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_complete(decode(ids[:middle]))) >= at else (middle + 1, high)
    return text[:at], low


@dataclass(slots=True)
class Tail:
    """Looks for stop strings in the last few tokens of one row, as they come."""

    decode: Decode
    stops: tuple[str, ...]
    ids: list[int] = field(default_factory=list)
    start: int = 0  # of the tokens that are still looked at

    def push(self, token: int) -> bool:
        """Take the next token and say whether the text now holds a stop string."""
        self.ids.append(token)
        if not self.stops:
            return False
        text = _complete(self.decode(self.ids[self.start :]))
        if _first_stop(text, self.stops) >= 0 and _first_stop(_complete(self.decode(self.ids)), self.stops) >= 0:
            return True
        self._advance(text)
        return False

    def _advance(self, text: str) -> None:
        """Forget tokens whose text is too far back to take part in a stop string."""
        wanted = max(map(len, self.stops)) + MARGIN
        while len(text) >= 2 * wanted and len(self.ids) - self.start > 1:
            middle = (self.start + len(self.ids)) // 2
            shorter = _complete(self.decode(self.ids[middle:]))
            if len(shorter) < wanted:
                return
            self.start, text = middle, shorter


@dataclass(slots=True)
class StopWatch:
    """What ends one row: `limit` tokens, one of `end_ids`, or a stop string; `finish` is "" while it goes on."""

    tail: Tail
    limit: int
    end_ids: frozenset[int]
    finish: str = ""
    ended: bool = False  # by an end token, which has no text

    def push(self, token: int) -> None:
        """Take the next token; nothing happens once the row has finished."""
        if self.finish:
            return
        if token in self.end_ids:
            self.tail.ids.append(token)
            self.finish, self.ended = "stop", True
        elif self.tail.push(token):
            self.finish = "stop"
        elif len(self.tail.ids) >= self.limit:
            self.finish = "length"

    def ending(self) -> tuple[str, int]:
        """Give the text without the stop string, and how many of the drawn tokens belong to it (an end token does)."""
        ids = self.tail.ids
        if self.ended:
            return self.tail.decode(ids[:-1]), len(ids)
        cut = cut_at_stop(ids, self.tail.decode, self.tail.stops) if self.finish == "stop" else None
        return cut if cut is not None else (self.tail.decode(ids), len(ids))


@dataclass(slots=True)
class RowsDone:
    """A stopping criterion of `generate`: rows [rows] that are done; a row without a watch is done from the start.

    Rows that are done stay in the batch, whose shape must not change, to the end of the leg.
    """

    watches: Sequence[StopWatch]

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Take the last token of every row of `input_ids` [rows, length]."""
        import torch

        for watch, token in zip(self.watches, input_ids[: len(self.watches), -1].tolist(), strict=True):
            watch.push(token)
        done = [bool(watch.finish) for watch in self.watches] + [True] * (len(input_ids) - len(self.watches))
        return torch.tensor(done, device=input_ids.device)
