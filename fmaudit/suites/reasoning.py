"""The part of a completion that is the answer, where a model thinks aloud before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fmaudit.models.requests import Completion

__all__ = ["without_reasoning"]


def without_reasoning(completion: Completion, marks: tuple[str, str]) -> Completion:
    """Leave out the reasoning between two marks at the beginning of the text, with the blanks behind it; tokens stay as they are.

    The first mark may be missing, since some chat templates write it themselves. Reasoning that never ends leaves no answer: the text is
    empty and the finish "length". Empty marks leave all texts alone.
    """
    begin, end = marks
    if not end or not completion.text:
        return completion
    _, ended, answer = completion.text.partition(end)
    if ended:
        return replace(completion, text=answer.lstrip())
    if begin and completion.text.lstrip().startswith(begin):
        return replace(completion, text="", finish="length")
    return completion
