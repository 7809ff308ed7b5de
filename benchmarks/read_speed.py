"""Measures the readers: MB/s of text and CPU seconds per GB for each format, beside `json.loads` line by line.

    python benchmarks/read_speed.py [--megabytes 60] [--repeat 3] [--json]

The corpus is made here: documents of log-normal length, 80 % Latin, 15 % Cyrillic, 5 % Chinese, with quotes and line breaks. Times are
CPU time of this process, the best of the repetitions; the files are in the page cache and the kernels compiled.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from fmaudit.corpus.files import describe
from fmaudit.corpus.sources import builtin_readers, pick_format
from fmaudit.corpus.splits import Fields, Limits, Split

LETTERS = ("etaoinshrdlucmfwygpbvk", "оеаинтсрвлкмдпуяыь", "的一是不了人我在有他这为之大来以个中上们")
WARC = "WARC/1.0\r\nWARC-Type: {}\r\nWARC-Record-ID: <urn:{}>\r\nWARC-Target-URI: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"


def make_documents(megabytes: float) -> list[dict[str, Any]]:
    dice = random.Random(7)
    words = [["".join(dice.choices(letters, k=dice.choice((1, 2, 3, 4, 5, 7, 9)))) for _ in range(3000)] for letters in LETTERS]
    documents: list[dict[str, Any]] = []
    size = 0
    while size < megabytes * 1e6:
        pick = dice.choices(words, [0.8, 0.15, 0.05])[0]
        text = " ".join(dice.choices(pick, k=int(dice.lognormvariate(5.8, 1.0)) + 1))
        text = text.replace(pick[0] + " ", "\n").replace(pick[1] + " ", '"so" ')
        number = len(documents)
        url = f"https://example{number % 97}.org/page/{number}"
        documents.append({"id": f"doc-{number}", "url": url, "text": text, "score": dice.random(), "tags": ["a", "b"]})
        size += len(text.encode())
    return documents


def warc(kind: str, number: int, url: str, mime: str, body: bytes) -> bytes:
    return gzip.compress(WARC.format(kind, number, url, mime, len(body)).encode() + body + b"\r\n\r\n", 6)


def page(text: str) -> bytes:
    lines = "".join(f'<p class="c"><a href="/x">link</a> {line.replace("<", "&lt;")}</p>\n' for line in text.split("\n"))
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><div>{lines}</div></body></html>".encode()


def write_files(folder: Path, documents: list[dict[str, Any]]) -> list[Path]:
    lines = b"".join(json.dumps(document, ensure_ascii=False).encode() + b"\n" for document in documents)
    escaped = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
    columns = {name: [document[name] for document in documents] for name in ("id", "url", "text", "score")}
    few = documents[:: max(len(documents) // 4000, 1)]
    contents = {
        "plain.jsonl": lines,
        "escaped.jsonl": escaped,
        "packed.jsonl.gz": gzip.compress(lines, 6),
        "packed.jsonl.zst": zstandard.compress(lines, 3),
        "text.wet.gz": b"".join(warc("conversion", n, d["url"], "text/plain", d["text"].encode()) for n, d in enumerate(few)),
        "pages.warc.gz": b"".join(
            warc("response", n, d["url"], "application/http; msgtype=response", page(d["text"])) for n, d in enumerate(few)
        ),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    pq.write_table(pa.table(columns), folder / "rows.parquet", compression="zstd", write_page_checksum=True, row_group_size=20_000)
    return [folder / name for name in (*contents, "rows.parquet")]


def read_all(path: Path, fields: Fields) -> int:
    readers = builtin_readers()
    source = describe(path.name, str(path))
    reader = readers[pick_format(path.name, readers)]
    steps = reader.read(Split(source, reader.name, 0, None, source.size), fields, Limits())
    return sum(step.batch.nbytes for step in steps if step.batch)


def read_plainly(path: Path) -> int:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        return sum(len(json.loads(line)["text"]) for line in file)


def best(work: Callable[[], int], repeat: int) -> tuple[int, float]:
    times, result = [], 0
    for _ in range(repeat):
        begin = time.process_time()
        result = work()
        times.append(time.process_time() - begin)
    return result, min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    labels = Fields(id="id", url="url", metadata=("score",))
    with tempfile.TemporaryDirectory() as folder:
        for path in write_files(Path(folder), make_documents(options.megabytes)):
            read_all(path, Fields())
            size, seconds = best(lambda path=path: read_all(path, Fields()), options.repeat)
            _, labelled = best(lambda path=path: read_all(path, labels), options.repeat)
            row = {"file": path.name, "megabytes": size / 1e6, "on_disk": path.stat().st_size / 1e6}
            row |= {"text_only": size / 1e6 / seconds, "with_labels": size / 1e6 / labelled}
            if path.name.endswith((".jsonl", ".jsonl.gz")):
                _, plainly = best(lambda path=path: read_plainly(path), 1)
                row["json_loads"] = size / 1e6 / plainly
            if options.json:
                print(json.dumps(row))
            else:
                plain = f"   json.loads {row['json_loads']:4.0f}" if "json_loads" in row else ""
                speeds = f"{row['text_only']:5.0f} MB/s, with labels {row['with_labels']:5.0f}{plain}"
                print(f"{path.name:18} {size / 1e6:6.1f} MB of text: {speeds}", flush=True)


if __name__ == "__main__":
    main()
