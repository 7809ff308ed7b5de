"""Build `sample_data/` from the texts in `sample_data_sources/`: the corpus, its damaged sibling and the answer key.

    python scripts/make_sample_data.py [--out DIRECTORY] [--oracle-python PYTHON]

Everything is derived from the sources and one seed, so the same versions of zlib, pyarrow and warcio give the same bytes. What datatrove
decides about every text is asked of PYTHON, an interpreter that has datatrove 0.10.1; without one, it is taken from the present key.
"""

from __future__ import annotations

import argparse
import gzip
import html
import io
import json
import random
import re
import tomllib
import uuid
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sample_data_sources.key import answer_key
from sample_data_sources.plants import Draft, planted_drafts
from sample_data_sources.verdicts import find_verdicts
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

SEED = 20240229
SOURCES = Path(__file__).parent / "sample_data_sources"
DEFAULT_OUT = Path(__file__).parent.parent / "sample_data"
FIELDS = ("id", "url", "domain", "language", "score", "date", "text")
CRAWL_DATE = "2024-03-01T00:00:00Z"

# Hosts and how often each is drawn: a few large ones, a tail of small ones.
ENGLISH_HOSTS = {
    "notice": {"news.millbrook.example": 12, "council.eastharbour.example": 4, "bulletin.example.org": 2},
    "recipe": {"kitchen-table.example": 12, "bakers-corner.example": 4, "news.millbrook.example": 2},
    "legal": {"terms.example.com": 8, "council.eastharbour.example": 6, "tenants-advice.example": 3},
    "tutorial": {"learn-to-code.example": 14, "notes.example.net": 3},
    "science": {"how-things-work.example": 14, "notes.example.net": 3, "museum.eastharbour.example": 2},
    "fiction": {"short-stories.example": 12, "readers-club.example": 3},
    "forum": {"forum.allotment.example": 10, "ask.example.org": 6},
    "shop": {"shop.example.com": 12, "old-tools.example": 3},
}
OTHER_HOSTS = {"worldnotes.example": 16, "village-voices.example": 6, "pages.example.org": 4, "market.example.net": 2}
REGIONAL_HOSTS = {
    "de": ("nachbarn.example",),
    "fr": ("quartier.example",),
    "ru": ("sosedi.example",),
    "ja": ("machi.example",),
    "es": ("barrio.example",),
    # Enough sources that what a rule does to all of Burmese can be told from what it does to one site.
    "my": tuple(f"{name}.example" for name in ("ywa", "zay", "myit", "sarpay", "thitpin", "lanma", "moe", "nay")),
}


def natural_drafts() -> Iterator[Draft]:
    """Every document of the language files, as it stands there."""
    for path in sorted(SOURCES.glob("*.toml")):
        source = tomllib.loads(path.read_text(encoding="utf-8"))
        if "plants" in source:
            continue
        for entry in source["document"]:
            language = entry.get("language", source["language"])
            yield Draft(
                text=entry["text"].strip("\n"),
                domain=entry.get("domain") or source["domain"],
                declared=language,
                language=language,
                kind="natural",
            )


def name_drafts(drafts: list[Draft]) -> None:
    """Give every draft without an id one that says what it is: `de-recipe-01`, `planted-hashes-01`."""
    counters: dict[str, int] = {}
    for draft in drafts:
        if draft.id:
            continue
        stem = f"{draft.language}-{draft.domain}" if draft.kind == "natural" else f"planted-{draft.kind}"
        counters[stem] = counters.get(stem, 0) + 1
        draft.id = f"{stem}-{counters[stem]:02d}"


def draw_host(draft: Draft, chance: random.Random) -> str:
    if draft.language == "en":
        weights = ENGLISH_HOSTS.get(draft.domain, ENGLISH_HOSTS["notice"])
    else:
        weights = dict(OTHER_HOSTS)
        if draft.language in REGIONAL_HOSTS:
            weights |= dict.fromkeys(REGIONAL_HOSTS[draft.language], 12)
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def to_row(draft: Draft, chance: random.Random) -> dict[str, str | int]:
    """One line of the corpus; a host, a score and a date are drawn for it."""
    host = draw_host(draft, chance)
    score = int(chance.paretovariate(0.8) * 3)
    day = date(2021, 1, 1) + timedelta(days=chance.randrange(1150))
    slug = draft.id if draft.kind == "natural" else f"p{chance.randrange(10**6):06d}"
    return {
        "id": draft.id,
        "url": f"https://{host}/{draft.domain}/{slug}",
        "domain": draft.domain,
        "language": draft.declared,
        "score": draft.score if draft.score is not None else min(score, 5000),
        "date": day.isoformat(),
        "text": draft.text,
    }


def gzipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as handle:
        handle.write(data)
    return out.getvalue()


def as_jsonl(rows: list[dict[str, str | int]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[dict[str, str | int]]) -> bytes:
    types = {field: pa.int64() if field == "score" else pa.string() for field in FIELDS}
    table = pa.table({field: pa.array([row[field] for row in rows], types[field]) for field in FIELDS})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", row_group_size=128)
    return out.getvalue()


def record_headers(row: dict[str, str | int], position: int) -> dict[str, str]:
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{row['url']}#{position}")
    return {"WARC-Record-ID": f"<urn:uuid:{name}>", "WARC-Date": f"{row['date']}T00:00:00Z"}


def as_page(row: dict[str, str | int]) -> bytes:
    """A small HTML page whose paragraphs are the text's lines."""
    lines = [line for line in str(row["text"]).split("\n") if line]
    body = "\n".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
    language = html.escape(str(row["language"]))
    page = (
        f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8"><title>{row["id"]}</title></head>\n'
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode()


def as_warc(rows: list[dict[str, str | int]], kind: str) -> bytes:
    """A WARC of HTTP responses (`kind="response"`) or a WET of plain texts (`kind="conversion"`), one gzip member per record."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    info = writer.create_warcinfo_record("web", {"software": "make_sample_data.py", "format": "WARC File Format 1.0"})
    info.rec_headers.replace_header("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, kind)}>")
    info.rec_headers.replace_header("WARC-Date", CRAWL_DATE)
    writer.write_record(info)
    for position, row in enumerate(rows):
        response = None
        payload = str(row["text"]).encode()
        headers = record_headers(row, position)
        if kind == "response":
            payload = as_page(row)
            fields = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(payload)))]
            response = StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1")
        else:
            headers |= {"Content-Type": "text/plain", "WARC-Identified-Content-Language": str(row["language"])}
        record = writer.create_warc_record(
            str(row["url"]), kind, payload=io.BytesIO(payload), length=len(payload), http_headers=response, warc_headers_dict=headers
        )
        writer.write_record(record)
    return out.getvalue()


def survives_html(row: dict[str, str | int]) -> bool:
    """Whether a page can give the text back: paragraphs of one line each, no characters that HTML forbids or rewrites."""
    text = str(row["text"])
    printable = all(character >= " " and not "\x7f" <= character <= "\x9f" for character in text.replace("\n", ""))
    lines = [line for line in text.split("\n") if line]
    return printable and bool(lines) and all(line == line.strip() and "  " not in line for line in lines)


# What a reader must find in each damaged file: documents examined (`repaired` of them with U+FFFD in place of what was no text),
# and what belongs in the ledger: the reason, whether the document is lost, and what is wrong.
BROKEN: dict[str, dict[str, Any]] = {
    "truncated.jsonl.gz": {"repaired": 0, "ledger": [["truncated", True, "the gzip stream ends in the middle of a line"]]},
    "invalid-utf8.jsonl": {
        "documents": 3,
        "repaired": 1,
        "ledger": [["invalid-utf8", False, "line 2 holds the bytes FF FE, which are not UTF-8"]],
    },
    "lone-surrogate.jsonl": {
        "documents": 3,
        "repaired": 1,
        "ledger": [["lone-surrogate", False, "line 2 escapes half of a surrogate pair, which UTF-8 cannot hold"]],
    },
    "bad-line.jsonl": {
        "documents": 2,
        "repaired": 0,
        "ledger": [
            ["invalid-json", True, "line 2 is cut off"],
            ["invalid-json", True, "line 3 is not JSON"],
            ["missing-text", True, "line 4 has no text"],
        ],
    },
    "empty.jsonl.gz": {"documents": 0, "repaired": 0, "ledger": [["truncated", True, "no gzip header: the file has no bytes"]]},
}


def broken_files(rows: list[dict[str, str | int]]) -> dict[str, bytes]:
    """Damaged files for the ledger: every one has good lines, and something that no reader can give back."""
    lines = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows[:60]]
    whole = gzipped(b"".join(lines[:40]))
    bad_utf8 = lines[41].replace(b"the ", b"th\xff\xfe ", 1)
    surrogate = json.dumps({"id": "broken-surrogate", "text": "A lone half of a pair: "})[:-2].encode() + b'\\ud83d tail."}\n'
    half_line = lines[46][: len(lines[46]) // 2]
    return {
        "truncated.jsonl.gz": whole[: len(whole) * 3 // 5],
        "invalid-utf8.jsonl": lines[40] + bad_utf8 + lines[42],
        "lone-surrogate.jsonl": lines[43] + surrogate + lines[44],
        "bad-line.jsonl": b"".join([lines[45], half_line, b"\nnot json at all\n", b'{"id": "broken-no-text"}\n', lines[47]]),
        "empty.jsonl.gz": b"",
    }


def as_key(key: dict[str, Any]) -> str:
    """JSON with an indent, and lists of plain values on one line."""
    text = json.dumps(key, ensure_ascii=False, indent=1)
    return re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s*\]", lambda found: f"[{re.sub(chr(10) + r' +', ' ', found[1])}]", text) + "\n"


def build(out: Path, oracle_python: str) -> None:
    """Write every generated file below `out`."""
    chance = random.Random(SEED)
    natural = list(natural_drafts())
    name_drafts(natural)
    planted = planted_drafts(natural, tomllib.loads((SOURCES / "planted.toml").read_text(encoding="utf-8"))["document"])
    name_drafts(planted)
    drafts = natural + planted
    chance.shuffle(drafts)
    rows = [to_row(draft, chance) for draft in drafts]

    corpus = out / "corpus"
    (corpus / "broken").mkdir(parents=True, exist_ok=True)
    (corpus / "web.jsonl.gz").write_bytes(gzipped(as_jsonl(rows)))
    (corpus / "web.parquet").write_bytes(as_parquet(rows))
    (corpus / "web.wet.gz").write_bytes(as_warc(rows, "conversion"))
    (corpus / "web.warc.gz").write_bytes(as_warc([row for row in rows if survives_html(row)], "response"))
    clean = [row for row, draft in zip(rows, drafts, strict=True) if draft.kind == "natural" and draft.language == "en"]
    damaged = broken_files(clean)
    for name, data in damaged.items():
        (corpus / "broken" / name).write_bytes(data)
    rescued = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(damaged["truncated.jsonl.gz"]).count(b"\n")
    broken = BROKEN | {"truncated.jsonl.gz": {"documents": rescued} | BROKEN["truncated.jsonl.gz"]}
    verdicts = find_verdicts(drafts, oracle_python, DEFAULT_OUT / "planted.json")
    key = answer_key(drafts, rows, verdicts) | {"broken": broken}
    (out / "planted.json").write_text(as_key(key), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="directory to write to (default: sample_data/)")
    parser.add_argument("--oracle-python", default="", help="an interpreter that has datatrove 0.10.1")
    options = parser.parse_args()
    build(options.out, options.oracle_python)


if __name__ == "__main__":
    main()
