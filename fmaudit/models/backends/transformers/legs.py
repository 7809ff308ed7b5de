"""Samples on their way: a batch goes a few steps, and what goes on is put together with others that got as far.

A batch keeps its height to its end, so that a row's bits do not depend on when its mates finish. Rows that stop at the same token have
caches of one length: joined with others they go through the shapes that they would have gone through anyway, and no bit changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.backends.transformers.caches import chosen

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.keyed import KeyedSampler
    from fmaudit.models.backends.transformers.rows import Group, Row
    from fmaudit.models.backends.transformers.stops import StopWatch

__all__ = ["LEG", "Leg", "Pool", "Underway", "Waiting", "leg_end", "record"]

LEG: Final = 8  # tokens of the first leg; every later one doubles what a row has
WAITING: Final = 2  # batches whose rows may wait with their caches before a batch goes on that is not full


def leg_end(offset: int) -> int:
    """Give the number of tokens at which the leg ends that begins after `offset` tokens."""
    return max(LEG, 2 * offset)


@dataclass(slots=True)
class Underway:
    """One sample on its way: what it drew so far, under the model's own and the stated distribution, and what may end it."""

    row: Row
    watch: StopWatch
    log_probs: list[float] = field(default_factory=list)
    sampled_log_probs: list[float] = field(default_factory=list)
    broken: bool = False  # logits that are not numbers

    @property
    def goes_on(self) -> bool:
        """Whether another token is to be drawn."""
        return not self.watch.finish and not self.broken

    @property
    def text(self) -> tuple[int, ...]:
        """The tokens that the model has read and written."""
        return (*self.row.ids, *self.watch.tail.ids)


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of a batch: its samples began it after `offset` tokens and took `steps`; `reused` prompts were computed before."""

    group: Group
    samples: tuple[Underway, ...]
    offset: int
    steps: int
    reused: frozenset[tuple[int, ...]]

    @property
    def drawn(self) -> int:
        """Tokens that all its samples drew."""
        return sum(len(sample.watch.tail.ids) - self.offset for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Samples that stopped at the same token, and what the model remembers of them: a cache with a row for each."""

    samples: tuple[Underway, ...]
    cache: Any

    def of(self, wanted: Iterable[bool]) -> Waiting:
        """Give those of the samples that are wanted."""
        import torch

        places = [i for i, want in enumerate(wanted) if want]
        return Waiting(tuple(self.samples[i] for i in places), chosen(self.cache, torch.tensor(places)) if places else None)


class Pool:
    """The samples of one group that are not done: fresh ones, and those that wait by the number of tokens they have."""

    def __init__(self, fresh: Iterable[Underway], rows: int) -> None:
        """Hand out batches of at most `rows` samples."""
        self._fresh, self._rows = list(fresh)[::-1], rows
        self._waiting: dict[int, list[Waiting]] = {}

    def wait(self, offset: int, waiting: Waiting) -> None:
        """Let samples wait that have `offset` tokens."""
        if waiting.samples:
            self._waiting.setdefault(offset, []).append(waiting)

    def take(self) -> tuple[int, list[Underway], list[Any]] | None:
        """Give the next batch, None when all are done: how many tokens its samples have, the samples, and the caches of theirs.

        Those that are furthest come first where they fill a batch; a batch that is not full goes on when nothing else is left to do, or
        when too many wait.
        """
        counts = {offset: sum(len(part.samples) for part in parts) for offset, parts in self._waiting.items()}
        full = [offset for offset, count in counts.items() if count >= self._rows]
        if full:
            return self._taken(max(full))
        if self._fresh and sum(counts.values()) <= WAITING * self._rows:
            count = min(self._rows, len(self._fresh))
            return 0, [self._fresh.pop() for _ in range(count)], []
        if self._fresh:
            return self._taken(max(counts, key=lambda offset: (counts[offset], offset)))
        return self._taken(min(counts)) if counts else None

    def _taken(self, offset: int) -> tuple[int, list[Underway], list[Any]]:
        samples: list[Underway] = []
        caches: list[Any] = []
        parts = self._waiting.pop(offset)
        while parts and len(samples) < self._rows:
            part, room = parts.pop(0), self._rows - len(samples)
            if len(part.samples) > room:
                parts.insert(0, part.of(i >= room for i in range(len(part.samples))))
                part = part.of(i < room for i in range(len(part.samples)))
            samples += part.samples
            caches.append(part.cache)
        if parts:
            self._waiting[offset] = parts
        return offset, samples, caches


def record(samples: Sequence[Underway], sampler: KeyedSampler, offset: int) -> None:
    """Give every sample the log-probabilities of what it drew after `offset` tokens."""
    log_probs, sampled, broken = (sampler.table(name) for name in ("log_probs", "sampled_log_probs", "broken"))
    for i, sample in enumerate(samples):
        count = len(sample.watch.tail.ids) - offset
        sample.log_probs += log_probs[i, :count].tolist()
        sample.sampled_log_probs += sampled[i, :count].tolist()
        sample.broken = bool(broken[i, :count].any())
