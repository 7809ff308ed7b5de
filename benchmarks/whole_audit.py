"""The whole audit on one core: read JSONL.gz, language, quality, write; MB/s by stage, and memory for a corpus ten times larger.

    python benchmarks/whole_audit.py CORPORA/mixed.jsonl --megabytes 20

Takes documents with a field `text` from a JSONL file, writes them as JSONL.gz once and ten times over (each copy with its own salt word, so
that the copies are not the same to the vocabulary), and runs `fmaudit run` on both with one worker in a process of its own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

CONFIG = """
[corpus.bench]
path = "*.jsonl.gz"
id = "id"
url = "url"
[audit.corpus-language]
[audit.corpus-quality]
[run]
workers = 1
[report]
formats = []
"""

# the child measures itself: the peak of a process that has already ended is known only to its parent as a maximum over all children
CHILD = """
import resource, sys
from fmaudit.api.auditing import prepare, run_prepared
prepared = prepare("audit.toml")
from fmaudit.api import auditing
observed = []
class Listener:
    def started(self, *_): pass
    def progress(self, *_): pass
    def stage(self, name):
        observed.append((name, resource.getrusage(resource.RUSAGE_SELF)))
run_prepared(prepared, listener=Listener())
for name, usage in observed:
    print(name, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
usage = resource.getrusage(resource.RUSAGE_SELF)
print("end", usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def read(path: Path, most: int) -> list[str]:
    texts, size = [], 0
    with path.open(encoding="utf-8") as file:
        for line in file:
            texts.append(json.loads(line)["text"])
            size += len(texts[-1].encode())
            if size >= most:
                break
    return texts


def write(folder: Path, texts: list[str], copies: int) -> int:
    size = 0
    with gzip.open(folder / "bench.jsonl.gz", "wt", compresslevel=6, encoding="utf-8") as file:
        for copy in range(copies):
            for number, text in enumerate(texts):
                salted = f"{text}\nCopy{copy}x{number % 997}." if copy else text
                size += len(salted.encode())
                row = {"id": f"{copy}-{number}", "url": f"https://h{number % 300}.example/{number}", "text": salted}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    (folder / "audit.toml").write_text(CONFIG)
    return size


def run(folder: Path) -> tuple[dict[str, tuple[float, int]], Counter[str]]:
    answer = subprocess.run([sys.executable, "-c", CHILD], cwd=folder, capture_output=True, text=True, check=True)
    stages = {}
    for line in answer.stdout.splitlines():
        name, seconds, rss = line.split()
        stages[name] = (float(seconds), int(rss))
    (journal,) = folder.glob("runs/*/journal.sqlite")
    seconds: Counter[str] = Counter()
    for (row,) in sqlite3.connect(journal).execute("select seconds from units"):
        seconds.update(json.loads(row))
    return stages, seconds


def report(size: int, stages: dict[str, tuple[float, int]], seconds: Counter[str]) -> None:
    observe = stages["measure"][0] - stages["observe"][0]
    print(f"\n{size / 1e6:.1f} MB of text: observing {observe:.1f} s = {size / 1e6 / observe:.1f} MB/s per core, ", end="")
    print(
        f"measuring {stages['judge'][0] - stages['measure'][0]:.1f} s, peak memory while observing {stages['measure'][1] / 1024:.0f} MiB, ",
        end="",
    )
    print(f"in all {stages['end'][1] / 1024:.0f} MiB\n")
    print("| stage | ms per MB | share |\n|---|---|---|")
    for name, value in seconds.most_common():
        print(f"| {name} | {value / size * 1e9:.1f} | {value / sum(seconds.values()):.0%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--megabytes", type=float, default=20)
    options = parser.parse_args()
    texts = read(options.texts, int(options.megabytes * 1e6))
    peaks = []
    for copies in (1, 1, 10):  # the first run compiles what is not yet compiled
        with tempfile.TemporaryDirectory() as name:
            size = write(Path(name), texts, copies)
            stages, seconds = run(Path(name))
            report(size, stages, seconds)
            peaks.append(stages["measure"][1])
    print(f"\npeak memory while observing, ten times the corpus: {peaks[2] / peaks[1]:.2f} of the smaller one's")
    print(f"(this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB)")


if __name__ == "__main__":
    main()
