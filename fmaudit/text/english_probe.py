"""Probe spaCy's English tokenizer for the tables of the native path, and check the path against it."""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fmaudit.text import english_kernels as kinds
from fmaudit.text.english_kernels import EnglishTables
from fmaudit.text.kernels import join_bytes
from fmaudit.text.strings import pack_sets
from fmaudit.text.tables import CODE_POINTS

__all__ = ["agrees_with_spacy", "probe", "sample_chunks"]

_URL_SHA: Final = "58dcb8367df02051"  # spaCy's URL expression without its list of lower-case letters


def probe() -> EnglishTables | None:
    """Build the tables; None where spaCy's expressions are not the ones the kernels know."""
    from fmaudit.text.english import blank_tokenizer

    if not _expressions_are_known():
        return None
    tokenizer = blank_tokenizer()
    specials = [text for text in tokenizer.rules if not any(c.isspace() for c in text)]
    parts = [[len(part) for part in _orths(tokenizer.rules[text])] for text in specials]
    matches = _matched_tokens(tokenizer, specials)
    lengths = [[len(token) for token in matches.get(text, ())] for text in specials]
    matched = [text for text in specials if text in matches]
    units = _units()
    sets = (
        specials,
        units,
        {token for text in matched for token in matches[text][:-1]},
        {token for text in matched for token in matches[text][1:]},
    )
    numbers, text = pack_sets([sorted(strings) if isinstance(strings, set) else strings for strings in sets], kinds.HEADER)
    for at, rows in ((kinds.PARTS, parts), (kinds.MATCHES, lengths)):
        numbers[at] = len(numbers)
        numbers += [length for row in rows for length in row]
        numbers[at + 1] = len(numbers)
        numbers += [0, *itertools.accumulate(map(len, rows))]
    numbers[kinds.MOST_MATCHED] = max(len(text.encode()) for text in matched)
    return EnglishTables(_classes(units, matched), np.array(numbers, np.int32), text)


def _orths(rule: Iterable[dict[Any, str]]) -> list[str]:
    from spacy.symbols import ORTH

    return [part.get(ORTH) or part["ORTH"] for part in rule]


def _matched_tokens(tokenizer: Any, specials: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give the special cases that spaCy looks for among finished tokens, with the two or more tokens it looks for."""
    from spacy.tokenizer import Tokenizer

    plain = Tokenizer(
        tokenizer.vocab,
        rules={},
        prefix_search=tokenizer.prefix_search,
        suffix_search=tokenizer.suffix_search,
        infix_finditer=tokenizer.infix_finditer,
        token_match=tokenizer.token_match,
        url_match=tokenizer.url_match,
    )
    found = {}
    for text in specials:
        if tokenizer.find_prefix(text) or tokenizer.find_infix(text) or tokenizer.find_suffix(text):
            tokens = tuple(token.text for token in plain(text))
            if len(tokens) > 1:
                found[text] = tokens
    return found


def _expressions_are_known() -> bool:
    """Rebuild spaCy's expressions from its character classes the way the kernels understand them, and compare."""
    from spacy.lang import char_classes as c
    from spacy.lang.en import English
    from spacy.lang.tokenizer_exceptions import URL_PATTERN

    signs = ["§", "%", "=", "—", "–", r"\+(?![0-9])"]
    currency = [piece for piece in c.LIST_CURRENCY if len(piece.replace("\\", "")) > 1]
    before_dot = rf"(?<=[0-9{c.ALPHA_LOWER}%²\-\+{c.PUNCT}(?:{c.CONCAT_QUOTES})])\."
    prefixes = [*signs, *c.LIST_PUNCT, *c.LIST_ELLIPSES, *c.LIST_QUOTES, *c.LIST_CURRENCY, *c.LIST_ICONS]
    suffixes = [*c.LIST_PUNCT, *c.LIST_ELLIPSES, *c.LIST_QUOTES, *c.LIST_ICONS, "'s", "'S", "’s", "’S", "—", "–"]
    suffixes += [r"(?<=[0-9])\+", r"(?<=°[FfCcKk])\.", rf"(?<=[0-9])(?:{c.CURRENCY})", rf"(?<=[0-9])(?:{c.UNITS})", before_dot]
    suffixes += [rf"(?<=[{c.ALPHA_UPPER}][{c.ALPHA_UPPER}])\."]
    infixes = [*c.LIST_ELLIPSES, *c.LIST_ICONS, r"(?<=[0-9])[+\-\*^](?=[0-9-])"]
    infixes += [rf"(?<=[{c.ALPHA_LOWER}{c.CONCAT_QUOTES}])\.(?=[{c.ALPHA_UPPER}{c.CONCAT_QUOTES}])", rf"(?<=[{c.ALPHA}]),(?=[{c.ALPHA}])"]
    infixes += [rf"(?<=[{c.ALPHA}0-9])(?:{c.HYPHENS})(?=[{c.ALPHA}])", rf"(?<=[{c.ALPHA}0-9])[:<>=/](?=[{c.ALPHA}])"]
    url = hashlib.sha256(URL_PATTERN.replace(c.ALPHA_LOWER, "").encode()).hexdigest()[:16]
    longer_punctuation = [piece for piece in c.LIST_PUNCT + c.LIST_QUOTES if len(piece.replace("\\", "")) > 1]
    defaults = English.Defaults
    return (
        list(defaults.prefixes or ()) == prefixes
        and list(defaults.suffixes or ()) == suffixes
        and list(defaults.infixes or ()) == infixes
        and defaults.token_match is None
        and url == _URL_SHA
        and currency == [r"US\$", r"C\$", r"A\$"]
        and longer_punctuation == ["……"]
        and c.LIST_ELLIPSES == [r"\.\.+", "…"]
        and c.HYPHENS == "-|–|—|--|---|——|~"
        and not any(character in unit for unit in _units() for character in "0123456789$")
        and max(map(len, _units())) <= kinds.LONGEST_MEASURE
    )


def _units() -> list[str]:
    from spacy.lang.char_classes import LIST_UNITS

    return sorted({unit.replace("\\", "") for unit in LIST_UNITS if unit})


def _everything() -> str:
    """Give every code point once; surrogates, which valid text cannot hold, as spaces."""
    return "".join(chr(point) if not 0xD800 <= point < 0xE000 else " " for point in range(CODE_POINTS))


def _matching(expression: str, everything: str) -> npt.NDArray[np.int64]:
    """Give the code points that match an expression for one character."""
    return np.fromiter((match.start() for match in re.finditer(expression, everything)), np.int64)


def _alternatives(pieces: Sequence[str]) -> str:
    return "|".join(piece for piece in pieces if piece.strip())


def _classes(units: Sequence[str], matched: Sequence[str]) -> npt.NDArray[np.uint16]:
    """Give every code point's classes."""
    from spacy.lang import char_classes as c

    everything = _everything()
    single_currency = [piece for piece in c.LIST_CURRENCY if len(piece.replace("\\", "")) == 1]
    signs = [*c.LIST_PUNCT, *c.LIST_QUOTES, "…", "—", "–", *c.LIST_ICONS]
    expressions = {
        kinds.PREFIX: _alternatives(["§", "%", "=", *signs, *single_currency]),
        kinds.SUFFIX: _alternatives(signs),
        kinds.ALPHA: f"[{c.ALPHA}]",
        kinds.LOWER: f"[{c.ALPHA_LOWER}]",
        kinds.UPPER: f"[{c.ALPHA_UPPER}]",
        kinds.QUOTE: f"[{c.CONCAT_QUOTES}]",
        kinds.BEFORE_DOT: rf"[0-9{c.ALPHA_LOWER}%²\-\+{c.PUNCT}(?:{c.CONCAT_QUOTES})]",
        kinds.INFIX: _alternatives(["…", *c.LIST_ICONS]),
        kinds.MAY_SPLIT: _alternatives(["…", *c.LIST_ICONS, f"[{re.escape(kinds.INFIX_SIGNS)}]"]),
        kinds.CURRENCY: _alternatives(single_currency),
        kinds.UNIT_END: "[" + "".join(sorted({re.escape(unit[-1]) for unit in units})) + "]",
        kinds.WORD: r"\w",
        kinds.DECIMAL: r"\d",
        kinds.MATCH_FIRST: "[" + "".join(sorted({re.escape(text[0]) for text in matched})) + "]",
        kinds.MATCH_LAST: "[" + "".join(sorted({re.escape(text[-1]) for text in matched})) + "]",
    }
    classes = np.zeros(CODE_POINTS, np.uint16)
    for kind, expression in expressions.items():
        classes[_matching(expression, everything)] |= kind
    return classes


def agrees_with_spacy(tables: EnglishTables, count: int = 4000, seed: int = 1) -> bool:
    """Compare the native path with spaCy on chunks that try every expression."""
    from fmaudit.text.english import blank_tokenizer, token_lengths, tokens_by_chunk, unmerged_tokenizer
    from fmaudit.text.english_split import make_scratch, split_chunk
    from fmaudit.text.layout import MERGED

    chunks = sample_chunks(sorted(blank_tokenizer().rules), count, random.Random(seed))
    data, offsets = join_bytes([chunk.encode() for chunk in chunks])
    scratch = make_scratch(int(np.diff(offsets).max()))
    expected = tokens_by_chunk(chunks, token_lengths(blank_tokenizer(), "\n".join(chunks)))
    unmerged = tokens_by_chunk(chunks, token_lengths(unmerged_tokenizer(), "\n".join(chunks)))
    for i in range(len(chunks)):
        tokens, told = split_chunk(*tables, data, int(offsets[i]), int(offsets[i + 1] - offsets[i]), *scratch)
        if tokens == 0:
            continue
        if scratch.tokens[:tokens].tolist() != expected[i] or (expected[i] != unmerged[i]) != (told & MERGED != 0):
            return False
    return True


def sample_chunks(specials: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Make chunks out of special cases, signs, numbers, units, URLs and words."""
    signs = [*"()[]{}<>.,;:!?'\"“”‘’`*_#&%§=+-–—~/\\|@^°$£€…。、«»•◦©", "...", "..", "--", "---", "’s", "'s", "……", "US$", "C$", "😀"]
    words = [
        "foo",
        "Bar",
        "BAZ",
        "a",
        "I",
        "x",
        "naïve",
        "Ünï",
        "слово",
        "字",
        "한글",
        "हिन्दी",
        "3",
        "10",
        "2.5",
        "1,000",
        "km",
        "kg",
        "GB",
        "m/s",
        "м²",
    ]
    links = [
        "http://",
        "www.",
        "example.com",
        "a.co",
        "8.8.8.8",
        "10.0.0.1",
        "mail@",
        ":80",
        "/path",
        "?q=1",
        ".org",
        "e.g.",
        "x.y.Z",
        "and/or",
    ]
    words += ["can't", "o'clock", "C++", "U.S.", "Ph.D.", "İ", "\u200b", "\u0301", "_x_", "10km", "5m.", "a.m.", "don’t"]
    pools = [specials, signs, signs, words, links]
    chunks = []
    for _ in range(count):
        chunk = "".join(rng.choice(rng.choice(pools)) for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 6))))
        chunk = "".join(chunk.split())
        if chunk and "IS_ALPHA" not in chunk:
            chunks.append(chunk)
    return chunks
