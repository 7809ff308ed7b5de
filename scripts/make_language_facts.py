"""Write the fact tables of the corpus-language plugin: Unicode scripts, languages, and Common Crawl's published shares.

    python scripts/make_language_facts.py --linguameta linguameta.tsv --commoncrawl languages.csv [--out DIRECTORY]

Needs the package `regex` (for the Script property, which the standard library lacks). Only facts are taken: codes, names, speakers,
writing systems, page counts. What is decided by hand stands in this file, with the reason.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import regex

from fmaudit_corpus_language.model import load_model, open_model


def _pairs(text: str) -> dict[str, str]:
    """Read "key=value+value" words."""
    return {key: value.replace("+", " ") for key, value in (word.split("=") for word in text.split())}


OUT = Path(__file__).parent.parent / "plugins" / "fmaudit_corpus_language" / "data"

# Every script of Unicode by its ISO 15924 code; Zyyy (common) and Zinh (inherited) belong to no language.
_SCRIPTS = """
Adlm Aghb Ahom Arab Armi Armn Avst Bali Bamu Bass Batk Beng Bhks Bopo Brah Brai Bugi Buhd Cakm Cans Cari Cham Cher Chrs Copt Cpmn Cprt Cyrl
Deva Diak Dogr Dsrt Dupl Egyp Elba Elym Ethi Gara Geor Glag Gong Gonm Goth Gran Grek Gujr Gukh Guru Hang Hani Hano Hatr Hebr Hira Hluw Hmng
Hmnp Hung Ital Java Kali Kana Kawi Khar Khmr Khoj Kits Knda Krai Kthi Lana Laoo Latn Lepc Limb Lina Linb Lisu Lyci Lydi Mahj Maka Mand Mani
Marc Medf Mend Merc Mero Mlym Modi Mong Mroo Mtei Mult Mymr Nagm Nand Narb Nbat Newa Nkoo Nshu Ogam Olck Onao Orkh Orya Osge Osma Ougr Palm
Pauc Perm Phag Phli Phlp Phnx Plrd Prti Rjng Rohg Runr Samr Sarb Saur Sgnw Shaw Shrd Sidd Sidt Sind Sinh Sogd Sogo Sora Soyo Sund Sunu Sylo
Syrc Tagb Takr Tale Talu Taml Tang Tavt Tayo Telu Tfng Tglg Thaa Thai Tibt Tirh Tnsa Todr Tols Toto Tutg Ugar Vaii Vith Wara Wcho Xpeo Xsux
Yezi Yiii Zanb Berf Jurc Pcun Seal
"""
SCRIPTS = _SCRIPTS.split()

# lid.176 takes its labels from Wikipedia's language codes; these mean something else in ISO 639, or are missing from LinguaMeta.
ISO = {"als": "gsw", "bh": "bho", "eml": "egl", "nah": "nhn", "tl": "fil"}
NAMES = {
    "als": "Alemannic German", "bh": "Bihari (Bhojpuri)", "eml": "Emilian-Romagnol", "nah": "Nahuatl", "la": "Latin", "ia": "Interlingua",
    "ie": "Interlingue", "io": "Ido", "jbo": "Lojban", "sa": "Sanskrit", "vo": "Volapük", "tl": "Tagalog (Filipino)",
}  # fmt: skip
ISO_WITHOUT_METADATA = _pairs("la=lat ia=ina ie=ile io=ido jbo=jbo sa=san vo=vol nah=nah eml=eml")

# LinguaMeta lists every script a language is ever written in, romanisation included. A label should be surprised by those, so the
# scripts in everyday printed use are set by hand wherever LinguaMeta names more than one; the rest is taken as it stands.
EVERYDAY = _pairs("""
als=Latn am=Ethi as=Beng az=Latn+Cyrl+Arab be=Cyrl bg=Cyrl bh=Deva bn=Beng bo=Tibt bs=Latn+Cyrl el=Grek eml=Latn en=Latn fa=Arab ga=Latn
gom=Deva+Latn gu=Gujr he=Hebr hi=Deva hif=Latn+Deva hr=Latn hu=Latn hy=Armn ia=Latn ie=Latn io=Latn ja=Hira+Kana+Hani jbo=Latn
jv=Latn+Java ka=Geor kk=Cyrl+Arab+Latn kn=Knda ko=Hang+Hani ku=Latn+Arab+Cyrl kv=Cyrl ky=Cyrl la=Latn mai=Deva mk=Cyrl ml=Mlym
mn=Cyrl+Mong mr=Deva ms=Latn+Arab nah=Latn ne=Deva new=Deva+Newa or=Orya pa=Guru ps=Arab ru=Cyrl sa=Deva sd=Arab+Deva sh=Latn+Cyrl so=Latn
sr=Cyrl+Latn su=Latn+Sund sw=Latn ta=Taml te=Telu tk=Latn+Cyrl tl=Latn tt=Cyrl+Latn tyv=Cyrl ug=Arab+Cyrl+Latn uk=Cyrl ur=Arab
uz=Latn+Cyrl vi=Latn vo=Latn wuu=Hani xal=Cyrl xmf=Geor yi=Hebr yue=Hani zh=Hani+Bopo
""")

# Labels that name the same macrolanguage (ISO 639-3) count as agreeing; Indonesian stays apart from Malay, as its speakers do.
MACRO = _pairs("arz=ar azb=az bs=sh ckb=ku dty=ne hr=sh mrj=mhr nn=no pnb=pa sr=sh wuu=zh yue=zh")

# Labels whose speakers cannot be compared with their share: a macrolanguage beside its members, or no community of native speakers.
NO_SPEAKERS = {"sh", "jbo", "la", "ia", "ie", "io", "vo", "sa", "nah", "eml", "als"}


def script_runs() -> Iterator[tuple[int, str, int]]:
    """Yield runs of code points of one script, and whether they are letters."""
    kinds = [(code, regex.compile(rf"\p{{Script={code}}}")) for code in [*SCRIPTS, "Zyyy", "Zinh"] if _known(code)]
    letter = regex.compile(r"\p{L}")
    previous = None
    last = kinds[0]
    for point in range(0x110000):
        character = chr(point)
        if not last[1].match(character):
            last = next((kind for kind in kinds if kind[1].match(character)), ("", regex.compile(r"\P{Any}")))
        script = "" if last[0] in {"Zyyy", "Zinh"} else last[0]
        current = (script, int(letter.match(character) is not None))
        if current != previous:
            yield point, *current
            previous = current


def _known(code: str) -> bool:
    try:
        regex.compile(rf"\p{{Script={code}}}")
    except regex.error:
        return False
    return True


def language_rows(linguameta: Path, labels: tuple[str, ...]) -> Iterator[list[object]]:
    """Yield label, ISO 639-3 code, name, macrolanguage label, speakers and everyday scripts of every label."""
    with linguameta.open(encoding="utf-8") as file:
        known = {row["bcp_47_code"]: row for row in csv.DictReader(file, delimiter="\t")}
    for label in sorted(labels):
        row = known.get(ISO.get(label, label), {})
        iso = row.get("iso_639_3_code") or ISO_WITHOUT_METADATA[label]
        speakers = "" if label in NO_SPEAKERS else row.get("estimated_number_of_speakers", "")
        scripts = EVERYDAY.get(label) or row["writing_systems"]
        yield [label, iso, NAMES.get(label) or row["english_name"], MACRO.get(label, label), speakers, scripts]


def other_rows(linguameta: Path, labels: tuple[str, ...], met: set[str]) -> Iterator[list[object]]:
    """Yield ISO 639-3 code, name and speakers of large languages, and of those in `met`, that no label stands for."""
    with linguameta.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    covered = {ISO.get(label, label) for label in labels} | set(labels)
    members = {code.strip() for row in rows if row["bcp_47_code"] in covered for code in row["individual_language_bcp_47_code"].split(",")}
    for row in sorted(rows, key=lambda row: row["iso_639_3_code"]):
        speakers, code = int(row["estimated_number_of_speakers"] or 0), row["bcp_47_code"]
        large = speakers >= 1_000_000 and code not in covered and code not in members and row["is_macrolanguage"] != "True"
        if large or row["iso_639_3_code"] in met:
            yield [row["iso_639_3_code"], row["english_name"], speakers or ""]


def calibrated_codes(folder: Path, labels: tuple[str, ...]) -> set[str]:
    """Name the languages the calibration met that are no label."""
    path = folder / "calibration.json"
    counts = json.loads(path.read_text("utf-8"))["counts"] if path.is_file() else {}
    return {code for buckets in counts.values() for rows in buckets.values() for code in rows} - set(labels)


def crawl_rows(commoncrawl: Path, iso_to_label: dict[str, str]) -> Iterator[list[object]]:
    """Yield crawl, label, ISO 639-3 code and pages, with the share of all pages."""
    with commoncrawl.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code = row["primary_language"]
            yield [row["crawl"], iso_to_label.get(code, ""), code, row["pages"], f"{float(row['pct']) / 100:.6f}"]


def write(path: Path, notes: list[str], header: list[str], rows: list[list[object]]) -> None:
    """Write a CSV whose first lines, beginning with #, say where it comes from."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {note}\n" for note in notes)
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"{path}: {len(rows)} rows", file=sys.stderr)


def main() -> None:
    """Write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linguameta", type=Path, required=True)
    parser.add_argument("--commoncrawl", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    labels = load_model(open_model()).labels
    runs = [[f"{start:X}", script, letter] for start, script, letter in script_runs()]
    source = f"Unicode Script and General_Category properties, from the package regex {regex.__version__}"
    write(
        arguments.out / "scripts.csv",
        [source, "runs of code points: start (hex), ISO 15924 script, letter"],
        ["start", "script", "letter"],
        runs,
    )
    languages = list(language_rows(arguments.linguameta, labels))
    notes = ["speakers (first and second language, rounded) and writing systems: LinguaMeta (Ritchie et al., LREC-COLING 2024)",
             "everyday scripts, macrolanguages and exceptions: scripts/make_language_facts.py"]  # fmt: skip
    write(arguments.out / "languages.csv", notes, ["label", "iso639_3", "name", "macro", "speakers", "scripts"], languages)
    others = list(other_rows(arguments.linguameta, labels, calibrated_codes(arguments.out, labels)))
    notes = ["languages without a label in lid.176: those of a million speakers and more, and those in calibration.json; LinguaMeta"]
    write(arguments.out / "other_languages.csv", notes, ["iso639_3", "name", "speakers"], others)
    iso_to_label = {str(row[1]): str(row[0]) for row in languages}
    crawl = list(crawl_rows(arguments.commoncrawl, iso_to_label))
    notes = ["Common Crawl, cc-crawl-statistics: pages by primary language as labelled by CLD2", "share is of all pages of the crawl"]
    write(arguments.out / "commoncrawl.csv", notes, ["crawl", "label", "iso639_3", "pages", "share"], crawl)


if __name__ == "__main__":
    main()
