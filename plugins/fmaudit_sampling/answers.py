"""What a written answer says: its short form, whether it abstains, and which of the known answers it names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from fmaudit_sampling.abstaining import declares
from fmaudit_sampling.asked import Asked, what_is_asked
from fmaudit_sampling.measures.entropy import exact_text, number_in
from fmaudit_sampling.naming import COMMON, Mention, asserted, mentions, named, question_words, unspaced
from fmaudit_sampling.numerals import final_number, numbers
from fmaudit_sampling.phrases import ANSWER, ASKED_ANEW, CONTRAST, CORRECTION, PLEASANTRY

__all__ = ["ABSTAINED", "CORRECT", "EMPTY", "UNREAD", "WRONG", "Said", "abstains", "named", "read_answer", "short_form"]

CORRECT, WRONG, ABSTAINED, EMPTY, UNREAD = "correct", "wrong", "abstained", "empty", "unread"
LEAD = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok|yes|well)\s*[,.!:]\s+)?"
    r"(?:(?:short|final|correct)\s+)?(?:(?:the\s+)?(?:final\s+|correct\s+|right\s+)?answer(?:\s+is|\s*[:=-])|a\s*:"
    r"|it\s+is|it['’]s|that\s+is|that['’]s)\s*:?\s+",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?<=[.!?？！؟])(?<!\b[A-Z]\.)(?<!\bSt\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)"
    r"(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bvs\.)(?<!\bca\.)\s+(?=\S)"
    # nor within "9. November"
    r"(?!(?<=\d\.\s)(?:[Jj]anuar|[Ff]ebruar|März|marts|[Aa]pril|Mai|maj|[Jj]un[ij]|[Jj]ul[ij]|[Aa]ugust|[Ss]eptember|[Oo][ck]tober|[Nn]ovember"
    r"|[Dd]e[sz]ember)\b)|(?<=[。！？।])"
)
MARKUP = re.compile(
    r"(?<![\s\d])[*_`]{1,3}|[*_`]{1,3}(?![\s*_`\d])|^\s*\*\s|[*_]{2,3}|`+|^#{1,3}(?=\s)|#{1,3}$|</?[a-zA-Z]\w*>", re.MULTILINE
)
BOXED = re.compile(r"\\boxed\{(?:\\text\{)?([^{}]*)\}?\}")
LISTED = re.compile(r"^\s*(\d{1,2})[.)]\s+", re.MULTILINE)  # the marks of a numbered list
SAYS = re.compile(r"\w\s+(?:is|was|are|were|has|ist|war|est|es|é|è|jest|sono|sind)\s+\w", re.IGNORECASE)  # a verb between words: a sentence
ENDS = (".", "!", "?", "。", "！", "？", "।", "؟")
ASKS = ("?", "？", "؟")
# how a question begins that asks back; another is a guess ("Paris?")
INTERROGATIVE = re.compile(
    r"(?:do|did|does|is|are|was|were|would|could|can|should|which|what|who|where|when|how|why"
    r"|you (?:mean|want)|est-ce|meinst du|meinen sie)\b",
    re.IGNORECASE,
)
# a name that is told behind a "but"
OTHER = re.compile(
    r"\b(?:by|is|was|it's|that's|von|ist|war|par|est|c'est|por|es|fue|foi|da|di|è|van|to|był)\s+(?:\w+\s+){0,2}?([A-ZÀ-ÞА-Я]\w+)"
)
TERSE = 4  # words of an answer that gives the thing itself and no sentence about it
TERSE_LETTERS = 10  # the same in scripts without spaces


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as read: `form` is what is compared between answers, `label` how it stands to the known answers ("" where none is known).

    `open` says that the text ended in the middle of it: at a token limit the answer may have been cut in two.
    """

    form: str
    label: str
    open: bool = False

    @property
    def abstains(self) -> bool:
        """Whether the answer says that it does not know."""
        return self.label == ABSTAINED


def short_form(text: str) -> str:
    """Give the first sentence of the first line with words, without markup and openings such as "The answer is"."""
    lines = [line.strip() for line in MARKUP.sub("", text).splitlines() if any(map(str.isalnum, line))]
    if not lines:
        return ""
    line = LEAD.sub("", lines[0])
    return next((part.strip() for part in SENTENCE.split(line) if any(map(str.isalnum, part))), line)


def abstains(text: str) -> bool:
    """Say whether an answer declares, in its first two sentences that say something, that it does not know."""
    said = _sentences(unicodedata.normalize("NFC", text))
    head = " ".join([part for part in said if not _pleasantry(part)][:2] or said[:2])
    return declares(head.replace("’", "'").casefold() + " ")


def read_answer(
    text: str, right: Sequence[str], wrong: Sequence[str] = (), *, numeric: bool = False, answerable: bool = True, question: str = ""
) -> Said:
    """Read an answer against its accepted and its known wrong forms.

    All of it is read, but for what is said around an answer ("Great question!", "Let me know ..."). The first sentence that gives a known
    form decides, unless it only mentions it and a later one states it; within a sentence, what stands alone, behind "is", or beside words
    of the `question`. Forms that are denied ("not Bern"), asked ("Bern?") or told of others ("many think") do not count. A `numeric`
    answer is its `final_number`. Where the question cannot be answered, any answer but an abstention is wrong.

    An answer of pleasantries or questions alone, one that only denies wrong forms, one that leaves two readings of which one is right,
    and one that holds the right form or number while nothing marks another as the answer, is `UNREAD`. One that declines, doubts or
    says that there is no such thing abstains, unless it gives a known form all the same. The form of a named answer is the first of its
    forms; that of another its whole normalised text, or its first sentence where that is the answer itself ("Rome.", "The answer is
    ...").
    """
    said = _sentences(text)
    if not said:
        return Said("", EMPTY, not text.strip().endswith(ENDS))
    reading = _Reading(text, said, [part for part in said if not _pleasantry(part) or named(part, (*right, *wrong))])
    if numeric and any(number_in(form) is not None for form in right) and (found := _number(reading, right, what_is_asked(question))):
        return found
    return _text(reading, right, wrong, question_words(question), answerable)


@dataclass(frozen=True, slots=True)
class _Reading:
    """An answer in sentences, and those of them that say something."""

    text: str
    said: list[str]
    claims: list[str]

    def done(self, form: str, label: str, place: int | None = None) -> Said:
        """Say what was read; `place` is the claim that decided, None where all of them did."""
        last = self.claims[place] if place is not None else self.said[-1]
        return Said(form, label, last == self.said[-1] and self.text.strip().endswith(last[-1:]) and not last.endswith(ENDS))

    @property
    def whole(self) -> str:
        """All that is claimed, as one text; everything where nothing is."""
        return exact_text(" ".join(self.claims or self.said))

    @property
    def asks(self) -> bool:
        """Whether the answer is but a question, longer than a guess."""
        return bool(self.claims) and all(part.endswith(ASKS) and len(part.split()) > 2 for part in self.claims)


def _number(reading: _Reading, right: Sequence[str], asked: Asked) -> Said | None:
    """Read the number of an answer; None where it gives none. Where the right one stands in it and none is named, it is unread."""
    wanted = {value for form in right for readings in numbers(form)[-1:] for value in readings[:1]}
    found = final_number(reading.claims, asked)
    if found is None:
        return None
    if found.value is not None and any(wanted & readings for readings in found.among):
        return reading.done(exact_text(right[0]), CORRECT, found.place)
    if abstains(reading.text):
        return Said("(does not know)", ABSTAINED)
    if found.value is None or not found.sure:
        several = any(wanted & readings for readings in (*found.among, *found.told))
        if several or found.value is None:
            return reading.done(reading.whole, UNREAD if several else WRONG)
    return reading.done(f"{found.value:.15g}", WRONG, found.place)


def _text(reading: _Reading, right: Sequence[str], wrong: Sequence[str], about: frozenset[str], answerable: bool) -> Said:
    seen = [mentions(part, (*right, *wrong), about) for part in reading.claims]
    place, chosen = _decided(reading.claims, seen, right)
    if chosen is None and abstains(reading.text):
        return Said("(does not know)", ABSTAINED)
    known = bool(right) or not answerable
    if not reading.claims or (chosen is None and reading.asks) or (chosen is not None and chosen.torn):
        return reading.done(reading.whole, UNREAD)
    denies = bool(seen[0]) and all(each.denied or each.aside for each in seen[0])
    direct = None if denies or abstains(reading.claims[0]) else _direct(reading.claims, about)
    if chosen is not None and direct is not None and place > 0 and not (chosen.restates or _corrects(reading.claims[place])):
        # "Rome." decides; a bare name further on may be another guess, and leaves two readings
        if chosen.alone and chosen.form in right:
            return reading.done(reading.whole, UNREAD)
        chosen = None
    if chosen is not None and _names_another(reading.claims[place], chosen, about):
        return reading.done(reading.whole, WRONG if known else "", place)
    passing = chosen is not None and chosen.aside and not (chosen.hearsay or chosen.stated or chosen.marked)
    if chosen is not None and (passing if chosen.form in right else chosen.weight < 1 and _stands(seen, right)):
        return reading.done(reading.whole, UNREAD)
    if chosen is not None:
        label = CORRECT if chosen.form in right else WRONG if known else ""
        return reading.done(exact_text(right[0] if chosen.form in right else chosen.form), label, place)
    denied = {each.form for part in seen for each in part if each.denied}
    compared = any(each.compared and each.form in right for part in seen for each in part)
    if direct is None and (compared or (denied and not denied & set(right))):
        return reading.done(reading.whole, UNREAD)
    label = WRONG if known else ""
    return reading.done(direct, label, 0) if direct is not None else reading.done(reading.whole, label)


def _decided(claims: Sequence[str], seen: Sequence[Sequence[Mention]], right: Collection[str]) -> tuple[int, Mention | None]:
    """Find the sentence whose form is the answer: the last behind "the answer is", else the first that a later one does not correct.

    A form that the first only mentions is torn where a later sentence has another, and more of the question's words.
    """
    place, best = 0, None
    guess: tuple[int, Mention | None] = (0, None)
    for i, (claim, found) in enumerate(zip(claims, seen, strict=True)):
        one = asserted(found, claim, right)
        if one is None:
            continue
        if claim.endswith(ASKS):
            guess = (i, one) if guess[1] is None and not INTERROGATIVE.match(claim) else guess
        elif best is None or one.marked or (not best.marked and (_corrects(claim) or (best.weight < 1 and one.weight > best.weight + 1))):
            place, best = i, one
        elif not (best.marked or best.alone or best.stated) and one.shared > best.shared and (one.form in right) != (best.form in right):
            best = replace(best, torn=True)
    return (place, best) if best is not None else guess


def _names_another(claim: str, chosen: Mention, about: frozenset[str]) -> bool:
    """Whether a form is only what others are said to think, and a "but" brings another name: "said to be his, but written by Pushkin"."""
    turn = CONTRAST.search(claim, chosen.start) if chosen.hearsay and not chosen.marked else None
    rest = claim[turn.end() :] if turn else ""
    told = OTHER.search(rest)
    return told is not None and told.group(1).casefold() not in about and chosen.form.casefold() not in rest.casefold()


def _stands(seen: Sequence[Sequence[Mention]], right: Sequence[str]) -> bool:
    """Whether a right form is told somewhere, neither denied nor by the way."""
    return any(each.form in right and not each.denied and not each.aside for part in seen for each in part)


def _corrects(claim: str) -> bool:
    return CORRECTION.match(claim) is not None


def _direct(claims: Sequence[str], about: frozenset[str]) -> str | None:
    """Give the first sentence where it is the answer itself and nothing after it answers in the words of the question."""
    first = claims[0]
    led = LEAD.sub("", first)
    marked = led != first and ANSWER.match(first) is not None
    words = set(re.findall(r"\w{3,}", led.casefold()))
    if about and words and words - COMMON <= about and not any(map(str.isdigit, led)):
        return None  # it only repeats the question
    if not any(map(str.isalnum, led)) or not (marked or (_terse(led) and not first.endswith(("!", "！", *ASKS)))):
        return None
    if not marked and any(_answers(part, about) for part in claims[1:]):
        return None
    return exact_text(led)


def _answers(sentence: str, about: frozenset[str]) -> bool:
    """Whether a sentence speaks of half of what the question is about, or more."""
    words = re.findall(r"\w{3,}", sentence.casefold())
    return bool(about) and 2 * sum(any(word.startswith(one) for word in words) for one in about) >= len(about)


def _terse(sentence: str) -> bool:
    words = re.findall(r"\w+", sentence)
    return (
        len(words) <= TERSE
        and not SAYS.search(sentence)
        and all(word.isascii() or len(word) <= TERSE_LETTERS or not any(map(unspaced, word)) for word in words)
    )


def _sentences(text: str) -> list[str]:
    """Cut an answer into its sentences with words, without markup, and without what comes after a question of its own."""
    plain = MARKUP.sub("", BOXED.sub(lambda hit: f"#### {hit.group(1)}", text)).strip()
    own = ASKED_ANEW.search(plain)
    plain = plain[: own.start()] if own else plain
    steps = [int(number) for number in LISTED.findall(plain)]
    listed = steps[:1] == [1] if len(steps) == 1 and not re.match(r"\s*1[.)]\s+\d", plain) else len(steps) > 1
    plain = LISTED.sub("", plain) if listed and steps == list(range(steps[0], steps[0] + len(steps))) else plain
    parts = (part.strip() for line in plain.splitlines() for part in SENTENCE.split(line.strip()))
    return [part for part in parts if any(map(str.isalnum, part))]


def _pleasantry(sentence: str) -> bool:
    """Whether a sentence only opens or closes an answer, or is but the word "answer"; one with a number says more."""
    plain = exact_text(sentence).replace("’", "'")
    if any(map(str.isdigit, plain)):
        return False
    return PLEASANTRY.fullmatch(plain) is not None or (
        ANSWER.match(sentence) is not None and not any(map(str.isalnum, ANSWER.sub("", sentence)))
    )
