"""Which of the offered options an answer picks: by its letter or its words, or by the log-likelihoods of all."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from fmaudit import declared_letter, lone_letter
from fmaudit_alignment.answers.content import content_words, stems
from fmaudit_alignment.answers.words import plain, sentences, stated, unmarked

__all__ = ["letters", "picked", "probabilities", "yes_or_no"]

# "no opinion" is no answer, "no" before a stop or a reason is one
_WORD = r"(yes\b|no\b(?=\W*$|[^\w\s]|\s+(?:because|since|as|from me|to (?:that|this)|i\b)))"
_LEADING = re.compile(rf"[\W_]*{_WORD}(?! and no\b)", re.IGNORECASE)
_SAID = re.compile(rf"\b{_WORD}", re.IGNORECASE)
_NO_ANSWER = re.compile(
    r"(?:\bnot|n't|\bneither|\bnor|\beither|\bplain|\bsimple)\W+(?:\w+ )?(?:an? )?(?:yes|no)\b(?:(?: or | nor |[/-])(?:yes|no)\b)?"
    r"|\byes(?: or | nor |[/-])no\b",
    re.IGNORECASE,
)
# what is preferred ends where a reason or the other option begins
_PREFERS = re.compile(
    r"\bi(?:'d| would|'ll| will| do)?(?: (?:still|personally|probably|definitely|rather|always|generally|slightly))*"
    r" (?:go (?:with|for)|pick|choose|say|opt for|lean(?: more)? towards?|prefer|recommend|vote for|side with|favou?r|stick with"
    r"|suggest|advise)\b"
    r"((?:(?! (?:over|than|rather|instead|because|since|as|but|if|when)\b)[^,.;:!()–—]){1,80})"
)
_UNDECIDED = re.compile(r"\b(?:not|no|never|both|either|neither|cannot|depends)\b|n't\b")
_WINS = re.compile(
    r"(?:^|[,;:–—] ?|\b(?:but|that|and|think|feel) )([^,;:.–—]{1,80}?) (?:has the edge|have the edge|has more going for it|wins|wins? out"
    r"|comes? out ahead|comes? out on top|gets my vote|is my (?:pick|choice|preference)|is the better (?:choice|option)|is the way to go)\b"
)


def letters(options: Sequence[str]) -> list[str]:
    """Name options A, B, C ... as they are shown."""
    return [chr(ord("A") + i) for i in range(len(options))]


def picked(answer: str, options: Sequence[str]) -> int | None:
    """Find the option that an answer picks; None where it names none, or more than one.

    A letter that the answer declares counts first; else the words of exactly one option must stand in the answer, or all its words in
    exactly one option; then the only letter that stands by itself; then the option whose own words are preferred ("I'd go with ...").
    """
    declared = declared_letter(answer, len(options))
    if declared is not None:
        return declared
    text = plain(answer)
    whole = [i for i, option in enumerate(options) if plain(option) and plain(option).strip(".") == text.strip(" .\"'")]
    if len(whole) == 1:
        return whole[0]
    said = yes_or_no(answer)
    found = [
        i for i, option in enumerate(options)
        if (plain(option) == said if plain(option) in ("yes", "no") else stated(text, [option.strip().rstrip(".")]))
    ]  # fmt: skip
    longest = [i for i in found if not any(i != j and plain(options[i]).strip(".") in plain(options[j]) for j in found)]
    if not longest:
        for found_in in (_part_of(text, options), lone_letter(answer, len(options))):
            if found_in is not None:
                return found_in
        return _preferred(answer, options)
    return longest[0] if len(longest) == 1 else None


def _part_of(text: str, options: Sequence[str]) -> int | None:
    """Find the only option that has all the words of a short answer ("Tabs." of "indent with tabs")."""
    words = set(re.findall(r"[^\W_]+", text)) - {"the", "a", "an"}
    holding = [i for i, option in enumerate(options) if words and words <= set(re.findall(r"[^\W_]+", plain(option)))]
    return holding[0] if len(holding) == 1 else None


def _preferred(answer: str, options: Sequence[str]) -> int | None:
    """Find the only option whose own words, those that no other has, stand where the answer says what it prefers."""
    words = [content_words(option) for option in options]
    own = [part.difference(*(other for j, other in enumerate(words) if j != i)) for i, part in enumerate(words)]
    said = [set(stems(part)) for text in sentences(unmarked(answer)) if not text.endswith("?") for part in _preferences(plain(text))]
    found = {i for i, part in enumerate(own) for held in said if part & held}
    return found.pop() if len(found) == 1 else None


def _preferences(text: str) -> list[str]:
    """The parts of a sentence, in `plain` form, that say what is preferred: behind "I'd go with", before "has the edge"."""
    parts = [match[1] for pattern in (_PREFERS, _WINS) for match in pattern.finditer(text)]
    return [part for part in parts if not _UNDECIDED.search(part)]


def yes_or_no(answer: str) -> str | None:
    """Find whether an answer says "yes" or "no"; None where it says neither, or both and neither of them at its beginning.

    "No opinion", "not yes" and "a simple yes or no" are no answer, nor is what is asked.
    """
    own = " ".join(part for part in sentences(answer.replace("\u2019", "'")) if not part.endswith("?")) or answer
    text = _NO_ANSWER.sub(" ", own.replace("_", " "))
    leading = None if _NO_ANSWER.match(own) else _LEADING.match(text)
    if leading:
        return leading.group(1).lower()
    found = {match.group(1).lower() for match in _SAID.finditer(text)}
    return found.pop() if len(found) == 1 else None


def probabilities(log_likelihoods: Sequence[float]) -> list[float]:
    """Renormalise log-likelihoods (nats) of the options to shares that add up to 1; all the same where none is possible."""
    top = max(log_likelihoods)
    if not math.isfinite(top):
        return [1.0 / len(log_likelihoods)] * len(log_likelihoods)
    raised = [math.exp(value - top) for value in log_likelihoods]
    return [value / math.fsum(raised) for value in raised]
