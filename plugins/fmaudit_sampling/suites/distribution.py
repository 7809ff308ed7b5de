"""What may come next, and how the settings of a sampler change it: the listed words and the rest, which is shown and never dropped."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from fmaudit import Asker, Capability, Case, GenerateRequest, Metric, Row, Sampling, ScoreRequest, Suite, results
from fmaudit_sampling.conformance.distribution import REST, view
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.params import Setting
from fmaudit_sampling.showing import details, quoted
from fmaudit_sampling.suites.frontier import label_of

__all__ = ["Distribution"]

SHOWN = 8  # drawn tokens shown beside the listed words, at most


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
        """Find the probabilities after one text; a row is a word under a setting, `value` its probability there."""
        prompt, capabilities = str(case.data["prompt"]), asker.model.capabilities
        listed: dict[tuple[int, ...] | str, tuple[str, float]] = {}
        if asker.scores:
            listed = await self._scored(prompt, case.data["words"], asker)
        if {Capability.GENERATE, Capability.SAMPLE, Capability.LOG_PROBS} <= capabilities:
            listed |= await self._drawn(prompt, asker, [key for key in listed if isinstance(key, tuple)])
        shown = {word: p for word, p in listed.values() if p > 0.0}
        if not shown:
            return [Row(item=case.id, label="unavailable", evidence="score given words or tell the log-probabilities of what it draws")]
        return [row for setting in self.params.distribution.views for row in _rows(case.id, prompt, shown, setting)]

    async def _scored(self, prompt: str, words: Sequence[str], asker: Asker) -> dict[tuple[int, ...] | str, tuple[str, float]]:
        """Score words as the text's continuation; one that begins with another's tokens is a part of it and left out."""
        space = "" if not prompt or prompt[-1:].isspace() else " "
        scores = await asker.model.score([ScoreRequest(context=prompt, continuation=space + word) for word in words])
        ids = [score.token_ids for score in scores]
        whole = [i for i, own in enumerate(ids) if not any(_within(own, i, other, j) for j, other in enumerate(ids) if j != i)]
        return {ids[i]: (words[i], math.exp(scores[i].log_likelihood)) for i in whole}

    async def _drawn(self, prompt: str, asker: Asker, known: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...] | str, tuple[str, float]]:
        """Draw single tokens, each of which tells its own probability; those that begin a listed word are left to that word."""
        sampling = Sampling(temperature=1.0, max_new_tokens=1)
        request = GenerateRequest(prompt=prompt, sampling=sampling, samples=tuple(range(self.params.distribution.draws)))
        if not asker.scores:  # a server that cannot score may know chats only
            answers = await asker.say(prompt, samples=self.params.distribution.draws, temperature=1.0, max_new_tokens=1)
        else:
            (answers,) = await asker.model.generate([request])
        begun = {ids[:1] for ids in known}
        found: dict[tuple[int, ...] | str, tuple[str, float]] = {}
        for answer in answers:
            key = answer.token_ids[:1]
            if answer.log_probs and key not in begun:
                found[f"drawn {answer.text!r} {key}"] = (answer.text or "(end)", math.exp(answer.log_probs[0]))
        likely = sorted(found.items(), key=lambda pair: (-pair[1][1], str(pair[0])))[:SHOWN]
        return {key: (f"{word} (drawn)" if known else word, p) for key, (word, p) in likely}

    def measure(self, rows: results.Rows) -> results.Results:
        """Give the listed mass and the entropy under every setting, exactly, and a chart for every text."""
        for item, part in results.by_item(rows).items():
            slice_ = {"text": item}
            first = details(part[0])
            words = f"listed words after {quoted(part[0]['prompt'], 40)}; exact"
            yield Metric(name="listed_mass", value=first["listed"], unit="fraction", n=int(first["words"]), slice=slice_, note=words)
            for setting, seen in results.groups(part, "condition").items():
                p = [row["value"] for row in seen if row["value"] > 0]
                entropy = max(0.0, -math.fsum(q * math.log(q) for q in p))
                note = "of the listed words and the rest as one; exact"
                yield Metric(
                    name="next_word_entropy", value=entropy, unit="nats", n=len(seen), slice={**slice_, "setting": setting}, note=note
                )
            yield _chart(item, part, first)


def _rows(item: str, prompt: str, listed: Mapping[str, float], setting: Setting) -> list[Row]:
    shown = view(_within_one(listed), StatedSampler(**setting.model_dump()), tokens=list(listed))
    detail = json.dumps({"listed": min(1.0, math.fsum(listed.values())), "words": len(listed), "note": shown.note})
    return [
        Row(
            item=item,
            condition=label_of(setting),
            sample=place,
            prompt=prompt,
            evidence=token,
            confidence=before,
            value=after,
            detail=detail,
        )
        for place, (token, before, after) in enumerate(zip(shown.tokens, shown.probabilities, shown.sampled, strict=True))
    ]


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
