"""Texts with a known nature, and a model that says what the test tells it."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import math
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fmaudit import Backend, Capability, Completion, GenerateRequest, Model, ModelAudit, Profile, Score, ScoreRequest
from fmaudit.runs.models import rows_schema
from fmaudit.store.reader import Session, TargetObservations
from fmaudit.store.writer import write_table

csv.field_size_limit(10**7)

SMILES = (
    "CC(=O)OC1=CC=CC=C1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC(C)CC1=CC=C(C=C1)C(C)C(=O)O", "c1ccccc1", "C1CCCCC1", "CCO", "CC#N",
    "C[C@@H](C(=O)O)N", "[Na+].[Cl-]", "O=C(O)c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "N[C@@H](Cc1ccccc1)C(=O)O", "FC(F)(F)c1ccccc1", "C/C=C/C",
    "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O", "Clc1ccc(cc1)C(c1ccccc1)N1CCN(CC1)CCOCC(=O)O", "C%12CCCCC%12",
)  # fmt: skip


def sequence(rng: np.random.Generator, letters: str, length: int) -> str:
    return "".join(rng.choice(list(letters), length))


def english(rng: np.random.Generator, vocabulary: Sequence[str], count: int) -> str:
    """Words drawn by Zipf's law, as sentences."""
    shares = 1.0 / np.arange(1, len(vocabulary) + 1)
    drawn = rng.choice(list(vocabulary), count, p=shares / shares.sum())
    return " ".join(drawn) + "."


def made_up_words(rng: np.random.Generator, count: int, letters: str = "abcdefghijklmnopqrstuvwxyz") -> list[str]:
    return sorted({"".join(rng.choice(list(letters), int(rng.integers(3, 9)))) for _ in range(count)}, key=lambda word: hash_of(word))


def hash_of(word: str) -> int:
    return sum(ord(c) * 31**i for i, c in enumerate(word)) % 1_000_003


class Scripted(Backend):
    """A model whose log-probabilities and answers are functions of the text; every byte is a token."""

    scheme = "scripted"
    capabilities = frozenset({Capability.SCORE, Capability.GENERATE, Capability.CHAT, Capability.PROFILE})

    def __init__(
        self,
        bits: Callable[[str, str], float] = lambda context, continuation: 8.0 * len(continuation.encode()),
        answer: Callable[[str], str] = lambda prompt: "",
        builtin: bool = False,
    ) -> None:
        super().__init__("scripted:")
        self.bits, self.answer, self.builtin = bits, answer, builtin
        self.identity = "scripted"
        self.asked: list[Any] = []

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> Scripted:
        return cls()

    def profile(self) -> Profile:
        return Profile(builtin=self.builtin)

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score]]:
        self.asked += requests
        for i, request in enumerate(requests):
            nats = -self.bits(request.context, request.continuation) * math.log(2.0)
            data = request.continuation.encode()
            yield i, Score(log_likelihood=nats, token_ids=tuple(data), log_probs=(nats / len(data),) * len(data), greedy=False)

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion]]:
        self.asked += requests
        for i, request in enumerate(requests):
            prompt = request.messages[-1].content if request.messages else request.prompt
            for sample in request.samples:
                yield i, Completion(text=self.answer(prompt), sample=sample)


def ask(audit: ModelAudit, backend: Backend) -> TargetObservations:
    """Observe a model in memory, as a run would."""
    cases = list(audit.cases())
    model = Model(backend)

    async def one(case: Any, face: Model) -> list[dict[str, Any]]:
        return [{"case": case.id, **row} for row in await audit.observe(case, face)]

    outcomes = model.run([lambda face, case=case: one(case, face) for case in cases])  # type: ignore[misc]
    rows = [row for outcome in outcomes for row in outcome]  # type: ignore[union-attr]
    return model_rows(audit, rows)


def model_rows(audit: ModelAudit, rows: Sequence[dict[str, Any]]) -> TargetObservations:
    """Make observations of rows given in a test."""
    folder = tempfile.TemporaryDirectory(prefix="fmaudit-test-")
    path = Path(folder.name) / "observations.parquet"
    write_table(path, pa.Table.from_pylist(list(rows), schema=rows_schema(audit)))
    seen = TargetObservations(Session(Path(folder.name), {"observations": [path]}), "model", kind="model", uri="scripted:")
    seen.kept = folder  # type: ignore[attr-defined] # the files go with the object
    return seen


def corpus(path: Path, **roles: str) -> dict[str, Any]:
    """Settings as a parameter of type Corpora holds them."""
    base = {"text": "text", "id": "", "url": "", "language": "", "domain": "", "max_document_bytes": 1 << 20, "sample": 1.0, "format": ""}
    return {**base, "path": [str(path)], **roles}


def real_sentences(shared: Path, language: str) -> list[str]:
    """The 2,009 FLORES sentences of a language."""
    with tarfile.open(shared / "flores200" / "flores200_13langs.tar.xz") as archive:
        member = archive.extractfile(f"./{language}.txt")
        assert member is not None
        return member.read().decode().split("\n")[:2009]


def real_domains(shared: Path) -> dict[str, list[str]]:
    """The shared texts as documents by domain: FLORES as general English, of which three sentences make a document."""
    folder = shared / "domains"
    sentences = real_sentences(shared, "eng_Latn")
    with gzip.open(folder / "code_HumanEval.jsonl.gz", "rt") as stream:
        code = [json.loads(line) for line in stream]
    with lzma.open(folder / "fiction_botchan_en.txt.xz", "rt", encoding="utf-8-sig") as stream:
        fiction = stream.read().split("\n")
    with (folder / "legal_corporate_lobbying.tsv").open() as table:
        legal = [row["bill_summary"] for row in csv.DictReader(table, delimiter="\t")]
    with (folder / "legal_sara_tax.tsv").open() as table:
        statutes = [row["statute"].replace("<br>", "\n") for row in csv.DictReader(table, delimiter="\t")]
    legal += [statute[i : i + 1500] for statute in statutes for i in range(0, len(statute), 1500)]
    protein = (folder / "protein_NC_000932.faa").read_text().split(">")[1:]
    return {
        "general": [" ".join(sentences[i : i + 3]) for i in range(0, 2009, 3)],
        "fiction": ["\n".join(fiction[i : i + 20]) for i in range(0, len(fiction), 20)],
        "legal": legal,
        "code": [row["prompt"] + row["canonical_solution"] for row in code],
        "protein": [">" + record for record in protein],
    }
