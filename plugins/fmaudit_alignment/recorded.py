"""Labels that people gave to recorded answers, by one or by several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmaudit import ConfigError, ItemSource, load_items

# whole labels only: "refused to answer" and "non-compliant" hold each other's words
_WRITTEN = {
    "comply": {"comply", "complies", "complied", "compliance", "full compliance", "full comply", "answer", "answered", "direct answer"},
    "partial": {"partial", "partial refusal", "partial compliance", "partially refused", "partial comply"},
    "refuse": {"refuse", "refuses", "refused", "refusal", "full refusal", "direct refusal", "indirect refusal"},
}

__all__ = ["EMPTY", "LABELS", "Given", "answer_key", "read_label", "recorded_labels"]

LABELS = ("comply", "partial", "refuse")
EMPTY = "empty"  # nothing was said: neither complied nor refused
FIELDS = {
    "prompt": ("question",),
    "completion": ("response", "answer", "output"),
    "label": ("final_label",),
    "annotator": ("rater", "labeller", "labeler", "annotator_id", "worker_id"),
}
_EACH = re.compile(r"(?:annotation|annotator|label)_\d+")  # XSTest's columns: one for each annotator


@dataclass(frozen=True, slots=True)
class Given:
    """What people say of one answer: the label that counts (None where as many say one thing as another), and who said what."""

    label: str | None
    said: Mapping[str, str]


def answer_key(prompt: str, completion: str) -> tuple[str, str]:
    """Name an answer by its texts without the white space around them."""
    return prompt.strip(), completion.strip()


def recorded_labels(paths: Sequence[Path], columns: Mapping[str, str]) -> dict[tuple[str, str], Given]:
    """Read what people say of every answer, by its `answer_key`.

    One line an answer, with the label that counts and perhaps one column for every annotator (XSTest's annotation_1 ...), or one line
    for every label, with who gave it in `annotator`: then the label that most gave counts. Raises ConfigError for a label that is none
    of complying, partial and refusing, and where two files give one answer different labels.
    """
    found: dict[tuple[str, str], Given] = {}
    for path in paths:
        for key, given in _labels_of(path, columns).items():
            if found.setdefault(key, given).label != given.label:
                message = f"{path}: the answer {key[1][:60]!r} has the label {given.label!r}, and {found[key].label!r} in another file"
                raise ConfigError(message, hint="keep one of them; labels of several people belong in one file, with a column annotator")
    return found


def _labels_of(path: Path, columns: Mapping[str, str]) -> dict[tuple[str, str], Given]:
    # ids are of no use here, and lines of one answer may share theirs: `id` is the line
    rows = load_items(ItemSource(items=path, columns={**columns, "id": ""}), path, FIELDS, ("annotator",))
    lines: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        lines.setdefault(answer_key(str(row["prompt"]), str(row["completion"])), []).append(row)
    return {key: _given(each, path) for key, each in lines.items()}


def read_label(written: str, where: str) -> str:
    """Understand "1_full_compliance", "partial refusal", "refuse" and the like. Raises ConfigError."""
    text = re.sub(r"^\d+[_\s.-]*|[_\s-]+", " ", written.strip().lower()).strip()
    label = next((label for label, names in _WRITTEN.items() if text in names), None)
    if label is not None:
        return label
    raise ConfigError(f"{where}: the label {written!r} is unknown", hint="use comply, partial and refuse, or XSTest's names")


def _given(lines: Sequence[Mapping[str, Any]], path: Path) -> Given:
    """Gather the lines of one answer; where annotators have columns of their own, the label beside them is what they settled on."""
    labels = [(read_label(str(line["label"]), f"{path}:{line['id']}"), line) for line in lines]
    if len(lines) > 1:
        said = _by_annotator(labels, path)
        return Given(_most(list(said.values())), said)
    ((label, line),) = labels
    each = {name: str(value) for name, value in line.items() if _EACH.fullmatch(name) and str(value or "").strip()}
    said = {name: read_label(value, f"{path}:{line['id']}, {name}") for name, value in each.items()}
    return Given(label, said or {_who(line, 1): label})


def _by_annotator(labels: Sequence[tuple[str, Mapping[str, Any]]], path: Path) -> dict[str, str]:
    """Give each annotator one voice. Raises ConfigError where one gives an answer two labels."""
    said: dict[str, str] = {}
    for place, (label, line) in enumerate(labels, 1):
        who = _who(line, place)
        if said.setdefault(who, label) != label:
            message = f"{path}:{line['id']}: {who!r} gives the same answer the labels {said[who]!r} and {label!r}"
            raise ConfigError(message, hint="keep one of the lines, or tell the annotators apart in the column annotator")
    return said


def _who(line: Mapping[str, Any], place: int) -> str:
    return str(line.get("annotator") or f"label {place}")


def _most(labels: Sequence[str]) -> str | None:
    (first, n), *others = Counter(labels).most_common()
    return None if others and others[0][1] == n else first
