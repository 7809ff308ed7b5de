"""What a limit leaves of every kind of item: a rate of one kind takes as many of that kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from fmaudit import AskParams

__all__ = ["too_few"]


def too_few(suite: str, kinds: Iterable[str], what: str, params: AskParams) -> Iterator[str]:
    """Say which kinds have too few items for a rate; a limit below the least of any rate is told for all suites at once.

    `kinds` is the kind of every item asked, `what` the items in words. A kind without any item is a choice of the items' author.
    """
    if params.limit is not None and params.limit < params.minimum_items:
        return
    counts = Counter(kinds)
    if any(n < params.minimum_items for n in counts.values()):
        told = " and ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))
        limited = f" (limit is {params.limit})" if params.limit is not None else ""
        yield (
            f"{suite} asks {told} {what}{limited}, and a rate takes {params.minimum_items} of its kind (minimum_items): "
            "those of fewer will have no value"
        )
