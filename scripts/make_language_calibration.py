"""Measure how lid.176 confuses languages, by length of the text, and write the counts that ship with the plugin corpus-language.

    python scripts/make_language_calibration.py --flores flores200.tar.xz --udhr udhr2.zip \\
        --locale usr/share/locale --help-pages usr/share/help

Every source is labelled text whose language is known from where it stands: FLORES-200 sentences, the Universal Declaration of Human Rights,
gettext catalogues and help pages of free desktop software (folders as Debian packages unpack them; the packages are named below). The
texts stay where they are; only counts are written.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import struct
import sys
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from fmaudit import DocumentBatch
from fmaudit_corpus_language.calibration import BUCKETS, MIN_SCORE, bucket_of
from fmaudit_corpus_language.facts import expected_scripts, languages, normalise_code
from fmaudit_corpus_language.signal import LanguageSignal

OUT = Path(__file__).parent.parent / "plugins" / "fmaudit_corpus_language" / "data" / "calibration.json"
PIECES = 300  # at most, of one language in one bucket of one source
LONGEST = 4000
Texts = dict[str, list[str]]

# UDHR's archive uses some codes that ISO 639-3 has retired.
RETIRED = {"fri": "fy", "mly": "ms", "lnc": "oc", "prv": "oc", "auv": "oc", "eml": "eml", "nhn": "nah"}
PLACEHOLDER = re.compile(r"%\(?[\w.]*\)?[sdiufxl%]+|\{[^}]*\}|<[^>]*>|&\w+;|\$\w+|\\n")
PROVENANCE = {
    "flores": "FLORES-200, dev and devtest of 13 languages, CC BY-SA 4.0",
    "udhr": "Universal Declaration of Human Rights, nltk_data udhr2, public domain",
    "catalogues": "gettext catalogues of Debian 12's vlc-l10n 3.0.24, pidgin-data 2.14.12, evolution-common 3.46.4, gimp-data 2.10.34,"
    " inkscape 1.2.2, libglib2.0-data 2.74.6",
    "help": "GNOME user help, Debian 12's gnome-user-docs 43.0, CC BY-SA 3.0",
}


def flores(path: Path) -> Texts:
    """Read one file of sentences for each language."""
    with tarfile.open(path) as archive:
        members = [m for m in archive.getmembers() if m.name.endswith(".txt")]
        read = {Path(m.name).stem: archive.extractfile(m) for m in members}
        return {_code(name): file.read().decode().splitlines() for name, file in sorted(read.items()) if file}


def udhr(path: Path) -> Texts:
    """Read the paragraphs of every translation; a language's several translations go together."""
    found: Texts = defaultdict(list)
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            stem = Path(name).stem
            if name.endswith(".txt") and stem[0].isalpha():
                lines = [" ".join(line.split()) for line in archive.read(name).decode("utf-8", "replace").splitlines()]
                found[_code(stem)] += [line for line in lines if len(line) >= 20]
    return found


def catalogues(folder: Path) -> Texts:
    """Read the translated strings of every gettext catalogue; the untranslated originals are the English ones."""
    found: Texts = defaultdict(list)
    english: dict[str, None] = {}
    for file in sorted(folder.glob("*/LC_MESSAGES/*.mo")):
        locale = file.parts[-3]
        if "@" in locale and locale not in {"sr@latin", "ca@valencia"}:
            continue
        for original, value in _strings(file.read_bytes()):
            english[_clean(original.rpartition("\x04")[2])] = None
            if value != original and not locale.startswith("en"):
                found[_code(locale)].append(_clean(value))
    found["en"] = list(english)
    return {code: [text for text in dict.fromkeys(texts) if len(text) >= 20] for code, texts in found.items()}


def _strings(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield originals and translations of a compiled catalogue, first forms only; Python's own reader stumbles over some headers."""
    _, _, count, originals, translations = struct.unpack_from("<5I", content)
    for i in range(count):
        pair = []
        for table in (originals, translations):
            length, start = struct.unpack_from("<2I", content, table + 8 * i)
            pair.append(content[start : start + length].split(b"\0")[0].decode("utf-8", "replace"))
        if pair[0]:
            yield pair[0], pair[1]


def help_pages(folder: Path) -> Texts:
    """Read the paragraphs of every translated help page; what is still English in it is left out."""
    found: Texts = defaultdict(list)
    for file in sorted(folder.glob("*/*/*.page")):
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError:
            continue
        texts = (" ".join("".join(p.itertext()).split()) for p in root.iter("{http://projectmallard.org/1.0/}p"))
        found["en" if file.parts[-3] == "C" else _code(file.parts[-3])] += [text for text in texts if len(text) >= 20]
    english = set(found["en"])
    return {code: [t for t in dict.fromkeys(texts) if code == "en" or t not in english] for code, texts in found.items()}


def _clean(text: str) -> str:
    return " ".join(PLACEHOLDER.sub(" ", text).replace("_", "").replace("&", "").split())


def _code(name: str) -> str:
    base = re.split(r"[_@-]", name)[0]
    return RETIRED.get(base) or normalise_code(base) or base


def pieces(texts: list[str], bucket: int, rng: random.Random) -> Iterator[str]:
    """Cut running text into pieces of one bucket that share no characters; lengths are drawn evenly on a logarithmic scale."""
    low, high = (20, *BUCKETS)[bucket], (*BUCKETS, LONGEST)[bucket] - 1
    running = iter(texts)
    text = ""
    while True:
        length = round(low * (high / low) ** rng.random())
        while len(text) < length:
            more = next(running, None)
            if more is None:
                return
            text = f"{text} {more}".strip()
        cut = text.rfind(" ", low, length + 1)
        cut = length if cut < 0 else cut
        yield text[:cut].strip()
        text = text[cut:].strip() if bucket else ""  # short pieces each begin a text of their own


def measure(source: str, texts: Texts, signal: LanguageSignal) -> dict[str, dict[str, dict[str, int]]]:
    """Count predictions by bucket and true language."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for code, lines in sorted(texts.items()):
        if code in languages() and not _in_main_script(code, lines, signal):
            print(f"{source}: {code} is not in its main script, left out", file=sys.stderr)
            continue
        for bucket in range(len(BUCKETS) + 1):
            rng = random.Random(f"{source} {code} {bucket}")
            cut = list(pieces(rng.sample(lines, len(lines)) if bucket == 0 else lines, bucket, rng))
            chosen = [text for text in rng.sample(cut, min(PIECES, len(cut))) if bucket_of(len(text)) == bucket]
            predicted = Counter(label for label in _predict(chosen, signal))
            if predicted:
                counts.setdefault(str(bucket), {})[code] = dict(sorted(predicted.items()))
    return counts


def _in_main_script(code: str, lines: list[str], signal: LanguageSignal) -> bool:
    rows = signal.compute(DocumentBatch.from_texts(["\n".join(lines[:200])])).to_pylist()
    return bool(rows[0]["script"] in expected_scripts(code))


def _predict(texts: list[str], signal: LanguageSignal) -> Iterator[str]:
    for row in signal.compute(DocumentBatch.from_texts(texts)).to_pylist() if texts else ():
        yield row["label"] if row["score"] >= MIN_SCORE else "und"


def main() -> None:
    """Measure the sources and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flores", type=Path, required=True)
    parser.add_argument("--udhr", type=Path, required=True)
    parser.add_argument("--locale", type=Path, required=True)
    parser.add_argument("--help-pages", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    signal = LanguageSignal({"langdetect_rate": 0.0})
    sources = {
        "flores": flores(arguments.flores), "udhr": udhr(arguments.udhr),
        "catalogues": catalogues(arguments.locale), "help": help_pages(arguments.help_pages),
    }  # fmt: skip
    counts = {name: measure(name, texts, signal) for name, texts in sources.items()}
    result = {
        "model_sha256": signal.fingerprint().split()[0],
        "min_score": MIN_SCORE,
        "buckets": BUCKETS,
        "provenance": PROVENANCE,
        "counts": counts,
    }
    text = json.dumps(result, indent=None, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    arguments.out.write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")
    for name, by_bucket in counts.items():
        total = sum(sum(c.values()) for rows in by_bucket.values() for c in rows.values())
        print(f"{name}: {len(set().union(*by_bucket.values()))} languages, {total} pieces", file=sys.stderr)


if __name__ == "__main__":
    main()
