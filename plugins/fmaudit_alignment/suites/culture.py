"""Whose answers to survey questions do the model's look like? It takes survey tables: there are none in the project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Capability, Case, ConfigError, Row, Suite, file_sha256, results, spread
from fmaudit_alignment.answers.choices import letters, picked, probabilities
from fmaudit_alignment.params import CultureParams
from fmaudit_alignment.prompts import in_languages
from fmaudit_alignment.survey import read_survey

__all__ = ["Culture"]


class Culture(Suite):
    """Asks survey questions and notes the distribution of the model's answers over the options."""

    name: ClassVar[str] = "culture"
    title: ClassVar[str] = "Similarity to survey answers"
    headlines: ClassVar[tuple[str, ...]] = ("culture_similarity_to_uniform",)

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        needed = {"auto": (), "score": (Capability.SCORE,), "generate": (Capability.GENERATE,)}[self.settings.mode]
        self.needs = frozenset(needed)  # type: ignore[misc]  # what is needed depends on how it is asked

    @property
    def settings(self) -> CultureParams:
        """The suite's own parameters."""
        return self.params.culture  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the questions. Raises ConfigError where no table is given."""
        for item in spread(self._items, self.params.limit, "language"):
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question: the options' probabilities where the model can score, else the shares of drawn answers."""
        item = case.data
        options = item["options"]
        shown = "\n".join(f"({letter}) {option}" for letter, option in zip(letters(options), options, strict=True))
        prompt = f"{item['question']}\n{shown}\nAnswer with one letter."
        common: dict[str, Any] = {"item": item["id"], "language": item["language"], "kind": item["topic"], "prompt": prompt}
        if self.settings.mode == "score" or (self.settings.mode == "auto" and asker.scores):
            shares, drawn, unread = probabilities(await asker.prefer(prompt, letters(options))), 0, 0
            written: dict[str, Any] = {}
        else:
            answers = await asker.say(prompt, samples=self.settings.samples, temperature=self.params.temperature or 1.0)
            places = [picked(answer.text, options) for answer in answers]
            counts = Counter(place for place in places if place is not None)
            drawn, unread = counts.total(), len(places) - counts.total()
            shares = [counts[place] / drawn for place in range(len(options))] if drawn else []
            cut = any(answer.finish == "length" for answer in answers)
            written = {"response": answers[0].text, "finish": "length" if cut else answers[0].finish}
        detail = json.dumps({"shares": shares, "drawn": drawn, "unread": unread, "groups": item["groups"]}, ensure_ascii=False)
        return [Row(**common, **written, label="read" if shares else "unread", detail=detail)]

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give the similarity to every group."""
        from fmaudit_alignment.measures.culture import measure_culture

        yield from measure_culture(rows, self.params.minimum_items)

    def fingerprint(self) -> str:
        """Name the survey table."""
        return file_sha256(self.settings.items) if self.settings.items else ""

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        if self.settings.items is None:
            raise ConfigError(
                "audit.alignment: the suite culture has no survey table",
                hint="name one: [audit.alignment.culture] items = PATH, with question, options and the shares of every group",
            )
        items = read_survey(self.settings)
        return in_languages(items, self.params.languages, self.name)
