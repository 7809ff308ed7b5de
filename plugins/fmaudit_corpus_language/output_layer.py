"""From a document's mean vector to its two best labels, in the arithmetic of fastText (float32, log of p + 1e-5)."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import kernels

__all__ = ["best_two_leaves", "best_two_outputs"]

FLOOR = 1e-5  # fastText adds it to a probability before taking the logarithm
LOG_FLOOR = np.float32(np.log(FLOOR))  # a path below it is never followed
NEVER = np.float32(-1e30)
BOUND_FROM = -8.0  # log(sigmoid(z) + FLOOR) <= z + BOUND_SLACK for z above this
BOUND_SLACK = np.float32(0.04)

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int32]


@kernels.compiled
def _project(hidden: Floats, output_columns: Floats, scores: Floats) -> None:
    """Dot every output row with `hidden`; each row's sum runs in fastText's order, many rows at a time."""
    scores[:] = 0
    for k in range(len(hidden)):
        x = hidden[k]
        for j in range(len(scores)):
            scores[j] += output_columns[k, j] * x


@kernels.compiled
def _bound(z: Any) -> Any:
    """Cheap upper bound of log(sigmoid(z) + FLOOR)."""
    return min(np.float32(0.0), max(z, np.float32(BOUND_FROM))) + BOUND_SLACK


@kernels.compiled
def best_two_leaves(
    hidden: Floats,
    output_columns: Floats,
    left: Numbers,
    right: Numbers,
    scores: Floats,
    stack: Numbers,
    stack_score: Floats,
    found: Numbers,
    found_score: Floats,
) -> None:
    """Walk the Huffman tree best side first; write the two best leaves (-1 where none) and their log scores."""
    _project(hidden, output_columns, scores)
    leaves = (len(left) + 1) // 2
    found[0] = found[1] = -1
    found_score[0] = found_score[1] = NEVER
    stack[0], stack_score[0], top = len(left) - 1, np.float32(0.0), 1
    while top > 0:
        top -= 1
        node, score = stack[top], stack_score[top]
        if score < LOG_FLOOR or score < found_score[1]:
            continue
        if node < leaves:
            _keep(node, score, found, found_score)
            continue
        z = scores[node - leaves]
        worse, better = (left[node], right[node]) if z > 0 else (right[node], left[node])
        p_right = np.float32(1.0 / np.float64(np.float32(1.0) + np.float32(exp(-z))))
        p_left = np.float32(1.0 - np.float64(p_right))
        p_worse, p_better = (p_left, p_right) if z > 0 else (p_right, p_left)
        if score + _bound(-abs(z)) >= found_score[1]:
            stack[top], stack_score[top] = worse, score + np.float32(log(np.float64(p_worse) + FLOOR))
            top += 1
        stack[top], stack_score[top] = better, score + np.float32(log(np.float64(p_better) + FLOOR))
        top += 1


@kernels.compiled
def _keep(label: int, score: Any, found: Numbers, found_score: Floats) -> None:
    """Insert a label among the best two; a tie keeps the one that was there."""
    if score > found_score[0]:
        found[1], found_score[1] = found[0], found_score[0]
        found[0], found_score[0] = label, score
    elif score > found_score[1]:
        found[1], found_score[1] = label, score


@kernels.compiled
def best_two_outputs(hidden: Floats, output_columns: Floats, scores: Floats, found: Numbers, found_score: Floats) -> None:
    """Take the two best labels of a plain softmax and their log scores."""
    _project(hidden, output_columns, scores)
    highest = scores[0]
    for j in range(len(scores)):
        highest = max(highest, scores[j])
    total = np.float32(0.0)
    for j in range(len(scores)):
        scores[j] = np.float32(exp(scores[j] - highest))
        total += scores[j]
    found[0] = found[1] = -1
    found_score[0] = found_score[1] = NEVER
    for j in range(len(scores)):
        _keep(j, np.float32(log(np.float64(scores[j] / total) + FLOOR)), found, found_score)
