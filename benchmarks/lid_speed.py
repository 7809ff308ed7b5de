"""Speed of language identification beside fasttext-predict, document by document, with the labels compared.

    python benchmarks/lid_speed.py [--rounds 7] FILE...

Files are text or JSONL (field "text"), plain or .gz; without files texts are made up from the tests' sentences. Every document is labelled
by both in turn; printed are medians over the rounds of CPU-time ratios. "first" reads every distinct word for the first time, "next"
has read the other half of the corpus, "again" the same documents before. The scan that finds the chunks, which all corpus audits share, is
shown apart and counted in "with scan".
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fmaudit import DocumentBatch
from fmaudit_corpus_language.classify import Lines
from fmaudit_corpus_language.detector import Detector
from fmaudit_corpus_language.model import bundled_model, load_model, open_model
from fmaudit_corpus_language.scripts import count_scripts
from fmaudit_corpus_language.signal import LanguageSignal

BATCH_BYTES = 2_000_000
LINES = Lines(20, float(np.log(0.5)))


def read(paths: list[Path]) -> list[str]:
    texts: list[str] = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            json_lines = ".jsonl" in path.suffixes
            texts += [json.loads(line)["text"] for line in file] if json_lines else [line.rstrip("\n") for line in file]
    return texts


def made_up(count: int = 24_000) -> list[str]:
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "corpus_language"))
    from texts import make_texts

    return make_texts(count, seed=1)


def batches(texts: list[str]) -> list[DocumentBatch]:
    found, part, size = [], [], 0
    for text in texts:
        part.append(text)
        size += len(text.encode())
        if size >= BATCH_BYTES:
            found.append(DocumentBatch.from_texts(part))
            part, size = [], 0
    return [*found, DocumentBatch.from_texts(part)] if part else found


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


class Round:
    """One pass of everything over one half of the texts, the other half read before where that is meant."""

    def __init__(self, texts: list[str], other: list[str], model: Any, oracle: Any) -> None:
        from fmaudit import Vocabulary
        from fmaudit.text import segment

        self.texts = texts
        self.bytes = sum(len(text.encode()) for text in texts)
        fresh, read_before = (Vocabulary(max_chunks=1 << 30, max_bytes=1 << 40) for _ in range(2))
        theirs, self.reference = seconds(lambda: [oracle.predict(text.replace("\n", " "), k=1) for text in texts])
        mine, cold, warm = batches(texts), Detector(model), Detector(model)
        first_scan, segments = seconds(lambda: [segment(b.data, b.offsets, fresh) for b in mine])
        first, self.labels = seconds(lambda: [cold.label(b.data, b.offsets, s) for b, s in zip(mine, segments, strict=True)])
        for batch in batches(other):
            warm.label(batch.data, batch.offsets, segment(batch.data, batch.offsets, read_before))
        scan, segments = seconds(lambda: [segment(b.data, b.offsets, read_before) for b in mine])
        coming, _ = seconds(lambda: [warm.label(b.data, b.offsets, s) for b, s in zip(mine, segments, strict=True)])
        again, _ = seconds(lambda: [warm.label(b.data, b.offsets, s) for b, s in zip(mine, segments, strict=True)])
        lines, _ = seconds(lambda: [warm.label(b.data, b.offsets, s, LINES) for b, s in zip(mine, segments, strict=True)])
        direct, _ = seconds(lambda: [warm.label(b.data, b.offsets) for b in mine])
        scripts, _ = seconds(lambda: [count_scripts(b.data, b.offsets) for b in mine])
        self.names = model.labels
        self.times = {
            "fasttext-predict": theirs, "first": first, "first, with scan": first + first_scan,
            "next": coming, "next, with scan": coming + scan, "again": again, "again, lines too": lines,
            "no chunks": direct, "scan": scan, "scripts": scripts,
        }  # fmt: skip

    def differences(self) -> tuple[int, float]:
        ours = [pair for found in self.labels for pair in zip(found.label[:, 0], np.exp(found.score[:, 0]), strict=True)]
        pairs = list(zip(ours, self.reference, strict=True))
        wrong = sum(self.names[label] != theirs[0][0][9:] for (label, _), theirs in pairs)
        return wrong, max(abs(score - theirs[1][0]) for (_, score), theirs in pairs)


def signal_times(texts: list[str]) -> None:
    """Print what the whole signal costs, with and without langdetect's sample."""
    found = {}
    for rate in (0.0, LanguageSignal().settings.langdetect_rate):
        signal = LanguageSignal({"langdetect_rate": rate})
        signal.compute(DocumentBatch.from_texts(texts[:200]))
        found[rate] = min(seconds(lambda s=signal: [s.compute(batch) for batch in batches(texts)])[0] for _ in range(3))
    without, with_ = found.values()
    size = sum(len(text.encode()) for text in texts) / 1e6
    share = f"{1 - without / with_:.0%} of the time"
    print(f"signal: {size / without:.1f} MB/s without langdetect, {size / with_:.1f} with its sample ({share})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    import fasttext

    texts = read(arguments.files) if arguments.files else made_up()
    random.Random(0).shuffle(texts)
    half = len(texts) // 2
    model, oracle = load_model(open_model()), fasttext.load_model(str(bundled_model()))
    Round(texts[:100], texts[100:200], model, oracle)  # compile
    halves = (texts[:half], texts[half:])
    rounds = [Round(halves[i % 2], halves[1 - i % 2], model, oracle) for i in range(arguments.rounds)]
    compared = rounds[:2]
    wrong, distance = sum(r.differences()[0] for r in compared), max(r.differences()[1] for r in compared)
    print(f"{len(texts)} texts, {sum(r.bytes for r in compared) / 1e6:.1f} MB: {wrong} labels differ, scores by at most {distance:.1e}")
    for name in rounds[0].times:
        speed = statistics.median(r.bytes / 1e6 / r.times[name] for r in rounds)
        ratio = statistics.median(r.times["fasttext-predict"] / r.times[name] for r in rounds)
        print(f"{name:20} {speed:8.1f} MB/s {ratio:8.1f} x fasttext-predict")
    signal_times(texts)


if __name__ == "__main__":
    main()
