"""A sentence with words that the checker has never met is not called wrong: it may mean what no rule sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fmaudit_engine_card import check_claims
from fmaudit_engine_card.claims.familiar import MOST, strange_words

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "plugins" / "fmaudit_engine_card" / "data" / "claim_words.txt"


def test_the_words_are_those_of_the_labelled_sentences() -> None:
    program = "import sys; sys.path.insert(0, 'scripts'); from make_claim_words import claim_words; sys.stdout.write(claim_words())"
    made = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == WORDS.read_text("utf-8"), "run scripts/make_claim_words.py"


@pytest.mark.parametrize(("words", "status"), [("", "wrong"), (" quokkas", "wrong"), (" quokkas yodelling", "unverifiable")])
def test_a_wrong_figure_stays_wrong_beside_one_strange_word_and_not_beside_two(words: str, status: str) -> None:
    text = f"Llama 2 7B has 48 layers{words}."
    assert len(strange_words(text)) == len(words.split()) if status == "wrong" else len(strange_words(text)) > MOST
    (verdict,) = check_claims(text)
    assert verdict.status == status
    assert "32" in verdict.reason  # what the arithmetic gives is told all the same
    if status == "unverifiable":
        assert "quokkas, yodelling" in verdict.reason


def test_what_holds_and_what_a_table_says_hang_on_no_words() -> None:
    (verdict,) = check_claims("Llama 2 7B, quokkas yodelling, has 32 layers.")
    assert verdict.status == "holds"
    (verdict,) = check_claims('[[claim]]\nkind = "layers"\nsubject = "Llama 2 7B"\nvalue = 48\ntext = "quokkas yodelling"\n')
    assert verdict.status == "wrong"
