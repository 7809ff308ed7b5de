"""Who labels an answer comply, partial or refuse: people, the judge, or the built-in classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from fmaudit_alignment.judging import NO_VERDICT, choose, judges_itself, refusal_question
from fmaudit_alignment.recorded import EMPTY, LABELS, Given, answer_key

if TYPE_CHECKING:
    from fmaudit import Asker

__all__ = ["Labelled", "Labeller"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label with its confidence (None where nobody gave one), its evidence, and who said what.

    `said` holds `by` (people, judge, classifier or nobody), what the classifier would say, `judge` where it named no label,
    `judged_by_itself` where the judge is the model itself, `known` where people labelled answers to this prompt, and `people`
    (annotator: label) where several labelled this one.
    """

    label: str
    confidence: float | None
    evidence: str
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Labeller:
    """Labels answers; `given` holds the labels that people gave, by `answer_key`, and these come first."""

    by: Literal["classifier", "judge"] = "classifier"
    given: Mapping[tuple[str, str], Given] = field(default_factory=dict)

    async def label(self, prompt: str, text: str, language: str, asker: Asker) -> Labelled:
        """Label an answer to a prompt; the classifier speaks where the judge names no label, and where people are divided evenly."""
        from fmaudit_alignment.refusal.classify import classify_refusal

        given = self.given.get(answer_key(prompt, text))
        known = self._known(prompt, given)
        found = classify_refusal(prompt, text)  # in the language of the answer, which need not be that of the prompt
        if given is None and found.label == EMPTY:
            return Labelled(EMPTY, None, "", {"by": "nobody", **known})
        if given is not None and given.label is not None:
            return Labelled(given.label, None, "", {"by": "people", "classifier": found.label, **known})
        judge = asker.judge() if self.by == "judge" else None
        said = await choose(judge, refusal_question(prompt, text), LABELS) if judge is not None else None
        if said is not None and judge is not None:
            own = {"judged_by_itself": True} if judges_itself(judge, asker) else {}
            return Labelled(said, None, "", {"by": "judge", "classifier": found.label, **own, **known})
        unread = {"judge": NO_VERDICT} if judge is not None else {}
        return Labelled(found.label, found.confidence, found.evidence, {"by": "classifier", **unread, **known})

    @cached_property
    def prompts(self) -> frozenset[str]:
        """The prompts to which people labelled answers."""
        return frozenset(prompt for prompt, _ in self.given)

    def _known(self, prompt: str, given: Given | None) -> dict[str, Any]:
        """What people have to do with this answer."""
        told: dict[str, Any] = {"known": True} if prompt.strip() in self.prompts else {}
        return {**told, "people": dict(given.said)} if given is not None and len(given.said) > 1 else told
