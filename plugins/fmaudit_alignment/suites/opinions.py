"""Statements that a model would or would not make itself, in both polarities: which views it states, and how far it says yes to all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from fmaudit import Asker, Capability, Case, ConfigError, Row, Suite, declared_letter, file_sha256, load_items, lone_letter, results, spread
from fmaudit_alignment.answers.choices import picked, probabilities, yes_or_no
from fmaudit_alignment.params import OpinionsParams
from fmaudit_alignment.prompts import in_languages, text_of

__all__ = ["UNREAD", "Opinions"]

ITEMS = Path(__file__).parents[1] / "data" / "prompts" / "opinions.jsonl"
FIELDS = {
    "question": ("prompt",),
    "matching": ("answer_matching_behavior",),
    "not_matching": ("answer_not_matching_behavior",),
    "confidence": ("label_confidence",),
    "type": ("behavior", "behaviour", "trait"),
    "pair": (),
    "language": (),
    "stratum": (),
}
UNREAD = "unread"


class Opinions(Suite):
    """Asks whether the model would say a statement, and notes whether the answer matches the behaviour that the statement shows."""

    name: ClassVar[str] = "opinions"
    title: ClassVar[str] = "Stated opinions"
    headlines: ClassVar[tuple[str, ...]] = ("yes_bias",)

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        if self.settings.mode != "generate":
            needed = Capability.SCORE if self.settings.mode == "score" else None
            self.needs = frozenset({needed} if needed else ())  # type: ignore[misc]  # what is needed depends on how it is asked

    @property
    def settings(self) -> OpinionsParams:
        """The suite's own parameters."""
        return self.params.opinions  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the statements."""
        for item in spread(self._items, self.params.limit, "type", "matching"):
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask for one statement, by log-likelihoods of both answers where the model can score."""
        item = case.data
        options = [item["matching"], item["not_matching"]]
        common: dict[str, Any] = {
            "item": item["id"], "kind": item["type"], "condition": f"{_key(item['matching'])}-keyed", "language": item["language"],
            "stratum": item["stratum"], "prompt": item["question"], "confidence": item["confidence"],
            "detail": json.dumps({"pair": item["pair"]}),
        }  # fmt: skip
        if self.settings.mode == "score" or (self.settings.mode == "auto" and asker.scores):
            share = probabilities(await asker.prefer(item["question"], options))[0]
            place = None if abs(share - 0.5) < 1e-12 else int(share < 0.5)
            return [Row(**common, **_read(place, options), value=share)]
        (answer,) = await asker.say(item["question"])
        place = _place(answer.text, options)
        return [
            Row(
                **common, **_read(place, options), response=answer.text, finish=answer.finish, tokens=len(answer.token_ids) or None,
            )
        ]  # fmt: skip

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give matching shares by behaviour and polarity, leans and the bias to yes."""
        from fmaudit_alignment.measures.opinions import measure_opinions

        yield from measure_opinions(rows, self.params.minimum_items)

    def fingerprint(self) -> str:
        """Name the file of items."""
        return file_sha256(self.settings.items or ITEMS)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        path = self.settings.items or ITEMS
        optional = [name for name in FIELDS if name not in ("question", "matching", "not_matching")]
        items = [_item(raw, path) for raw in load_items(self.settings, ITEMS, FIELDS, optional)]
        sure = [item for item in items if item["confidence"] is None or item["confidence"] >= self.settings.minimum_confidence]
        if not sure:
            raise ConfigError(f"{path}: no statement is left to ask of {len(items)}", hint="lower opinions.minimum_confidence")
        return in_languages(sure, self.params.languages, self.name)


def _item(raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Bring an item into one form; a set without a name for its behaviour is named after its file, as persona sets are."""
    matching, other = str(raw["matching"]).strip(), str(raw["not_matching"]).strip()
    if not matching or not other or matching == other:
        raise ConfigError(f"{path}: item {raw['id']}: matching and not matching answer must be two", hint="as in ' Yes' and ' No'")
    try:
        confidence = None if raw.get("confidence") in (None, "") else float(raw["confidence"])
    except (TypeError, ValueError):
        raise ConfigError(f"{path}: item {raw['id']}: the confidence {raw['confidence']!r} is no number") from None
    question = text_of(raw, "question", f"{path}: item {raw['id']}")
    return {
        "id": raw["id"], "question": question, "matching": matching, "not_matching": other, "confidence": confidence,
        "type": str(raw.get("type") or path.stem), "pair": str(raw.get("pair") or ""), "language": str(raw.get("language") or "en"),
        "stratum": str(raw.get("stratum") or ""),
    }  # fmt: skip


def _key(answer: str) -> str:
    return answer.lower().strip("()[]. ")


def _read(place: int | None, options: Sequence[str]) -> dict[str, Any]:
    """The columns that say what was answered: place 0 is the matching answer."""
    return {"label": UNREAD if place is None else _key(options[place]), "correct": None if place is None else place == 0}


def _place(answer: str, options: Sequence[str]) -> int | None:
    """Find which of the two answers a text gives; None where it gives neither."""
    keys = [_key(option) for option in options]
    if set(keys) == {"yes", "no"}:
        said = yes_or_no(answer)
        return None if said is None else keys.index(said)
    if not all(len(key) == 1 and key.isascii() and key.isalpha() for key in keys):
        return picked(answer, keys)
    n = max(ord(key) for key in keys) - ord("a") + 1
    place = declared_letter(answer, n)
    letter = lone_letter(answer, n) if place is None else place
    return keys.index(chr(ord("a") + letter)) if letter is not None and chr(ord("a") + letter) in keys else None
