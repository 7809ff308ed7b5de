"""The fact tables that ship with the plugin: languages, scripts, Common Crawl's published shares."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

__all__ = [
    "CRAWL",
    "LANGDETECT",
    "SPEAKERS_SOURCE",
    "WORLD_POPULATION",
    "WORLD_POPULATION_SOURCE",
    "Language",
    "crawl_shares",
    "expected_scripts",
    "language",
    "languages",
    "normalise_code",
    "other_languages",
    "read_table",
    "script_name",
    "script_names",
    "script_table",
]

CRAWL = "CC-MAIN-2024-42"
WORLD_POPULATION = 8.0e9
WORLD_POPULATION_SOURCE = "8.0 billion people, United Nations, World Population Prospects 2022"
SPEAKERS_SOURCE = "LinguaMeta (LREC-COLING 2024), first and second language together"
LETTER_WITHOUT_SCRIPT = 255
CODE_POINTS = 0x110000

# The labels of langdetect 1.0.9, its two kinds of Chinese as one.
_LANGDETECT = """
af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro ru sk sl so sq sv sw ta te
th tl tr uk ur vi zh
"""
LANGDETECT = frozenset(_LANGDETECT.split())

_SCRIPT_NAMES = """
Arab=Arabic Armn=Armenian Beng=Bengali Bopo=Bopomofo Cans=Canadian_Aboriginal Cher=Cherokee Copt=Coptic Cyrl=Cyrillic Deva=Devanagari
Ethi=Ethiopic Geor=Georgian Grek=Greek Gujr=Gujarati Guru=Gurmukhi Hang=Hangul Hani=Han Hebr=Hebrew Hira=Hiragana Java=Javanese
Kana=Katakana Khmr=Khmer Knda=Kannada Laoo=Lao Latn=Latin Mlym=Malayalam Mong=Mongolian Mymr=Burmese Newa=Newa Nkoo=N'Ko Olck=Ol_Chiki
Orya=Odia Sinh=Sinhala Sund=Sundanese Syrc=Syriac Taml=Tamil Telu=Telugu Tfng=Tifinagh Thaa=Thaana Tibt=Tibetan Yiii=Yi
"""
SCRIPT_NAMES = dict(pair.split("=") for pair in _SCRIPT_NAMES.split())

# What corpora write for a language besides its codes; all in lower case.
_ALIASES = """
nb=no nob=no in=id iw=he ji=yi fil=tl tgl=tl swh=sw swc=sw arb=ar pes=fa prs=fa zsm=ms npi=ne ory=or ekk=et lvs=lv khk=mn uzn=uz azj=az
cmn=zh plt=mg ydd=yi kmr=ku pbt=ps quy=qu quz=qu gug=gn als=sq src=sc bho=bh
"""
ALIASES = dict(pair.split("=") for pair in _ALIASES.split())


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of one label of the model."""

    label: str
    iso639_3: str
    name: str
    macro: str
    speakers: int | None
    scripts: tuple[str, ...]


@cache
def languages() -> Mapping[str, Language]:
    """Give every label of lid.176 with its facts."""
    return {row["label"]: _language(row) for row in read_table("languages.csv")}


def _language(row: Mapping[str, str]) -> Language:
    speakers = int(row["speakers"]) if row["speakers"] else None
    return Language(row["label"], row["iso639_3"], row["name"], row["macro"], speakers, tuple(row["scripts"].split()))


@cache
def language(label: str) -> Language:
    """Give the facts of a label; one that no table knows ("eng_Latn", "und") stands for itself."""
    code = label if label in languages() else normalise_code(label)
    known = languages().get(code)
    if known is not None:
        return known
    name, speakers = _others().get(label, (label, None))
    return Language(label, label, name, label, speakers, ())


@cache
def other_languages() -> Mapping[str, Language]:
    """Give languages of a million speakers and more that lid.176 has no label for, and those the calibration met, by ISO 639-3 code."""
    return {code: Language(code, code, name, code, speakers, ()) for code, (name, speakers) in _others().items()}


@cache
def _others() -> Mapping[str, tuple[str, int | None]]:
    rows = read_table("other_languages.csv")
    return {row["iso639_3"]: (row["name"], int(row["speakers"]) if row["speakers"] else None) for row in rows}


@cache
def normalise_code(declared: str) -> str:
    """Turn "EN-us", "eng_Latn", "eng" or "English" into the model's label; "" when it is no language the tables know."""
    text = declared.strip().lower()
    code = text.replace("_", "-").split("-")[0]
    if len(code) == 3 and code in ALIASES:  # three letters are ISO 639-3, where "als" is Tosk Albanian, not Alemannic
        return ALIASES[code]
    return _codes().get(text) or ALIASES.get(code) or _codes().get(code) or ""


@cache
def _codes() -> Mapping[str, str]:
    found = {entry.name.lower(): entry.label for entry in languages().values()}
    found |= {entry.iso639_3: entry.label for entry in languages().values()}
    return found | {label: label for label in languages()}


@cache
def crawl_shares() -> Mapping[str, float]:
    """Give the shares of all pages of `CRAWL` by label; pages labelled unknown or in a language lid.176 lacks are left out."""
    return {row["label"]: float(row["share"]) for row in read_table("commoncrawl.csv") if row["label"] and row["crawl"] == CRAWL}


def script_name(code: str) -> str:
    """Give a script's English name, its code where the name is not known."""
    return SCRIPT_NAMES.get(code, code).replace("_", " ")


@cache
def script_names() -> tuple[str, ...]:
    """Give the scripts by their number in `script_table`; number 0 is no script."""
    return ("", *sorted({row["script"] for row in read_table("scripts.csv")} - {""}))


@cache
def script_table() -> npt.NDArray[np.uint8]:
    """Give every code point's script if it is a letter, 0 if it is none, 255 for a letter of no particular script."""
    number = {name: i for i, name in enumerate(script_names())}
    rows = list(read_table("scripts.csv"))
    starts = np.array([int(row["start"], 16) for row in rows])
    values = [(number[row["script"]] or LETTER_WITHOUT_SCRIPT) if row["letter"] == "1" else 0 for row in rows]
    table = np.repeat(np.array(values, np.uint8), np.diff(starts, append=CODE_POINTS))
    table.flags.writeable = False
    return table


@cache
def expected_scripts(label: str) -> frozenset[str]:
    """Give the scripts a label is printed in; empty when that is not known. A label like "eng_Latn" names its own."""
    code, _, script = label.partition("_")
    if len(script) == 4:
        return frozenset(
            {"Hani"}
            if script in {"Hans", "Hant"}
            else {"Hira", "Kana", "Hani"}
            if script == "Jpan"
            else {"Hang", "Hani"}
            if script == "Kore"
            else {script}
        )
    return frozenset(language(code).scripts)


def read_table(name: str) -> list[dict[str, str]]:
    """Read a CSV of the plugin's data folder; lines beginning with # are notes."""
    text = files("fmaudit_corpus_language").joinpath("data", name).read_text("utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
