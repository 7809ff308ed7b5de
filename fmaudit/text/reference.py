"""The reference lane: words, sentences, lines and paragraphs of one text in plain Python and spaCy.

It does in a readable way what the kernels do fast, tests compare the two, and the few documents that the kernels refuse go here.
"""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["count_sentences", "newline_lines", "paragraphs", "split_sentences", "split_words"]

_NEWLINES = re.compile(r"\n+")
_BLANK_LINES = re.compile(r"\n{2,}")
_UNSPEAKABLE = "IS_ALPHA"  # a token of this name is an error inside spaCy; datatrove then takes it out and tries again


@cache
def _pipeline() -> Language:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


def _has_unspeakable_token(text: str) -> bool:
    """Tell whether spaCy would meet the token; asked of a tokenizer that sees another name of the same form."""
    if _UNSPEAKABLE not in text:
        return False
    stand_in = "IS_ALPHB"
    nlp = _pipeline()
    with nlp.memory_zone():
        tokens = nlp.tokenizer(text.replace(_UNSPEAKABLE, stand_in))
        at = {match.start() for match in re.finditer(_UNSPEAKABLE, text)}
        return any(token.text == stand_in and token.idx in at for token in tokens)


def _parse(text: str) -> Doc:
    """Tokenize and mark sentences; call inside a memory zone of the pipeline."""
    nlp = _pipeline()
    nlp.max_length = len(text) + 10
    return nlp(text)


def _speakable(text: str) -> str:
    return text.replace(_UNSPEAKABLE, "") if _has_unspeakable_token(text) else text


def split_words(text: str) -> list[str]:
    """Split a text into spaCy's English tokens, without white space."""
    speakable = _speakable(text)
    with _pipeline().memory_zone():
        words = [token.text.strip() for token in _parse(speakable)]
    return [word for word in words if word]


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences that together are the text; even an empty text is one.

    Each begins where the one before ends, so white space between two belongs to the second.
    """
    speakable = _speakable(text)
    with _pipeline().memory_zone():
        ends = [sentence.end_char for sentence in _parse(speakable).sents]
    borders = [0, *ends[:-1], len(text)]
    return [text[a:b] for a, b in itertools.pairwise(borders)]


def count_sentences(text: str) -> int:
    """Count the sentences of a text, at least 1."""
    return len(split_sentences(text))


def newline_lines(text: str) -> list[str]:
    """Split a text at runs of newlines; a newline at either end leaves an empty line there."""
    return _NEWLINES.split(text)


def paragraphs(text: str) -> list[str]:
    """Split a text, without its outer white space, where two or more newlines follow one another."""
    return _BLANK_LINES.split(text.strip())
