"""Drift between two checkpoints: how far a model has moved from its reference, what it lost in variety, which opinions it changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from fmaudit import Asker, Capability, Case, Completion, ConfigError, Row, Suite, file_sha256, load_items, results, spread
from fmaudit_alignment.answers.choices import probabilities
from fmaudit_alignment.answers.words import units
from fmaudit_alignment.prompts import is_unsafe, text_of
from fmaudit_alignment.recorded import EMPTY
from fmaudit_alignment.suites.opinions import Opinions
from fmaudit_alignment.unanswered import beside

__all__ = ["NO_IDS", "OPINION", "OTHER_TOKENS", "OWN", "REFERENCE", "Drift", "distinct", "variety"]

PROMPTS = Path(__file__).parents[1] / "data" / "prompts" / "false_premises.jsonl"
FIELDS = {"prompt": ("question", "text"), "intent": ("label",), "type": ("category", "topic")}
OWN, REFERENCE, OPINION = "own", "reference", "opinion"
BEFORE = f"{OPINION}/{REFERENCE}"
Answer = TypeVar("Answer")
# why an answer cannot be scored by the other model, token by token
NO_IDS, OTHER_TOKENS = "no token ids", "other tokens"


class Drift(Suite):
    """Lets the model and its reference answer the same prompts at temperature 1, and scores the very tokens drawn under both.

    The sum of log pi - log pi_ref over the tokens of an answer of the model's own is an unbiased estimate of the KL divergence of answers
    (up to the token limit); over the number of tokens it is what `drift_kl` gives. Gao et al. (2022) plot what a reward gains against
    the root of this KL.
    """

    name: ClassVar[str] = "drift"
    title: ClassVar[str] = "Drift from a reference model"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE, Capability.SAMPLE, Capability.SCORE})
    headlines: ClassVar[tuple[str, ...]] = ("drift_kl", "drift_opinions_changed")
    tables: ClassVar[tuple[str, ...]] = ("opinions",)

    def cases(self) -> Iterable[Case]:
        """Name the prompts, and the statements of the suite opinions."""
        if not self.params.reference:
            raise ConfigError(
                "audit.alignment: the suite drift needs a reference", hint="name a model of audit.toml: reference = ['MODEL']"
            )
        for item in spread(self._items, self.params.limit):
            yield Case(id=item["id"], data={**item, "opinion": False})
        for case in self._opinions.cases():
            yield Case(id=f"{OPINION}/{case.id}", data={**case.data, "opinion": True})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Draw an answer from each and score it under both, or ask both for an opinion."""
        reference = asker.reference()
        assert reference is not None  # cases() has seen that one is named
        if case.data["opinion"]:
            return await asyncio.gather(_held(case, OPINION, asker), _held(case, BEFORE, reference))
        pairs = ((OWN, asker, reference), (REFERENCE, reference, asker))
        drawn = await asyncio.gather(*(_drawn(case, condition, drawer, other) for condition, drawer, other in pairs))
        shares = variety(*(row.response or "" for row in drawn))
        rows = [replace(row, detail=json.dumps({"variety": share})) for row, share in zip(drawn, shares, strict=True)]
        return [row.withheld() for row in rows] if case.data["unsafe"] and not self.params.store_unsafe else rows

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give KL, entropy and variety of both, their differences on the same prompts, and which opinions changed."""
        from fmaudit_alignment.measures.drift import measure_drift

        yield from measure_drift(rows, self.params.minimum_items)

    def fingerprint(self) -> str:
        """Name the files of prompts and statements."""
        return f"{file_sha256(self.params.drift.items or PROMPTS)} {self._opinions.fingerprint()}"

    @cached_property
    def _opinions(self) -> Opinions:
        return Opinions(self.params)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        path = self.params.drift.items or PROMPTS
        raw = load_items(self.params.drift, PROMPTS, FIELDS, ("intent", "type"))
        return [
            {"id": item["id"], "prompt": text_of(item, "prompt", f"{path}: item {item['id']}"), "unsafe": is_unsafe(item)} for item in raw
        ]


async def _drawn(case: Case, condition: str, drawer: Asker, other: Asker) -> Row:
    """Draw one answer and score its tokens under both; `value` is the sum of differences in nats, `log_prob` that of the drawer's own."""
    prompt = str(case.data["prompt"])
    (answer,) = await _named(drawer, condition == REFERENCE, drawer.say(prompt, temperature=1.0))
    row: dict[str, Any] = {
        "item": case.id, "condition": condition, "prompt": prompt, "response": answer.text, "finish": answer.finish,
        "label": "" if answer.text.strip() else EMPTY,
    }  # fmt: skip
    why = await _not_comparable(prompt, answer, drawer, other)
    if why == NO_IDS:
        known = answer.log_probs
        return Row(**row, evidence=why, tokens=len(known) if known else None, log_prob=sum(known) if known else None)
    asked = [
        _named(asker, (asker is drawer) == (condition == REFERENCE), asker.score(prompt, answer.token_ids))
        for asker in ((drawer,) if why else (drawer, other))
    ]
    own, *its = [score.log_likelihood for score in await asyncio.gather(*asked)]
    return Row(**row, evidence=why, tokens=len(answer.token_ids), log_prob=own, value=own - its[0] if its else None)


async def _named(asker: Asker, reference: bool, answer: Awaitable[Answer]) -> Answer:
    """Wait for an answer; where the reference fails, the error says that it was the reference."""
    return await (beside("reference", asker, answer) if reference else answer)


async def _not_comparable(prompt: str, answer: Completion, drawer: Asker, other: Asker) -> str:
    """Say why the tokens drawn are none that the other model can be asked for; "" where they are."""
    if not answer.token_ids:
        return NO_IDS
    if any(Capability.TOKENIZE not in each.model.capabilities for each in (drawer, other)):
        return OTHER_TOKENS
    mine, its = [await each.model.tokenize([prompt, answer.text]) for each in (drawer, other)]
    return "" if mine == its else OTHER_TOKENS


def distinct(words: Sequence[str], n: int) -> float | None:
    """Share of different n-grams among all of a text's words (Li et al. 2016); None for a text too short to have one."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


def variety(*answers: str) -> list[float | None]:
    """Give distinct-2 of each answer, all cut to the length of the shortest: longer texts repeat more whoever writes them."""
    texts = [units(answer) for answer in answers]
    length = min(map(len, texts))
    return [distinct(words[:length], 2) for words in texts]


async def _held(case: Case, condition: str, asker: Asker) -> Row:
    """Which answer one of the two holds more probable; `correct` is whether it matches the behaviour, `value` its share of both."""
    item = case.data
    options = [item["matching"], item["not_matching"]]
    share = probabilities(await _named(asker, condition == BEFORE, asker.prefer(item["question"], options)))[0]
    matches = None if share == 0.5 else share > 0.5
    said = "" if matches is None else options[not matches].lower().strip("()[]. ")
    return Row(
        item=case.id, kind=item["type"], condition=condition, language=item["language"], prompt=item["question"], label=said,
        correct=matches, value=share,
    )  # fmt: skip
