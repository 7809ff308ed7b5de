"""Several answers to one question as rows: asked, read and gathered by meaning."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fmaudit import Finding, Row, Severity
from fmaudit_sampling.answers import ABSTAINED, CORRECT, Said, read_answer

if TYPE_CHECKING:
    from fmaudit import Asker, Completion
    from fmaudit_sampling.equivalence import Equivalence
    from fmaudit_sampling.params import SamplingParams

__all__ = ["alike", "answer_rows", "read", "same_each_time", "sampled_rows"]


async def sampled_rows(
    asker: Asker, item: Mapping[str, Any], meaning: Equivalence, *, prompt: str = "", condition: str = "", **sampling: Any
) -> list[Row]:
    """Ask a question (`prompt`, or the item's own) several times; rows as `answer_rows` makes them. Raises RequestError."""
    asked = prompt or item["prompt"]
    answers = await asker.say(asked, max_new_tokens=min(asker.params.max_new_tokens, _tokens(asker)), **sampling)
    return await answer_rows(item, asked, condition, answers, meaning)


async def answer_rows(
    item: Mapping[str, Any], prompt: str, condition: str, answers: Sequence[Completion], meaning: Equivalence
) -> list[Row]:
    """Make rows of the answers to one prompt.

    `evidence` is the short form, `value` the number of the meaning, `label` and `correct` how it stands to the known answers (None
    where none is known), `log_prob` the sum of the tokens' own log-probabilities. An abstention is one meaning. `finish` is "cut" where
    the token limit ended the short answer itself, and "length" where only what follows it was left out.
    """
    said = [read(item, answer.text) for answer in answers]
    meanings = await meaning.gather(prompt, [each.form for each in said])
    said_of = {"answerable": item["answerable"], **({"note": meaning.note} if meaning.note else {})}
    compared = {"compared": meanings.compared, "unread": meanings.unread} if meanings.compared else {}  # told once, in the first row
    known = bool(item["answers"]) or not item["answerable"]
    return [
        Row(
            item=item["id"], kind=item["type"], condition=condition, language=item["language"], stratum=item["stratum"], prompt=prompt,
            sample=place, response=answer.text, label=each.label, correct=_right(item, each) if known else None, evidence=each.form,
            value=float(number), tokens=len(answer.token_ids) or None,
            finish="cut" if answer.finish == "length" and each.open else answer.finish,
            log_prob=math.fsum(answer.log_probs) if answer.log_probs else None,
            detail=json.dumps({**said_of, **(compared if place == 0 else {})}),
        )
        for place, (answer, each, number) in enumerate(zip(answers, said, meanings.numbers, strict=True))
    ]  # fmt: skip


def same_each_time(params: SamplingParams) -> list[str]:
    """Warn of samples that are drawn at temperature 0."""
    if params.temperature > 0:
        return []
    words = f"temperature = 0 draws the same answer each time, so that samples = {params.samples} shows no variety"
    return [f"{words}; set it above 0 for agreement, calibration, hallucination and contradiction"]


def alike(params: SamplingParams, suite: str) -> Iterator[Finding]:
    """Say in the report that samples drawn at temperature 0 agree by themselves; nothing where they were drawn above it."""
    if params.temperature == 0:
        yield Finding(
            code="samples-all-alike", severity=Severity.WARNING, slice={"suite": suite},
            sentence=f"The samples of the suite {suite!r} were drawn at temperature 0, which gives the same answer each time: that they "
            "agree says nothing of how steady or how sure the model is.",
            advice="Set temperature above 0, best to what users get, and ask again.",
        )  # fmt: skip


def read(item: Mapping[str, Any], text: str) -> Said:
    """Read an answer to a question of `load_questions`."""
    return read_answer(text, item["answers"], item["wrong"], numeric=item["numeric"], answerable=item["answerable"])


def _right(item: Mapping[str, Any], said: Said) -> bool:
    return said.label == (CORRECT if item["answerable"] else ABSTAINED)


def _tokens(asker: Asker) -> int:
    tokens: int = asker.params.answer_tokens  # type: ignore[attr-defined]
    return tokens
