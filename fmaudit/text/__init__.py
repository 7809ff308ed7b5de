"""Text as flat arrays: chunks, tokens, lines and sentences, each distinct chunk understood once.

Importing this package loads neither numba nor spaCy; using it loads numba, and spaCy only where the tables of its English
tokenizer are not yet on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit.text.segments import Segments as Segments
    from fmaudit.text.segments import segment as segment
    from fmaudit.text.tokens import TokenFeature as TokenFeature
    from fmaudit.text.vocabulary import ChunkFeature as ChunkFeature
    from fmaudit.text.vocabulary import Vocabulary as Vocabulary
    from fmaudit.text.warm import warmup as warmup

_HOMES = {
    "ChunkFeature": "vocabulary",
    "Segments": "segments",
    "TokenFeature": "tokens",
    "Vocabulary": "vocabulary",
    "segment": "segments",
    "warmup": "warm",
}

__all__ = ["ChunkFeature", "Segments", "TokenFeature", "Vocabulary", "segment", "warmup"]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
