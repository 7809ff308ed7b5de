"""What the tests of runs share: a moody plugin, and runs that stop half way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fmaudit
from fmaudit.runs.journal import Journal

MOODY = """
import os
import pyarrow as pa
from fmaudit import CorpusAudit, Metric, Params, Signal, hookimpl

SCHEMA = pa.schema([("length", pa.int64())])

class Plain(Signal):
    name, version, schema, reads, hates = "plain", "1", SCHEMA, ("factor",), "PLAINLY"
    def compute(self, batch):
        texts = batch.text.to_pylist()
        if any(self.hates in text for text in texts):
            raise ValueError("not this one")
        if any("POISON" in text for text in texts) and self.params.get("deadly", True):
            os._exit(9)
        factor = self.params.get("factor", 1)
        return pa.RecordBatch.from_arrays([pa.array([factor * len(text) for text in texts], pa.int64())], schema=SCHEMA)

class Fussy(Plain):
    name, reads, hates = "fussy", ("deadly",), "FUSSILY"

class Moody(CorpusAudit):
    name, version, title, signals = "moody", "1", "What mood is it in?", ("plain", "fussy")
    class Params(Params):
        factor: int = 1
        deadly: bool = True
    def measure(self, seen):
        sums = "coalesce(sum(plain.length), 0) s, coalesce(sum(fussy.length), 0) f"
        row = seen.sql(f"select count(*) n, {sums} from documents").to_pylist()[0]
        for name in ("n", "s", "f"):
            yield Metric(name=name, value=float(row[name]), unit="count", n=row["n"])

@hookimpl
def fmaudit_audits(): return [Moody]

@hookimpl
def fmaudit_signals(): return [Plain, Fussy]
"""


@pytest.fixture
def moody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A plugin with two signals, each of which fails on a word of its own and reads a parameter of its own."""
    site = tmp_path / "site"
    info = site / "fmaudit_moody-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "fmaudit_moody.py").write_text(MOODY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fmaudit-moody\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fmaudit]\nmoody = fmaudit_moody\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH", "")])))
    sys.modules.pop("fmaudit_moody", None)
    yield site
    sys.modules.pop("fmaudit_moody", None)  # a test may have changed it


Corpus = Callable[..., Path]


@pytest.fixture
def corpus(tmp_path: Path, moody: Path) -> Corpus:
    """Write files of JSONL, by name, and an audit.toml over them; a text that is bytes is written as it is."""

    def write(run: str = "", **files: list[str | bytes]) -> Path:
        (tmp_path / "data").mkdir(exist_ok=True)
        for name, texts in files.items():
            rows = [text if isinstance(text, bytes) else {"id": f"{name}{n}", "text": text} for n, text in enumerate(texts)]
            lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
            (tmp_path / "data" / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        path = tmp_path / "audit.toml"
        path.write_text(
            'plugins = ["moody"]\n[corpus.web]\npath = "data/*.jsonl"\nid = "id"\n[audit.moody]\n[report]\nformats = []\n'
            f"[run]\nbatch_bytes = 1024\nunit_bytes = 4096\nsplit_bytes = 1000000\nworkers = 1\n{run}"
        )
        return path

    return write


@pytest.fixture
def run_and_stop(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run until so many units are acknowledged, then stop as if interrupted."""

    def run(config: Path, units: int, overrides: tuple[str, ...] = ()) -> None:
        original, left = Journal.acknowledge, [units]

        def acknowledge(self: Journal, unit: object) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            original(self, unit)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "acknowledge", acknowledge)
            with pytest.raises(fmaudit.FmauditError, match="keeps what is finished"):
                fmaudit.run(config, overrides)

    return run
