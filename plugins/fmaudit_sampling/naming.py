"""Which of the known answers a text names, and which it asserts: not the one that it denies, asks about or only compares with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fmaudit_sampling.measures.diversity import units_of
from fmaudit_sampling.measures.entropy import exact_text
from fmaudit_sampling.phrases import (
    ANSWER,
    ASIDE,
    COMPARED,
    CONTRAST,
    DENIED_AFTER,
    DENIED_AS_SUBJECT,
    DENIED_BEFORE,
    HEARSAY,
    HEDGES,
    PREDICATE,
)

__all__ = ["COMMON", "Mention", "asserted", "folded", "mentions", "named", "question_words", "unspaced"]

_RANGES = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\U0010ffff"
JOINED = re.compile(r",?\s*(?:and|or|nor|und|oder|noch|et|ou|ni|y|o|e|и|или|ни)\s+(?:the\s+)?")
MOST = 32  # places in one sentence: a model that repeats one word for ever says no more by it
NEAR = 200  # letters on either side of a form that are looked at
LINKS = re.compile(r"(?:\b(?:the|a|an|definitely|probably|simply|die|der|das|la|le|el|il)\b|[\W_])+")  # between "the answer is" and a form
UNSPACED = re.compile(f"[{_RANGES}]")
SPACED = rf"[^\W{_RANGES}]"  # what a word of another script is not part of
PARTS = re.compile(r"[,;:()—–\n]|\s-\s|[，、；：。]|\b(?:and|und|et|y|e|и)\b")
# words of a question that say nothing of its subject
_COMMON = (
    "what which who whom whose where when why how many much does did was were has have had that this these those with from into the "
    "and for are "
    "is its can could would will name tell please answer briefly reply only words word one few possible know call called give "
    "welche welcher wer wie wann wo ist die der das quel quelle est les des cual cuál qué quien dónde que como quale chi"
)
COMMON = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Mention:
    """One place at which a sentence names a known form, and what speaks for it as the answer.

    `marked`: it stands behind "the answer is". `alone`: its clause says nothing else. `stated`: it stands behind "is", "called" and the
    like. `shared`: words of the question in its clause. `aside`: the clause begins with "while", "which" ..., `denied`: "not", "unlike".
    `compared`: it is denied only as what another is held against ("than"). `hearsay`: others are said to think so. `torn`: as much speaks
    for a form that would be judged otherwise.
    """

    form: str
    start: int
    marked: bool
    alone: bool
    stated: bool
    shared: int
    aside: bool
    denied: bool
    torn: bool = False
    compared: bool = False
    hearsay: bool = False

    @property
    def weight(self) -> int:
        """How much speaks for it; below 1 it is hardly more than a mention."""
        return 4 * self.marked + 2 * self.alone + self.stated + min(self.shared, 3) - 2 * self.aside

    @property
    def restates(self) -> bool:
        """Whether the sentence answers in the words of the question."""
        return self.marked or (self.stated and self.shared > 0 and not self.aside)


def folded(text: str) -> str:
    """Fold a text as forms are looked for: NFKC, case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())


def question_words(question: str) -> frozenset[str]:
    """Give the words of a question that tell what it is about."""
    return frozenset(word for word in re.findall(r"\w{3,}", question.casefold()) if word not in COMMON)


def named(text: str, forms: Iterable[str]) -> str | None:
    """Find the form that a text names first and does not deny, whole words in any case; None where it names none."""
    plain = folded(text)
    hits = [(hit.start(), -len(form), form) for form in forms if (hit := _first(plain, form)) is not None]
    return min(hits)[2] if hits else None


def mentions(sentence: str, forms: Sequence[str], about: frozenset[str] = frozenset()) -> list[Mention]:
    """Find all places at which a sentence names a form, in order; of two that overlap the longer."""
    plain = folded(sentence)
    spans = [(hit.start(), hit.end(), form) for form in forms for hit in _places(form, plain)]
    found: list[tuple[int, int, str]] = []
    for span in sorted(sorted(spans)[:MOST], key=lambda one: (one[0] - one[1], one[0])):
        if all(span[1] <= start or end <= span[0] for start, end, _ in found):
            found.append(span)
    inside = frozenset(word for *_, form in found for word in re.findall(r"\w+", form.casefold()))
    made: list[Mention] = []
    until = 0
    for start, end, form in sorted(found):
        one = _mention(plain, start, end, form, about - inside)
        if made and JOINED.fullmatch(plain[until:start]):  # "not Bern or Basel" denies both
            last = made[-1]
            one = replace(one, denied=one.denied or last.denied, aside=one.aside or last.aside, alone=one.alone and last.alone)
        made, until = [*made, one], end
    return made


def asserted(found: Sequence[Mention], sentence: str, right: Collection[str]) -> Mention | None:
    """Choose the form that a sentence gives as the answer; None where it denies all that it names.

    What most speaks for decides; of equals the last where a "but" stands between them, else the first, torn where some are right and
    some are not.
    """
    able = [each for each in found if not each.denied]
    if not able:
        return None
    top = [each for each in able if each.weight == max(one.weight for one in able)]
    if CONTRAST.search(folded(sentence), top[0].start, top[-1].start):
        return top[-1]
    return replace(top[0], torn=len({each.form in right for each in top}) > 1)


def _mention(plain: str, start: int, end: int, form: str, about: frozenset[str]) -> Mention:
    before, after = plain[max(0, start - NEAR) : start], plain[end : end + NEAR]
    opened = [hit.end() for hit in (*PARTS.finditer(before), *CONTRAST.finditer(before))]
    left = before[max(opened, default=0) :]
    closed = [hit.start() for hit in (PARTS.search(after), CONTRAST.search(after)) if hit]
    right = after[: min(closed, default=len(after))]
    beside = [word.strip("'") for word in re.findall(r"[\w']+", f"{left} {right}")]
    words = set(units_of(f"{left} {right}")) | set(beside)
    hearsay = bool(HEARSAY.search(f"{left} ~ {right}"))
    marks = list(ANSWER.finditer(before))
    return Mention(
        form=form, start=start,
        marked=bool(marks) and not LINKS.sub("", before[marks[-1].end() :]),
        alone=all(word in HEDGES for word in beside if word), stated=bool(PREDICATE.search(before)),
        shared=_shared(words, about),
        aside=bool(ASIDE.match(left)) or hearsay,
        denied=_denied(before, after), compared=COMPARED.search(before) is not None, hearsay=hearsay,
    )  # fmt: skip


def _shared(words: Collection[str], about: Collection[str]) -> int:
    """How many words of the question there are among others, endings aside; its numbers, a year say, count twice."""
    return sum(
        1 + word.isdigit() for word in about if any(one.startswith(word) or (len(one) > 3 and word.startswith(one)) for one in words)
    )


def _denied(before: str, after: str) -> bool:
    if DENIED_BEFORE.search(before) or DENIED_AFTER.match(after):
        return True
    return DENIED_AS_SUBJECT.match(after) is not None and PREDICATE.search(before) is None


def _first(plain: str, form: str) -> re.Match[str] | None:
    return next(
        (
            hit
            for hit in _places(form, plain)
            if not _denied(plain[max(0, hit.start() - NEAR) : hit.start()], plain[hit.end() : hit.end() + NEAR])
        ),
        None,
    )


def _places(form: str, plain: str) -> Iterator[re.Match[str]]:
    """Find a form as whole words; in scripts without spaces, anywhere."""
    text = _exact(form)
    return _pattern(text).finditer(plain) if text in plain else iter(())  # most are not, and a pattern costs more to make than to use


_exact = lru_cache(maxsize=8192)(exact_text)


@lru_cache(maxsize=8192)
def _pattern(text: str) -> re.Pattern[str]:
    before = rf"(?<!{SPACED})(?<!\d[.,])(?<![-−](?=\d))" if text[:1].isalnum() and not unspaced(text[0]) else ""
    after = rf"(?!{SPACED})(?![.,]\d)" if text[-1:].isalnum() and not unspaced(text[-1]) else ""
    return re.compile(before + re.escape(text) + after)


def unspaced(letter: str) -> bool:
    """Whether a letter belongs to a script that writes no spaces between words, or joins endings to any word, as Korean does."""
    return UNSPACED.match(letter) is not None
