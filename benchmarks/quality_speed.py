"""Measure the quality signal against datatrove 0.10.1's four filters on the same documents, in one run, by CPU time of one core.

    python benchmarks/quality_speed.py --oracle-python OTHER_ENV/bin/python corpora/prose.jsonl corpora/mixed.jsonl

Each corpus is cut into two halves by the name of the file a document came from. *Steady* is half B with a memo warmed on half A,
*cold* is half B with an empty memo, *warm* is half B again. datatrove's filters (repetition, quality, C4 without the terminal rule,
FineWeb; each on the original text, its word cache on) take a sample of half B. The signal always computes all five rule sets' counts
and both cleaned texts. The ratio is of CPU seconds per byte, both taken in the same repetition.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fmaudit import DocumentBatch
from fmaudit.text import segments as text_segments
from fmaudit_corpus_quality.kernels import citations, counts
from fmaudit_corpus_quality.signal import QualitySignal

ORACLE = Path(__file__).parent / "oracles" / "datatrove_rules.py"
BATCH = 2 << 20


def halves(path: Path, most: int) -> tuple[list[str], list[str]]:
    """Give the two halves, each of at most so many bytes; translations of a page stay on one side."""
    rows: tuple[list[str], list[str]] = ([], [])
    sizes = [0, 0]
    lines = path.read_text().splitlines()
    random.Random(0).shuffle(lines)
    for line in lines:
        document = json.loads(line)
        base = re.sub(r"\W.*", "", document["source"].rsplit("/", 1)[-1]) + document["source"].rsplit("#", 1)[-1]
        side = hashlib.sha256(base.encode()).digest()[0] & 1
        if sizes[side] < most:
            rows[side].append(document["text"])
            sizes[side] += len(document["text"].encode())
    return rows


def batches(texts: Sequence[str]) -> list[Callable[[], DocumentBatch]]:
    """Cut texts into batches; each is made anew for every pass, because a batch keeps its segments."""
    parts: list[list[str]] = [[]]
    size = 0
    for text in texts:
        if size > BATCH:
            parts.append([])
            size = 0
        parts[-1].append(text)
        size += len(text.encode())
    made = [DocumentBatch.from_texts(part) for part in parts]

    def again(batch: DocumentBatch) -> Callable[[], DocumentBatch]:
        return lambda: DocumentBatch(file="", data=batch.data, offsets=batch.offsets, position=batch.position, ids=batch.ids, metadata={})

    return [again(batch) for batch in made]


def seconds(signal: QualitySignal, parts: Sequence[Callable[[], DocumentBatch]]) -> float:
    """Give the CPU seconds of the signal over all batches."""
    start = time.process_time()
    for part in parts:
        signal.compute(part())
    return time.process_time() - start


class Stages:
    """CPU time by stage: the same calls that the signal makes, with a clock between them."""

    def __init__(self) -> None:
        """Start at zero."""
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.clock = 0.0

    def lap(self, name: str) -> None:
        """Book the time since the last lap."""
        now = time.process_time()
        self.spent[name] += now - self.clock
        self.clock = now

    def run(self, counter: counts.Counter, batch: DocumentBatch) -> None:
        """Count one batch, stage by stage."""
        self.clock = time.process_time()
        segments = batch.segments
        self.lap("scan: chunks, look-up, breaks")
        tokens = segments.tokens
        self.lap("new chunks: tokens")
        flags = counter._flags
        flags.sync_with(segments.vocabulary, tokens)
        self.lap("new chunks: rule flags")
        cited = citations.cite(segments, flags, counter._pool)
        flags.sync_with(segments.vocabulary, tokens)
        refused = citations.find_refused(segments, cited, flags, counter._pool)
        self.lap("citations, refusals")
        columns, kept = counts.count_c4(segments, cited, flags.records, counter._pool)
        self.lap("line ends, C4, sentences")
        counts.count_words(segments, flags.records, tokens)
        self.lap("words, n-grams")
        counts.count_lines(segments, flags.records)
        counts.count_paragraphs(segments)
        self.lap("lines, paragraphs")
        table = dict(zip(counts.C4_COLUMNS, columns.T, strict=True)) | {"characters": segments.characters}
        result = counts.KernelCounts(table, refused, segments, cited, kept)
        for prefix in ("c4nt", "c4"):
            wanted = table[f"{prefix}_blocker"] == 0
            if prefix == "c4":
                wanted &= table["c4_lines"] != table["c4nt_lines"]
            texts, _ = counter.clean(result, prefix, wanted)
            self.lap("cleaned texts")
            counts.digests(texts, result.is_kept(prefix) & wanted)
            self.lap("SHA-256")


def oracle_seconds(python: str, texts: Sequence[str]) -> dict[str, float]:
    """Give datatrove's CPU seconds by filter."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as stream:
        stream.writelines(json.dumps({"text": text}) + "\n" for text in texts)
        stream.flush()
        done = subprocess.run([python, str(ORACLE), stream.name, "--time"], capture_output=True, check=True, text=True)
    times: dict[str, float] = json.loads(done.stdout)
    return times


def size_of(texts: Sequence[str]) -> float:
    """Give megabytes of UTF-8."""
    return sum(len(text.encode()) for text in texts) / 1e6


def measure(path: Path, options: argparse.Namespace) -> Iterator[str]:
    """Measure one corpus; gives the lines of its report."""
    first, second = halves(path, options.megabytes * 1_000_000)
    warming, measured = batches(first), batches(second)
    size = size_of(second)
    signal = QualitySignal()
    seconds(signal, measured[:1])
    rows: dict[str, list[float]] = defaultdict(list)
    rng = random.Random(1)
    for _ in range(options.repetitions):
        sample = rng.sample(second, min(options.sample, len(second)))
        theirs = sum(oracle_seconds(options.oracle_python, sample).values()) / size_of(sample)
        rows["datatrove"].append(theirs)
        text_segments.forget()
        rows["cold"].append(seconds(signal, measured) / size)
        text_segments.forget()
        seconds(signal, warming)
        rows["steady"].append(seconds(signal, measured) / size)
        rows["warm"].append(seconds(signal, measured) / size)
        for kind in ("cold", "steady", "warm"):
            rows[f"{kind} ratio"].append(theirs / rows[kind][-1])
    yield f"\n### {path.stem}: half B {len(second)} documents, {size:.1f} MB; memo warmed on half A, {size_of(first):.1f} MB\n"
    yield "| | MB/s | ratio to datatrove, median | lowest | highest |\n|---|---|---|---|---|"
    yield f"| datatrove | {1 / statistics.median(rows['datatrove']):.3f} | 1 | | |"
    for kind in ("cold", "steady", "warm"):
        ratios = rows[f"{kind} ratio"]
        speed, middle = 1 / statistics.median(rows[kind]), statistics.median(ratios)
        yield f"| {kind} | {speed:.1f} | {middle:.0f} | {min(ratios):.0f} | {max(ratios):.0f} |"
    yield from stage_table(warming, measured, size)


def stage_table(warming: Sequence[Any], measured: Sequence[Any], size: float) -> Iterator[str]:
    """Give milliseconds per MB by stage, steady."""
    text_segments.forget()
    counter, stages = counts.Counter(), Stages()
    for part in warming:
        stages.run(counter, part())
    chunks, new = 0, 0
    stages.spent.clear()
    for part in measured:
        batch = part()
        generation = text_segments._WORKSHOP.vocabulary.generation
        before = text_segments._WORKSHOP.vocabulary.size
        stages.run(counter, batch)
        after = batch.segments.vocabulary
        chunks += len(batch.segments.chunk_ids)
        new += after.size - (before if after.generation == generation else 0)
    total = sum(stages.spent.values())
    yield f"\nSteady, by stage ({chunks / size / 1000:.0f}k chunks per MB, {100 * new / chunks:.2f} % of them new):\n"
    yield "| stage | ms per MB | share |\n|---|---|---|"
    for name, spent in stages.spent.items():
        yield f"| {name} | {1000 * spent / size:.1f} | {100 * spent / total:.0f} % |"
    yield f"| all | {1000 * total / size:.1f} | |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--oracle-python", required=True)
    parser.add_argument("--megabytes", type=int, default=20, help="most of each half")
    parser.add_argument("--sample", type=int, default=150, help="documents that datatrove takes in each repetition")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    for path in options.corpora:
        for line in measure(path, options):
            print(line, flush=True)
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB.")


if __name__ == "__main__":
    main()
