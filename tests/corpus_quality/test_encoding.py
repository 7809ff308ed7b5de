"""Encoding faults are found where they are, and real text of many languages is left alone."""

from __future__ import annotations

import itertools
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zawgyi_writer import to_zawgyi

from fmaudit import DocumentBatch
from fmaudit.testing import assert_signal_contract
from fmaudit_corpus_quality.columns import ENCODING_KINDS
from fmaudit_corpus_quality.encoding import EncodingSignal

BURMESE = "လူတိုင်းသည် တူညီလွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ တူညီလွတ်လပ်သော အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။"
# The title of the Universal Declaration as people typed it in Zawgyi.
ZAWGYI_TITLE = "အျပည္ျပည္ဆိုင္ရာ လူ႔အခြင့္အေရး ေၾကညာစာတမ္း"

REAL = (
    "« Été » : « c’était l’été\u00a0», dit-il ; « À l’École\u00a0»… Ça coûte 5\u00a0€, payé\u00a0€5, l’été\u00a0£3.",
    "CAFÉ»  CITÉ»  «\u00a0ÉLÉVÉ\u00a0», ÉTÉ… À–É, NOËL’S, DÉJÀ”, (É) É. É\u00a0o melhor, Ã. MAÇÃ… IRMÃ” MANHÃ–TARDE",
    "Não está»—disse ele. «Está», coração… À frente, são – não, ação’s, São\u00a0Paulo, AÇÃO. N.º\u00a05, 1.ª, 2²",
    "¿Qué? ¡Olé! «Está», mañana…, año–año, niño’s, café®, naïve™, señor¹, 10\u00a0€, 3×½, ½×¼, 100×€5, 5°, N°5",
    "Žluťoučký kůň, Úžasný, Úšava, Íšha, náš, ášž, Öško, Überraschung – „Ähm“ ‚so‘, Spaß“, Ü\u00adber, Größe›, Äh…",
    "Việt Nam, Ầm ầm, Ông ấy nói: “Được”… à, ồ, ừ – nhé… Ă, Â, Đ, Ê, Ô, Ơ, Ư; Â: â, ÂM, â…, là”",
    "Íslensk þjóð, Það er ð… Ð, ðað’s, Øl, Åre – Å, få”, på… blå–grå Å“B",
    "İstanbul’da, IŞIK, Şey – ağaç… Â, â, kâr…, Polska: żółć, ŁÓDŹ – Łódź…",
    "Ñandú, AÑO…, Ñ’s, Ò, òc… l·l, COL·LEGI, È–É, è—é, perché…, è», città», É®, Ó©, Ú²",
)
DAMAGED = (
    ("Café déjà vu", "cp1252"),
    ("voilà que", "cp1252"),
    ("São Paulo não é coração", "cp1252"),
    ("Österreich", "cp1252"),
    ("It’s “quoted” – done…", "cp1252"),
    ("naïve façade", "latin-1"),
    ("Привет, мир", "cp1252"),
    ("日本語", "cp1252"),
    ("Việt Nam", "cp1252"),
    ("ভাষা", "latin-1"),
    ("It’s “quoted”", "latin-1"),
    ("price: 5 €", "cp1252"),
    ("smile 😀 now", "cp1252"),
    ("10 °C and © 2020", "cp1252"),
    ("Şişli ve İzmir", "cp1252"),
    ("Košice a česko", "cp1252"),
)


def scan(texts: Sequence[str]) -> list[dict[str, Any]]:
    return list(EncodingSignal().compute(DocumentBatch.from_texts(list(texts))).to_pylist())


def misread(text: str, encoding: str) -> str:
    """Read UTF-8 as something else; Windows-1252 as browsers do, where its five holes are control characters."""
    if encoding == "latin-1":
        return text.encode().decode("latin-1")
    return "".join(bytes([b]).decode("cp1252") if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in text.encode())


@pytest.mark.parametrize(("text", "encoding"), DAMAGED)
def test_misread_text_is_found(text: str, encoding: str) -> None:
    row = scan([misread(text, encoding)])[0]
    assert row["mojibake"] > 0
    span = misread(text, encoding)[row["mojibake_start"] : row["mojibake_stop"]]
    restored = span.encode("latin-1" if encoding == "latin-1" else "cp1252", "replace")
    assert b"?" in restored or restored.decode() in text


@pytest.mark.parametrize("text", REAL)
def test_real_text_is_left_alone(text: str) -> None:
    row = scan([text])[0]
    assert row["mojibake"] == 0, text[row["mojibake_start"] - 5 : row["mojibake_stop"] + 5]


def test_text_that_was_mended_is_clean_again() -> None:
    texts = [text for text, _ in DAMAGED]
    assert [row["mojibake"] for row in scan(texts)] == [0] * len(texts)


@pytest.mark.parametrize(
    ("kind", "text", "count", "start"),
    [
        ("replacement", "ab\ufffd\ufffd", 2, 2),
        ("control", "été\x00 \x1b[0m\x7f", 3, 3),
        ("control", "a\x85b\x9f", 2, 1),
        ("private_use", "日\ue000\U000f0000\U0010abcd", 3, 1),
        ("noncharacter", "x\ufdd0\uffff\U0001fffe\U0010ffff", 4, 1),
        ("bidi_control", "if\u202e admin\u2066", 2, 2),
        ("zero_width", "\ufeffa\u200bb\u2060", 3, 0),
    ],
)
def test_every_kind_is_counted_and_placed(kind: str, text: str, count: int, start: int) -> None:
    row = scan([text])[0]
    assert (row[kind], row[f"{kind}_start"], row[f"{kind}_stop"]) == (count, start, start + 1)
    assert all(row[other] == 0 and row[f"{other}_start"] is None for other in ENCODING_KINDS if other != kind)


def test_what_languages_need_is_no_fault() -> None:
    text = "a\tb\r\nc \u200c\u200d \u200e\u200f \u00ad \u00a0 👨\u200d👩 نمی\u200cخواهم"
    assert all(scan([text])[0][kind] == 0 for kind in ENCODING_KINDS)


def _slow(text: str) -> dict[str, int]:
    """The single code points, the plain way."""
    controls = sum((ord(c) < 32 and c not in "\t\n\r") or 127 <= ord(c) < 160 for c in text)
    nothing = sum(0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in text)
    private = sum((0xE000 <= ord(c) <= 0xF8FF or ord(c) >= 0xF0000) and ord(c) & 0xFFFE != 0xFFFE for c in text)
    return {"control": controls, "noncharacter": nothing, "private_use": private, "replacement": text.count("\ufffd")}


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.characters(max_codepoint=0x7F)), max_size=60))
def test_counts_equal_plain_python(text: str) -> None:
    row = scan([text])[0]
    if row["mojibake"] == 0:
        assert {kind: row[kind] for kind in _slow(text)} == _slow(text)


def test_ascii_lengths_around_the_word_size() -> None:
    for length, at in itertools.product(range(1, 20), range(20)):
        if at < length:
            text = "a" * at + "\x01" + "b" * (length - at - 1)
            row = scan(["x" * 3, text, "\x02"])[1]
            assert (row["control"], row["control_start"]) == (1, at)


def test_zawgyi_is_told_from_unicode() -> None:
    unicode, zawgyi, title, mixed = scan([BURMESE, to_zawgyi(BURMESE), ZAWGYI_TITLE, BURMESE + "\n" + BURMESE + "\n" + "ေမ"])
    assert unicode["zawgyi"] == 0
    assert unicode["burmese_unicode"] > 5
    assert zawgyi["zawgyi"] > 10 > zawgyi["burmese_unicode"]
    assert title["zawgyi"] >= 4
    assert title["burmese_unicode"] == 0
    assert mixed["zawgyi"] < mixed["burmese_unicode"]
    assert unicode["burmese"] == sum(0x1000 <= ord(c) <= 0x109F for c in BURMESE)


def test_shan_mon_and_karen_are_not_zawgyi() -> None:
    texts = ["ၵူၼ်းၵူၼ်း ၼႆႉ ပဵၼ်ၵူၼ်း ဢၼ်မီးသုၼ်ႇ ၸွမ်းၼင်ႇ ၵၼ်", "မၞိဟ်ဂမၠိုင် ဒှ်မၞိဟ်မွဲမွဲ ကဵုအခေါင်", "ပှၤကိးဂၤဒဲး အိၣ်ဖျဲၣ်ထီၣ် လၢအသဘျ့"]
    assert all(row["zawgyi"] <= max(1, row["burmese_unicode"]) for row in scan(texts))


def test_the_signal_keeps_its_contract() -> None:
    assert_signal_contract(
        EncodingSignal(), [*REAL, *(misread(*pair) for pair in DAMAGED), BURMESE, ZAWGYI_TITLE, "\u00c3", "Ã", "\u00f0\u0178"]
    )


def _lines(shared_data: Path) -> dict[str, list[str]]:
    with tarfile.open(shared_data / "flores200" / "flores200_13langs.tar.xz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers() if member.name.endswith(".txt")}
        return {name: file.read().decode().splitlines() for name, file in files.items() if file is not None}


def test_real_text_of_hundreds_of_languages_is_left_alone(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "udhr" / "udhr2.zip") as archive:
        lines = [
            line
            for name in archive.namelist()
            if name.endswith(".txt")
            for line in archive.read(name).decode(errors="replace").splitlines()
        ]
    lines += [line for found in _lines(shared_data).values() for line in found]
    assert len(lines) > 90_000
    assert sum(row["mojibake"] for row in scan(lines)) == 0


def test_misread_sentences_of_thirteen_languages_are_found(shared_data: Path) -> None:
    for name, lines in _lines(shared_data).items():
        foreign = [line for line in lines[:500] if not line.isascii()]
        found = sum(row["mojibake"] > 0 for row in scan([misread(line, "cp1252") for line in foreign]))
        assert found >= 0.99 * len(foreign), name


def test_zawgyi_is_told_from_unicode_on_real_sentences(shared_data: Path) -> None:
    lines = next(found for name, found in _lines(shared_data).items() if "mya" in name)
    for texts, fewest, most in ((lines, 0, 2), ([to_zawgyi(line) for line in lines], len(lines) - 5, len(lines))):
        judged = sum(row["zawgyi"] >= 2 and row["zawgyi"] > row["burmese_unicode"] for row in scan(texts))
        assert fewest <= judged <= most
