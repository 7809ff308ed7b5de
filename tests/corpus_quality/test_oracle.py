"""Rule sets replayed over stored counts decide as datatrove itself does; needs an interpreter with datatrove."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fmaudit.testing import observe
from fmaudit_corpus_quality.audit import QualityAudit
from fmaudit_corpus_quality.params import QualityParams
from fmaudit_corpus_quality.signal import QualitySignal

ORACLE = os.environ.get("FMAUDIT_ORACLE_PYTHON", "")
pytestmark = [pytest.mark.skipif(not ORACLE, reason="FMAUDIT_ORACLE_PYTHON names no interpreter with datatrove"), pytest.mark.slow]

VOCABULARY = (
    "the be to of and that have with cat sat on mat Don't e.g. U.S.A. #tag ## ... … - • http://a.b/c 3.14 { } lorem ipsum javascript "
    "Extraordinarily privacy policy use cookies été naïve 日本語 слово [1] [edit] well-known (maybe) \"quoted\" 'single' x"
)
WORDS = VOCABULARY.split()
CASES: list[tuple[str, dict[str, Any]]] = [
    ("gopher-repetition", {}),
    ("gopher-repetition", {"dup_line_frac": 0, "top_n_grams": [[2, 0.1], [4, 0.12]], "dup_n_grams": [[10, 0.05], [5, 0.0]]}),
    ("gopher-quality", {}),
    ("gopher-quality", {"min_doc_words": 5, "max_non_alpha_words_ratio": 0.7, "min_stop_words": 1, "max_symbol_word_ratio": 0.05}),
    ("c4", {}),
    ("c4", {"min_num_sentences": 7}),
    ("c4-no-terminal", {}),
    ("fineweb", {}),
    ("fineweb", {"line_punct_exclude_zero": True, "new_line_ratio": 0.1, "short_line_thr": 0.9}),
]


def texts(count: int) -> list[str]:
    """Texts near the thresholds: short and long lines, repeats, symbols, endings."""
    rng = random.Random(7)
    made = ["", " ", "\n\n", "One.", "- a\n- b", "…\n…"]
    while len(made) < count:
        words = rng.sample(WORDS, rng.randint(3, len(WORDS)))
        lines: list[str] = []
        for _ in range(rng.randint(1, 25)):
            line = " ".join(rng.choice(words) for _ in range(rng.randint(1, 30)))
            line = rng.choice(["", "", "", "- ", "• "]) + line + rng.choice([".", ".", "!", "", "...", ' "', "? Yes. No.", " [2]", ". "])
            lines += [line] * rng.choice([1, 1, 1, 1, 2, 4])
        made.append(rng.choice(["\n", "\n", "\n\n", "\r\n", "\n \n"]).join(lines))
    return made


def oracle(rule_set: str, parameters: dict[str, Any], documents: list[str]) -> list[dict[str, Any]]:
    order = json.dumps({"rule_set": rule_set, "parameters": parameters, "texts": documents})
    script = Path(__file__).with_name("oracle_datatrove.py")
    done = subprocess.run([ORACLE, str(script)], input=order, capture_output=True, text=True, check=True, timeout=300)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(("rule_set", "parameters"), CASES)
def test_verdict_reason_and_text_are_datatroves(rule_set: str, parameters: dict[str, Any]) -> None:
    documents = texts(400)
    name = f"datatrove-0.10.1/{rule_set}"
    seen = observe(documents, [QualitySignal()])
    [found] = QualityAudit(QualityParams(rule_sets=(name,), thresholds={name: parameters})).filters()
    query = f"SELECT {found.keep} AS kept, {found.first_reason} AS reason, {found.cleaned_sha256 or 'NULL'} AS sha256 FROM documents"
    expected = oracle(rule_set, parameters, documents)
    reasons = set()
    for text, ours, theirs in zip(documents, seen.sql(query).to_pylist(), expected, strict=True):
        if theirs["kept"] is None:  # datatrove divides by zero
            continue
        assert (ours["kept"], ours["reason"]) == (theirs["kept"], theirs["reason"]), text
        if rule_set.startswith("c4"):
            assert ours["sha256"] == theirs["sha256"], text
        reasons.add(theirs["reason"])
    assert len(reasons) > 2
