"""Letters and scripts are Unicode's; the tables hold together."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmaudit import DocumentBatch
from fmaudit_corpus_language.facts import (
    ALIASES,
    LANGDETECT,
    SCRIPT_NAMES,
    crawl_shares,
    expected_scripts,
    language,
    languages,
    normalise_code,
    other_languages,
    script_names,
    script_table,
)
from fmaudit_corpus_language.model import load_model, open_model
from fmaudit_corpus_language.reach import speaker_share
from fmaudit_corpus_language.scripts import count_scripts

_NAMES = """
LATIN=Latn CYRILLIC=Cyrl GREEK=Grek HEBREW=Hebr ARABIC=Arab DEVANAGARI=Deva TELUGU=Telu THAI=Thai GEORGIAN=Geor ETHIOPIC=Ethi HANGUL=Hang
HIRAGANA=Hira MYANMAR=Mymr TAMIL=Taml
"""
NAMES = dict(pair.split("=") for pair in _NAMES.split())


def test_letters_are_those_of_unicode() -> None:
    """Python's own table may be older; where both know a code point they agree."""
    table = script_table()
    known = [point for point in range(0x110000) if unicodedata.category(chr(point)) not in {"Cn", "Cs", "Co"}]
    assert [hex(point) for point in known if chr(point).isalpha() != bool(table[point])] == []


def test_scripts_agree_with_the_names_of_characters() -> None:
    table, names = script_table(), (*script_names(), *[""] * 255)
    wrong = []
    for point in range(0x3000):
        word = unicodedata.name(chr(point), "").split(" ")[0]
        if table[point] and word in NAMES and names[table[point]] not in {NAMES[word], ""}:
            wrong.append(hex(point))
    assert wrong == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=60))
def test_counting_equals_a_plain_count(text: str) -> None:
    batch = DocumentBatch.from_texts(["x", text, "日"])
    found = count_scripts(batch.data, batch.offsets)
    table = script_table()
    counts = Counter(int(table[ord(character)]) for character in text)
    counts.pop(0, None)
    assert found.letters.tolist() == [1, sum(counts.values()), 1]
    counts.pop(255, None)
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:2]
    assert found.script_letters[1].tolist() == [count for _, count in best] + [0] * (2 - len(best))
    if best and (len(best) == 1 or best[0][1] > best[1][1]):
        assert found.script[1, 0] == best[0][0]


def test_every_label_has_facts() -> None:
    labels = set(load_model(open_model()).labels)
    assert labels == set(languages())
    assert all(expected_scripts(label) <= set(script_names()) and expected_scripts(label) for label in labels)
    assert {script for label in labels for script in expected_scripts(label)} - set(SCRIPT_NAMES) <= {"Thai"}
    assert set(ALIASES.values()) <= labels
    assert set(crawl_shares()) <= labels
    assert {language(label).macro for label in labels} <= labels
    assert labels >= LANGDETECT
    assert not labels & set(other_languages())


@pytest.mark.parametrize(
    ("written", "label"),
    [("en", "en"), ("EN-us", "en"), ("eng_Latn", "en"), ("English", "en"), (" eng ", "en"), ("cmn_Hans", "zh"), ("zh-CN", "zh"),
     ("als", "sq"), ("swh", "sw"),     ("nob", "no"), ("Burmese", ""), ("xx", ""), ("", ""), ("zul", ""), ("iw", "he"), ("mya", "my")],
)  # fmt: skip
def test_declared_codes(written: str, label: str) -> None:
    assert normalise_code(written) == label


def test_labels_of_other_models() -> None:
    assert language("eng_Latn").name == "English"
    assert language("zul").name == "Zulu"
    assert expected_scripts("rus_Cyrl") == {"Cyrl"}
    assert expected_scripts("zho_Hant") == {"Hani"}
    assert expected_scripts("nonsense") == frozenset()


@pytest.mark.parametrize(
    ("label", "ratio"),
    [("en", 0.36), ("ru", 0.35), ("de", 0.22), ("hi", 32.6), ("te", 54.0), ("mr", 45.1), ("ur", 117.7), ("sw", 222.7), ("am", 150),
     ("my", 32.1),     ("yo", 350), ("pa", 316)],
)  # fmt: skip
def test_ratios_of_the_published_crawl(label: str, ratio: float) -> None:
    """LinguaMeta's speakers over CC-MAIN-2024-42's pages give the published figures again."""
    assert speaker_share(label) / crawl_shares()[label] == pytest.approx(ratio, rel=0.02)  # type: ignore[operator]


def test_the_published_crawl() -> None:
    shares = crawl_shares()
    assert (round(100 * shares["en"], 2), round(100 * shares["ru"], 2)) == (43.42, 6.04)
    assert [round(100 * shares[label], 4) for label in ("pa", "ur", "sw", "te")] == [0.0079, 0.0306, 0.0096, 0.022]
