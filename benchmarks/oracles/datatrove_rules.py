"""datatrove's own filters over texts, for comparison; runs in an environment of its own with datatrove 0.10.1 and spaCy.

Reads JSON lines {"text": ...} from a file and writes one line for each to another:
{"gopher-repetition": null or reason, ..., "c4_sha256": ..., "c4-no-terminal_sha256": ...}. With --time it writes nothing, but prints
the CPU seconds of each filter as JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters import (  # noqa: E402
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.text import split_into_parts, split_into_words  # noqa: E402

FILTERS = {
    "gopher-repetition": GopherRepetitionFilter(),
    "gopher-quality": GopherQualityFilter(),
    "c4": C4QualityFilter(),
    "c4-no-terminal": C4QualityFilter(filter_no_terminal_punct=False),
    "fineweb": FineWebQualityFilter(),
}
TIMED = ("gopher-repetition", "gopher-quality", "c4-no-terminal", "fineweb")


def judge(text: str) -> dict[str, str | None]:
    """Give every filter's reason on the original text, and the digests of the texts that C4 leaves."""
    row: dict[str, str | None] = {}
    for name, rule in FILTERS.items():
        document = Document(text=text, id="0")
        try:
            verdict = rule.filter(document)
        except ZeroDivisionError:
            row[name] = "error"
            continue
        row[name] = None if verdict is True else verdict[1]
        if name.startswith("c4"):
            row[f"{name}_sha256"] = hashlib.sha256(document.text.encode()).hexdigest() if verdict is True else None
    return row


def poison() -> None:
    """Bring spaCy into the state it has after the first token IS_ALPHA of a process: from then on that token is an error.

    datatrove then deletes the literal and tries again. Only the very first such document of a process is spared, so a parity that
    does not hang on the order of documents can only be had with the rest.
    """
    for _ in range(3):
        split_into_words("IS_ALPHA")
        split_into_parts.cache_clear()


def compare(source: Path, target: Path) -> None:
    """Judge every text of a file."""
    poison()
    with source.open() as lines, target.open("w") as out:
        for line in lines:
            out.write(json.dumps(judge(json.loads(line)["text"])) + "\n")


def measure(source: Path) -> None:
    """Print the CPU seconds of each filter over a file, every filter on the original text, words cached between them."""
    texts = [json.loads(line)["text"] for line in source.open()]
    for name in TIMED:
        FILTERS[name].filter(Document(text="Warm up the tokenizer. It is slow the first time. " * 8, id="0"))
    split_into_parts.cache_clear()
    seconds = dict.fromkeys(TIMED, 0.0)
    for text in texts:
        for name in TIMED:
            document = Document(text=text, id="0")
            start = time.process_time()
            FILTERS[name].filter(document)
            seconds[name] += time.process_time() - start
    json.dump(seconds, sys.stdout)


def main() -> None:
    """Judge or measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    if options.time:
        measure(options.source)
    else:
        compare(options.source, options.target)


if __name__ == "__main__":
    main()
