"""A transformers model in memory with everything its users need to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Abilities", "Loaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """Which tricks this model does right, found by trying them at load, never from a list of families.

    The default is the slow and safe path.
    """

    right_pad: bool = True  # right padding without a mask scores as one by one
    left_pad: bool = False  # left padding with a mask decodes as one by one
    batch_decode: bool = False  # a batch of more than one row decodes as one by one
    decode_cache: bool = True  # decoding from a cache is as decoding without
    keep_rows: bool = False  # `logits_to_keep` with a boolean [batch, length] gives the selected rows
    split_head: bool = False  # the body's hidden states, put back a few at a time, give the model's own logits (passes.Head)
    tree_mask: bool = False  # one prefix with several continuations behind it in a packed row
    reuse_cache: bool = False  # several tokens may follow a cache at once
    expand_cache: bool = False  # one prompt's cache may be copied to many rows
    packing: bool = False  # many sequences in one row, kept apart by an attention function of our own (segments.py)


@dataclass(slots=True, kw_only=True)
class Loaded:
    """A model, its tokenizer and its facts."""

    model: Any  # transformers.PreTrainedModel
    tokenizer: Any  # transformers.PreTrainedTokenizerBase, None for a model without one
    device: Any  # torch.device
    dtype: Any  # torch.dtype
    seq2seq: bool
    max_length: int  # tokens the model was made for
    prefix_id: int  # stands for an empty context
    end_ids: tuple[int, ...]
    pad_id: int
    start_id: int | None = None  # of a decoder: sequence-to-sequence only
    vocabulary: int = 1 << 62  # token ids it knows: rows of the input embedding
    identity: str = ""  # weights, tokenizer and template
    abilities: Abilities = field(default_factory=Abilities)
