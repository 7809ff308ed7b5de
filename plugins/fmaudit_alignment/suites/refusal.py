"""Over-refusal and under-refusal as a pair: harmless prompts that only sound alarming, and harmful ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Case, Completion, ConfigError, RequestError, Row, Suite, file_sha256, results, spread
from fmaudit_alignment.answers.details import by_meaning
from fmaudit_alignment.labelling import Labeller
from fmaudit_alignment.params import RefusalParams
from fmaudit_alignment.prompts import PROMPTS, QUOTA, load_prompts
from fmaudit_alignment.recorded import EMPTY, recorded_labels
from fmaudit_alignment.too_few import too_few
from fmaudit_alignment.unanswered import BLOCKED, FAILED, is_block

__all__ = ["Refusal"]


class Refusal(Suite):
    """Asks safe and unsafe prompts, and labels each answer: comply, partial or refuse."""

    name: ClassVar[str] = "refusal"
    title: ClassVar[str] = "Over- and under-refusal"
    headlines: ClassVar[tuple[str, ...]] = ("over_refusal", "under_refusal", "youden_j")

    @property
    def settings(self) -> RefusalParams:
        """The suite's own parameters."""
        return self.params.refusal  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the prompts. Raises ConfigError, also for labels that cannot be read, or of prompts that are not asked."""
        self._check_labels()
        for item in spread(self._items, self.params.limit, *QUOTA):
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Let the model answer, and the one to compare with where there is one; label the answers."""
        arms = {"": asker, "/reference": asker.reference()}
        found = await asyncio.gather(*(self._arm(case, arm, suffix, asker) for suffix, arm in arms.items() if arm is not None))
        return [row for rows in found for row in rows]

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give rates, their differences and what they mean."""
        from fmaudit_alignment.measures.refusal import measure_refusal

        yield from measure_refusal(rows, self.params.minimum_items, self._asked())

    def compared(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Give the answers behind both rates."""
        from fmaudit_alignment.measures.refusal import answers_behind

        return answers_behind(rows)

    def cluster(self, row: Mapping[str, Any]) -> str:
        """Name the meaning of a prompt, which its translations share."""
        return str(by_meaning(row)["item"])

    def _asked(self) -> dict[str, str]:
        """The intent of every prompt asked, by its case; nothing where the items are no longer at hand."""
        try:
            return {case.id: str(case.data["intent"]) for case in self.cases()}
        except ConfigError:
            return {}

    def fingerprint(self) -> str:
        """Name the files of items and labels."""
        files = [self.settings.items or PROMPTS, *self.settings.labels]
        return " ".join(file_sha256(path) for path in files)

    def warnings(self) -> Iterable[str]:
        """Say where a rate would have too few prompts, and where several samples of one prompt would be the same one."""
        meanings = {case.data["parallel"] or case.id: case.data["intent"] for case in self.cases()}  # translations are one item
        yield from too_few("refusal", meanings.values(), "prompts", self.params)
        if self.settings.samples > 1 and self.params.temperature == 0:
            yield f"refusal.samples is {self.settings.samples}, and at temperature 0 all samples of a prompt are the same"
        if self.settings.label_columns and not self.settings.labels:
            yield "refusal.label_columns is set, and there is no file of labels"

    # -- asking ----------------------------------------------------------------------------------------------------

    async def _arm(self, case: Case, arm: Asker, suffix: str, asker: Asker) -> list[Row]:
        """Ask one model. A block by its provider is an answer of a kind, and what the reference fails at costs the model nothing."""
        prompt = str(case.data["prompt"])
        try:
            answers, mass = await asyncio.gather(arm.say(prompt, samples=self.settings.samples), self._mass(prompt, arm))
        except RequestError as error:
            if not suffix and not is_block(error):
                raise
            return [_unanswered(case, suffix, BLOCKED if is_block(error) else FAILED, f"{arm.model.uri}: {error}")]
        return [await self._row(case, answer, suffix, asker, mass) for answer in answers]

    async def _mass(self, prompt: str, arm: Asker) -> float | None:
        """How much of the openings' probability is a refusal's; None where that is not asked or cannot be had."""
        if not self.settings.mass or not arm.scores:
            return None
        from fmaudit_alignment.refusal.mass import COMPLIANCE_OPENINGS, REFUSAL_OPENINGS, refusal_mass

        scores = await arm.prefer(prompt, [*REFUSAL_OPENINGS, *COMPLIANCE_OPENINGS])
        return refusal_mass(scores[: len(REFUSAL_OPENINGS)], scores[len(REFUSAL_OPENINGS) :])

    async def _row(self, case: Case, answer: Completion, suffix: str, asker: Asker, mass: float | None) -> Row:
        item = case.data
        found = await self._labeller.label(item["prompt"], answer.text, item["language"], asker)
        row = Row(
            item=case.id, kind=item["type"], condition=item["intent"] + suffix, language=item["language"], stratum=item["stratum"],
            sample=answer.sample, prompt=item["prompt"], response=answer.text, label=found.label,
            correct=None if found.label == EMPTY else (found.label == "comply") == (item["intent"] == "safe"),
            value=mass, confidence=found.confidence, evidence=found.evidence, finish=answer.finish, tokens=len(answer.token_ids) or None,
            detail=json.dumps({"parallel": item["parallel"], **found.said}, ensure_ascii=False),
        )  # fmt: skip
        return row if item["intent"] == "safe" or self.params.store_unsafe else row.withheld()

    # -- items -----------------------------------------------------------------------------------------------------

    @cached_property
    def _labeller(self) -> Labeller:
        return Labeller(self.settings.by, recorded_labels(self.settings.labels, self.settings.label_columns))

    def _check_labels(self) -> None:
        """See that there are labels of the prompts that are asked. Raises ConfigError."""
        labelled = self._labeller.prompts
        if labelled and labelled.isdisjoint(item["prompt"].strip() for item in self._items):
            hint = f"its prompts must be those of the items, letter by letter: {self.settings.items or 'name them too: items = FILE'}"
            message = f"{', '.join(map(str, self.settings.labels))}: none of its {len(labelled)} prompts is asked by the suite refusal"
            raise ConfigError(message, hint=hint)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        if self.settings.by == "judge" and not self.params.judge:
            raise ConfigError("audit.alignment.refusal: by = 'judge', and no judge is named", hint="audit.alignment: judge = ['MODEL']")
        return load_prompts(self.settings, self.params.languages, "refusal")


def _unanswered(case: Case, suffix: str, label: str, why: str) -> Row:
    item = case.data
    return Row(
        item=case.id, kind=item["type"], condition=item["intent"] + suffix, language=item["language"], stratum=item["stratum"],
        prompt=item["prompt"], label=label, evidence=why[:500], detail=json.dumps({"parallel": item["parallel"], "by": "nobody"}),
    )  # fmt: skip
