"""A model that answers nothing and remembers what it was asked: for recording answers elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.models.base import Backend, Capability
from fmaudit.models.cache import request_key
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Sampling

__all__ = ["ListingBackend"]


class ListingBackend(Backend):
    """Stands for a model that can be asked only elsewhere; what `known` has recorded already it answers, all else it notes in `asked`.

    Requests for the same text are one, with the samples that are missing of the most: recorded answers do not say how they were drawn.
    """

    scheme: ClassVar[str] = "listing"
    capabilities = frozenset({Capability.GENERATE, Capability.SAMPLE, Capability.CHAT})

    def __init__(self, known: Backend | None = None) -> None:
        """Take an open backend of recorded answers, if there is one."""
        super().__init__(self.scheme + ":")
        self.identity = "nobody"
        self._known = known
        self.asked: dict[bytes, GenerateRequest] = {}

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> ListingBackend:
        """Make one that knows nothing."""
        return cls()

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Give the recorded answers, and note the requests that lack one."""
        lacking = set(range(len(requests)))
        there = Counter[int]()
        if self._known is not None:
            lacking = set()
            for i, answer in self._known.generate_each(requests):
                if isinstance(answer, Failure):
                    lacking.add(i)
                else:
                    there[i] = max(there[i], answer.sample + 1)
                yield i, answer
        for i in sorted(lacking):
            self._note(requests[i], there[i])
            if self._known is None:
                yield i, Failure(reason="not-recorded")

    def _note(self, request: GenerateRequest, there: int) -> None:
        key = request_key(replace(request, sampling=Sampling()))
        first = self.asked.get(key, request)
        most = max((*first.samples, *request.samples), default=0) + 1
        self.asked[key] = replace(first, samples=tuple(range(there, most)))
