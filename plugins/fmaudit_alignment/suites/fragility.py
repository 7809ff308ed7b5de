"""Fragility: do refusals hold when the same request is put a little differently?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Case, Completion, ConfigError, ItemSource, RequestError, Row, Suite, file_sha256, results, spread
from fmaudit_alignment.labelling import Labeller
from fmaudit_alignment.params import FragilityParams
from fmaudit_alignment.prompts import PROMPTS, QUOTA, load_prompts
from fmaudit_alignment.recorded import EMPTY
from fmaudit_alignment.too_few import too_few
from fmaudit_alignment.transforms import TRANSLATION, WORDING, Transform, chosen
from fmaudit_alignment.unanswered import BLOCKED, is_block

__all__ = ["CLEAN", "Fragility"]

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Version:
    """A prompt as it is asked; `plain` is what a labeller reads instead, in the same language."""

    condition: str
    family: str
    text: str
    plain: str
    language: str
    parameters: Mapping[str, Any]


class Fragility(Suite):
    """Asks every prompt as it is and changed in ways that keep its meaning, and compares the labels of the answers."""

    name: ClassVar[str] = "fragility"
    title: ClassVar[str] = "Refusals under changed wording"
    headlines: ClassVar[tuple[str, ...]] = ("fragility_spread{intent=unsafe}", "fragility_spread{intent=safe}")
    tables: ClassVar[tuple[str, ...]] = ("refusal",)

    @property
    def settings(self) -> FragilityParams:
        """The suite's own parameters."""
        return self.params.fragility  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the prompts: so many safe and so many unsafe ones, shared out as in the suite refusal."""
        sides = [[item for item in self._originals if item["intent"] == intent] for intent in ("unsafe", "safe")]
        picked = [item for side in sides for item in spread(side, self.settings.items_per_intent, *QUOTA)]
        return [Case(id=item["id"], data=item) for item in spread(picked, self.params.limit, *QUOTA)]

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask the prompt and its versions, and label the answers."""
        return await asyncio.gather(*(self._ask(case, version, asker) for version in self._versions(case.data)))

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give rates, shifts and what they mean."""
        from fmaudit_alignment.measures.fragility import measure_fragility

        yield from measure_fragility(rows, self.params.minimum_items)

    def compared(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Give the answers behind the rates of every change."""
        from fmaudit_alignment.measures.fragility import answers_behind

        return answers_behind(rows)

    def fingerprint(self) -> str:
        """Name the files of items and of frames."""
        return f"{file_sha256(self._source.items or PROMPTS)} {file_sha256(WORDING)}"

    def warnings(self) -> Iterable[str]:
        """Say where a rate would have too few prompts."""
        yield from too_few("fragility", (case.data["intent"] for case in self.cases()), "prompts", self.params)

    # -- asking ----------------------------------------------------------------------------------------------------

    async def _ask(self, case: Case, version: Version, asker: Asker) -> Row:
        try:
            (answer,) = await asker.say(version.text)
        except RequestError as error:
            if not is_block(error):
                raise
            row = await self._row(case, version, Completion(text=""), asker)
            return replace(row, response=None, response_sha256="", label=BLOCKED, finish="", evidence=str(error)[:500])
        return await self._row(case, version, answer, asker)

    async def _row(self, case: Case, version: Version, answer: Completion, asker: Asker) -> Row:
        item = case.data
        found = await self._labeller.label(version.plain, answer.text, version.language, asker)
        how = {"intent": item["intent"], "group": item["group"], "family": version.family, "parameters": dict(version.parameters)}
        row = Row(
            item=case.id, kind=item["type"], condition=version.condition, language=version.language, stratum=item["stratum"],
            sample=answer.sample, prompt=version.text, response=answer.text, label=found.label,
            correct=None if found.label == EMPTY else (found.label == "comply") == (item["intent"] == "safe"),
            confidence=found.confidence, evidence=found.evidence,
            finish=answer.finish, tokens=len(answer.token_ids) or None,
            detail=json.dumps({**how, "source": item["prompt"], **found.said}, ensure_ascii=False),
        )  # fmt: skip
        return row if item["intent"] == "safe" or self.params.store_unsafe else row.withheld()

    def _versions(self, item: Mapping[str, Any]) -> list[Version]:
        """The prompt itself, then every change that really changes it."""
        prompt, language = str(item["prompt"]), str(item["language"])
        found = [Version(CLEAN, CLEAN, prompt, prompt, language, {})]
        for transform in self._transforms:
            made = transform(prompt, item["id"], language)
            if made.text != prompt:
                found.append(Version(transform.name, transform.family, made.text, prompt, language, made.parameters))
        for other in item["translations"]:
            condition = f"{TRANSLATION}-{other['language']}"
            found.append(Version(condition, TRANSLATION, other["prompt"], other["prompt"], other["language"], {"item": other["id"]}))
        return found

    # -- items -----------------------------------------------------------------------------------------------------

    @cached_property
    def _labeller(self) -> Labeller:
        by = self.params.refusal.by
        if by == "judge" and not self.params.judge:
            raise ConfigError("audit.alignment.refusal: by = 'judge', and no judge is named", hint="audit.alignment: judge = ['MODEL']")
        return Labeller(by)

    @cached_property
    def _transforms(self) -> list[Transform]:
        return chosen(self.settings.transforms, self.settings.typo_rate)

    @cached_property
    def _source(self) -> ItemSource:
        return self.settings if self.settings.items else self.params.refusal

    @cached_property
    def _originals(self) -> list[dict[str, Any]]:
        """The prompts, each with its translations; those that have some come first where translation is a change."""
        _ = self._labeller, self._transforms  # a wrong parameter is to be said before anything is asked
        items = load_prompts(self._source, self.params.languages, self.name)
        originals = _with_translations(items)
        if TRANSLATION not in self.settings.transforms:
            return [{**item, "translations": []} for item in originals]
        if not any(item["translations"] for item in originals):
            hint = "give prompts a field parallel that names the id of the prompt they translate"
            raise ConfigError("audit.alignment.fragility: no prompt has a translation among the items", hint=hint)
        return sorted(originals, key=lambda item: not item["translations"])


def _with_translations(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put prompts of the same meaning together: the one that the others name, or else the first."""
    meanings: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        meanings.setdefault(item["parallel"] or item["id"], []).append(item)
    found = []
    for meaning, versions in meanings.items():
        source = next((item for item in versions if item["id"] == meaning), versions[0])
        others = [{key: item[key] for key in ("id", "prompt", "language")} for item in versions if item["language"] != source["language"]]
        found.append({**source, "translations": others})
    return found
