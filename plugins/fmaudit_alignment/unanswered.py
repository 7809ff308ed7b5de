"""Prompts without an answer of the model: blocked by its provider, or lost by a model that is asked beside it."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from fmaudit import RequestError

if TYPE_CHECKING:
    from fmaudit import Asker

__all__ = ["BLOCKED", "FAILED", "beside", "is_block"]

# what a row says where a filter of the provider, not the model, declined; and where a model asked beside it failed
BLOCKED, FAILED = "blocked", "failed"
_FILTER = re.compile(
    r"content[ _-]?(?:filter|policy|management|moderation|safety)|moderat(?:ion|ed)|responsible[ _]?ai"
    r"|safety[ _-](?:system|filter|setting|policy)|usage polic|policy[ _-]violation|violates? (?:our|the) "
    r"|flagged|prohibited[ _]content|jailbreak|guardrail",
    re.IGNORECASE,
)
Answer = TypeVar("Answer")


def is_block(error: RequestError) -> bool:
    """Say whether a request was declined by a filter around the model: "refused: 400: content filter" and what other servers call it."""
    words = str(error)
    return words.startswith("refused") and _FILTER.search(words) is not None


async def beside(role: str, asker: Asker, answer: Awaitable[Answer]) -> Answer:
    """Wait for an answer of a model that is asked beside the audited one. Raises RequestError, which names that model."""
    try:
        return await answer
    except RequestError as error:
        raise RequestError(f"the {role} {asker.model.uri}, not the model: {error}") from error
