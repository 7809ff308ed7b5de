"""Whatever the number of processes, interruptions, unit sizes: the same rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import fmaudit
from fmaudit.errors import ConfigError, RunLocked
from fmaudit.runs.journal import Journal

TEXTS = [f"Document {i} says THIS and nothing else. " * (1 + i % 5) for i in range(160)]


@pytest.fixture
def config(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    write_jsonl("data/a.jsonl.gz", TEXTS[:100])
    write_jsonl("data/b.jsonl", TEXTS[100:])
    path = tmp_path / "audit.toml"
    path.write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "data/*"\nid = "id"\nurl = "url"\n[audit.shouting]\n'
        "[run]\nbatch_bytes = 1024\nunit_bytes = 4096\nsplit_bytes = 2048\nworkers = 1\n"
    )
    return path


def rows(run: fmaudit.Run) -> pa.Table:
    return run.documents(columns=["file", '"offset"', "id", "host", "bytes", "capitals"]).sort_by(
        [("file", "ascending"), ("offset", "ascending")]
    )


def test_every_document_is_observed_once_with_identity_and_signal(config: Path):
    table = rows(fmaudit.run(config))
    assert sorted(table["id"].to_pylist()) == sorted([f"d{i}" for i in range(100)] + [f"d{i}" for i in range(60)])
    assert sorted(table["bytes"].to_pylist()) == sorted(len(text) for text in TEXTS)
    assert pc.sum(pc.struct_field(table["capitals"], "upper")).as_py() == sum(sum(c.isupper() for c in text) for text in TEXTS)


def test_units_batches_and_processes_change_nothing(config: Path):
    expected = rows(fmaudit.run(config))
    for override in (["run.unit_bytes=1000000000"], ["run.batch_bytes=100000"], ["run.workers=2"], ["run.split_bytes=1000000"]):
        assert rows(fmaudit.run(config, override)).equals(expected), override


def test_a_run_that_stops_half_way_goes_on_where_it_stopped(config: Path, monkeypatch: pytest.MonkeyPatch):
    expected = rows(fmaudit.run(config))
    acknowledged = []
    original = Journal.acknowledge

    def stop_after_five(self, unit):
        if len(acknowledged) == 5:
            raise KeyboardInterrupt
        original(self, unit)
        acknowledged.append(unit.key)

    monkeypatch.setattr(Journal, "acknowledge", stop_after_five)
    with pytest.raises(fmaudit.FmauditError, match="keeps what is finished"):
        fmaudit.run(config)
    again = []
    monkeypatch.setattr(Journal, "acknowledge", lambda self, unit: (again.append(unit.key), original(self, unit)))
    run = fmaudit.run(config)
    assert run.id == "run-0002-" + run.id[-8:]
    assert not set(again) & set(acknowledged)
    assert rows(run).equals(expected)


def test_a_changed_signal_is_computed_again_and_nothing_else(config: Path, shouting: Path, monkeypatch: pytest.MonkeyPatch):
    original = Journal.acknowledge
    count = [0]

    def stop(self, unit):
        if count[0] == 6:
            raise KeyboardInterrupt
        count[0] += 1
        original(self, unit)

    monkeypatch.setattr(Journal, "acknowledge", stop)
    with pytest.raises(fmaudit.FmauditError):
        fmaudit.run(config)
    monkeypatch.setattr(Journal, "acknowledge", original)
    (shouting / "fmaudit_shouting.py").write_text((shouting / "fmaudit_shouting.py").read_text().replace(r"\p{Lu}", r"[A-Z]") + "\n")
    import sys

    sys.modules.pop("fmaudit_shouting", None)
    run = fmaudit.run(config)
    journal = Journal(run.directory.journal, readonly=True)
    assert any("capitals: code, model or parameters changed" in detail for _, _, kind, detail in journal.events() if kind == "recomputed")
    assert rows(run).num_rows == len(TEXTS)
    assert len({frozenset(unit.signals.items()) for unit in journal.units()}) == 1


def test_a_changed_file_is_read_again_and_the_others_are_not(config: Path, tmp_path: Path, write_jsonl, monkeypatch: pytest.MonkeyPatch):
    original = Journal.acknowledge

    def stop_at_b(self, unit):
        if unit.key.file.endswith("b.jsonl") and unit.key.start:
            raise KeyboardInterrupt
        original(self, unit)

    monkeypatch.setattr(Journal, "acknowledge", stop_at_b)
    with pytest.raises(fmaudit.FmauditError):
        fmaudit.run(config)
    write_jsonl("data/b.jsonl", ["NEW TEXT"] * 3)
    again = []
    monkeypatch.setattr(Journal, "acknowledge", lambda self, unit: (again.append(unit.key.file), original(self, unit)))
    run = fmaudit.run(config)
    assert set(again) == {"data/b.jsonl"}
    assert rows(run).num_rows == 103


def test_two_processes_cannot_work_on_one_run(config: Path):
    from filelock import FileLock

    from fmaudit.api.auditing import measure_again, prepare

    run = fmaudit.run(config)
    with FileLock(run.directory.lock), pytest.raises(RunLocked):
        measure_again(prepare(config), run.directory)


def test_a_link_in_a_run_never_has_what_it_leads_to_written_over(config: Path, tmp_path: Path):
    from fmaudit.api.auditing import measure_again, prepare

    run = fmaudit.run(config)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (run.directory.root / ".lock.json").symlink_to(outside)
    measure_again(prepare(config), run.directory)
    assert outside.read_text() == "mine"
    assert not (run.directory.root / ".lock.json").is_symlink()


def test_sampling_takes_the_same_documents_whatever_the_batches(config: Path):
    one = rows(fmaudit.run(config, ["corpus.web.sample=0.3"]))
    two = rows(fmaudit.run(config, ["corpus.web.sample=0.3", "run.batch_bytes=50000"]))
    assert one.equals(two)
    assert 25 < one.num_rows < 75


def test_a_limit_takes_the_first_documents_of_each_split(config: Path):
    run = fmaudit.run(config, ["corpus.web.limit=10", "run.split_bytes=1000000"])
    assert sorted(rows(run)["id"].to_pylist()) == sorted([f"d{i}" for i in range(5)] * 2)


def test_an_empty_corpus_is_measured_without_a_crash(tmp_path: Path, shouting: Path):
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "audit.toml").write_text('plugins=["shouting"]\n[corpus.web]\npath="empty.jsonl"\n[audit.shouting]\n')
    run = fmaudit.run(tmp_path / "audit.toml")
    assert run.documents().num_rows == 0
    assert run.exit_code == 3  # the plugin divides by zero: its audit failed, and the run says so


def test_an_unknown_audit_names_the_nearest_one_and_broken_plugins(config: Path):
    config.write_text(config.read_text().replace("[audit.shouting]", "[audit.shoutin]").replace('"shouting"', '"shouting", "missing"'))
    with pytest.raises(ConfigError) as caught:
        fmaudit.run(config)
    assert "did you mean 'shouting'" in str(caught.value)
    assert "'missing' is broken" in str(caught.value)


def test_a_check_on_a_metric_that_does_not_exist_is_no_success(config: Path):
    config.write_text(config.read_text() + '[[check]]\nmetric = "shouting.shar"\nmax = 0.5\n')
    assert fmaudit.run(config).exit_code == 3


def test_a_corpus_without_a_document_is_no_success(config: Path, tmp_path: Path):
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert fmaudit.run(config, ['corpus.web.path="empty.jsonl"']).exit_code == 3
