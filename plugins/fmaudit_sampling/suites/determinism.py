"""Whether greedy answers repeat: the same prompts again and again, among others and by themselves, and at another length.

The seed of a request changes nothing about a greedy answer but the request's name, so a new seed asks the model again instead of the
cache of answers. The order of requests cannot be varied: it is that of their names.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from fmaudit import Asker, Case, Completion, Finding, Metric, RequestError, Row, Severity, Suite, results, stats
from fmaudit_sampling.prompts import OPEN, load_prompts
from fmaudit_sampling.questions import fewer, fingerprint
from fmaudit_sampling.sampled import drawn_as_asked, unsettled
from fmaudit_sampling.showing import details, empty_answers, quoted

__all__ = ["Determinism", "first_divergence"]

COUNTED = "exact for these prompts: counted"
TOGETHER, ALONE, LONGER = "together", "alone", "longer"
WORDS = {ALONE: "asked by themselves", LONGER: "asked for twice as many tokens"}


class Determinism(Suite):
    """Completes prompts greedily many times."""

    name: ClassVar[str] = "determinism"
    title: ClassVar[str] = "Greedy determinism"
    headlines: ClassVar[tuple[str, ...]] = ("greedy_stable_rate", "greedy_unique_share")

    def cases(self) -> Iterable[Case]:
        """Name one case: its prompts are asked together first, then one after the other."""
        yield Case(id="repeats", data={"prompts": self._items})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask all prompts in all ways; a prompt that fails is left out. Recorded answers say nothing of greedy decoding."""
        if not drawn_as_asked(asker):
            return [unsettled(case.id)]
        own, prompts = self.params.determinism, case.data["prompts"]
        many = await asyncio.gather(*(self._ask(asker, prompt, range(own.runs)) for prompt in prompts))
        longer = await asyncio.gather(*(self._ask(asker, prompt, [own.runs], 2 * own.tokens) for prompt in prompts))
        alone = [await self._ask(asker, prompt, [own.runs]) for prompt in prompts]
        ways = {TOGETHER: many, LONGER: longer, ALONE: alone}
        return [
            row for way, found in ways.items() for item, answers in zip(prompts, found, strict=True) for row in _rows(item, way, answers)
        ]

    async def _ask(self, asker: Asker, item: Mapping[str, Any], seeds: Iterable[int], tokens: int | None = None) -> list[Completion]:
        length = tokens or self.params.determinism.tokens
        asked = [asker.say(item["prompt"], temperature=0.0, max_new_tokens=length, seed=seed) for seed in seeds]
        found = await asyncio.gather(*asked, return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, RequestError):
                raise each
        return [each[0] for each in found if not isinstance(each, BaseException)]

    def measure(self, rows: results.Rows) -> results.Results:
        """Give how many different completions there were, where they part, and which ways of asking change them."""
        asked, rows = rows, [row for row in rows if results.has_words(row)]
        items = results.by_item(rows)
        repeated = {item: runs for item, part in items.items() if len(runs := [row for row in part if row["condition"] == TOGETHER]) > 1}
        minimum = self.params.minimum_items
        unique = {item: len({row["response"] for row in runs}) for item, runs in repeated.items()}
        stable = results.rate(
            "greedy_stable_rate", [n == 1 for n in unique.values()], minimum=minimum, note="prompts with one completion only"
        )
        yield stable
        runs = self.params.determinism.runs
        if unique:
            share = stats.exact_sum(unique[item] / len(repeated[item]) for item in repeated) / len(unique)
            note = f"different completions of {runs} runs, on average; {1 / runs:.3g} is the least"
            n = sum(map(len, repeated.values()))
            yield Metric(name="greedy_unique_share", value=share, unit="fraction", n=n, method=COUNTED, note=note)
        parted = {item: place for item, part in repeated.items() if (place := _parts_at(part)) is not None}
        if parted:
            note, first = "the earliest token that differs between runs, counted from 0", float(min(parted.values()))
            yield Metric(name="greedy_first_divergence", value=first, unit="count", n=len(parted), method=COUNTED, note=note)
        for way in (ALONE, LONGER):
            changed = [bool(_changed(part, way)) for part in items.values() if _changed(part, way) is not None]
            yield results.rate(
                "greedy_changed_rate", changed, minimum=minimum, slice_={"way": way}, note=f"prompts whose text changes when {WORDS[way]}"
            )
        yield from empty_answers(self.name, asked, minimum)
        yield from _findings(items, unique, parted)
        yield _listed(items, unique, parted)

    def fingerprint(self) -> str:
        """Name the file of prompts."""
        return fingerprint(self.params.open_prompts, OPEN)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        return load_prompts(self.params.open_prompts, fewer(self.params.limit, self.params.determinism.items))


def first_divergence(sequences: Sequence[Sequence[Any]]) -> int | None:
    """Give the first place at which sequences are not all the same, the end of one counting as a difference; None where they are equal."""
    if all(sequence == sequences[0] for sequence in sequences):
        return None
    shortest = min(map(len, sequences))
    return next((i for i in range(shortest) if len({sequence[i] for sequence in sequences}) > 1), shortest)


def _rows(item: Mapping[str, Any], way: str, answers: Sequence[Completion]) -> list[Row]:
    return [
        Row(
            item=item["id"], kind=item["kind"], condition=way, language=item["language"], stratum=item["stratum"], sample=place,
            prompt=item["prompt"], response=answer.text, finish=answer.finish, tokens=len(answer.token_ids) or None,
            detail=json.dumps({"tokens": answer.token_ids}),
        )
        for place, answer in enumerate(answers)
    ]  # fmt: skip


def _parts_at(rows: results.Rows) -> int | None:
    """The first token at which completions of equal length differ; the first character where tokens are not told."""
    tokens = [details(row)["tokens"] for row in rows]
    return first_divergence(tokens if all(tokens) else [str(row["response"]) for row in rows])


def _changed(rows: results.Rows, way: str) -> bool | None:
    """Whether the other way gives a text that no run gave; None where it was not asked. A longer text must begin with a shorter one."""
    runs = [row for row in rows if row["condition"] == TOGETHER]
    other = next((row for row in rows if row["condition"] == way), None)
    if other is None or not runs:
        return None
    usual = Counter(str(row["response"]) for row in runs).most_common(1)[0][0]
    text = str(other["response"])
    if way == LONGER and any(row["finish"] == "length" and row["response"] == usual for row in runs):
        # a character of several tokens may be cut in two at the end of the shorter text
        return not text.startswith(usual.rstrip("\ufffd").rstrip())
    return text != usual


def _findings(items: Mapping[str, results.Rows], unique: Mapping[str, int], parted: Mapping[str, int]) -> Iterator[Finding]:
    unstable = sorted((item for item in unique if unique[item] > 1), key=lambda item: (-unique[item], item))
    if unstable:
        worst = unstable[0]
        runs = sum(row["condition"] == TOGETHER for row in items[worst])
        place = f", which part at token {parted[worst]}" if worst in parted else ""
        yield Finding(
            code="greedy-unstable", severity=Severity.WARNING, metric="greedy_stable_rate",
            sentence=(
                f"Greedy decoding does not repeat itself for {len(unstable)} of {len(unique)} prompts: "
                f"{quoted(items[worst][0]['prompt'], 60)} got {unique[worst]} different completions in {runs} runs{place}."
            ),
            advice="Ask for a deterministic mode of the server (batch-invariant kernels, no speculative decoding), or report a spread.",
        )  # fmt: skip
    for way in (ALONE, LONGER):
        changed = [item for item, part in items.items() if _changed(part, way)]
        if changed and not unstable:
            yield Finding(
                code="greedy-depends-on-batch", severity=Severity.WARNING, metric=f"greedy_changed_rate{{way={way}}}", slice={"way": way},
                sentence=f"Greedy answers repeat, but {len(changed)} of {len(items)} change when {WORDS[way]}.",
                advice="Compare models with the same batch size and limits only, or use batch-invariant kernels.",
            )  # fmt: skip


def _listed(items: Mapping[str, results.Rows], unique: Mapping[str, int], parted: Mapping[str, int]) -> Any:
    rows = [
        {
            "prompt": items[item][0]["prompt"], "runs": sum(row["condition"] == TOGETHER for row in items[item]),
            "different completions": count, "first difference": str(parted.get(item, "none")),
            "same alone": _same(items[item], ALONE), "same when longer": _same(items[item], LONGER),
        }
        for item, count in unique.items()
    ]  # fmt: skip
    caption = (
        "Greedy completions of each prompt: how many were different, the first token that differs, and whether the way of asking matters."
    )
    return results.table("greedy-repeats", "Greedy completions", rows, caption)


def _same(rows: results.Rows, way: str) -> str:
    changed = _changed(rows, way)
    return "not asked" if changed is None else "no" if changed else "yes"
