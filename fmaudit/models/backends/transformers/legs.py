"""Samples on their way: a batch goes a few steps, and what goes on is put together with others that are as long.

A batch keeps its height to its end, so that a row's bits do not depend on when its mates finish. Rows whose prompt and answer are of
one length have caches of one length: joined with others they go through the shapes that they would have gone through anyway, and no
bit changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.backends.transformers.caches import bytes_of, chosen
from fmaudit.models.backends.transformers.rows import BUCKET

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.keyed import KeyedSampler
    from fmaudit.models.backends.transformers.rows import Row, Shape
    from fmaudit.models.backends.transformers.stops import StopWatch

__all__ = ["LEG", "WAITING", "Batch", "Leg", "Pool", "Underway", "record"]

LEG: Final = 8  # tokens of the first legs; later ones end where the length is a multiple of a bucket
WAITING: Final = 1 << 30  # bytes of caches that may wait, beside that of the batch in work, before a batch goes on that is not full


@dataclass(slots=True)
class Underway:
    """One sample on its way: what it drew so far, under the model's own and the stated distribution, and what may end it."""

    row: Row
    shape: Shape  # of the batches that it goes through
    watch: StopWatch
    log_probs: list[float] = field(default_factory=list)
    sampled_log_probs: list[float] = field(default_factory=list)
    broken: bool = False  # logits that are not numbers

    @property
    def goes_on(self) -> bool:
        """Whether another token is to be drawn."""
        return not self.watch.finish and not self.broken

    @property
    def drawn(self) -> int:
        """How many tokens it has."""
        return len(self.watch.tail.ids)

    @property
    def left(self) -> int:
        """How many more it may get."""
        return self.row.sampling.max_new_tokens - self.drawn

    @property
    def text(self) -> tuple[int, ...]:
        """The tokens that the model has read and written."""
        return (*self.row.ids, *self.watch.tail.ids)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples that go through the model together, all `length` tokens long with their padding.

    `cache` is what the model remembers of them, a row for each, and None before it has read their prompts.
    """

    samples: tuple[Underway, ...]
    length: int
    cache: Any = None

    @property
    def shape(self) -> Shape:
        """The shape that each of them began with: the height of all is the same."""
        return self.samples[0].shape

    @property
    def steps(self) -> int:
        """How many tokens are drawn before the batch is put together anew."""
        newest = min(sample.drawn for sample in self.samples)
        leg = LEG if newest < BUCKET else BUCKET - self.length % BUCKET
        return min(leg, self.longest)

    @property
    def longest(self) -> int:
        """How many tokens the longest answer may still get."""
        return max(sample.left for sample in self.samples)

    def of(self, places: Sequence[int]) -> Batch:
        """Give the samples at these places."""
        import torch

        return Batch(tuple(self.samples[i] for i in places), self.length, chosen(self.cache, torch.tensor(places)))

    def split(self, count: int) -> tuple[Batch, Batch]:
        """Divide it after so many samples."""
        return self.of(range(count)), self.of(range(count, len(self.samples)))


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of a batch: how many steps it took, how many tokens were drawn, and whether it began with the prompts.

    Prompts that are `reused` cost nothing.
    """

    batch: Batch
    fresh: bool
    steps: int
    drawn: int
    reused: frozenset[tuple[int, ...]]


class Pool:
    """The samples that are not done: fresh ones, and batches of those that wait for others of their length."""

    def __init__(self, fresh: Iterable[Underway], room: int = WAITING) -> None:
        """Hand out fresh samples in this order; let caches of about `room` bytes wait."""
        self._fresh, self._room = list(fresh)[::-1], room
        self._waiting: dict[tuple[int, int], list[Batch]] = {}  # by length and height

    @property
    def fresh(self) -> int:
        """How many samples nobody has begun."""
        return len(self._fresh)

    @property
    def rows(self) -> int:
        """How high the next fresh batch may be."""
        return self._fresh[-1].shape.rows if self._fresh else 0

    def give(self, count: int) -> list[Row]:
        """Let go of at most so many samples that nobody has begun, the last ones; a request is divided only where it is larger."""
        cut = min(count, self.fresh)
        while 0 < cut < self.fresh and self._fresh[cut].row.request == self._fresh[cut - 1].row.request:
            cut -= 1
        cut = cut or min(count, self.fresh)
        given, self._fresh = self._fresh[:cut], self._fresh[cut:]
        return [sample.row for sample in given[::-1]]

    def wait(self, batch: Batch) -> None:
        """Let the samples of a batch wait."""
        self._waiting.setdefault((batch.length, batch.shape.rows), []).append(batch)

    def take(self) -> list[Batch]:
        """Give batches that go on as one, none when all samples are done.

        The longest come first where they fill a batch; one that is not full goes on when nothing else is left to do, or when those that
        wait hold too many bytes.
        """
        counts = {key: sum(len(batch.samples) for batch in batches) for key, batches in self._waiting.items()}
        full = [key for key, count in counts.items() if count >= key[1]]
        if full:
            return self._taken(max(full))
        if self._fresh and self.held <= self._room:
            return [self._begun()]
        if self._fresh:
            return self._taken(max(counts, key=lambda key: (counts[key], key)))
        return self._taken(min(counts)) if counts else []

    @property
    def held(self) -> int:
        """Bytes of the caches that wait."""
        return sum(bytes_of(batch.cache) for batches in self._waiting.values() for batch in batches)

    def _begun(self) -> Batch:
        shape = self._fresh[-1].shape
        samples: list[Underway] = []
        while self._fresh and len(samples) < shape.rows and self._fresh[-1].shape == shape:
            samples.append(self._fresh.pop())
        return Batch(tuple(samples), shape.length)

    def _taken(self, key: tuple[int, int]) -> list[Batch]:
        """Take as many samples as fill a batch."""
        taken: list[Batch] = []
        batches, room = self._waiting.pop(key), key[1]
        while batches and room:
            batch = batches.pop(0)
            if len(batch.samples) > room:
                batch, rest = batch.split(room)
                batches.insert(0, rest)
            taken.append(batch)
            room -= len(batch.samples)
        if batches:
            self._waiting[key] = batches
        return taken


def record(samples: Sequence[Underway], sampler: KeyedSampler) -> None:
    """Give every sample the log-probabilities of what it drew."""
    log_probs, sampled, broken = (sampler.table(name) for name in ("log_probs", "sampled_log_probs", "broken"))
    for i, sample in enumerate(samples):
        count = sample.drawn - len(sample.log_probs)
        sample.log_probs += log_probs[i, :count].tolist()
        sample.sampled_log_probs += sampled[i, :count].tolist()
        sample.broken = bool(broken[i, :count].any())
