"""What datatrove decides about every text; run by the interpreter of an environment that has it, and by no other.

Reads JSON lines with a `text` from stdin. Writes one JSON object: `version`, and under `verdicts` a list with, for every text, the first
reason of each rule set (`kept` for none) and the cleaned text where a rule set keeps the document and changes its text.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

__all__: list[str] = []


def main() -> None:
    from datatrove.data import Document
    from datatrove.pipeline import filters

    rule_sets = {
        "gopher-repetition": filters.GopherRepetitionFilter(),
        "gopher-quality": filters.GopherQualityFilter(),
        "c4": filters.C4QualityFilter(),
        "c4-no-terminal": filters.C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": filters.FineWebQualityFilter(),
    }

    def judge(rule_set: Any, text: str) -> tuple[str, str | None]:
        document = Document(text=text, id="")
        answer = rule_set.filter(document)
        if answer is not True:
            return answer[1], None
        return "kept", document.text if document.text != text else None

    texts = [json.loads(line)["text"] for line in sys.stdin.buffer]
    verdicts = [{name: judge(rule_set, text) for name, rule_set in rule_sets.items()} for text in texts]
    json.dump({"version": version("datatrove"), "verdicts": verdicts}, sys.stdout)


if __name__ == "__main__":
    main()
