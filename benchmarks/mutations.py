"""Ways to make a text odd, and hand-made documents at the rules' borders: what parity with datatrove is tested on beside real texts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

__all__ = ["border_documents", "mutate", "special_documents"]

Random = random.Random

ODD_CHARACTERS = " \n\t\u00a0\u3000\u0085\u2028.,\"'#{}[]…-K\u0130\u212a\u200b\u0301\u06641x字。ßſ\x1c\x1f"
SENTENCES = (
    *(
        "Please enable JavaScript to view this.",
        "Some lorem ipsum dolor sit amet.",
        "See our privacy policy here now.",
        "We use of cookies here ok.",
    ),
    *(
        "It uses cookie\u212as ok then.",
        "Terms  of use are here.",
        "The terms of use apply here.",
        "use coo\u212aies now please.",
        "Lorem\u00a0ipsum is not it.",
    ),
    *(
        "\u0130 javascr\u0130pt one two.",
        "A cookie policy is a cookie policy.",
        "LOREM IPSUM",
        "a lorem ipsum",
        "Curly { is here now.",
        "Curly { no end",
    ),
    *(
        "x" * 1001 + " a b c.",
        "x" * 1000 + " a b c.",
        "字" * 1001 + " a b c.",
        "java[1]script goes here now.",
        "lorem[2] ipsum joins here.",
    ),
    *(
        "terms of[3] use are here.",
        "[1] [2] [3]",
        "[edit] [edit]\t[4] x",
        "This fIAS_ALPHA IS_ALPHA is here.",
        "An IS_[1]ALPHA is here now.",
        "xIS_ALPHA is here now.",
    ),
    *("Look here:( (and there).", "Some foo:) ) is here now.", "One [:alpha:] ( two three.", "A plan-b. or plan-c. or so."),
)
LINE_BREAKS = ("\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\n\n", "\r", "\x1c", "\x1d", "\x1e", "\x1f", "\n\r\n")
CITATIONS = ("", " [1]", "[2]", "[citation needed]", "[]", " [edit] ", "[٣]", "[1] [2]", ". [3]  ", ".[4]", "[[5]", "[6", "[x]", "[7]\t")


def _by_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


def _unmarked(rng: Random, text: str, others: Sequence[str]) -> str:
    return re.sub(r"[`#*|_\[\]{}<>=/\\-]+", " ", text)


def _one_line(rng: Random, text: str, others: Sequence[str]) -> str:
    return text.replace("\n", ". ")


def _cited(rng: Random, text: str, others: Sequence[str]) -> str:
    return _by_line(text, lambda line: line + rng.choice(CITATIONS))


def _cited_inside(rng: Random, text: str, others: Sequence[str]) -> str:
    return re.sub(" ", lambda _: rng.choice(CITATIONS) + " " if rng.random() < 0.05 else " ", text)


def _other_breaks(rng: Random, text: str, others: Sequence[str]) -> str:
    return rng.choice(LINE_BREAKS).join(text.split("\n"))


def _mixed_breaks(rng: Random, text: str, others: Sequence[str]) -> str:
    return re.sub("\n", lambda _: rng.choice(LINE_BREAKS), text)


def _bullets(rng: Random, text: str, others: Sequence[str]) -> str:
    marks = rng.choice((("• ", "- "), ("• ", "- ", "* ", "", "\t- ")))
    return _by_line(text, lambda line: rng.choice(marks) + line)


def _ellipses(rng: Random, text: str, others: Sequence[str]) -> str:
    return _by_line(text, lambda line: line + rng.choice(("...", "…", ". ...", "", "....")))


def _repeated_lines(rng: Random, text: str, others: Sequence[str]) -> str:
    return "\n".join(line for line in text.split("\n") for _ in range(rng.choice((1, 1, 1, 2, 3))))


def _repeated_words(rng: Random, text: str, others: Sequence[str]) -> str:
    words = text.split(" ")
    place = rng.randrange(len(words))
    return " ".join(words[:place] + words[max(0, place - rng.randrange(3, 40)) : place] * rng.randrange(1, 6) + words[place:])


def _noise(rng: Random, text: str, others: Sequence[str]) -> str:
    return "".join(c if rng.random() > 0.03 else rng.choice(ODD_CHARACTERS) for c in text)


def _planted(rng: Random, text: str, others: Sequence[str]) -> str:
    return text + "\n" + rng.choice(SENTENCES) + "\n" + text


def _planted_often(rng: Random, text: str, others: Sequence[str]) -> str:
    return _by_line(text, lambda line: line + "\n" + rng.choice(SENTENCES) if rng.random() < 0.1 else line)


def _short_lines(rng: Random, text: str, others: Sequence[str]) -> str:
    return text.replace(". ", ".\n")


def _unspaced(rng: Random, text: str, others: Sequence[str]) -> str:
    return text.replace(" ", "")[: rng.randrange(10, 4000)]


def _other_spaces(rng: Random, text: str, others: Sequence[str]) -> str:
    return text.replace(" ", rng.choice(("  ", "\t", "\u00a0", "\u2009", " \u3000", "\u200b ")))


def _head(rng: Random, text: str, others: Sequence[str]) -> str:
    return text[: rng.randrange(0, 400)]


def _word_salad(rng: Random, text: str, others: Sequence[str]) -> str:
    words = text.split()[: rng.choice((5, 20, 100))] or ["x"]
    return " ".join(rng.choice(words) for _ in range(rng.randrange(5, 600)))


def _upper(rng: Random, text: str, others: Sequence[str]) -> str:
    return text.upper()


def _padded(rng: Random, text: str, others: Sequence[str]) -> str:
    return rng.choice(("\n", "\n\n", " \n", "")) + text + rng.choice(("\n", "\n\n", " ", "\r\n", "\n \n", "\u2028"))


def _repeated_paragraphs(rng: Random, text: str, others: Sequence[str]) -> str:
    return "\n\n".join(part for part in text.split("\n\n") for _ in range(rng.choice((1, 1, 2))))


def _cut_lines(rng: Random, text: str, others: Sequence[str]) -> str:
    endings = (".", ". ", ".\r", "!", "”", "。", "", '."', "…", "॥")
    return _by_line(text, lambda line: line[: rng.randrange(20, 40)] + rng.choice(endings))


def _joined_words(rng: Random, text: str, others: Sequence[str]) -> str:
    return " ".join(
        rng.choice(("ab", "c", "a", "bc", "abc", ".", "..", "-", "n", "ot", "not", "can")) for _ in range(rng.randrange(5, 400))
    )


def _signs(rng: Random, text: str, others: Sequence[str]) -> str:
    return text + " #" * rng.randrange(0, 200) + " ..." * rng.randrange(0, 100)


def _spliced(rng: Random, text: str, others: Sequence[str]) -> str:
    other, place = rng.choice(others) or "x", rng.randrange(len(text) + 1)
    return text[:place] + other[: rng.randrange(1, len(other) + 1)] + text[place:]


MUTATIONS = (
    *(_unmarked, _one_line, _cited, _cited_inside, _other_breaks, _mixed_breaks, _bullets, _ellipses, _repeated_lines, _repeated_words),
    *(_noise, _planted, _planted_often, _short_lines, _unspaced, _other_spaces, _head, _word_salad, _upper, _padded),
    *(_repeated_paragraphs, _cut_lines, _joined_words, _signs, _spliced),
)


def mutate(rng: Random, text: str, others: Sequence[str]) -> str:
    """Change a text in one of many ways, sometimes in two."""
    for _ in range(rng.choice((1, 1, 2))):
        text = rng.choice(MUTATIONS)(rng, text, others)
    return text


def special_documents(rng: Random, specials: Sequence[str], count: int) -> list[str]:
    """Make documents out of spaCy's special cases, whole, split by a blank, and with signs around them."""
    before, behind = ("(", "foo-", '"', "x/", "...", "3", "'"), (".", ",", ")", '"', "'s", "?!", "…", "km", ":", "(")
    gaps = (" ", " ", " ", "  ", "\n", "\t", ". ", ".\n", "")

    def piece() -> str:
        text = rng.choice(specials)
        kind = rng.randrange(5)
        if kind == 0 and len(text) > 1:
            place = rng.randrange(1, len(text))
            return text[:place] + " " + text[place:]
        if kind == 1:
            return rng.choice(before) + text + rng.choice(behind)
        return rng.choice(("the", "and", "to", "word")) if kind == 2 else text

    documents = ["".join(piece() + rng.choice(gaps) for _ in range(rng.randrange(60, 300))) for _ in range(count)]
    return documents + [" . ".join(text[:i] + " " + text[i:] for i in range(1, len(text))) for text in specials if len(text) > 1]


def border_documents(rng: Random, count: int) -> list[str]:
    """Make documents whose ratios lie close to the thresholds, and the edge cases known by hand."""
    vocabulary = ("the", "of", "cat", "dog", "a", "b", "it", "x1", "run", "that")
    documents = []
    for _ in range(count):
        lines = [
            " ".join(rng.choice(vocabulary) for _ in range(rng.randrange(1, 12))) + rng.choice((".", "", "!"))
            for _ in range(rng.choice((3, 5, 8)))
        ]
        documents.append(rng.choice(("\n", "\n\n")).join(rng.choice(lines) for _ in range(rng.randrange(1, 30))))
    return documents + EDGES


_ANIMALS = [
    "ant",
    "bee",
    "cat",
    "dog",
    "eel",
    "fox",
    "gnu",
    "hen",
    "ibis",
    "jay",
    "koi",
    "lark",
    "mole",
    "newt",
    "owl",
    "pig",
    "quail",
    "rat",
    "seal",
    "toad",
    "urchin",
    "vole",
    "wasp",
    "yak",
    "zebra",
]
_PROSE = " ".join(f"{a} {b}ling and the {c}" for a, b, c in zip(_ANIMALS * 3, _ANIMALS[7:] * 4, _ANIMALS[3:] * 4, strict=False))
EDGES = [
    *(
        "",
        "\x00",
        "a",
        "   ",
        "\n",
        "\n\n\n",
        "\u2028",
        "...",
        "…",
        "[1]",
        "{",
        "\u00a0",
        "a\r\n\r\nb",
        "The cat sat on a mat.",
        "IS_ALPHA",
        "IS_ALPHA " * 60,
    ),
    *(_PROSE, _PROSE + " #" * 12, _PROSE + " #" * 30, _PROSE + " ..." * 30, _PROSE + " …" * 30, "the to " * 30, "the " * 100001 + "be"),
    " ".join(f"supercalifragilistic{a}{b}" for a in _ANIMALS for b in _ANIMALS[:4]) + " the of",
    " ".join(f"{a}{i}" for i, a in enumerate("abcdefghij" * 12)) + " the of",
    "\n".join("- " + line for line in re.findall(r"(?:\S+ ){7}", _PROSE)),
    "\n".join(line + "..." for line in re.findall(r"(?:\S+ ){7}", _PROSE)),
    "\n".join(line.strip() + "." for line in re.findall(r"(?:\S+ ){3}", _PROSE)),
    "\n".join(line.strip() + "." for line in re.findall(r"(?:\S+ ){12}", _PROSE)),
    "\n".join(line.strip() + "." for line in re.findall(r"(?:\S+ ){12}", _PROSE) for _ in range(2)),
    "\n\n\n\n".join(line.strip() + "." for line in re.findall(r"(?:\S+ ){8}", _PROSE)),
    re.sub(r"(\w+ )", r"\1, 12 ", _PROSE),
    re.sub(r"\b(the|and)\b", "une", _PROSE),
    "First one is here. Second one is here. " * 3 + "\nThis is lorem ipsum text.",
    "First one is here. Second one is here. " * 3 + "\nThis is { curly text.",
    "First one is here. Second one is here. " * 3 + "\nThis is { curly text without an end",
]
