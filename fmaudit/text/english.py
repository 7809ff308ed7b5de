"""spaCy's English tokenizer: the tables of the native path, probed from spaCy itself, and spaCy for the rest.

The native path is used only where spaCy's expressions are built exactly as `english_kernels.py` takes them to be, and where it
agrees with spaCy on some thousands of chunks made from the special cases. Otherwise spaCy does it all: slower, equal.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import tempfile
import zipfile
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fmaudit.text.compiling import cache_root, kernel_salt
from fmaudit.text.english_kernels import EnglishTables
from fmaudit.text.tables import expand_runs

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

__all__ = ["blank_tokenizer", "chunk_tokens", "english_tables", "joins_across", "token_lengths", "tokens_by_chunk", "unmerged_tokenizer"]

_TABLE_FORMAT: Final = 1


@cache
def blank_tokenizer() -> Tokenizer:
    """Give the tokenizer of spaCy's blank English pipeline."""
    import spacy

    return spacy.blank("en").tokenizer


@cache
def unmerged_tokenizer() -> Tokenizer:
    """Give the same tokenizer without its last step, the search for special cases among the finished tokens."""
    from spacy.tokenizer import Tokenizer as SpacyTokenizer

    class Unmerged(SpacyTokenizer):  # type: ignore[misc]
        """While it is built no expression finds anything, and spaCy then plans no search for any special case."""

        building = True

        def find_prefix(self, string: str) -> int:
            return 0 if self.building else super().find_prefix(string)

        def find_suffix(self, string: str) -> int:
            return 0 if self.building else super().find_suffix(string)

        def find_infix(self, string: str) -> list[Any]:
            return [] if self.building else super().find_infix(string)

    base = blank_tokenizer()
    unmerged = Unmerged(
        base.vocab,
        rules=base.rules,
        prefix_search=base.prefix_search,
        suffix_search=base.suffix_search,
        infix_finditer=base.infix_finditer,
        token_match=base.token_match,
        url_match=base.url_match,
    )
    unmerged.building = False
    return unmerged


def token_lengths(tokenizer: Tokenizer, text: str) -> npt.NDArray[np.int64]:
    """Give the code points of each token, white-space tokens included."""
    from spacy.attrs import LENGTH

    with tokenizer.vocab.memory_zone():
        return tokenizer(text).to_array(LENGTH).astype(np.int64)  # type: ignore[no-any-return]


@cache
def english_tables() -> EnglishTables | None:
    """Give the native path's tables, or None where spaCy must do the work."""
    stored = _stored_path()
    tables = _load(stored)
    if tables is None:
        from fmaudit.text.english_probe import agrees_with_spacy, probe

        tables = probe()
        if tables is not None and not agrees_with_spacy(tables):
            tables = None
        if tables is not None:
            _store(stored, tables)
    return tables


def _stored_path() -> Path:
    """Name the file of tables by everything they depend on."""
    parts = [importlib.metadata.version("spacy"), platform.python_version(), kernel_salt(Path(__file__).parent), str(_TABLE_FORMAT)]
    return cache_root() / f"english-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:20]}.npz"


def _store(path: Path, tables: EnglishTables) -> None:
    """Write the tables aside and rename, so that no other process reads half a file."""
    starts = np.flatnonzero(np.diff(tables.classes, prepend=tables.classes[0] ^ 1)).astype(np.int32)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as stream:
        np.savez_compressed(stream, starts=starts, classes=tables.classes[starts], numbers=tables.numbers, text=tables.text)
    os.replace(stream.name, path)


def _load(path: Path) -> EnglishTables | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            classes = expand_runs(stored["starts"], stored["classes"]).astype(np.uint16)
            return EnglishTables(classes, stored["numbers"], stored["text"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def chunk_tokens(chunks: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Ask spaCy for the tokens of chunks: all their lengths, how many each chunk has, and what `split_chunk` would tell."""
    from fmaudit.text.layout import ENDS_OPEN, MERGED, STARTS_CLOSE

    final = _split_all(blank_tokenizer(), chunks)
    before = _split_all(unmerged_tokenizer(), chunks)
    edge = ENDS_OPEN | STARTS_CLOSE
    told = [edge | (MERGED if a != b else 0) for a, b in zip(final, before, strict=True)]
    lengths = np.array([length for row in final for length in row], np.int32)
    return lengths, np.array([len(row) for row in final], np.int32), np.array(told, np.int32)


def _split_all(tokenizer: Tokenizer, chunks: Sequence[str]) -> list[list[int]]:
    """Tokenize chunks in one call where possible."""
    if not any("IS_ALPHA" in chunk for chunk in chunks):
        return tokens_by_chunk(chunks, token_lengths(tokenizer, "\n".join(chunks)))
    # spaCy cannot take the token of this name; the chunk is marked and its document goes to the reference lane
    return [[len(chunk)] if "IS_ALPHA" in chunk else token_lengths(tokenizer, chunk).tolist() for chunk in chunks]


def tokens_by_chunk(chunks: Sequence[str], lengths: npt.NDArray[np.int64]) -> list[list[int]]:
    """Share out the token lengths of chunks that were joined by newlines."""
    ends = np.cumsum(lengths)
    stops = np.cumsum([len(chunk) + 1 for chunk in chunks])
    rows = np.split(lengths, np.searchsorted(ends, stops - 1, side="left")[:-1] + 1)
    # every row but the first begins with the newline that stands before its chunk
    return [row.tolist() if i == 0 else row[1:].tolist() for i, row in enumerate(rows)]


@lru_cache(maxsize=1 << 15)
def joins_across(text: str) -> bool:
    """Tell whether spaCy splits chunks that stand one plain space apart otherwise than each alone.

    It may: it looks for its special cases among the finished tokens without minding the space, and though it then joins nothing over
    a space, a longer match over the space hides a shorter one beside it. In "foo:) )" the ":)" is two tokens.
    """
    tokenizer = blank_tokenizer()
    apart = [length for chunk in text.split(" ") for length in token_lengths(tokenizer, chunk)]
    return bool(apart != token_lengths(tokenizer, text).tolist())
