"""Texts that try the edges: every kind of white space and line break, marks, scripts, citations, special cases of the tokenizer."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["BREAKS", "SPACES", "texts"]

BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n", "\n\n\n", "\r\n\r\n"]
SPACES = [" ", " ", " ", "  ", "\t", "\x1f", "\xa0", "\u1680", "\u2003", "\u202f", "\u205f", "\u3000"]
WORDS = [
    *(
        "the",
        "The",
        "and",
        "of",
        "to",
        "a",
        "cat",
        "Dr.",
        "can't",
        "it's",
        "and/or",
        "e.g.",
        "U.S.",
        "10km",
        "5",
        "3.5%",
        "x-ray",
        "naïve",
        "слово",
    ),
    *(
        "字",
        "字" * 40,
        "日本。",
        "हिन्दी।",
        "e\u0301",
        "\u200b",
        "😀",
        "\u0130",
        "coo\u212aies",
        "\x00",
        "a\ufeffb",
        "ſ",
        "١٢",
        "한글",
        "\U000e0001",
    ),
    *(
        "privacy",
        "policy",
        "Terms",
        "of",
        "use",
        "uses",
        "cookies",
        "Cookie",
        "lorem",
        "Ipsum",
        "javaScript",
        "{",
        "}",
        "#",
        "##",
        "...",
        "…",
        "....",
    ),
    *(
        "[1]",
        "[]",
        "[edit]",
        "[citation",
        "needed]",
        "[citation needed]",
        "[٣]",
        "[1",
        "[[2]",
        "-",
        "•",
        "“Stop.”",
        "?!",
        "!",
        ".",
        '."',
        "。",
        "॥",
    ),
    *(
        "foo:(",
        "(",
        ")",
        "foo:)",
        "[:alpha:]",
        "b.",
        "plan-b.",
        "xx'",
        "s",
        "IS_ALPHA",
        "IS_ALPHAx",
        "x" * 1001,
        "http://a.bc/d?e.",
        "me@a.co",
        "_x_",
    ),
]


def texts(most: int = 40) -> st.SearchStrategy[str]:
    """Sequences of odd words with odd gaps, and now and then any text at all."""
    gap = st.one_of(st.sampled_from(SPACES), st.sampled_from(BREAKS), st.just(""), st.just(". "), st.just(".\n"))
    word = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.text(max_size=4))
    odd = st.lists(st.tuples(word, gap), max_size=most).map(lambda pairs: "".join(a + b for a, b in pairs))
    repeated = st.tuples(odd, st.integers(1, 6), st.sampled_from(BREAKS)).map(lambda parts: (parts[0] + parts[2]) * parts[1])
    return st.one_of(odd, repeated).map(lambda text: text.encode("utf-8", "ignore").decode())
