"""A finished run vouches for its files, and nothing that measures it again vouches for other ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import fmaudit
from fmaudit.api.auditing import measure_again
from fmaudit.api.remeasuring import prepare_again
from fmaudit.errors import RunError
from fmaudit.runs.journal import Journal

TEXTS = [f"Text {i} of a corpus. " * (1 + i % 7) for i in range(60)]


@pytest.fixture
def run(corpus) -> fmaudit.Run:
    return fmaudit.run(corpus(a=TEXTS[:40], b=TEXTS[40:]))


def part(run: fmaudit.Run, place: int = 0) -> Path:
    return sorted((run.directory.root / "observations").rglob("*.parquet"))[place]


def state(run: fmaudit.Run) -> dict[str, bytes]:
    files = (path for path in run.directory.root.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in files if not path.name.startswith((".", "journal.sqlite"))}


def measure(run: fmaudit.Run):
    opened = fmaudit.open_run(str(run.directory.root), plugins=["moody"])
    return measure_again(prepare_again(opened), opened.directory)


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 0x10
    path.write_bytes(bytes(raw))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def other_rows(path: Path) -> None:
    """Another part that can be read: what no reader could notice."""
    path.write_bytes(sorted(path.parent.glob("*.parquet"))[-1].read_bytes())


@pytest.mark.parametrize("damage", [flipped, emptied, deleted, other_rows])
def test_a_run_whose_observations_changed_is_not_measured_again_and_stays_as_it_was(run: fmaudit.Run, damage: Callable[[Path], None]):
    damaged = part(run)
    name = damaged.relative_to(run.directory.root).as_posix()
    damage(damaged)
    before = state(run)
    with pytest.raises(RunError, match="is not measured again") as told:
        measure(run)
    assert f"{name}: {'missing' if damage is deleted else 'changed since the run ended'}" in str(told.value)
    assert "from a copy" in told.value.hint
    assert "--new" in told.value.hint
    assert state(run) == before
    assert [name in problem for problem in run.verify()] == [True]  # it is not vouched for


def test_the_plan_is_part_of_what_was_observed(run: fmaudit.Run):
    plan = json.loads(run.directory.plan.read_bytes())
    plan["settings"]["corpus"]["web"]["sample"] = 0.5
    run.directory.plan.write_text(json.dumps(plan))
    before = state(run)
    with pytest.raises(RunError, match=r"plan\.json: changed since the run ended"):
        measure(run)
    assert state(run) == before


def test_a_part_that_nobody_sealed_is_not_measured(run: fmaudit.Run):
    own = part(run)
    other = own.with_name("part-of-a-stranger.parquet")
    other.write_bytes(own.read_bytes())
    journal = Journal(run.directory.journal)
    unit = next(unit for unit in journal.units() if unit.parts["documents"].endswith(own.name))
    named = {**unit.parts, "documents": other.relative_to(run.directory.root).as_posix()}
    journal.acknowledge(replace(unit, parts=named))
    journal.close()
    with pytest.raises(RunError, match=r"part-of-a-stranger\.parquet: not in the manifest"):
        measure(run)


def test_a_whole_run_is_measured_as_often_as_one_likes_and_keeps_its_hashes(run: fmaudit.Run):
    sealed = json.loads(run.directory.manifest.read_bytes())["files"]
    metrics = run.metrics()
    for _ in range(2):
        assert measure(run).exit_code == 0
        assert run.verify() == []
        again = json.loads(run.directory.manifest.read_bytes())["files"]
        assert {name: entry for name, entry in again.items() if name.startswith("observations/")} == {
            name: entry for name, entry in sealed.items() if name.startswith("observations/")
        }
        assert again.keys() == sealed.keys()
        assert run.metrics().equals(metrics)


def test_hashes_of_observations_are_not_made_anew(run: fmaudit.Run, monkeypatch: pytest.MonkeyPatch):
    """Damage between the check and the new manifest is still told by `verify`."""
    import fmaudit.api.auditing as auditing

    damaged = part(run, -1)
    seal = auditing._manifest

    def late(directory):
        flipped(damaged)
        return seal(directory)

    monkeypatch.setattr(auditing, "_manifest", late)
    measure(run)
    assert [problem.partition(":")[0] for problem in run.verify()] == [damaged.relative_to(run.directory.root).as_posix()]


@pytest.mark.parametrize("when", ["_conclude", "_manifest"])
def test_a_measurement_that_was_killed_is_repeated(run: fmaudit.Run, monkeypatch: pytest.MonkeyPatch, when: str):
    """The plan and the metrics are new and the manifest is the old one: the observations are what was sealed."""
    import fmaudit.api.auditing as auditing

    def killed(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(auditing, when, killed)
        plan = run.directory.plan.read_bytes()
        opened = fmaudit.open_run(str(run.directory.root), plugins=["moody"])
        with pytest.raises(RuntimeError, match="killed"):
            measure_again(prepare_again(opened, overrides=["audit.moody.deadly=true"]), opened.directory)
        assert run.directory.plan.read_bytes() != plan
    assert measure(run).exit_code == 0
    assert run.verify() == []


def test_results_that_are_damaged_are_made_anew(run: fmaudit.Run):
    metrics = run.metrics()
    flipped(run.directory.metrics)
    run.directory.findings.unlink()
    assert len(run.verify()) == 2
    assert measure(run).exit_code == 0
    assert run.verify() == []
    assert run.metrics().equals(metrics)


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"files": []}', b'{"files": {"plan.json": {}}}', b'{"files": {"plan.json": 1}}'])
def test_a_damaged_manifest_vouches_for_nothing_and_is_an_error_in_words(run: fmaudit.Run, manifest: bytes):
    run.directory.manifest.write_bytes(manifest)
    before = state(run)
    for ask in (run.verify, lambda: measure(run)):
        with pytest.raises(RunError, match=r"manifest\.json: damaged"):
            ask()
    assert state(run) == before


@pytest.mark.parametrize("name", ["../outside.txt", "observations/../../outside.txt"])
def test_a_manifest_is_not_followed_out_of_the_run(run: fmaudit.Run, name: str):
    (run.directory.root.parent / "outside.txt").write_text("secret")
    manifest = json.loads(run.directory.manifest.read_bytes())
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 6}
    run.directory.manifest.write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="leads out of the run"):
        run.verify()


def test_a_run_without_a_manifest_is_measured_unless_a_part_is_gone(run: fmaudit.Run):
    """It was observed, and stopped before it was sealed."""
    run.directory.manifest.unlink()
    gone = part(run)
    raw = gone.read_bytes()
    gone.unlink()
    with pytest.raises(RunError, match="missing"):
        measure(run)
    gone.write_bytes(raw)
    assert measure(run).exit_code == 0
    assert run.verify() == []


def test_the_part_that_stands_in_for_no_rows_is_made_anew(corpus):
    """Another version writes other bytes, and nobody observed anything there."""
    run = fmaudit.run(corpus(a=[]))
    empty = part(run)
    assert empty.name == "empty.parquet"
    empty.write_bytes(b"as another version writes it")
    measure(run)
    assert run.verify() == []
