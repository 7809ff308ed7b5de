"""What may come next, and how the settings of a sampler change it: the listed words and the rest as one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fmaudit import Asker, Capability, Case, GenerateRequest, Metric, Row, Sampling, ScoreRequest, Suite, results
from fmaudit_sampling.conformance.distribution import REST, chance_of, next_entropy, view
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.params import Setting
from fmaudit_sampling.showing import details, quoted
from fmaudit_sampling.suites.frontier import label_of

__all__ = ["Distribution"]

SHOWN = 8  # drawn tokens shown beside the listed words, at most
ROUNDING = 1e-9  # of a probability: the rest is shown above it
EXACT, TOLD = "exact: computed from the logits", "exact: the model's own probabilities"
AS_ONE = (
    "Without the model's logits only temperature 1 without a limit is exact. Elsewhere the rest counts as one token, rarer than those "
    "listed, and every listed word as one: above temperature 1 the rest's share is then the least that it can be, below it the most, and "
    "what top-k and top-p leave of it is not known."
)


class Distribution(Suite):
    """Scores listed words after a text, draws tokens to see what else there is, and applies samplers to the probabilities."""

    name: ClassVar[str] = "distribution"
    title: ClassVar[str] = "What may come next"
    needs: ClassVar[frozenset[Capability]] = frozenset()  # scores, or log-probabilities of what is drawn

    def cases(self) -> Iterable[Case]:
        """Name the texts."""
        for place, (prompt, words) in enumerate(self.params.distribution.prompts.items(), 1):
            yield Case(id=str(place), data={"prompt": prompt, "words": list(words)})

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Find the probabilities after one text; a row is a word under a setting, `value` its probability there.

        Exact under every setting where the model gives its logits; else at temperature 1 without a limit only.
        """
        prompt, capabilities = str(case.data["prompt"]), asker.model.capabilities
        found = await self._scored(prompt, case.data["words"], asker) if asker.scores else []
        if {Capability.GENERATE, Capability.SAMPLE, Capability.LOG_PROBS} <= capabilities:
            found += await self._drawn(prompt, asker, [each.ids for each in found])
        found = [each for each in found if each.chance > 0.0]
        if not found:
            return [Row(item=case.id, label="unavailable", evidence="score given words or tell the log-probabilities of what it draws")]
        if not (asker.scores and Capability.LOGITS in capabilities):
            return [row for setting in self.params.distribution.views for row in _listed_rows(case.id, prompt, found, setting)]
        logits = await _logits(prompt, found, asker)
        return [row for setting in self.params.distribution.views for row in _exact_rows(case.id, prompt, found, logits, setting)]

    async def _scored(self, prompt: str, words: Sequence[str], asker: Asker) -> list[Next]:
        """Score words as the text's continuation; one that begins with another's tokens is a part of it and left out."""
        space = "" if not prompt or prompt[-1:].isspace() else " "
        scores = await asker.model.score([ScoreRequest(context=prompt, continuation=space + word) for word in words])
        ids = [score.token_ids for score in scores]
        whole = [i for i, own in enumerate(ids) if not any(_within(own, i, other, j) for j, other in enumerate(ids) if j != i)]
        return [Next(words[i], ids[i], math.exp(scores[i].log_likelihood)) for i in whole]

    async def _drawn(self, prompt: str, asker: Asker, known: Sequence[tuple[int, ...]]) -> list[Next]:
        """Draw single tokens, each of which tells its own probability; those that begin a listed word are left to that word."""
        sampling = Sampling(temperature=1.0, max_new_tokens=1)
        request = GenerateRequest(prompt=prompt, sampling=sampling, samples=tuple(range(self.params.distribution.draws)))
        if not asker.scores:  # a server that cannot score may know chats only
            answers = await asker.say(prompt, samples=self.params.distribution.draws, temperature=1.0, max_new_tokens=1)
        else:
            (answers,) = await asker.model.generate([request])
        begun, mark = {ids[:1] for ids in known}, " (drawn)" if known else ""
        found: dict[tuple[str, tuple[int, ...]], Next] = {}
        for answer in answers:
            ids = answer.token_ids[:1]
            if answer.log_probs and ids not in begun:
                found[answer.text, ids] = Next((answer.text or "(end)") + mark, ids, math.exp(answer.log_probs[0]))
        return sorted(found.values(), key=lambda each: (-each.chance, each.word, each.ids))[:SHOWN]

    def measure(self, rows: results.Rows) -> results.Results:
        """Give the listed mass, the entropies under every setting as far as they are known, and a chart for every text."""
        for item, part in results.by_item(rows).items():
            slice_ = {"text": item}
            first = details(part[0])
            words, method = f"listed words after {quoted(part[0]['prompt'], 40)}", EXACT if first["exact"] else TOLD
            yield Metric(
                name="listed_mass", value=first["listed"], unit="fraction", n=int(first["words"]), slice=slice_, method=method, note=words
            )
            for setting, seen in results.groups(part, "condition").items():
                yield from _entropies(seen, details(seen[0]), {**slice_, "setting": setting})
            yield _chart(item, part, first)


@dataclass(frozen=True, slots=True)
class Next:
    """What may come next: a word or a drawn token, its tokens, its probability at temperature 1."""

    word: str
    ids: tuple[int, ...]
    chance: float


def _entropies(rows: results.Rows, told: Mapping[str, Any], slice_: Mapping[str, str]) -> Iterator[Metric]:
    """Give the entropy of the listed words and the rest as one, and that of the next token where all logits are known."""
    if not told["known"]:
        note = "not known without the model's logits: the listed probabilities do not tell what the rest becomes"
        yield results.undefined("next_word_entropy", "nats", slice_, len(rows), note)
        return
    method, values = EXACT if told["exact"] else TOLD, [row["value"] for row in rows if row["value"] > 0]
    entropy = max(0.0, -math.fsum(q * math.log(q) for q in values))
    note = "of the listed words and the rest as one"
    yield Metric(name="next_word_entropy", value=entropy, unit="nats", n=len(rows), slice=slice_, method=method, note=note)
    if told["exact"]:
        note = "of the next token, over the whole vocabulary"
        yield Metric(
            name="next_token_entropy", value=told["entropy"], unit="nats", n=int(told["tokens"]), slice=slice_, method=EXACT, note=note
        )


async def _logits(prompt: str, found: Sequence[Next], asker: Asker) -> list[npt.NDArray[np.float32]]:
    """Get the logits before each token of every word; those before the first are the same for all, and asked for once."""
    first: npt.NDArray[np.float32] | None = None
    every = []
    for each in found:
        if first is None or len(each.ids) > 1:
            logits = await asker.model.logits(ScoreRequest(context=prompt, continuation_ids=each.ids))
            first = logits[:1] if first is None else first
        every.append(logits if len(each.ids) > 1 else first)
    return every


def _exact_rows(
    item: str, prompt: str, found: Sequence[Next], logits: Sequence[npt.NDArray[np.float32]], setting: Setting
) -> Iterator[Row]:
    """Compute every word under a setting from the logits before each of its tokens, and what is left for all others."""
    sampler = StatedSampler(**setting.model_dump())
    before, after = (
        [chance_of(rows, each.ids, how) for each, rows in zip(found, logits, strict=True)] for how in (StatedSampler(), sampler)
    )
    shown = list(zip([each.word for each in found], before, after, strict=True))
    rest = (max(0.0, 1.0 - math.fsum(before)), max(0.0, 1.0 - math.fsum(after)))
    if max(rest) > ROUNDING:
        shown.append((REST, *rest))
    first = logits[0][0]
    detail = {
        "listed": min(1.0, math.fsum(before)), "words": len(found), "exact": True, "known": True, "tokens": len(first),
        "entropy": next_entropy(first, sampler), "note": "",
    }  # fmt: skip
    yield from _shown(item, prompt, setting, shown, detail)


def _listed_rows(item: str, prompt: str, found: Sequence[Next], setting: Setting) -> Iterator[Row]:
    """Apply a setting to what is listed, with the rest as one token: exact where it changes nothing, else what would be if it were one."""
    listed: dict[str, float] = {}
    for each in found:
        listed[each.word] = listed.get(each.word, 0.0) + each.chance
    sampler = StatedSampler(**setting.model_dump())
    seen = view(_within_one(listed), sampler, tokens=list(listed))
    known = sampler == StatedSampler() or (not seen.note and all(len(each.ids) == 1 for each in found))
    note = f"{seen.note} {AS_ONE}" if seen.note else ""
    detail = {"listed": min(1.0, math.fsum(listed.values())), "words": len(listed), "exact": False, "known": known, "note": note}
    yield from _shown(item, prompt, setting, list(zip(seen.tokens, seen.probabilities, seen.sampled, strict=True)), detail)


def _shown(item: str, prompt: str, setting: Setting, shown: Sequence[tuple[str, float, float]], detail: Mapping[str, Any]) -> Iterator[Row]:
    for place, (token, before, after) in enumerate(shown):
        yield Row(
            item=item, condition=label_of(setting), sample=place, prompt=prompt, evidence=token, confidence=before, value=after,
            detail=json.dumps(detail),
        )  # fmt: skip


def _within(own: tuple[int, ...], i: int, other: tuple[int, ...], j: int) -> bool:
    """Whether a word is a part of another: it begins with the other's tokens, or is the same and comes later."""
    return own[: len(other)] == other and (len(other) < len(own) or j < i)


def _within_one(listed: Mapping[str, float]) -> list[float]:
    """Scores are rounded: probabilities that add up to a hair more than 1 are scaled to it."""
    total = math.fsum(listed.values())
    return [p / total for p in listed.values()] if total > 1.0 else list(listed.values())


def _chart(item: str, rows: results.Rows, first: Mapping[str, Any]) -> Any:
    data = [
        {"setting": row["condition"], "next": row["evidence"], "probability": row["value"], "at temperature 1": row["confidence"]}
        for row in rows
    ]
    rest = f" {first['note']}" if first["note"] else ""
    caption = f"What may follow {quoted(rows[0]['prompt'], 60)} under each setting.{rest} “{REST}” is everything that is not listed."
    encoding = {"x": "probability", "y": "setting", "color": "next"}
    return results.table(
        f"next-{item}", f"After {quoted(rows[0]['prompt'], 50)}", data, caption, kind="stacked", encoding=encoding, unit="fraction"
    )
