"""Compile every kernel and probe every table ahead of the first corpus."""

from __future__ import annotations

__all__ = ["warmup"]

_TEXTS = (
    "A first text, with “quotes” and U.S. names.\nSee http://example.com/x [1] for 5 km.\r\n\r\nIt's 10 a.m.: 字。\u2028 :) ",
    "",
    "IS_ALPHA x",
)


def warmup() -> None:
    """Compile the kernels of segments and tokens; under a minute the first time, under two seconds from the cache on disk."""
    import numpy as np

    from fmaudit.text.english import chunk_tokens
    from fmaudit.text.kernels import join_bytes
    from fmaudit.text.segments import segment
    from fmaudit.text.tokens import TokenFeature
    from fmaudit.text.vocabulary import Vocabulary

    data, offsets = join_bytes([text.encode() for text in _TEXTS])
    segments = segment(data, offsets, Vocabulary())
    assert len(segments.tokens.chunks) >= segments.vocabulary.size
    by_spacy = TokenFeature(native=False)
    by_spacy.sync(segments.vocabulary)
    assert np.array_equal(by_spacy.chunks[0, 1:3], segments.tokens.chunks[0, 1:3])
    assert chunk_tokens(["x"])[1].tolist() == [1]
