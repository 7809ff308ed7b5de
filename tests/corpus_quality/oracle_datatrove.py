"""Run by the interpreter that has datatrove: texts on stdin as JSON, verdicts on stdout."""

import hashlib
import json
import sys

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter

FILTERS = {
    "gopher-repetition": GopherRepetitionFilter,
    "gopher-quality": GopherQualityFilter,
    "c4": C4QualityFilter,
    "c4-no-terminal": lambda **more: C4QualityFilter(filter_no_terminal_punct=False, **more),
    "fineweb": FineWebQualityFilter,
}


def verdict(rule_set, text):
    document = Document(text=text, id="0")
    try:
        result = rule_set.filter(document)
    except ZeroDivisionError:
        return {"kept": None, "reason": None, "sha256": None}
    kept = result is True
    sha256 = hashlib.sha256(document.text.encode()).hexdigest() if kept else None
    return {"kept": kept, "reason": None if kept else result[1], "sha256": sha256}


def main():
    order = json.load(sys.stdin)
    rule_set = FILTERS[order["rule_set"]](**order["parameters"])
    json.dump([verdict(rule_set, text) for text in order["texts"]], sys.stdout)


main()
