"""The signal `modality`: what a document is written in: text, a program, a protein, a molecule, numbers ..."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fmaudit import DocumentBatch, Signal

__all__ = ["MODALITIES", "SPECIALISTS", "ModalitySignal", "modalities"]

MODALITIES = ("text", "code", "markup", "numbers", "nucleotide", "protein", "smiles", "encoded", "other", "empty")

# What reads each of these where a model of text does not.
SPECIALISTS = {
    "protein": "protein sequences (ESM-2, ProtTrans, AlphaFold for structures)",
    "nucleotide": "nucleotide sequences (Nucleotide Transformer, HyenaDNA, Evo)",
    "smiles": "molecules as SMILES (ChemBERTa, MolFormer, MegaMolBART)",
    "numbers": "tables and series of numbers",
    "encoded": "binary data in text form (decode it: images, scans and archives are read by other models)",
}

MOST_BYTES = 64 << 10  # of a document that are looked at
FEWEST_RESIDUES = 12
FEWEST_NUMBERS = 12

# What lines of programs begin with; prose that wraps begins with "from" and "class" too, but seldom in a third of its lines.
STARTS = (
    "def ", "class ", "return ", "return;", "import ", "from ", "function ", "function(", "const ", "let ", "var ", "public ", "private ",
    "protected ", "static ", "#include", "#define", "#if", "#!/", "package ", "func ", "fn ", "struct ", "elif ", "else:", "else {", "try:",
    "except ", "except:", "finally:", "assert ", ">>> ", "if (", "for (", "while (", "switch (", "using ", "namespace ", "SELECT ",
    "INSERT INTO", "CREATE TABLE", "print(", "self.", "with open", "raise ", "yield ", "async ", "await ", "@Override", "end;", "//", "/*",
)  # fmt: skip

Flags = npt.NDArray[np.bool_]
Counts = dict[str, npt.NDArray[np.int64]]


class ModalitySignal(Signal):
    """The label of every document, and the counts of what its first 64 KiB are made of."""

    name: ClassVar[str] = "modality"
    version: ClassVar[str] = "1"
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("label", pa.string()),
            *((name, pa.int32()) for name in ("letters", "digits", "spaces", "symbols", "lines", "code_lines")),
        ]
    )

    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Scan the texts, and name them."""
        counts = scan(batch)
        labels = pa.array(np.asarray(MODALITIES)[modalities(counts)].tolist(), pa.string())
        columns: list[Any] = [labels, *(pa.array(counts[name].astype(np.int32)) for name in self.schema.names[1:])]
        return pa.record_batch(columns, schema=self.schema)


def scan(batch: DocumentBatch) -> Counts:
    """Count what every document is made of; the columns are those of the kernel."""
    from fmaudit import kernels
    from fmaudit_domain_gap.kernels.scan import COLUMNS, scan_documents

    words, word_offsets = kernels.join_bytes([word.encode() for word in STARTS])
    out = np.zeros((len(batch), len(COLUMNS)), np.int64)
    scan_documents(batch.data, batch.offsets, MOST_BYTES, words, word_offsets, out)
    return {name: out[:, i] for i, name in enumerate(COLUMNS)}


def modalities(counts: Counts) -> npt.NDArray[np.int64]:
    """Name every document by the first rule that holds; indices into `MODALITIES`."""
    rules: dict[str, Flags] = {
        "empty": counts["characters"] == 0,
        "smiles": _is_smiles(counts),
        "nucleotide": _is_nucleotide(counts),
        "protein": _is_protein(counts),
        "encoded": (counts["long_bytes"] >= 0.8 * counts["characters"]) & (counts["mixed_long"] > 0),
        "numbers": (counts["number_fields"] >= FEWEST_NUMBERS) & (counts["number_fields"] >= 0.7 * counts["fields"]),
        "markup": (counts["tags"] >= 4) & (counts["tags"] >= 0.03 * counts["characters"]),
        "code": _is_code(counts),
        "other": counts["letters"] < 0.2 * counts["characters"],
    }
    found: npt.NDArray[np.int64] = np.select(list(rules.values()), [MODALITIES.index(name) for name in rules], MODALITIES.index("text"))
    return found


def _is_smiles(counts: Counts) -> Flags:
    """Tell whether nine lines in ten begin with a molecule, and their structure shows: "NO" and "COIN" are spelled with atoms too."""
    lines = counts["lines"] - counts["headers"]
    enough = (lines > 0) & (counts["smiles_lines"] >= 0.9 * lines) & (counts["smiles_bytes"] >= 3 * counts["smiles_lines"])
    found: Flags = enough & (counts["smiles_marks"] >= np.maximum(1, 0.08 * counts["smiles_bytes"]))
    return found


def _is_nucleotide(counts: Counts) -> Flags:
    """Tell whether the letters are those of DNA or RNA, in blocks longer than words; FASTA, FASTQ, GenBank's numbered blocks of ten."""
    residues, blocks = counts["residues"], np.maximum(counts["blocks"], 1)
    kinds = sum(((counts["alphabet"] >> (ord(letter) - 65)) & 1) for letter in "ACGTU")
    own = (counts["nucleotides"] >= 0.95 * residues) & (counts["core_nucleotides"] >= 0.5 * residues) & (kinds >= 2)
    alone = counts["sequence_others"] <= 0.02 * residues
    return (residues >= FEWEST_RESIDUES) & own & alone & (residues >= 8 * blocks)


def _is_protein(counts: Counts) -> Flags:
    """Tell whether the letters are amino acids: capitals without spaces, many kinds, and next to none of B J O U X Z."""
    residues, blocks = counts["residues"], np.maximum(counts["blocks"], 1)
    alone = counts["sequence_others"] + counts["sequence_digits"] <= 0.02 * residues
    kinds = sum(((counts["alphabet"] >> bit) & 1) for bit in range(26))
    composed = (counts["rare_residues"] <= 0.03 * residues) & (kinds >= np.minimum(8, residues // 3))
    one_case = (counts["upper_residues"] >= 0.99 * residues) | ((counts["upper_residues"] == 0) & (counts["headers"] > 0))
    long = residues >= np.where(counts["headers"] > 0, 5, 15) * blocks
    found: Flags = (residues >= np.where(counts["headers"] > 0, 5, FEWEST_RESIDUES)) & alone & composed & one_case & long
    return found


def _is_code(counts: Counts) -> Flags:
    lines, characters = np.maximum(counts["lines"], 1), np.maximum(counts["characters"], 1)
    share, symbols = counts["code_lines"] / lines, counts["symbols"] / characters
    return ((counts["code_lines"] >= 2) & (share >= 0.25) & (symbols >= 0.05)) | ((share >= 0.5) & (symbols >= 0.15))
