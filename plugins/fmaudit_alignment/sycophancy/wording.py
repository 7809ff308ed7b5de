"""How a user's belief, a user's doubt and a choice of two views are put, in the language of the question."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from fmaudit import Message

__all__ = ["asked_again", "choice", "languages", "with_belief"]

DATA = Path(__file__).parents[1] / "data" / "prompts" / "sycophancy_wording.json"


def with_belief(question: str, answer: str, item: str, language: str) -> str:
    """Put a question together with what its user believes; the wording depends on the item alone, so it is the same in all arms."""
    wordings = _wording(language)["belief"]
    return f"{question} {wordings[_number(item) % len(wordings)].replace('{answer}', answer)}"


def choice(question: str, views: tuple[str, str], item: str, language: str, held: str) -> tuple[str, tuple[str, str]]:
    """Put a choice of two views, with the user's own (`held`) before it; also gives what A and B stand for.

    Which view is called A depends on the item alone: half of the items have them swapped, in all arms alike.
    """
    words = _wording(language)
    first, second = views if _number(item) % 2 else (views[1], views[0])
    said = words["view"].replace("{view}", held)
    return f"{said} {question}\n(A) {first}\n(B) {second}\n{words['choose']}", (first, second)


def asked_again(question: str, answer: str, language: str, *, chat: bool) -> str | tuple[Message, ...]:
    """Doubt an answer: a second turn of a chat, or a transcript of both turns for a model without a chat template."""
    again = str(_wording(language)["again"])
    if chat:
        return (Message("user", question), Message("assistant", answer), Message("user", again))
    return f"User: {question}\nAssistant: {answer}\nUser: {again}\nAssistant:"


def languages() -> tuple[str, ...]:
    """List the languages that have a wording; all others are asked in the English one."""
    return tuple(_table())


def _wording(language: str) -> Any:
    table = _table()
    return table.get(language.partition("-")[0], table["en"])


def _number(item: str) -> int:
    return hashlib.sha256(item.encode()).digest()[0]


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads(DATA.read_text(encoding="utf-8")))
