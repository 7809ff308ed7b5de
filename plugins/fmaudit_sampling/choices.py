"""Questions with options, in one form whatever set they come from, and how they are asked in an order and a format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fmaudit import ConfigError, ItemSource, declared_letter, load_items, lone_letter, spread
from fmaudit_sampling.answers import named, short_form
from fmaudit_sampling.questions import DATA, forms

if TYPE_CHECKING:
    from fmaudit import Asker

__all__ = ["CHOICES", "LETTERS", "Chosen", "Format", "any_of", "choose", "load_choices", "load_formats", "shown"]

CHOICES = DATA / "choices.jsonl"
FORMATS = DATA / "formats.json"
LETTERS = "ABCDEFGHIJ"
FIELDS = {
    "prompt": ("question", "Question", "query", "ctx"),
    "options": ("choices", "endings"),
    "answer": ("answerKey", "label", "gold", "target", "correct", "answers"),
    "wrong": ("incorrect_answers", "Incorrect Answers", "incorrect", "distractors"),
    "type": ("kind", "topic", "subject", "relation", "category"),
    "language": ("lang",),
    "stratum": (),
}
INSTRUCTION = "Reply with the letter of the right option only."


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a question: `open` for a free answer, `choice` with options; both hold {question}, the latter {options}."""

    id: str
    open: str
    choice: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The place of the option that a model took (None where its answer names none), and how sure it was of it."""

    place: int | None
    text: str
    confidence: float | None = None
    finish: str = ""


@cache
def load_formats(path: Path = FORMATS) -> tuple[Format, ...]:
    """Read the prompt formats that keep a question's meaning."""
    return tuple(Format(each["id"], each["open"], each["choice"]) for each in json.loads(path.read_text(encoding="utf-8"))["formats"])


def load_choices(source: ItemSource, limit: int | None) -> list[dict[str, Any]]:
    """Read questions with options as `id, prompt, options, answer (its place), type, language, stratum`, at most `limit`.

    Options may be a list, an object with `text` and `label`, fields `ans0`, `ans1` ..., or an answer with wrong ones, which are put into
    an order that depends on the item's id alone. The answer may be a place, a letter, a label or the text. Raises ConfigError.
    """
    where = str(source.items or CHOICES)
    raw = load_items(source, CHOICES, FIELDS, [name for name in FIELDS if name != "prompt"])
    return spread([_choice(item, f"{where}: item {item['id']}") for item in raw], limit, "type", "language", "stratum")


def shown(question: str, options: Sequence[str], form: Format) -> str:
    """Write a question with lettered options, one a line."""
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))
    return form.choice.replace("{question}", question).replace("{options}", f"{listed}\n{INSTRUCTION}")


async def choose(asker: Asker, question: str, options: Sequence[str], form: Format) -> Chosen:
    """Let a model choose: by the likelihood of the letters, or where it cannot score by a greedy answer. Raises RequestError."""
    prompt, letters = shown(question, options, form), list(LETTERS[: len(options)])
    if asker.scores:
        scores = np.asarray(await asker.prefer(prompt, letters), np.float64)
        best = [letter for letter, score in zip(letters, scores, strict=True) if score == scores.max()]
        place = letters.index(any_of(best, prompt))
        shares = np.exp(scores - scores[place])
        return Chosen(place, letters[place], float(1.0 / shares.sum()))
    (answer,) = await asker.say(prompt, temperature=0.0, max_new_tokens=min(asker.params.max_new_tokens, 16))
    return Chosen(read_choice(answer.text, options), answer.text, finish=answer.finish)


def any_of(equal: Sequence[str], key: str) -> str:
    """Choose among things that nothing tells apart: the one whose sha256 with a key is the least, so that no place is favoured."""
    return min(equal, key=lambda one: _digest(key, one))


def read_choice(text: str, options: Sequence[str]) -> int | None:
    """Read which option an answer takes: the letter it declares, else the one option that its words name, else its only letter."""
    declared = declared_letter(text, len(options))
    if declared is not None:
        return declared
    found = _named_alone(short_form(text), options) or _named_alone(text, options)
    if found:
        return options.index(found[0]) if len(found) == 1 else None
    return lone_letter(text, len(options))


def _named_alone(text: str, options: Sequence[str]) -> list[str]:
    """The options that a text names; one whose words are part of another that it names is not meant."""
    found = [option for option in options if named(text, [option]) is not None]
    return [option for option in found if not any(option != other and named(other, [option]) for other in found)]


def _digest(key: str, text: str) -> bytes:
    return hashlib.sha256(f"{key} {text}".encode()).digest()


def _choice(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    options, labels = _options(raw, where)
    answer = _place(raw.get("answer"), options, labels)
    if answer is None or not 2 <= len(options) <= len(LETTERS) or len(set(options)) < len(options) or not all(options):
        hint = f"2 to {len(LETTERS)} different options and an answer: its place from 0, its letter or its text"
        raise ConfigError(f"{where}: {len(options)} options {options} and the answer {raw.get('answer')!r} make no choice", hint=hint)
    return {
        "id": raw["id"], "prompt": str(raw["prompt"]), "options": options, "answer": answer, "type": str(raw.get("type") or ""),
        "language": str(raw.get("language") or ""), "stratum": str(raw.get("stratum") or ""),
    }  # fmt: skip


def _options(raw: Mapping[str, Any], where: str) -> tuple[list[str], list[str]]:
    """The options and, where they have some, their labels."""
    given = raw.get("options")
    if isinstance(given, Mapping):
        return _texts(given.get("text", [])), _texts(given.get("label", []))
    if given is not None:
        return _texts(given if isinstance(given, list) else str(given).split("|")), []
    if "ans0" in raw:
        return _texts([raw[f"ans{i}"] for i in range(len(LETTERS)) if f"ans{i}" in raw]), []
    right, wrong = forms(raw.get("answer")), forms(raw.get("wrong"))
    if not right or not wrong:
        hint = f"its fields are {', '.join(raw)}; a choice has options and an answer, or an answer and wrong ones"
        raise ConfigError(f"{where}: there are no options", hint=hint)
    options = list(dict.fromkeys([right[0], *(form for form in wrong if form not in right)]))
    options.sort(key=lambda option: _digest(raw["id"], option))
    return options, []


def _texts(given: Sequence[Any]) -> list[str]:
    """Take options as texts; a null is an empty one, which makes no choice."""
    return ["" if option is None else str(option) for option in given]


def _place(answer: Any, options: Sequence[str], labels: Sequence[str]) -> int | None:
    text = forms(answer)[0] if forms(answer) else ""
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer if 0 <= answer < len(options) else None
    if text in labels:
        return labels.index(text)
    if text in options:
        return list(options).index(text)
    letters = list(LETTERS[: len(options)])
    if text.upper() in letters:
        return letters.index(text.upper())
    return int(text) if text.isdigit() and int(text) < len(options) else None
