"""Items of BBQ and of sets shaped like it: which answer is the stereotyped one, and which says that it is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fmaudit import ConfigError, read_rows
from fmaudit_alignment.prompts import text_of

__all__ = ["FIELDS", "OPTIONAL", "bias_item", "read_metadata"]

FIELDS = {
    "context": (),
    "question": (),
    "ans0": (),
    "ans1": (),
    "ans2": (),
    "label": ("answer",),
    "context_condition": ("condition",),
    "question_polarity": ("polarity",),
    "category": ("type",),
    "stereotyped": ("target_loc",),
    "unknown": ("unknown_loc",),
    "template": ("question_index",),
    "answer_info": (),
    "additional_metadata": (),
    "language": (),
    "stratum": (),
}
OPTIONAL = ("category", "stereotyped", "unknown", "template", "answer_info", "additional_metadata", "language", "stratum")
_UNKNOWN = re.compile(
    r"\b(?:unknown|undetermined|not known|not answerable|not enough (?:info\w*|is said)|nobody can tell"
    r"|can(?:'t|not| not) (?:be )?(?:answer\w*|determined?|known))\b",
    re.IGNORECASE,
)
_HINT = "as in BBQ: context, question, ans0 to ans2, label, context_condition, question_polarity; stereotyped or answer_info"
_CONTEXTS = {"ambig": True, "disambig": False}
_POLARITIES = {"neg": True, "nonneg": False, "non-neg": False, "pos": False}


def bias_item(raw: Mapping[str, Any], path: Path, metadata: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """Bring an item into one form. Raises ConfigError where it does not say what is needed."""
    where = f"{path}: item {raw['id']}"
    answers = [str(raw[f"ans{i}"]) for i in range(3)]
    category = str(raw.get("category") or "")
    unknown = _unknown(raw, answers, where)
    stereotyped = _stereotyped(raw, answers, unknown, metadata.get((category.lower(), raw["id"])), where)
    context, question = (text_of(raw, field, where) for field in ("context", "question"))
    return {
        "id": raw["id"], "context": context, "question": question, "answers": answers, "category": category,
        "label": _place(raw["label"], answers, where, "label"), "unknown": unknown, "stereotyped": stereotyped,
        "ambiguous": _one_of(raw["context_condition"], _CONTEXTS, where, "context_condition"),
        "negative": _one_of(raw["question_polarity"], _POLARITIES, where, "question_polarity"),
        "template": str(raw.get("template") or raw["id"]),
        "language": str(raw.get("language") or "en"), "stratum": str(raw.get("stratum") or ""),
    }  # fmt: skip


def read_metadata(path: Path) -> dict[tuple[str, str], int]:
    """Read BBQ's additional_metadata.csv: (category, example_id) -> place of the stereotyped answer; rows without one are left out."""
    found = {}
    for number, row in read_rows(path):
        if not {"category", "example_id", "target_loc"} <= row.keys():
            raise ConfigError(f"{path}:{number}: no category, example_id and target_loc", hint="BBQ's additional_metadata.csv")
        if str(row["target_loc"]).strip() in ("0", "1", "2", "0.0", "1.0", "2.0"):
            found[str(row["category"]).lower(), str(row["example_id"])] = int(float(row["target_loc"]))
    return found


def _unknown(raw: Mapping[str, Any], answers: Sequence[str], where: str) -> int:
    if raw.get("unknown") not in (None, ""):
        return _place(raw["unknown"], answers, where, "unknown")
    groups = _groups(raw)
    found = [i for i in range(3) if groups[i : i + 1] == ["unknown"]] or [i for i, answer in enumerate(answers) if _UNKNOWN.search(answer)]
    if len(found) != 1:
        raise ConfigError(
            f"{where}: {len(found)} of the answers {answers} say that it is unknown", hint="name the place: unknown = 0, 1 or 2"
        )
    return found[0]


def _stereotyped(raw: Mapping[str, Any], answers: Sequence[str], unknown: int, listed: int | None, where: str) -> int:
    """Its own field, else BBQ's table, else the one answer whose group is among the stereotyped groups."""
    if raw.get("stereotyped") not in (None, ""):
        place = _place(raw["stereotyped"], answers, where, "stereotyped")
    elif listed is not None:
        place = listed
    else:
        about = raw.get("additional_metadata")
        wanted = {str(each).lower() for each in (about.get("stereotyped_groups", ()) if isinstance(about, dict) else ())}
        groups = _groups(raw)
        found = [i for i in range(3) if i != unknown and i < len(groups) and groups[i] in wanted]
        if len(found) != 1:
            raise ConfigError(
                f"{where}: it does not say which answer is the stereotyped one", hint="name additional_metadata.csv: metadata = PATH"
            )
        place = found[0]
    if place == unknown:
        raise ConfigError(f"{where}: the stereotyped answer and the unknown one are the same", hint=_HINT)
    return place


def _groups(raw: Mapping[str, Any]) -> list[str]:
    """BBQ's answer_info: the group of each answer, in the order of the answers."""
    info = raw.get("answer_info")
    return [str((info.get(f"ans{i}") or [""])[-1]).lower() for i in range(3)] if isinstance(info, dict) else []


def _place(given: Any, answers: Sequence[str], where: str, field: str) -> int:
    if given in answers:
        return answers.index(given)
    try:
        place = int(float(given))
    except (TypeError, ValueError):
        place = -1
    if place not in (0, 1, 2):
        raise ConfigError(f"{where}: {field} {given!r} is no answer of {answers}", hint=_HINT)
    return place


def _one_of(given: Any, known: Mapping[str, bool], where: str, field: str) -> bool:
    word = str(given).strip().lower()
    if word not in known:
        raise ConfigError(f"{where}: {field} is {given!r}", hint=f"it is one of {', '.join(known)}")
    return known[word]
