"""Scores of an encoder-decoder model: one encoder pass for each context, whatever number of continuations it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from fmaudit.models.backends.transformers.batches import BUCKET, Asked, Batch, Unit
from fmaudit.models.backends.transformers.passes import Head, Reader
from fmaudit.models.backends.transformers.scoring import Scorer

__all__ = ["DecoderBatch", "EncoderDecoderScorer", "EncoderGroup"]


@dataclass(eq=False, slots=True)
class EncoderGroup:
    """Contexts that go through the encoder together: token ids [contexts][length], padded to the right, and their real lengths."""

    ids: list[list[int]]
    lengths: list[int]


@dataclass(slots=True)
class DecoderBatch(Batch):
    """Rows of the decoder; row i reads the context `contexts[i]` of the group."""

    group: EncoderGroup = field(default_factory=lambda: EncoderGroup([], []))
    contexts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class DecoderReader(Reader):
    """Reads logits of a decoder; the encoder's states of the last group are kept."""

    _group: EncoderGroup | None = field(default=None, init=False)
    _encoded: tuple[Any, Any] = field(default=(None, None), init=False)

    def __post_init__(self) -> None:
        """Find the head once."""
        if self.split:
            self.head = Head.of_decoder(self.model)

    def _inputs(self, batch: Batch) -> dict[str, Any]:
        import torch

        assert isinstance(batch, DecoderBatch)
        if batch.group is not self._group:
            self._encoded = self._encode(batch.group)
            self._group = batch.group
        states, mask = self._encoded
        of_row = torch.tensor(batch.contexts, device=self.model.device)
        ids = torch.tensor(batch.ids, device=self.model.device)
        if self.head is not None:
            return {"input_ids": ids, "encoder_hidden_states": states[of_row], "encoder_attention_mask": mask[of_row], "use_cache": False}
        from transformers.modeling_outputs import BaseModelOutput

        encoded = BaseModelOutput(states[of_row])
        return {"decoder_input_ids": ids, "encoder_outputs": encoded, "attention_mask": mask[of_row], "use_cache": False}

    def _encode(self, group: EncoderGroup) -> tuple[Any, Any]:
        import torch

        ids = torch.tensor(group.ids, device=self.model.device)
        ends = torch.tensor(group.lengths, device=self.model.device)
        mask = (torch.arange(ids.shape[1], device=ids.device) < ends[:, None]).long()
        return self.model.get_encoder()(input_ids=ids, attention_mask=mask)[0], mask


class EncoderDecoderScorer(Scorer):
    """Scores with an encoder padded to the right with a mask and a decoder padded to the right without: its past cannot see the padding."""

    def _make_reader(self) -> Reader:
        return DecoderReader(self._loaded.model, split=self._loaded.abilities.split_head, fixed=self.shapes.fixed)

    def batches(self, units: Sequence[Unit], chosen: Sequence[int]) -> Iterator[Batch]:
        """Plan encoder groups under the token budget, longest contexts first, and the decoder's batches of each."""
        by_context: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for i in chosen:
            by_context[units[i].context].append(i)
        order = sorted(by_context, key=lambda context: (-self._rounded(len(context)), context))
        for length, same in groupby(order, key=lambda context: self._rounded(len(context))):
            contexts = list(same)
            rows = max(1, self.shapes.tokens // length)
            for start in range(0, len(contexts), rows):
                yield from self._of_group(contexts[start : start + rows], length, rows, by_context, units)

    def _of_group(
        self, contexts: Sequence[tuple[int, ...]], length: int, rows: int, members: dict[tuple[int, ...], list[int]], units: Sequence[Unit]
    ) -> Iterator[Batch]:
        ids = [[*context, *[self.shapes.filler] * (length - len(context))] for context in contexts]
        lengths = [len(context) for context in contexts]
        if self.shapes.fixed:
            missing = rows - len(ids)
            ids, lengths = ids + [ids[0]] * missing, lengths + [lengths[0]] * missing
        group = EncoderGroup(ids, lengths)
        lanes: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
        for place, context in enumerate(contexts):
            for i in members[context]:
                lanes[place, units[i].targets[:-1]].append(i)
        order = sorted(lanes, key=lambda lane: (-self._rounded(len(lane[1]) + 1), lane))
        first = True
        for width, same in groupby(order, key=lambda lane: self._rounded(len(lane[1]) + 1)):
            chosen = list(same)
            many = max(1, self.shapes.tokens // (length + width))
            for start in range(0, len(chosen), many):
                yield self._decoder_batch(chosen[start : start + many], width, many, group, lanes, first)
                first = False

    def _decoder_batch(
        self,
        lanes: Sequence[tuple[int, tuple[int, ...]]],
        width: int,
        rows: int,
        group: EncoderGroup,
        units: dict[tuple[int, tuple[int, ...]], list[int]],
        first: bool,
    ) -> DecoderBatch:
        start = self._loaded.start_id or 0
        ids, contexts, asked = [], [], []
        for row, (place, shifted) in enumerate(lanes):
            own = [start, *shifted]
            ids.append(own + [self.shapes.filler] * (width - len(own)))
            contexts.append(place)
            positions = tuple(range(row * width, row * width + len(own)))
            asked += [Asked(i, positions) for i in units[place, shifted]]
        real = sum(len(shifted) + 1 for _, shifted in lanes)
        if self.shapes.fixed:
            missing = rows - len(ids)
            ids, contexts = ids + [ids[0]] * missing, contexts + [contexts[0]] * missing
        pairs = len(ids) * width * (width // 2 + len(group.ids[0]))
        encoded = len(group.ids) * len(group.ids[0]) if first else 0
        return DecoderBatch(
            ids, asked, real, pairs, encoded=encoded, encoded_real=sum(group.lengths) if first else 0, group=group, contexts=contexts
        )

    def _rounded(self, length: int) -> int:
        # lengths are rounded in any precision: an encoder's padding is masked, so only equal shapes are equal to the bit
        return -(-length // BUCKET) * BUCKET if self.shapes.fixed else -(-length // 4) * 4
