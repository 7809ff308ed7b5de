"""Completions of a transformers model: every sample by its own key, in batches whose shapes do not depend on what else was asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.keyed import KeyedSampler
from fmaudit.models.backends.transformers.memo import PromptMemo
from fmaudit.models.backends.transformers.prefill import neutral, settings, starting
from fmaudit.models.backends.transformers.prompts import encode_prompt
from fmaudit.models.backends.transformers.rows import (
    BUCKET,
    PREFILL_ONCE_FROM_ON_GPU,
    PREFILL_TOKENS_OF_GPU,
    Batch,
    Drawn,
    Limits,
    Row,
    batches,
)
from fmaudit.models.backends.transformers.stops import RowsDone, StopWatch, Tail, decoder
from fmaudit.models.backends.transformers.tokens import RequestEncoder
from fmaudit.models.requests import Completion, Failure, GenerateRequest
from fmaudit.models.sampling import canonical, sample_key

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded
    from fmaudit.models.base import Usage

__all__ = ["ROWS", "Generator"]

ROWS = 32  # of a batch
FEWEST_ROWS = 2  # no batch has fewer, where a batch can be decoded at all (rows.shape_of)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came out of one batch: the draws of every step, what ended each row, which prompts cost nothing."""

    sampler: KeyedSampler
    watches: list[StopWatch]
    reused: frozenset[tuple[int, ...]]  # prompts that were computed before


class Generator:
    """Draws completions from a loaded model.

    `rows` is the height of every batch, halved where memory is short; it belongs to the numeric mode, as do the constants of `rows.py`.
    `add_bos` overrides whether texts get the tokenizer's special tokens.
    """

    def __init__(self, loaded: Loaded, rows: int = ROWS, add_bos: bool | None = None) -> None:
        self._loaded = loaded
        limits = Limits(rows) if loaded.device.type == "cpu" else Limits(rows, PREFILL_TOKENS_OF_GPU, PREFILL_ONCE_FROM_ON_GPU)
        self._limits = replace(limits, pause=0) if loaded.seq2seq else limits  # what a decoder drew is no part of its prompt
        self._encoder = RequestEncoder(loaded, add_bos)
        self._decode = decoder(loaded.tokenizer)
        self._memo: PromptMemo | None = None

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
        return f"rows {how.rows}, prefill {how.prefill_tokens} from {how.prefill_from}, bucket {BUCKET}, pause {how.pause}"

    def generate_each(self, requests: Sequence[GenerateRequest], usage: Usage) -> Iterator[tuple[int, Completion | Failure]]:
        """Yield (position of the request, one of its samples) as each batch ends, in an order that the requests alone determine.

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
        # prompts that are drawn from in several ways are computed for the first of them
        self._memo = PromptMemo() if len({row.cut for row in rows}) > 1 else None
        seen: set[int] = set()
        broken: set[int] = set()
        for batch, decoded in self._run(rows, usage):
            _count(batch, decoded, usage, self._loaded, seen)
            for row, answer in self._answers(batch, decoded):
                if isinstance(answer, Completion):
                    yield row.request, answer
                elif row.request not in broken:
                    broken.add(row.request)
                    yield row.request, answer
        self._memo = None

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

    def _run(self, rows: Sequence[Row], usage: Usage) -> Iterator[tuple[Batch, Decoded]]:
        """Decode all rows; those that pause go on in batches of their own, and after lack of memory all that are left in lower ones."""
        import torch

        left = list(rows)
        while left:
            done: set[tuple[int, int]] = set()
            paused: list[Row] = []
            for batch in batches(left, self._loaded.abilities, self._limits):
                try:
                    decoded = self._timed(batch, usage)
                except (torch.OutOfMemoryError, MemoryError) as error:
                    self._halve(batch, error)
                    break
                done.update((row.request, row.sample) for row in batch.rows)
                paused += _paused(batch, decoded)
                yield batch, decoded
            left = [row for row in left if (row.request, row.sample) not in done] + paused

    def _halve(self, batch: Batch, error: BaseException) -> None:
        shape = batch.shape
        if shape.rows <= FEWEST_ROWS:
            raise ModelError(
                f"no memory for {shape.rows} completions of {shape.length} + {batch.limit} tokens at once: {error}",
                hint="ask for shorter completions, or use a smaller dtype, a smaller model or a device with more memory",
            ) from error
        self.rows = max(FEWEST_ROWS, shape.rows // 2)
        _log.warning("no memory for %d completions at once, going on with %d (option batch_rows)", shape.rows, self.rows)

    def _timed(self, batch: Batch, usage: Usage) -> Decoded:
        started = time.perf_counter()
        try:
            return self._decoded(batch)
        finally:
            usage.seconds += time.perf_counter() - started

    def _decoded(self, batch: Batch) -> Decoded:
        """Run one batch: rows that are missing from its shape repeat the first."""
        loaded = self._loaded
        filled = [*batch.rows, *[batch.rows[0]] * (batch.shape.rows - len(batch.rows))]
        memo = self._memo if batch.offset == 0 else None  # nobody asks a second time for what one sample drew
        if memo is not None:
            memo.begin()
        arguments, start = starting(loaded, [row.fed for row in filled], batch.shape, batch.limit, memo)
        sampler = KeyedSampler(batch.cut, np.array([row.key for row in filled], np.uint64), start, batch.offset)
        ends = frozenset(loaded.end_ids)
        watches = [StopWatch(Tail(self._decode, row.sampling.stop), row.sampling.max_new_tokens, ends) for row in batch.rows]
        for row, watch in zip(batch.rows, watches, strict=True):
            watch.resume(row.drawn.ids)
        with neutral(loaded.model):
            loaded.model.generate(
                generation_config=settings(loaded, batch.limit),
                logits_processor=[sampler],
                stopping_criteria=[RowsDone(watches)],
                **arguments,
            )
        return Decoded(sampler, watches, frozenset(memo.reused) if memo is not None else frozenset())

    def _answers(self, batch: Batch, decoded: Decoded) -> Iterator[tuple[Row, Completion | Failure]]:
        sampler = decoded.sampler
        log_probs, sampled = sampler.table("log_probs"), sampler.table("sampled_log_probs")
        broken = sampler.table("broken")
        for i, (row, watch) in enumerate(zip(batch.rows, decoded.watches, strict=True)):
            drawn = watch.tail.ids
            if broken[i, : len(drawn) - row.offset].any():
                yield row, Failure(reason="bad-answer", detail="the model's logits are not numbers")
                continue
            if not watch.finish:
                continue  # it pauses
            text, count = watch.ending()
            yield (
                row,
                Completion(
                    text=text,
                    token_ids=tuple(drawn[:count]),
                    log_probs=(row.drawn.log_probs + tuple(log_probs[i].tolist()))[:count],
                    sampled_log_probs=(row.drawn.sampled_log_probs + tuple(sampled[i].tolist()))[:count],
                    finish=watch.finish,
                    sample=row.sample,
                    prompt_tokens=len(row.ids),
                ),
            )


def _paused(batch: Batch, decoded: Decoded) -> list[Row]:
    """Give the rows that go on later, with what they drew; rows whose logits broke are answered as they are."""
    sampler = decoded.sampler
    going = [(i, row, watch) for i, (row, watch) in enumerate(zip(batch.rows, decoded.watches, strict=True)) if not watch.finish]
    if not going:
        return []
    log_probs, sampled, broken = (sampler.table(name) for name in ("log_probs", "sampled_log_probs", "broken"))
    return [
        replace(
            row,
            drawn=Drawn(
                tuple(watch.tail.ids),
                row.drawn.log_probs + tuple(log_probs[i].tolist()),
                row.drawn.sampled_log_probs + tuple(sampled[i].tolist()),
            ),
        )
        for i, row, watch in going
        if not broken[i].any()
    ]


def _count(batch: Batch, decoded: Decoded, usage: Usage, loaded: Loaded, seen: set[int]) -> None:
    """Add a batch to the usage: a prompt once per request, padding with the rows that fill the shape and those that have finished."""
    shape, steps = batch.shape, len(decoded.sampler.steps)
    drawn = sum(len(watch.tail.ids) for watch in decoded.watches) - batch.offset * len(batch.rows)
    prompts = [row.fed for row in batch.rows]
    fed = 0 if loaded.seq2seq or shape.slots else 1  # the first token comes with the prompt
    height, once = shape.rows, 0 if loaded.seq2seq else 1
    if shape.slots:
        prompts = [prompt for prompt in dict.fromkeys(prompts) if prompt not in decoded.reused]
        height = -(-len(prompts) // shape.slots) * shape.slots
    else:
        once = 0
    computed = height * (shape.length - once) + shape.rows * (steps - fed)
    useful = sum(len(prompt) - once for prompt in prompts) + drawn - fed * len(batch.rows)
    usage.computed_tokens += computed
    usage.padding_tokens += computed - useful
    usage.completion_tokens += drawn
    for row in batch.rows:
        if row.request not in seen:
            seen.add(row.request)
            usage.requests += 1
            usage.prompt_tokens += len(row.ids)
