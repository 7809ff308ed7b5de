"""Embeddings of texts: the mean of the last hidden states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.tokens import RequestEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["embed"]


def embed(loaded: Loaded, texts: Sequence[str], *, add_bos: bool | None = None) -> NDArray[np.float32]:
    """Give [texts, width]: the mean over a text's own tokens, cut to the model's window; an empty text is its prefix token.

    Texts go through one by one: an embedding depends on nothing else. Raises ModelError for a model without a body of its own.
    """
    import torch

    from fmaudit.models.backends.transformers.passes import Head

    encoded = RequestEncoder(loaded, add_bos).whole(texts)
    head = None if loaded.seq2seq else Head.of(loaded.model)
    if not loaded.seq2seq and head is None:
        raise ModelError(f"{type(loaded.model).__name__} has no hidden states to embed with")
    vectors = []
    with torch.inference_mode():
        for ids in encoded:
            row = torch.tensor([ids[: loaded.max_length] or (loaded.prefix_id,)], device=loaded.device)
            states = loaded.model.get_encoder()(input_ids=row)[0] if head is None else head.body(input_ids=row, use_cache=False)[0]
            vectors.append(states[0].float().mean(0).cpu().numpy())
    return np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
