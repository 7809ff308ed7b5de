"""What a document is written in is found from its alphabet and its structure."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from gap_support import SMILES, english, made_up_words, real_domains, sequence

from fmaudit import DocumentBatch
from fmaudit.testing import assert_signal_contract
from fmaudit_domain_gap.modality import MODALITIES, SPECIALISTS, ModalitySignal

AMINO = "ACDEFGHIKLMNPQRSTVWY"

CODE = {
    "python": 'def add(a, b):\n    """Add."""\n    return a + b\n\n\nif __name__ == "__main__":\n    print(add(1, 2))\n',
    "c": '#include <stdio.h>\nint main(void) {\n  int x = 3;\n  printf("%d\\n", x);\n  return 0;\n}\n',
    "javascript": "const f = (x) => {\n  return x * 2;\n};\nmodule.exports = { f };\n",
    "sql": "SELECT name, count(*) AS n\nFROM users\nWHERE age >= 18 AND city != 'Paris'\nGROUP BY name;\nINSERT INTO log VALUES (1);\n",
    "rust": 'fn main() {\n    let v: Vec<i32> = Vec::new();\n    println!("{:?}", v);\n}\n',
}

TEXT = (
    "The cat sat on the mat, and nobody said a word about it.",
    "CALL ME ISHMAEL. SOME YEARS AGO, NEVER MIND HOW LONG PRECISELY, HAVING LITTLE MONEY IN MY PURSE.",
    "THISLINEHASNOSPACESANDISALLCAPITALSBUTYOUCANREADITOUTLOUDNEVERTHELESS",
    "NO", "COIN", "ICON", "SCION", "Bison", "I", "On (C)",
    "Tag a cat: GATTACA is a film of 1997, and a word of four letters' alphabet.",
    "In 1998 there were 25,000 people, 12 of them over 100 years old, living in 7 villages on 3 islands.",
    "> He wrote that he would come on Monday.\n\nI do not believe it. Do you?",
    "జనెత్ బాతులు ప్రతిరోజూ 16 గుడ్లు పెడతాయి.", "这是一个没有空格的句子，但它是文字。", "ภาษาไทยเขียนโดยไม่เว้นวรรค",
    "Solve 12 - 7 = 5. Then x + 3 = 10, so the answer is 7.",
    "See https://example.org/a/very/long/path/that/goes/on/and/on/for/ever?and=more&than=that for details.",
)  # fmt: skip


def labels(texts: list[str]) -> list[str]:
    return ModalitySignal().compute(DocumentBatch.from_texts(texts))["label"].to_pylist()


def test_the_contract_holds() -> None:
    rng = np.random.default_rng(0)
    assert_signal_contract(ModalitySignal(), [sequence(rng, AMINO, 200), *SMILES, *CODE.values(), *TEXT])
    assert set(SPECIALISTS) < set(MODALITIES)


@pytest.mark.parametrize("alphabet", ["ACGT", "ACGU", "acgt", "ACGTN"])
@pytest.mark.parametrize("form", ["raw", "fasta", "lines", "genbank", "fastq"])
def test_planted_nucleotides_are_all_found(alphabet: str, form: str) -> None:
    rng = np.random.default_rng(1)
    assert set(labels([_form(sequence(rng, alphabet, int(rng.integers(30, 900))), form, i) for i in range(100)])) == {"nucleotide"}


@pytest.mark.parametrize("form", ["raw", "fasta", "lines"])
def test_planted_proteins_are_all_found(form: str) -> None:
    rng = np.random.default_rng(2)
    assert set(labels([_form("M" + sequence(rng, AMINO, int(rng.integers(30, 900))), form, i) for i in range(300)])) == {"protein"}


def test_planted_molecules_are_all_found() -> None:
    assert set(labels(list(SMILES))) == {"smiles"}
    assert labels(["\n".join(SMILES), "\n".join(f"{smiles}\tname of it {i}" for i, smiles in enumerate(SMILES))]) == ["smiles", "smiles"]
    assert labels(["smiles,id\n" + "\n".join(f"{smiles},{i}" for i, smiles in enumerate(SMILES))]) == ["smiles"]


def test_broken_molecules_are_not_molecules() -> None:
    assert "smiles" not in labels(["C1CC", "CC(=O", "CC)O", "C==O)", "c1ccccc", "[Na", "cno", "CC(", "C=", "(CC)", "1CC1"])


def test_programs_are_found() -> None:
    assert {name: label for name, label in zip(CODE, labels(list(CODE.values())), strict=True) if label != "code"} == {}


def test_prose_in_any_script_is_text() -> None:
    assert [text for text, label in zip(TEXT, labels(list(TEXT)), strict=True) if label != "text"] == []


def test_text_of_made_up_words_is_text() -> None:
    rng = np.random.default_rng(3)
    words = made_up_words(rng, 2000)
    assert set(labels([english(rng, words, 80) for _ in range(200)])) == {"text"}


def test_numbers_markup_binary_and_nothing() -> None:
    rng = np.random.default_rng(4)
    table = "\n".join(",".join(f"{value:.3f}" for value in row) for row in rng.normal(size=(20, 6)))
    page = "<html><body>" + "".join(f"<p><a href='/{i}'>link {i}</a></p>" for i in range(20)) + "</body></html>"
    data = base64.encodebytes(rng.bytes(2000)).decode()
    assert labels([table, "x y z\n" + table.replace(",", "\t"), page, data, "", " \n\t", "!!! ??? ... --- ***"]) == [
        "numbers", "numbers", "markup", "encoded", "empty", "empty", "other",
    ]  # fmt: skip


def test_counts_are_those_of_the_text() -> None:
    row = ModalitySignal().compute(DocumentBatch.from_texts(["ab c1,\n\né 2;"])).to_pylist()[0]
    assert row == {"label": "text", "letters": 4, "digits": 2, "spaces": 4, "symbols": 2, "lines": 2, "code_lines": 0}


def test_real_domains_are_what_they_are(shared_data: Path) -> None:
    found = {name: labels(texts) for name, texts in real_domains(shared_data).items()}
    assert set(found["protein"]) == {"protein"}
    assert set(found["general"]) == set(found["fiction"]) == {"text"}
    assert found["code"].count("code") / len(found["code"]) >= 0.95
    assert found["legal"].count("text") / len(found["legal"]) >= 0.95
    whole = (shared_data / "domains" / "protein_NC_000932.faa").read_text()
    assert labels([whole]) == ["protein"]


def _form(letters: str, form: str, number: int) -> str:
    lines = "\n".join(letters[i : i + 70] for i in range(0, len(letters), 70))
    if form == "raw":
        return letters
    if form == "lines":
        return lines
    if form == "fasta":
        return f">seq{number} a description of it, in words\n{lines}\n"
    if form == "fastq":
        return f"@read{number}\n{letters}\n+\n{'I' * len(letters)}\n"
    blocks = [letters[i : i + 10] for i in range(0, len(letters), 10)]
    return "\n".join(f"{1 + 60 * i:>9} {' '.join(blocks[6 * i : 6 * i + 6])}" for i in range((len(blocks) + 5) // 6))
