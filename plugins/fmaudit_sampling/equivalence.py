"""When two answers mean the same: equal words, equal numbers, near embeddings, entailment both ways, or a judge's word."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from fmaudit import Capability
from fmaudit_sampling.measures.entropy import cluster, exact_text
from fmaudit_sampling.numerals import final_number
from fmaudit_sampling.questions import BRIEFLY
from fmaudit_sampling.stems import beyond
from fmaudit_sampling.verdicts import read_verdict

if TYPE_CHECKING:
    from fmaudit import Asker

__all__ = ["Equivalence", "Kind", "Meanings", "settle"]

Kind = Literal["exact", "number", "embedding", "entailment", "judge"]


@dataclass(frozen=True, slots=True)
class Meanings:
    """The number of every answer's meaning, how many comparisons were asked for it, and how many of them got neither yes nor no."""

    numbers: tuple[int, ...]
    compared: int = 0
    unread: int = 0


@dataclass
class Equivalence:
    """A way to tell equal meanings; remembers what it has compared.

    `note` names the way, and says where another than the wanted one is used, and why. A comparison that gets neither yes nor no falls
    back on equal words, which texts that are compared do not have, and is counted.
    """

    kind: Kind
    asker: Asker | None = None
    threshold: float = 0.9
    note: str = ""
    _said: dict[tuple[str, str, str], bool | None] = field(default_factory=dict)
    _embedded: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)

    async def gather(self, question: str, answers: Sequence[str]) -> Meanings:
        """Give every answer to a question the number of its meaning, in the order in which meanings first occur.

        Texts that are equal once normalised, words that only repeat the question aside, mean the same in every way and are not compared.
        Raises RequestError.
        """
        plain = question.removesuffix(BRIEFLY)
        keys = [_number(answer, plain) if self.kind == "number" else beyond(answer, plain) for answer in answers]
        if self.kind in ("exact", "number"):
            return Meanings(tuple(dict(zip(dict.fromkeys(keys), itertools.count(), strict=False))[key] for key in keys))
        wordings: dict[float | str, str] = {}  # the shortest wording stands for all that normalise to the same
        for key, answer in zip(keys, map(exact_text, answers), strict=True):
            wordings[key] = min(wordings.get(key, answer), answer, key=lambda text: (len(text), text))
        texts = list(wordings.values())
        await self._compare(question, texts)
        place = dict(zip(wordings, cluster(texts, lambda a, b: bool(self._said[question, a, b])), strict=True))
        numbers = tuple(place[key] for key in keys)
        if self.kind == "embedding":
            return Meanings(numbers)
        said = [self._said[question, a, b] for a, b in itertools.permutations(texts, 2)]
        return Meanings(numbers, len(said), said.count(None))

    async def _compare(self, question: str, texts: Sequence[str]) -> None:
        """Decide all ordered pairs of different texts."""
        pairs = [(a, b) for a, b in itertools.permutations(texts, 2) if (question, a, b) not in self._said]
        if not pairs:
            return
        if self.kind == "embedding":
            near = await self._near(texts)
            self._said |= {(question, a, b): bool(near[a] @ near[b] >= self.threshold) for a, b in pairs}
            return
        wording = _entails if self.kind == "entailment" else _same_meaning
        said = await asyncio.gather(*(self._yes(wording(question, a, b)) for a, b in pairs))
        self._said |= {(question, a, b): yes for (a, b), yes in zip(pairs, said, strict=True)}

    async def _near(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float64]]:
        """Embed texts to unit length; an empty vector is near nothing."""
        new = [text for text in texts if text not in self._embedded]
        if new and self.asker is not None:
            vectors = np.asarray(await self.asker.model.embed(new), np.float64)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            self._embedded |= dict(zip(new, vectors / np.where(lengths > 0, lengths, 1.0), strict=True))
        return self._embedded

    async def _yes(self, question: str) -> bool | None:
        """Ask yes or no, greedily; None where the answer is neither."""
        assert self.asker is not None  # `settle` names one for all kinds that ask
        (answer,) = await self.asker.say(question, temperature=0.0, max_new_tokens=8)
        return read_verdict(answer.text)


def settle(kind: Kind, asker: Asker, *, threshold: float = 0.9) -> Equivalence:
    """Take the wanted way to tell equal meanings, or equal words with a note where the model or the judge for it is missing.

    Entailment is asked of the judge where one is named, otherwise of the model itself; embeddings are the model's own.
    """
    judge = asker.judge() if kind in ("entailment", "judge") else None
    if kind == "judge" and judge is None:
        return Equivalence("exact", note="no judge is named, so equal words stand for equal meanings")
    if kind == "embedding" and Capability.EMBED not in asker.model.capabilities:
        return Equivalence("exact", note="the model gives no embeddings, so equal words stand for equal meanings")
    by = "as the judge says" if judge else "as the model itself says"
    note = {
        "exact": "answers mean the same where their words are equal (equivalence exact)",
        "number": "answers mean the same where their numbers are equal (equivalence number)",
        "embedding": f"answers mean the same from a cosine of {threshold:g} of the model's embeddings (equivalence embedding)",
        "entailment": f"answers mean the same where each follows from the other, {by} (equivalence entailment)",
        "judge": f"answers mean the same {by} (equivalence judge)",
    }[kind]
    return Equivalence(kind, judge or asker, threshold, note)


def _number(answer: str, question: str) -> float | str:
    """The number that an answer comes to, or its normalised text where it has none or leaves several."""
    found = final_number([answer])
    return beyond(answer, question) if found is None or found.value is None else found.value


def _entails(question: str, first: str, second: str) -> str:
    return (
        f"{_shown(question, first, second)}\n\nIf answer A is what somebody means, do they thereby also say answer B? "
        "Reply with one word: yes or no."
    )


def _same_meaning(question: str, first: str, second: str) -> str:
    return f"{_shown(question, first, second)}\n\nDo both answers mean the same? Reply with one word: yes or no."


def _shown(question: str, first: str, second: str) -> str:
    return (
        f"Below are a question and two answers to it.\n\n<question>\n{question}\n</question>\n\n"
        f"<answer A>\n{first}\n</answer A>\n\n<answer B>\n{second}\n</answer B>"
    )
