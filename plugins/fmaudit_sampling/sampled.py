"""Several answers to one question as rows: asked, read and gathered by meaning."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fmaudit import Capability, Finding, Row, Severity, results
from fmaudit_sampling.answers import ABSTAINED, CORRECT, EMPTY, UNREAD, Said, read_answer
from fmaudit_sampling.questions import BRIEFLY

if TYPE_CHECKING:
    from fmaudit import Asker, Completion
    from fmaudit_sampling.equivalence import Equivalence
    from fmaudit_sampling.params import SamplingParams

__all__ = ["RECORDED", "alike", "answer_rows", "drawn_as_asked", "read", "recorded", "same_each_time", "sampled_rows", "unsettled"]

RECORDED = "recorded answers do not say how they were drawn"


async def sampled_rows(
    asker: Asker, item: Mapping[str, Any], meaning: Equivalence, *, prompt: str = "", condition: str = "", **sampling: Any
) -> list[Row]:
    """Ask a question (`prompt`, or the item's own) several times; rows as `answer_rows` makes them. Raises RequestError."""
    asked = prompt or item["prompt"]
    answers = await asker.say(asked, max_new_tokens=min(asker.params.max_new_tokens, _tokens(asker)), **sampling)
    return await answer_rows(item, asked, condition, answers, meaning, settled=drawn_as_asked(asker))


async def answer_rows(
    item: Mapping[str, Any],
    prompt: str,
    condition: str,
    answers: Sequence[Completion],
    meaning: Equivalence,
    *,
    settled: bool = True,
) -> list[Row]:
    """Make rows of the answers to one prompt.

    `evidence` is the short form, `value` the number of the meaning, `label` and `correct` how it stands to the known answers (None
    where none is known, and where the answer is empty or cannot be read), `log_prob` the sum of the tokens' own log-probabilities. An
    abstention is one meaning. `finish` is "cut" where the token limit ended the short answer itself, and "length" where only what
    follows it was left out. `settled` says that they were drawn as asked; where not, the rows' detail says so.
    """
    said = [read(item, answer.text) for answer in answers]
    meanings = await meaning.gather(prompt, [each.form for each in said])
    note = "; ".join(filter(None, (meaning.note, "" if settled else RECORDED)))
    said_of = {"answerable": item["answerable"], **({"note": note} if note else {}), **({} if settled else {"recorded": True})}
    compared = {"compared": meanings.compared, "unread": meanings.unread} if meanings.compared else {}  # told once, in the first row
    known = bool(item["answers"]) or not item["answerable"]
    return [
        Row(
            item=item["id"], kind=item["type"], condition=condition, language=item["language"], stratum=item["stratum"], prompt=prompt,
            sample=place, response=answer.text, label=each.label, correct=_right(item, each) if known else None,
            evidence=each.form, value=float(number), tokens=len(answer.token_ids) or None,
            finish="cut" if answer.finish == "length" and each.open else answer.finish,
            log_prob=math.fsum(answer.log_probs) if answer.log_probs else None,
            detail=json.dumps({**said_of, **(compared if place == 0 else {})}),
        )
        for place, (answer, each, number) in enumerate(zip(answers, said, meanings.numbers, strict=True))
    ]  # fmt: skip


def drawn_as_asked(asker: Asker) -> bool:
    """Whether the model heeds the settings of a request: recorded answers were drawn before it."""
    return Capability.SETTINGS in asker.model.capabilities


def unsettled(case: str) -> Row:
    """Make the row that says why a suite that compares settings has nothing to say of recorded answers."""
    return Row(item=case, label="unavailable", evidence=f"draw answers as it is asked: {RECORDED}")


def recorded(rows: results.Rows) -> bool:
    """Whether rows of `answer_rows` are of recorded answers."""
    return any('"recorded": true' in row["detail"] for row in rows if row["detail"])


def same_each_time(params: SamplingParams) -> list[str]:
    """Warn of samples that are drawn at temperature 0."""
    if params.temperature > 0:
        return []
    words = f"temperature = 0 draws the same answer each time, so that samples = {params.samples} shows no variety"
    return [f"{words}; set it above 0 for agreement, calibration, hallucination and contradiction"]


def alike(params: SamplingParams, suite: str, rows: results.Rows = ()) -> Iterator[Finding]:
    """Say in the report that samples drawn at temperature 0 agree by themselves; nothing where they were drawn above it, or recorded."""
    if params.temperature == 0 and not recorded(rows):
        yield Finding(
            code="samples-all-alike", severity=Severity.WARNING, slice={"suite": suite},
            sentence=f"The samples of the suite {suite!r} were drawn at temperature 0, which gives the same answer each time: that they "
            "agree says nothing of how steady or how sure the model is.",
            advice="Set temperature above 0, best to what users get, and ask again.",
        )  # fmt: skip


def read(item: Mapping[str, Any], text: str) -> Said:
    """Read an answer to a question of `load_questions`."""
    return read_answer(
        text, item["answers"], item["wrong"], numeric=item["numeric"], answerable=item["answerable"],
        question=str(item["prompt"]).removesuffix(BRIEFLY),
    )  # fmt: skip


def _right(item: Mapping[str, Any], said: Said) -> bool | None:
    """Whether an answer is right; None where there is none, or none that can be read."""
    return None if said.label in (EMPTY, UNREAD) else said.label == (CORRECT if item["answerable"] else ABSTAINED)


def _tokens(asker: Asker) -> int:
    tokens: int = asker.params.answer_tokens  # type: ignore[attr-defined]
    return tokens
