"""The Huffman tree behind hierarchical softmax, built from label counts as fastText builds it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["UNBUILT", "huffman_tree"]

UNBUILT = 10**15  # fastText's count of a node that does not exist yet; real counts must add up to less


def huffman_tree(counts: Sequence[int]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return each node's left and right child, -1 for the leaves 0..n-1; the root is the last node.

    Counts come most frequent first, as in the file; fastText relies on it too. Inner node i asks with output row i - n.
    """
    leaves = len(counts)
    nodes = 2 * leaves - 1
    weight = [*counts, *[UNBUILT] * (leaves - 1)]
    children = np.full((2, nodes), -1, np.int32)
    leaf, inner = leaves - 1, leaves
    for node in range(leaves, nodes):
        for side in (0, 1):
            if leaf >= 0 and weight[leaf] < weight[inner]:
                children[side, node], leaf = leaf, leaf - 1
            else:
                children[side, node], inner = inner, inner + 1
        weight[node] = weight[children[0, node]] + weight[children[1, node]]
    return children[0], children[1]
