"""How often repeated samples of one prompt agree, and are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb

from fmaudit import StatisticsError

__all__ = ["agreement", "answer_counts", "majority_share", "pass_power"]


def answer_counts(answers: Sequence[Hashable]) -> tuple[int, ...]:
    """Count equal answers of one prompt, the most common first."""
    return tuple(sorted(Counter(answers).values(), reverse=True))


def agreement(counts: Sequence[int]) -> float:
    """Estimate the chance that two samples agree, without bias: sum of n_c (n_c - 1) over n (n - 1), from the counts of one prompt."""
    n = sum(counts)
    if n < 2:
        raise StatisticsError(f"{n} samples of a prompt cannot agree or disagree", hint="draw at least two")
    return sum(count * (count - 1) for count in counts) / (n * (n - 1))


def majority_share(counts: Sequence[int]) -> float:
    """Give the share of the most common answer of one prompt; biased up where samples are few."""
    if not sum(counts) > 0:
        raise StatisticsError("no samples have no majority")
    return max(counts) / sum(counts)


def pass_power(correct: int, n: int, k: int) -> float:
    """Estimate pass^k, the chance that k samples are all correct, without bias: C(correct, k) / C(n, k) (Yao et al. 2024, tau-bench)."""
    if not (0 <= correct <= n and 1 <= k <= n):
        raise StatisticsError(f"pass^{k} of {correct} correct among {n} samples is undefined", hint=f"draw at least {k} samples")
    return comb(correct, k) / comb(n, k)
