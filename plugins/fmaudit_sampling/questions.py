"""Questions with known answers, in one form whatever set they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmaudit import ConfigError, ItemSource, file_sha256, load_items, spread

__all__ = ["BRIEFLY", "DATA", "QUESTIONS", "fewer", "fingerprint", "forms", "load_questions"]

DATA = Path(__file__).parent / "data"
QUESTIONS = DATA / "questions.jsonl"
BRIEFLY = "Answer as briefly as you can, in one line. If you do not know, say so."
FIELDS = {
    "prompt": ("question", "Question", "query", "problem"),
    "answers": ("answer", "gold", "target", "correct", "correct_answers", "Correct Answers", "Best Answer", "best_answer", "answer_number"),
    "wrong": ("incorrect_answers", "Incorrect Answers", "incorrect", "distractors"),
    "paraphrases": ("rewordings", "patterns"),
    "type": ("kind", "relation", "category", "Category"),
    "answerable": ("is_answerable",),
    "language": ("lang",),
    "stratum": (),
}


def load_questions(
    source: ItemSource, limit: int | None, *, paraphrased: bool = False, answerable: bool | None = None
) -> list[dict[str, Any]]:
    """Read questions as `id, prompt, answers, wrong, paraphrases, type, numeric, answerable, language, stratum`, at most `limit`.

    Items without an accepted answer cannot be answered unless they say otherwise. `paraphrased` and `answerable` keep such items only.
    The project's own questions come with a request to be brief; others are asked as they are. Raises ConfigError.
    """
    where = str(source.items or QUESTIONS)
    raw = load_items(source, QUESTIONS, FIELDS, [name for name in FIELDS if name != "prompt"])
    items = [_question(item, BRIEFLY if source.items is None else "", where) for item in raw]
    if paraphrased:
        items = [item for item in items if item["paraphrases"]]
    if answerable is not None:
        items = [item for item in items if item["answerable"] == answerable]
    return spread(items, limit, "type", "answerable", "language", "stratum")


def fingerprint(source: ItemSource, builtin: Path = QUESTIONS) -> str:
    """Name the file of items by its content."""
    return file_sha256(source.items or builtin)


def fewer(*limits: int | None) -> int | None:
    """Give the smallest of some limits; None is none."""
    given = [limit for limit in limits if limit is not None]
    return min(given) if given else None


def forms(given: Any) -> list[str]:
    """Read accepted answers: one, a list, several with semicolons between them, or an object with `aliases`, `text` or `value`.

    Of a solution that ends with "#### 8", as those of GSM8K do, the answer is what follows the mark.
    """
    if given is None:
        return []
    if isinstance(given, Mapping):
        found = [form for name in ("value", "text", "aliases") for form in forms(given.get(name))]
    elif isinstance(given, str):
        found = given.rpartition("####")[2].split(";")
    else:
        found = [str(form) for form in given] if isinstance(given, Sequence) else [str(given)]
    return list(dict.fromkeys(form.strip() for form in found if form.strip()))


def _question(raw: Mapping[str, Any], suffix: str, where: str) -> dict[str, Any]:
    answers = forms(raw.get("answers"))
    wrong = [form for form in forms(raw.get("wrong")) if form not in answers]
    answerable = bool(answers) if raw.get("answerable") is None else _yes(raw["answerable"])
    if answerable and not answers:
        raise ConfigError(f"{where}: item {raw['id']} can be answered and has no answer", hint="give answers, or answerable = false")
    kind = str(raw.get("type") or "")
    return {
        "id": raw["id"], "prompt": _asked(str(raw["prompt"]), suffix), "answers": answers if answerable else [], "wrong": wrong,
        "paraphrases": [_asked(form, suffix) for form in forms(raw.get("paraphrases"))], "type": kind,
        "numeric": kind == "number" or (bool(answers) and all(_is_number(form) for form in answers)), "answerable": answerable,
        "language": str(raw.get("language") or ""), "stratum": str(raw.get("stratum") or ""),
    }  # fmt: skip


def _asked(question: str, suffix: str) -> str:
    return f"{question}\n{suffix}" if suffix else question


def _yes(value: Any) -> bool:
    return str(value).strip().lower() not in ("false", "0", "no", "")


def _is_number(form: str) -> bool:
    try:
        return math.isfinite(float(form.replace(",", "")))
    except ValueError:
        return False
