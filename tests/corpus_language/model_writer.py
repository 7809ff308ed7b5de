"""Writes small fastText models, dense, with hierarchical or plain softmax, that fastText itself can load."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

HIERARCHICAL, SOFTMAX = 1, 3
HEADER = 4 * 14 + 8  # bytes before the dictionary's own counts


def write_model(
    path: Path,
    labels: Sequence[str],
    words: Sequence[bytes] = (b"</s>",),
    *,
    loss: int = HIERARCHICAL,
    dim: int = 10,
    bucket: int = 2000,
    minn: int = 2,
    maxn: int = 4,
    version: int = 12,
    seed: int = 0,
    scale: float = 2.0,
) -> Path:
    """Write a model with random weights."""
    rng = np.random.default_rng(seed)
    parts = [struct.pack("<ii", 793712314, version), struct.pack("<12id", dim, 5, 5, 1, 5, 1, loss, 3, bucket, minn, maxn, 100, 1e-4)]
    parts.append(struct.pack("<iiiqq", len(words) + len(labels), len(words), len(labels), 1000, -1))
    parts += [word + b"\0" + struct.pack("<qb", 1000 - i, 0) for i, word in enumerate(words)]
    parts += [b"__label__" + label.encode() + b"\0" + struct.pack("<qb", 500 - 7 * i, 1) for i, label in enumerate(labels)]
    parts.append(b"\0")
    for rows in (len(words) + bucket, len(labels)):
        weights = rng.normal(0, scale, (rows, dim)).astype("<f4")
        parts.append(struct.pack("<qq", rows, dim) + weights.tobytes())
    parts.insert(-1, b"\0")  # the output is not quantised
    path.write_bytes(b"".join(parts))
    return path
