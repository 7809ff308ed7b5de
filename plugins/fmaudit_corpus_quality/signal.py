"""The signal "quality": every count that the rule sets of datatrove 0.10.1 are decided by."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit import DocumentBatch, Signal

__all__ = ["QualitySignal", "rewrite"]

_COUNTS = (
    *("characters", "words", "core_words", "core_characters", "hashes", "ellipses", "lines", "bullet_lines", "ellipsis_lines"),
    *("alpha_words", "stop_words", "paragraphs", "dup_paragraphs", "dup_paragraph_chars", "newline_lines", "dup_lines", "dup_line_chars"),
    *(f"top_{n}_gram_chars" for n in (2, 3, 4)),
    *(f"dup_{n}_gram_chars" for n in range(5, 11)),
)
_FINEWEB = (
    *("fineweb_lines", "fineweb_terminal_lines", "fineweb_short_lines", "fineweb_dup_line_chars", "fineweb_characters"),
    "newlines",
)
_PREFIXES = ("c4", "c4nt")


def _c4_fields(prefix: str) -> list[pa.Field[Any]]:
    counts = [pa.field(f"{prefix}_{name}", pa.int32()) for name in ("sentences", "lines", "characters")]
    return [pa.field(f"{prefix}_blocker", pa.int8()), *counts, pa.field(f"{prefix}_sha256", pa.binary(32))]


class QualitySignal(Signal):
    """Counts, never decisions: any threshold of any rule set can be replayed over them.

    The counts are those of the original text. `c4_*` follow C4 with its rule on terminal punctuation, `c4nt_*` without it;
    `blocker` is 1 for "lorem ipsum" and 2 for "{" in a line that no earlier rule skipped, and such a document has no sentences,
    lines or characters. `sha256` is that of the cleaned text, where datatrove's default thresholds keep the document.
    """

    name: ClassVar[str] = "quality"
    version: ClassVar[str] = "datatrove-0.10.1/1"
    schema: ClassVar[pa.Schema] = pa.schema(
        [
            *(pa.field(name, pa.int32()) for name in _COUNTS),
            *(field for prefix in _PREFIXES for field in _c4_fields(prefix)),
            *(pa.field(name, pa.int32()) for name in _FINEWEB),
            pa.field("lane", pa.int8()),  # 0 by the kernels, 1 by the reference lane
        ]
    )

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Count by the kernels, and in plain Python the few documents that they refuse."""
        columns = _kernel_columns(batch)
        refused = np.flatnonzero(columns["lane"])
        for row in refused:
            _count_by_reference(columns, int(row), batch.text[int(row)].as_py())
        arrays = [pa.array(columns[field.name], field.type) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


_COUNTER: list[Any] = []


def _counter() -> Any:
    """Give the process's counter; made on first use because the kernels are heavy to load."""
    from fmaudit_corpus_quality.kernels.counts import Counter

    if not _COUNTER:
        _COUNTER.append(Counter())
    return _COUNTER[0]


def _kernel_columns(batch: DocumentBatch) -> dict[str, Any]:
    from fmaudit_corpus_quality.kernels.counts import digests

    counter = _counter()
    counts = counter.count(batch)
    columns: dict[str, Any] = {**counts.columns, "lane": counts.refused.astype(np.int8)}
    for prefix in _PREFIXES:
        columns[f"{prefix}_blocker"] = columns[f"{prefix}_blocker"].astype(np.int8)
    lenient = columns["c4nt_blocker"] == 0
    texts, columns["c4nt_characters"] = counter.clean(counts, "c4nt", lenient)
    columns["c4nt_sha256"] = digests(texts, counts.is_kept("c4nt"))
    # the strict variant keeps some of the lenient one's lines: where it keeps as many, its text is the same
    same = lenient & (columns["c4_lines"] == columns["c4nt_lines"])
    strict = (columns["c4_blocker"] == 0) & ~same
    texts, characters = counter.clean(counts, "c4", strict)
    columns["c4_characters"] = np.where(same, columns["c4nt_characters"], characters)
    rows = digests(texts, counts.is_kept("c4") & strict)
    for row in np.flatnonzero(same):
        rows[row] = columns["c4nt_sha256"][row]
    columns["c4_sha256"] = rows
    return columns


def _count_by_reference(columns: dict[str, Any], row: int, text: str) -> None:
    from fmaudit_corpus_quality.kernels.reference import count_text

    for name, value in count_text(text).items():
        columns[name][row] = value


def rewrite(batch: DocumentBatch, terminal: bool) -> pa.Array[Any]:
    """Give the texts that C4 leaves, with or without its rule on terminal punctuation; a document it drops keeps its text."""
    from fmaudit_corpus_quality.kernels.reference import clean_text

    prefix = "c4" if terminal else "c4nt"
    counter = _counter()
    counts = counter.count(batch)
    kept: npt.NDArray[np.bool_] = counts.is_kept(prefix)
    texts, _ = counter.clean(counts, prefix, kept)
    view = memoryview(texts.text.data)
    rows: list[Any] = []
    for row in range(len(batch)):
        original = batch.text[row].as_py
        if counts.refused[row]:
            cleaned = clean_text(original(), terminal)
            rows.append(original() if cleaned is None else cleaned)
        else:
            rows.append(bytes(view[texts.begins[row] : texts.ends[row]]).decode() if kept[row] else original())
    return pa.array(rows, pa.large_string())
