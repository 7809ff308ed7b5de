"""How varied the samples of a prompt are: n-grams, overlap, effective number of different ones, compressibility."""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError

__all__ = ["compression_ratio", "distinct", "ngram_kernel", "self_bleu", "units_of", "vendi"]

SPACELESS = re.compile(  # scripts that write no spaces between words: their characters are the units
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u1a20-\u1aaf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
INNER = "'’\u200c\u200d"  # apostrophes and joiners belong to the word they stand in

SMOOTHING = 0.1  # matches of an order that has none

Grams = Counter[tuple[str, ...]]


def units_of(text: str) -> list[str]:
    """Split a text into words in lower case; scripts without spaces (Han, kana, Thai, Lao, Khmer, Burmese, Tibetan) into characters.

    A word is a run of letters, digits and the marks on them; a character keeps its marks. Underscores and punctuation separate.
    """
    units: list[str] = []
    open_ = joins = False  # whether a unit is being written, and whether letters may still join it
    for letter in unicodedata.normalize("NFC", text.casefold()):
        kind = unicodedata.category(letter)[0]
        if open_ and (kind == "M" or (joins and (kind in "LN" or letter in INNER) and not SPACELESS.match(letter))):
            units[-1] += letter
        elif kind in "LN":
            units.append(letter)
            open_, joins = True, not SPACELESS.match(letter)
        else:
            open_ = False
    return [unit.rstrip(INNER) for unit in units]


def distinct(texts: Sequence[str], n: int = 1, *, units: int | None = None) -> float:
    """Give the share of different n-grams among all of the samples (Li et al. 2016), in 0..1.

    The share falls with length whatever the variety, so every sample is cut to the same number of units: `units`, or those of the
    shortest sample that has an n-gram at all. Raises StatisticsError where none has.
    """
    split = [part for part in map(units_of, texts) if len(part) >= n]
    if not split:
        raise StatisticsError(f"no sample has {n} words", hint="leave out empty completions")
    length = max(n, min(map(len, split)) if units is None else units)
    grams = [gram for part in split for gram in _grams(part[:length], n)]
    return len(set(grams)) / len(grams)


def self_bleu(texts: Sequence[str], order: int = 4) -> float:
    """Average the BLEU of every sample against all others as references (Zhu et al. 2018, Texygen): 1 where all are the same.

    BLEU (Papineni et al. 2002) is the brevity penalty times the geometric mean of the clipped precisions of 1- to `order`-grams; a
    count of n-grams is clipped at its largest count in any one reference. Orders longer than the sample are left out, and an order
    without a match counts as a tenth of one (smoothing of Chen and Cherry 2014, method 1, epsilon 0.1). Fewer than two samples with
    a word are a StatisticsError.
    """
    split = [part for part in map(units_of, texts) if part]
    if len(split) < 2:
        raise StatisticsError(f"{len(split)} samples with words cannot be compared with one another")
    counts = [[Counter(_grams(part, n)) for n in range(1, order + 1)] for part in split]
    largest = [_two_largest([counted[n] for counted in counts]) for n in range(order)]
    lengths = [len(part) for part in split]
    return math.fsum(_bleu(i, counts[i], largest, lengths) for i in range(len(split))) / len(split)


def vendi(kernel: npt.ArrayLike) -> float:
    """Give the Vendi score, exp of the entropy of the eigenvalues of K / n (Friedman and Dieng 2023): the effective number of samples.

    `kernel` [n, n] holds similarities, symmetric, positive semidefinite, 1 on the diagonal: n times the same sample give 1, n that have
    nothing in common give n.
    """
    k = np.asarray(kernel, np.float64)
    n = len(k)
    if k.shape != (n, n) or not n or not np.allclose(k, k.T) or not np.allclose(np.diag(k), 1.0):
        raise StatisticsError(f"{k.shape} similarities are no symmetric kernel with ones on its diagonal")
    values = np.linalg.eigvalsh(k / n)
    if values.min() < -1e-8:
        raise StatisticsError("the kernel has a negative eigenvalue", hint="use a positive semidefinite similarity, as the cosine is")
    values = np.where(values > 1e-12, values, 1.0)  # 1 adds nothing to the entropy
    return min(float(n), max(1.0, round(math.exp(-math.fsum((values * np.log(values)).tolist())), 12)))  # equal samples are exactly 1


def ngram_kernel(texts: Sequence[str], n: int = 2) -> npt.NDArray[np.float64]:
    """Give the cosine similarities [texts, texts] of counts of 1- to n-grams; a text without words is like no other."""
    bags: list[Grams] = [Counter(gram for m in range(1, n + 1) for gram in _grams(units_of(text), m)) for text in texts]
    columns = {gram: i for i, gram in enumerate(dict.fromkeys(gram for bag in bags for gram in bag))}
    table = np.zeros((len(texts), len(columns) + len(texts)))
    for row, bag in enumerate(bags):
        for gram, count in bag.items():
            table[row, columns[gram]] = count
        if not bag:
            table[row, len(columns) + row] = 1.0
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    kernel = table @ table.T
    np.fill_diagonal(kernel, 1.0)
    return kernel


def compression_ratio(texts: Sequence[str]) -> float:
    """Give the UTF-8 bytes of all samples over those of their zlib compression (level 9, one stream): high where samples repeat.

    zlib looks back 32 KiB only. Longer samples compress better whatever their variety: compare equal lengths.
    """
    data = "\n".join(texts).encode("utf-8", "surrogatepass")
    if not data:
        raise StatisticsError("no text cannot be compressed", hint="leave out empty completions")
    return len(data) / len(zlib.compress(data, 9))


def _grams(units: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(units[i : i + n]) for i in range(len(units) - n + 1)]


def _two_largest(counts: Sequence[Grams]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Give every n-gram's largest count, whose it is, and the largest count of any other sample: all references in one pass."""
    found: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for owner, bag in enumerate(counts):
        for gram, count in bag.items():
            most, whose, second = found.get(gram, (0, -1, 0))
            found[gram] = (count, owner, most) if count > most else (most, whose, max(second, count))
    return found


def _bleu(i: int, counts: Sequence[Grams], largest: Sequence[dict[tuple[str, ...], tuple[int, int, int]]], lengths: Sequence[int]) -> float:
    logs = []
    for bag, most in zip(counts, largest, strict=True):
        total = sum(bag.values())
        if total:
            limits = ((count, most[gram][2] if most[gram][1] == i else most[gram][0]) for gram, count in bag.items())
            logs.append(math.log((sum(min(pair) for pair in limits) or SMOOTHING) / total))
    nearest = min((abs(length - lengths[i]), length) for j, length in enumerate(lengths) if j != i)[1]
    brevity = min(0.0, 1.0 - nearest / lengths[i])
    return math.exp(brevity + math.fsum(logs) / len(logs))
