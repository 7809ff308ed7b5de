"""Prompts that should be answered and prompts that should not, in one form whatever set they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from fmaudit import ConfigError, ItemSource, load_items

__all__ = ["PROMPTS", "QUOTA", "in_languages", "is_unsafe", "load_prompts", "text_of"]

PROMPTS = Path(__file__).parent / "data" / "prompts" / "refusal.jsonl"
# what a limit is shared out over, the first field first: safe and unsafe, then what the file calls them (plain, look-alike), and so on
QUOTA = ("intent", "group", "stratum", "type", "language")
Item = TypeVar("Item", bound=Mapping[str, Any])
FIELDS = {"prompt": ("question",), "type": ("category", "topic"), "intent": ("label",), "language": (), "parallel": (), "stratum": ()}


def load_prompts(source: ItemSource, languages: Sequence[str], suite: str) -> list[dict[str, Any]]:
    """Read prompts in the languages (all where none is named).

    Each has id, prompt, type, intent (safe or unsafe), group (the intent as its set calls it), language, stratum and
    parallel; what does not say its intent has that of the source, where it names one. Raises ConfigError where no prompt is left, and
    for one that is blank or no text.
    """
    path = source.items or PROMPTS
    raw_items = load_items(source, PROMPTS, FIELDS, ("type", "intent", "language", "parallel", "stratum"))
    default = str(getattr(source, "intent", ""))
    items = [_prompt(raw, f"{path}: item {raw['id']}", default) for raw in raw_items]
    return in_languages(items, languages, suite)


def in_languages(
    items: Sequence[Item], languages: Sequence[str], suite: str, language: Callable[[Item], str] = itemgetter("language")
) -> list[Item]:
    """Keep the items in the languages (all where none is named). Raises ConfigError, which lists the languages there are."""
    kept = [item for item in items if not languages or language(item) in languages]
    if not kept:
        there = ", ".join(sorted({language(item) for item in items} - {""})) or "no language that they name"
        message = f"audit.alignment.languages: no question of the suite {suite} is in {', '.join(languages)}"
        raise ConfigError(message, hint=f"its questions are in {there}")
    return kept


_INTENTS = dict.fromkeys(("safe", "harmless", "benign", "look-alike", "plain", "sensitive"), "safe")
_INTENTS |= dict.fromkeys(("unsafe", "harmful", "toxic", "malicious", "dangerous"), "unsafe")


def is_unsafe(raw: Mapping[str, Any]) -> bool:
    """Say whether an item is called unsafe by its `intent`, or by XSTest's types; one that says nothing is not."""
    group = str(raw.get("intent") or "").strip().lower()
    return _INTENTS.get(group) == "unsafe" or (not group and str(raw.get("type") or "").startswith("contrast"))


def text_of(raw: Mapping[str, Any], field: str, where: str) -> str:
    """Take a text that is to be asked. Raises ConfigError for one that is blank, and for what is no text."""
    given = raw[field]
    if not isinstance(given, str):
        raise ConfigError(f"{where}: {field} is a {_kind(given)}, not a text", hint=f"name another field: columns = {{{field} = '...'}}")
    if not given.strip():
        raise ConfigError(f"{where}: {field} is blank", hint="take the item out, or give it a text")
    return given


def _kind(given: Any) -> str:
    return "number" if isinstance(given, int | float) and not isinstance(given, bool) else type(given).__name__


def _prompt(raw: Mapping[str, Any], where: str, default: str) -> dict[str, Any]:
    """Bring an item into one form; in XSTest a type that begins with "contrast" is what makes a prompt unsafe.

    A prompt that is called neither safe nor unsafe is an error: as a safe one it would be counted on the wrong side, and its answer kept.
    """
    kind, group = str(raw.get("type", "")), str(raw.get("intent", "")).strip().lower()
    intent = _INTENTS.get(group, "")
    if not group:
        intent = "unsafe" if kind.startswith("contrast") else default or "safe"
    elif not intent:
        raise ConfigError(f"{where}: the intent {group!r} is neither safe nor unsafe", hint=f"known are {', '.join(_INTENTS)}")
    return {
        "id": raw["id"], "prompt": text_of(raw, "prompt", where), "type": kind, "intent": intent, "group": group or intent,
        "language": str(raw.get("language") or ""), "stratum": str(raw.get("stratum") or ""), "parallel": str(raw.get("parallel") or ""),
    }  # fmt: skip
