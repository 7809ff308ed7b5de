"""Instruction following: prompts with instructions that a program can verify, counted strictly and loosely."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from fmaudit import Asker, Case, ConfigError, Finding, Metric, Row, Severity, Suite, file_sha256, load_items, results, spread
from fmaudit_alignment.answers.pairs import behind_rate
from fmaudit_alignment.prompts import text_of
from fmaudit_alignment.verifiers.arguments import check_arguments
from fmaudit_alignment.verifiers.checks import CHECKS, SAMPLE_CHECKS, follows

__all__ = ["Instructions", "loosened"]

ITEMS = Path(__file__).parents[1] / "data" / "prompts" / "instructions.jsonl"
FIELDS = {"prompt": ("question",), "instruction_id_list": (), "kwargs": (), "check": (), "stratum": ()}
SHOWN = 5  # kinds of instruction in a finding, the worst first
SELDOM = 0.5  # below it a kind of instruction is named in a finding


class Instructions(Suite):
    """Asks for what can be verified (so many words, no comma, JSON ...), one row per instruction."""

    name: ClassVar[str] = "instructions"
    title: ClassVar[str] = "Instruction following"
    headlines: ClassVar[tuple[str, ...]] = ("prompts_followed{counted=strict}",)

    def cases(self) -> Iterable[Case]:
        """Name the prompts."""
        return [Case(id=item["id"], data=item) for item in spread(self._items, self.params.limit, "kind", "stratum")]

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Let the model answer, and verify every instruction."""
        item = case.data
        (answer,) = await asker.say(item["prompt"])
        rows = []
        for number, (instruction, arguments) in enumerate(item["instructions"]):
            strict = follows(answer.text, instruction, arguments)
            loose = strict or any(follows(text, instruction, arguments) for text in loosened(answer.text))
            rows.append(
                Row(
                    item=case.id, kind=instruction, condition=str(number), stratum=item["stratum"], prompt=item["prompt"],
                    response=answer.text, label="follows" if strict else "loosely" if loose else "does not", correct=strict,
                    value=float(loose), detail=json.dumps(arguments, ensure_ascii=False), finish=answer.finish,
                    tokens=len(answer.token_ids) or None,
                )
            )  # fmt: skip
        return rows

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give the shares of prompts and of instructions followed."""
        minimum = self.params.minimum_items
        for counted, column in (("strict", "correct"), ("loose", "value")):
            slice_ = {"counted": counted}
            prompts = _prompts(rows, column)
            yield results.rate("prompts_followed", list(prompts.values()), minimum=minimum, slice_=slice_, note="all its instructions")
            hits = [bool(row[column]) for row in rows]
            yield results.rate("instructions_followed", hits, [row["item"] for row in rows], minimum=minimum, slice_=slice_)
        yield from _strata(rows, minimum)
        kinds = list(_kinds(rows, min(minimum, 5)))
        yield from kinds
        shown = sorted(((kind.slice["instruction"], kind) for kind in kinds), key=lambda one: one[1].value or 0.0)
        caption = "Strict: the answer as it is. Whiskers: 95 % intervals."
        yield from results.bars("instructions-by-kind", "Which instructions are followed", shown, caption)
        yield from _findings(kinds)
        answers = {row["item"]: row for row in rows}
        yield from results.wordless("instructions_empty_rate", list(answers.values()), minimum, "they follow no instruction")
        yield from results.truncated(
            "instructions_truncated_rate", list(answers.values()), minimum, "what they had said by then was judged"
        )

    def compared(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Give the prompts and the instructions behind the shares that were followed, counted strictly and loosely."""
        columns = {"strict": "correct", "loose": "value"}
        strata = {row["item"]: str(row["stratum"] or "") for row in rows}
        prompts = [
            {"item": item, "value": float(followed), "counted": counted, "stratum": strata[item]}
            for counted, column in columns.items()
            for item, followed in _prompts(rows, column).items()
        ]
        single = [{**row, "counted": counted, "held": row[column]} for counted, column in columns.items() for row in rows]
        found = behind_rate(single, lambda row: bool(row["held"]), counted="counted", instruction="kind")
        return {"prompts_followed": prompts, "instructions_followed": found}

    def fingerprint(self) -> str:
        """Name the items' file."""
        return file_sha256(self.params.instructions.items or ITEMS)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        path = self.params.instructions.items or ITEMS
        raw = load_items(self.params.instructions, ITEMS, FIELDS, ("instruction_id_list", "kwargs", "check", "stratum"))
        return [_item(item, f"{path}: item {item['id']}") for item in raw]


def _item(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Bring an item of IFEval's form, or of the sample's, into one. Raises ConfigError where an instruction cannot be verified."""
    if raw.get("check"):
        instructions = [(str(raw["check"]["kind"]), dict(raw["check"]))]
    else:
        names, given = raw.get("instruction_id_list") or [], raw.get("kwargs") or []
        if not names or len(names) != len(given):
            raise ConfigError(f"{where}: {len(names)} instructions and {len(given)} kwargs", hint="as many of either, as in IFEval")
        instructions = [(str(name), {k: v for k, v in one.items() if v is not None}) for name, one in zip(names, given, strict=True)]
    for name, arguments in instructions:
        if name not in CHECKS and name not in SAMPLE_CHECKS:
            raise ConfigError(f"{where}: there is no instruction {name!r}", hint=f"there are {', '.join(sorted(CHECKS))}")
        _try(name, arguments, where)
    prompt = text_of(raw, "prompt", where)
    return {
        "id": raw["id"],
        "prompt": prompt,
        "instructions": instructions,
        "kind": instructions[0][0],
        "stratum": str(raw.get("stratum") or ""),
    }


def _try(name: str, arguments: Mapping[str, Any], where: str) -> None:
    """Verify some text, so that wrong arguments are found before a model is asked."""
    try:
        check_arguments(name, arguments)
        follows("a", name, arguments)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{where}: {name} with {dict(arguments)}: {type(error).__name__}: {error}", hint="see IFEval's kwargs") from error


def loosened(text: str) -> Iterator[str]:
    """Yield the forms in which IFEval also accepts an answer: without its first or last line, without asterisks."""
    lines = text.split("\n")
    for cut in (lines, lines[1:], lines[:-1], lines[1:-1]):
        part = "\n".join(cut).strip()
        yield part
        yield part.replace("*", "")


def _prompts(rows: Sequence[Mapping[str, Any]], column: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for row in rows:
        found[row["item"]] = found.get(row["item"], True) and bool(row[column])
    return found


def _strata(rows: Sequence[Mapping[str, Any]], minimum: int) -> results.Results:
    for stratum in sorted({row["stratum"] for row in rows} - {""}):
        part = _prompts([row for row in rows if row["stratum"] == stratum], "correct")
        yield results.rate("prompts_followed", list(part.values()), minimum=minimum, slice_={"counted": "strict", "stratum": stratum})


def _kinds(rows: Sequence[Mapping[str, Any]], minimum: int) -> Iterator[Metric]:
    for kind in sorted({row["kind"] for row in rows}):
        part = [row for row in rows if row["kind"] == kind]
        slice_ = {"counted": "strict", "instruction": kind}
        yield results.rate(
            "instructions_followed", [row["correct"] for row in part], [row["item"] for row in part], minimum=minimum, slice_=slice_
        )


def _findings(kinds: Sequence[Metric]) -> results.Results:
    weak = [kind for kind in kinds if kind.interval and kind.interval.high < SELDOM]
    if weak:
        weak.sort(key=lambda kind: kind.value or 0.0)
        named = "; ".join(
            f"{kind.slice['instruction']} {results.percent(kind.value or 0.0)} of {kind.n} ({results.span(kind.interval, results.percent)})"
            for kind in weak[:SHOWN]
        )
        more = f"; and {len(weak) - SHOWN} more kinds" if len(weak) > SHOWN else ""
        yield Finding(
            code="instructions-not-followed", severity=Severity.WARNING, metric="instructions_followed{counted=strict}",
            sentence=f"Surely followed in less than half of the cases: {named}{more}.",
            advice="Read some of these rows: where the model does what is meant and the check wants its letter, count loosely; else check "
            "such answers by a program before you use them.",
        )  # fmt: skip
