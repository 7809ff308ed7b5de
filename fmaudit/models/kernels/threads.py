"""Shares the rows of a kernel out to threads: each gets one run of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

__all__ = ["shared_out"]

LEAST = 1 << 16  # numbers: fewer are not worth a thread


def shared_out(work: Callable[[int, int], object], count: int, each: int, threads: int) -> None:
    """Call `work(first, last)` over `count` items of `each` numbers, in at most `threads` runs at once; `work` must not hold the GIL."""
    parts = max(1, min(threads, count, count * each // LEAST))
    ends = [count * i // parts for i in range(parts + 1)]
    if parts == 1:
        work(0, count)
        return
    list(_pool(threads, os.getpid()).map(work, ends[:-1], ends[1:]))


@cache
def _pool(threads: int, _process: int) -> ThreadPoolExecutor:
    # by process: a fork has none of the threads
    return ThreadPoolExecutor(threads, thread_name_prefix="fmaudit-kernel")
