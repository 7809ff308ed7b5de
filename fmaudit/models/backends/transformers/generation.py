"""Completions of a transformers model: every sample by its own key, in batches whose shapes do not depend on what else was asked."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.crew import Crew
from fmaudit.models.backends.transformers.keyed import KeyedSampler
from fmaudit.models.backends.transformers.legs import WAITING, Batch, Leg, Pool, Underway, record
from fmaudit.models.backends.transformers.memo import PromptMemo
from fmaudit.models.backends.transformers.prefill import neutral, resumed, settings, starting
from fmaudit.models.backends.transformers.prompts import encode_prompt
from fmaudit.models.backends.transformers.rows import (
    BUCKET,
    Limits,
    Row,
    Shape,
    in_order,
)
from fmaudit.models.backends.transformers.stops import RowsDone, StopWatch, Tail, decoder
from fmaudit.models.backends.transformers.tokens import RequestEncoder
from fmaudit.models.requests import Completion, Failure, GenerateRequest
from fmaudit.models.sampling import canonical, sample_key

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded
    from fmaudit.models.backends.transformers.shift import Given, Shift
    from fmaudit.models.base import Usage

__all__ = ["ROWS", "Generator"]

ROWS = 32  # of a batch
FEWEST_ROWS = 2  # no batch has fewer, where a batch can be decoded at all (rows.shape_of)
_log = logging.getLogger(__name__)


class Generator:
    """Draws completions from a loaded model.

    `rows` is the height of every batch, halved where memory is short; it belongs to the numeric mode, as do the constants of `rows.py`
    and `threads`, where they are not those that torch has. `add_bos` overrides whether texts get the tokenizer's special tokens.
    """

    def __init__(self, loaded: Loaded, rows: int = ROWS, add_bos: bool | None = None, threads: int | None = None) -> None:
        self._loaded, self._threads = loaded, threads
        parameters = sum(weight.numel() for weight in loaded.model.parameters())
        self._limits = Limits.of(rows, parameters, processor=loaded.device.type == "cpu")
        self._encoder = RequestEncoder(loaded, add_bos)
        self._decode = decoder(loaded.tokenizer)

    @property
    def rows(self) -> int:
        """How high a batch may be; it becomes less where memory is short."""
        return self._limits.rows

    @rows.setter
    def rows(self, rows: int) -> None:
        self._limits = replace(self._limits, rows=rows)

    @property
    def mode(self) -> str:
        """What of the shapes can change the bits of an answer: part of the numeric mode."""
        how = self._limits
        threads = f", threads {self._threads}" if self._threads else ""
        return f"rows {how.rows}, prefill {how.prefill_tokens} from {how.prefill_from}, bucket {BUCKET}{threads}"

    def generate_each(self, requests: Sequence[GenerateRequest], usage: Usage, crew: Crew | None = None) -> Iterator[Given]:
        """Yield (position of the request, one of its samples) as each leg of a batch ends, in an order that the requests alone determine.

        A `crew` takes its share of the samples, and its answers come in between, as they are ready.

        `token_ids` and log-probabilities of a completion reach to its cut: they hold the end token, and with a stop string every token
        that has a part in the text before it. Raises ModelError for sampling parameters without a meaning, messages to a model
        without a chat template, and when not even the smallest batch fits into memory.
        """
        rows: list[Row] = []
        for position, request in enumerate(requests):
            found = self._rows_of(position, request)
            if isinstance(found, Failure):
                yield position, found
            else:
                rows += found
        prompts = {row.request: len(row.ids) for row in rows}
        with (crew or Crew()).shift(requests, len(rows), usage) as shift:
            while rows:
                for given in itertools.chain(self._drawn(rows, usage, shift), shift.rest()):
                    if given[0] in prompts:  # once, whoever draws its samples and however often
                        usage.requests += 1
                        usage.prompt_tokens += prompts.pop(given[0])
                    yield given
                rows = shift.lost()

    def _drawn(self, rows: Sequence[Row], usage: Usage, shift: Shift) -> Iterator[Given]:
        # prompts that are drawn from in several ways are computed for the first of them
        memo = PromptMemo() if len({row.cut for row in rows}) > 1 else None
        broken: set[int] = set()
        for leg in self._run(rows, memo, usage, shift):
            _count(leg, usage, self._loaded)
            for sample in leg.batch.samples:
                usage.completion_tokens += 0 if sample.goes_on else sample.drawn
                if sample.broken and sample.row.request not in broken:
                    broken.add(sample.row.request)
                    yield sample.row.request, Failure(reason="bad-answer", detail="the model's logits are not numbers")
                elif not sample.goes_on and not sample.broken:
                    yield sample.row.request, _answer(sample)
            yield from shift.heard()

    def _rows_of(self, position: int, request: GenerateRequest) -> list[Row] | Failure:
        cut = canonical(request.sampling)
        ids = encode_prompt(self._encoder, request)
        if isinstance(ids, Failure):
            return ids
        return [
            Row(
                request=position,
                sample=sample,
                ids=ids,
                sampling=request.sampling,
                cut=cut,
                key=sample_key(self._loaded.identity, ids, request.sampling, sample),
            )
            for sample in dict.fromkeys(request.samples)
        ]

    def _run(self, rows: Sequence[Row], memo: PromptMemo | None, usage: Usage, shift: Shift) -> Iterator[Leg]:
        """Decode all rows but those that others take, a leg of a batch at a time.

        After lack of memory those that are left start anew: first with no caches that wait, then in lower batches.
        """
        import torch

        left, room = {(row.request, row.sample): row for row in rows}, WAITING
        while left:
            pool, shape = Pool(self._begun(left.values()), room), None
            try:
                while batches := self._next(pool, shift, left):
                    shape = batches[0].shape
                    leg = self._taken(pool, batches, memo, usage)
                    for sample in leg.batch.samples:
                        if not sample.goes_on:
                            del left[sample.row.request, sample.row.sample]
                    yield leg
            except (torch.OutOfMemoryError, MemoryError) as error:
                if pool.held and room:
                    room = 0
                else:
                    shift.dissolve()
                    self._halve(shape, left.values(), error)

    def _next(self, pool: Pool, shift: Shift, left: dict[tuple[int, int], Row]) -> list[Batch]:
        for row in shift.share(pool):
            del left[row.request, row.sample]
        return pool.take()

    def _taken(self, pool: Pool, batches: list[Batch], memo: PromptMemo | None, usage: Usage) -> Leg:
        """Run a leg, and let the rows that go on wait."""
        started = time.perf_counter()
        try:
            with _threads(self._threads):
                leg, after = self._decoded(batches, memo)
            on = [i for i, sample in enumerate(after.samples) if sample.goes_on]
            if on:
                pool.wait(after.of(on))
        finally:
            usage.seconds += time.perf_counter() - started
        return leg

    def _begun(self, rows: Iterable[Row]) -> Iterator[Underway]:
        ends = frozenset(self._loaded.end_ids)
        for shape, row in in_order(rows, self._loaded.abilities, self._limits):
            yield Underway(row, shape, StopWatch(Tail(self._decode, row.sampling.stop), row.sampling.max_new_tokens, ends))

    def _halve(self, shape: Shape | None, rows: Iterable[Row], error: BaseException) -> None:
        height = shape.rows if shape is not None else self.rows
        if height <= FEWEST_ROWS:
            prompt, answer = max((len(row.ids), row.sampling.max_new_tokens) for row in rows)
            raise ModelError(
                f"no memory for {height} completions of {prompt} + {answer} tokens at once: {error}",
                hint="ask for shorter completions, or use a smaller dtype, a smaller model or a device with more memory",
            ) from error
        self.rows = max(FEWEST_ROWS, height // 2)
        _log.warning("no memory for %d completions at once, going on with %d (option batch_rows)", height, self.rows)

    def _decoded(self, batches: list[Batch], memo: PromptMemo | None) -> tuple[Leg, Batch]:
        """Run one leg of batches that go on as one, and give the batch as it is then; rows that it lacks repeat the first."""
        loaded, fresh = self._loaded, batches[0].cache is None
        batch = Batch(tuple(sample for part in batches for sample in part.samples), batches[0].length)
        limit = min(batch.steps, self._positions_left(batch)) if self._in_legs(batch.shape) else batch.longest
        memo = memo if fresh else None
        if memo is not None:
            memo.begin()
        filled = [*batch.samples, *[batch.samples[0]] * (batch.shape.rows - len(batch.samples))]
        if fresh:
            arguments, start = starting(loaded, [sample.row.ids for sample in filled], batch.shape, limit, memo)
        else:
            texts = [sample.text for sample in batch.samples]
            caches = [part.cache for part in batches]
            batches.clear()  # nobody holds the parts while their copies are decoded
            arguments, start = resumed(loaded, texts, batch.shape.rows, batch.length, caches, limit)
        sampler = _sampler(filled, start)
        before = sum(sample.drawn for sample in batch.samples)
        with neutral(loaded.model):
            out = loaded.model.generate(
                generation_config=settings(loaded, limit, return_dict_in_generate=True),
                logits_processor=[sampler],
                stopping_criteria=[RowsDone([sample.watch for sample in batch.samples])],
                **arguments,
            )
        record(batch.samples, sampler)
        drawn = sum(sample.drawn for sample in batch.samples) - before
        leg = Leg(batch, fresh, len(sampler.steps), drawn, frozenset(memo.reused if memo is not None else ()))
        return leg, Batch(batch.samples, batch.length + leg.steps, out.past_key_values)

    def _in_legs(self, shape: Shape) -> bool:
        """Say whether rows can leave a batch before its end: where caches can be copied row by row."""
        return shape.rows > 1 and self._loaded.abilities.expand_cache and not self._loaded.seq2seq

    def _positions_left(self, batch: Batch) -> int:
        """Count the steps before a row has no position left: one that is done is fed like the others until the leg ends."""
        return max(1, self._loaded.max_length - max(len(sample.text) for sample in batch.samples))


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Let torch have so many threads for a while."""
    import torch

    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count:
            torch.set_num_threads(before)


def _sampler(samples: Sequence[Underway], start: int) -> KeyedSampler:
    return KeyedSampler(
        cuts=[sample.row.cut for sample in samples],
        keys=np.array([sample.row.key for sample in samples], np.uint64),
        offsets=np.array([sample.drawn for sample in samples]),
        start=start,
    )


def _answer(sample: Underway) -> Completion:
    text, count = sample.watch.ending()
    return Completion(
        text=text,
        token_ids=tuple(sample.watch.tail.ids[:count]),
        log_probs=tuple(sample.log_probs[:count]),
        sampled_log_probs=tuple(sample.sampled_log_probs[:count]),
        finish=sample.watch.finish,
        sample=sample.row.sample,
        prompt_tokens=len(sample.row.ids),
    )


def _count(leg: Leg, usage: Usage, loaded: Loaded) -> None:
    """Add a leg to the usage: what was computed, padding with the rows that fill the shape and those that have finished."""
    batch = leg.batch
    begun = _count_prompts(leg, usage, loaded) if leg.fresh else 0
    computed, useful = batch.shape.rows * (leg.steps - begun), leg.drawn - begun * len(batch.samples)
    usage.computed_tokens += computed
    usage.padding_tokens += computed - useful


def _count_prompts(leg: Leg, usage: Usage, loaded: Loaded) -> int:
    """Add what the prompts took, and say how many tokens of each row came with its prompt: the first, unless the cache was spread."""
    shape = leg.batch.shape
    prompts = [sample.row.ids for sample in leg.batch.samples]
    height, last = shape.rows, 0
    if shape.slots:
        prompts = [prompt for prompt in dict.fromkeys(prompts) if prompt not in leg.reused]
        height = -(-len(prompts) // shape.slots) * shape.slots
        last = 0 if loaded.seq2seq else 1  # the last token of a prompt is a step of its samples
    computed, useful = height * (shape.length - last), sum(len(prompt) - last for prompt in prompts)
    usage.computed_tokens += computed
    usage.padding_tokens += computed - useful
    return 0 if loaded.seq2seq or shape.slots else 1
