"""What a short answer says beyond the words of its question: "the colour of cotton is blue" says "blue"."""

from __future__ import annotations

import re
from functools import lru_cache

from fmaudit_sampling.measures.entropy import exact_text
from fmaudit_sampling.naming import COMMON

__all__ = ["beyond"]

# what links the thing asked for and the answer; in Chinese written without spaces
LINK = re.compile(
    r"(?<!\w)(?:is|are|was|were|ist|sind|war|waren|est|sont|était|étaient|es|son|era|eran|é|são|eram|è|sono|erano|is|zijn|jest|są|är"
    r"|это|является|yra)(?!\w)|(?<=\bit)['’]s(?!\w)|(?<=\bthat)['’]s(?!\w)|(?<=[\u4e00-\u9fff])(?:是|為|为)(?=\w)|\s[:=—–-]\s|:\s"
)
WORD = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+")
_ARTICLES = (
    "the a an of s its their der die das dem den des ein eine einer le la les l un une de du d el los las una il lo gli i o os as um "
    "uma do da het een en ett 的"
)
ARTICLES = frozenset(_ARTICLES.split())
_PRONOUNS = "it this that they these those es das dies il elle ce c ça eso esto ello isso ele ela esso questo dat het то это"
PRONOUNS = frozenset(_PRONOUNS.split())
# a question that offers its answers names them itself: "the sun is" tells more than how the question begins
OFFERS = re.compile(r"(?<!\w)(?:or|oder|ou|o|eller|lub|czy|или)(?!\w)|还是|還是|或")
HALF = 0.5  # of the question's content words that an answer repeats with its opening
LEADING = re.compile(r"(?:the|an?)\s+(?=\w)")
NOT = re.compile(r"\b(is|are|was|were)n['’]t(?!\w)")
SHORT = 400  # characters: what is longer is no short answer, and every link in it would be looked at


def beyond(answer: str, question: str) -> str:
    """Give a normalised answer without the part that only repeats the question; all of it where nothing else would be left.

    "The X of Y is Z", and "Z is the X of Y", say Z where the words beside the link are the question's, at least half of its content
    words (or a pronoun alone), and Z has a word of its own. What is denied keeps its "not". An answer to a question that offers its answers
    ("the sun or the moon?") is left whole, for there the words of the question are the answer, and so is one of more than 400 characters.
    """
    text = exact_text(answer)
    return _reduced(text, question) if len(text) <= SHORT else _plain(text)


@lru_cache(maxsize=8192)
def _reduced(text: str, question: str) -> str:
    text = NOT.sub(r"\1 not", text)
    asked = frozenset(WORD.findall(exact_text(question)))
    content = {word for word in asked - ARTICLES - COMMON - PRONOUNS if len(word) > 2 or word >= "\u4e00"}
    if not OFFERS.search(question.casefold()):
        for link in LINK.finditer(text):
            before, after = text[: link.start()].strip(), text[link.end() :].strip()
            if _repeats(before, asked, content) and _own(after, asked):
                return _plain(after)
            if _repeats(after, asked, content) and _own(before, asked):
                return _plain(before)
    return _plain(text)


def _repeats(part: str, asked: frozenset[str], content: set[str]) -> bool:
    """Whether a part of an answer is a pronoun, or words of the question, among them half of those that say what it is about."""
    words = set(WORD.findall(part))
    if words and words <= PRONOUNS:
        return True
    return bool(words & content) and words <= asked | ARTICLES and len(words & content) >= HALF * len(content)


def _own(part: str, asked: frozenset[str]) -> bool:
    """Whether a part of an answer has a word that is not the question's."""
    return bool(set(WORD.findall(part)) - asked - ARTICLES - PRONOUNS)


def _plain(text: str) -> str:
    """Leave out an article that leads."""
    lead = LEADING.match(text)
    return exact_text(text[lead.end() :] if lead else text)
