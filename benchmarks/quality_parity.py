"""Compare the quality kernels' verdicts with datatrove 0.10.1's own filters, document by document.

    python benchmarks/quality_parity.py --oracle-python OTHER_ENV/bin/python --texts 'corpora/*.jsonl' [--documents 21000]

Needs an environment with datatrove 0.10.1 and spaCy. Takes real documents, mutated ones, ones made of the tokenizer's special cases
and ones at the rules' borders; compares the verdict, the first reason and the cleaned text of five rule sets. Exits with 1 on any
difference, or when a reason of any rule set was not met at least once.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from mutations import border_documents, mutate, special_documents

from fmaudit import DocumentBatch
from fmaudit_corpus_quality.kernels.decide import RULE_SETS, verdicts
from fmaudit_corpus_quality.signal import QualitySignal, rewrite

ORACLE = Path(__file__).parent / "oracles" / "datatrove_rules.py"
REASONS = {
    "gopher-repetition": (
        *("empty", "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac", "top_2_gram", "top_3_gram", "top_4_gram"),
        *(f"duplicated_{n}_n_grams" for n in range(5, 11)),
    ),
    "gopher-quality": (
        *("gopher_short_doc", "gopher_long_doc", "gopher_below_avg_threshold", "gopher_above_avg_threshold", "gopher_too_many_hashes"),
        *("gopher_too_many_ellipsis", "gopher_too_many_bullets", "gopher_too_many_end_ellipsis", "gopher_below_alpha_threshold"),
        "gopher_enough_stop_words",
    ),
    "c4": ("lorem_ipsum", "curly_bracket", "too_few_sentences"),
    "c4-no-terminal": ("lorem_ipsum", "curly_bracket", "too_few_sentences"),
    "fineweb": ("empty", "line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"),
}


def read_texts(patterns: Sequence[str], largest: int) -> Iterator[str]:
    """Give the texts of JSONL files, and other files whole; longer ones are cut."""
    for pattern in patterns:
        for name in sorted(glob.glob(pattern, recursive=True)):
            with open(name, encoding="utf-8", errors="replace") as stream:
                if not name.endswith(".jsonl"):
                    yield stream.read()[:largest]
                    continue
                for line in stream:
                    yield json.loads(line)["text"][:largest]


def make_documents(options: argparse.Namespace) -> dict[str, list[str]]:
    """Give the documents by kind."""
    from spacy.lang.en import English

    rng = random.Random(options.seed)
    texts = list(read_texts(options.texts, options.largest))
    rng.shuffle(texts)
    real = texts[: options.documents * 2 // 5]
    pool = [text[:5000] for text in texts[-max(1, options.documents * 2 // 5) :]]
    return {
        "real": real,
        "mutated": [mutate(rng, rng.choice(pool), pool) for _ in range(options.documents * 2 // 5)],
        "special cases": special_documents(rng, sorted(English.Defaults.tokenizer_exceptions), options.documents // 20),
        "borders": border_documents(rng, options.documents // 10),
    }


def ask_oracle(python: str, texts: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """Give datatrove's verdicts; those of the very same texts are kept in the folder."""
    source = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    asked, target = folder / "texts.jsonl", folder / f"verdicts-{hashlib.sha256(source.encode()).hexdigest()[:20]}.jsonl"
    if not target.exists():
        asked.write_text(source)
        unfinished = target.with_suffix(".part")
        subprocess.run([python, str(ORACLE), str(asked), str(unfinished)], check=True)
        unfinished.rename(target)
    with target.open() as lines:
        return [json.loads(line) for line in lines]


def judge(texts: Sequence[str], batch_bytes: int = 2 << 20) -> list[dict[str, Any]]:
    """Give our verdicts, in batches of a usual size."""
    signal = QualitySignal()
    rows: list[dict[str, Any]] = []
    part: list[str] = []
    for number, text in enumerate(texts):
        part.append(text)
        if sum(map(len, part)) > batch_bytes or number == len(texts) - 1:
            rows.extend(_judge_batch(signal, DocumentBatch.from_texts(part)))
            part = []
    return rows


def _judge_batch(signal: QualitySignal, batch: DocumentBatch) -> list[dict[str, Any]]:
    table = signal.compute(batch)
    rows: list[dict[str, Any]] = [{"lane": lane} for lane in table.column("lane").to_pylist()]
    for rule_set in RULE_SETS:
        for row, reason in zip(rows, verdicts(table, rule_set).first_reason, strict=True):
            row[rule_set] = reason
    for rule_set, prefix in (("c4", "c4"), ("c4-no-terminal", "c4nt")):
        texts: pa.Array = rewrite(batch, rule_set == "c4")
        for row, digest, text in zip(rows, table.column(f"{prefix}_sha256").to_pylist(), texts.to_pylist(), strict=True):
            row[f"{rule_set}_sha256"] = digest.hex() if digest else None
            if digest and hashlib.sha256(text.encode()).digest() != digest:
                row[f"{rule_set}_sha256"] = "the rewritten text has another digest"
    return rows


def compare(texts: Sequence[str], ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]], met: Counter[tuple[str, str]]) -> int:
    """Count the differences, show the first ones, and note the reasons met."""
    differences = 0
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        for name, expected in other.items():
            if name in REASONS and expected is not None:
                met[name, expected] += 1
            if expected != "error" and mine[name] != expected:
                differences += 1
                if differences <= 5:
                    print(f"    {name}: {mine[name]!r}, datatrove {expected!r}, lane {mine['lane']}: {text[:200]!r}", file=sys.stderr)
    return differences


def main() -> int:
    """Compare and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle-python", required=True)
    parser.add_argument("--texts", nargs="+", required=True)
    parser.add_argument("--documents", type=int, default=21_000, help="about how many; five decisions each")
    parser.add_argument("--largest", type=int, default=8_000, help="characters of a document at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verdicts", type=Path, help="a folder to keep datatrove's verdicts in for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        return run(options, options.verdicts or Path(temporary))


def run(options: argparse.Namespace, folder: Path) -> int:
    """Compare all documents; gives the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    met: Counter[tuple[str, str]] = Counter()
    total = differences = 0
    print("| documents | number | MB | decisions | cleaned texts | reference lane | oracle failed | differences |\n" + "|---" * 8 + "|")
    for kind, texts in make_documents(options).items():
        start = time.monotonic()
        theirs, ours = ask_oracle(options.oracle_python, texts, folder), judge(texts)
        found = compare(texts, ours, theirs, met)
        size = sum(len(text.encode()) for text in texts) / 1e6
        cleaned = sum(row[f"{name}_sha256"] is not None for row in theirs for name in ("c4", "c4-no-terminal"))
        lane, failed = sum(row["lane"] for row in ours), sum(row[name] == "error" for row in theirs for name in RULE_SETS)
        print(f"| {kind} | {len(texts)} | {size:.1f} | {5 * len(texts)} | {cleaned} | {lane} | {failed} | {found} |", flush=True)
        total, differences = total + 5 * len(texts), differences + found
        print(f"  {kind}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    missing = [f"{name}: {reason}" for name, reasons in REASONS.items() for reason in reasons if not met[name, reason]]
    print(f"\n{total} decisions, {differences} differences. Reasons met:\n")
    for name, reasons in REASONS.items():
        print(f"- {name}: " + ", ".join(f"{reason} {met[name, reason]}" for reason in reasons))
    for item in missing:
        print(f"NOT MET: {item}")
    return 1 if differences or missing else 0


if __name__ == "__main__":
    sys.exit(main())
