"""What is acknowledged stays only where it is what the plan asks for now, and loses nothing when a part of it is done again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import fmaudit
from fmaudit.runs.executors.local import InlineExecutor
from fmaudit.runs.journal import Journal
from fmaudit.runs.resume import share_out

TEXTS = [f"Document {i} says this and that. " * (1 + i % 5) for i in range(300)]


def ids(run: fmaudit.Run) -> list[str]:
    return sorted(run.documents(columns=["id"])["id"].to_pylist())


def values(run: fmaudit.Run) -> dict[str, float]:
    return {row["name"]: row["value"] for row in run.metrics().to_pylist()}


def entries(run: fmaudit.Run) -> list[tuple[str, int, int, str]]:
    journal = Journal(run.directory.journal, readonly=True)
    found = [(entry.reason, entry.offset, entry.count, entry.detail) for _, entry in journal.ledger()]
    journal.close()
    return sorted(found)


def reasons(run: fmaudit.Run) -> list[str]:
    journal = Journal(run.directory.journal, readonly=True)
    found = [detail for _, _, kind, detail in journal.events() if kind == "recomputed"]
    journal.close()
    return found


# -- splits and limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(2000, 8000), (8000, 2000), (2000, 1_000_000), (3000, 4000)])
def test_other_splits_lose_no_document_and_repeat_none(corpus, run_and_stop, before: int, after: int):
    config = corpus(a=TEXTS)
    run_and_stop(config, 8, (f"run.split_bytes={before}",))
    assert ids(fmaudit.run(config, [f"run.split_bytes={after}"])) == sorted(f"a{i}" for i in range(300))


def test_a_run_without_its_limit_examines_everything(corpus, run_and_stop):
    config = corpus(a=TEXTS[:100], b=TEXTS[100:])
    run_and_stop(config, 1, ("corpus.web.limit=10",))
    run = fmaudit.run(config)
    assert run.id.startswith("run-0001")
    assert len(ids(run)) == 300


@pytest.mark.parametrize(("before", "after"), [(10, 50), (50, 10), (50, None), (None, 50)])
def test_another_limit_holds_from_the_start(corpus, run_and_stop, before: int | None, after: int | None):
    config = corpus(a=TEXTS[:100], b=TEXTS[100:])
    run_and_stop(config, 1, () if before is None else (f"corpus.web.limit={before}",))
    run = fmaudit.run(config, [] if after is None else [f"corpus.web.limit={after}"])
    assert len(ids(run)) == (after or 300)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 299])
def test_a_limit_is_kept_to_the_document(corpus, limit: int):
    config = corpus(a=TEXTS[:100], b=TEXTS[:100], c=TEXTS[:100])
    run = fmaudit.run(config, [f"corpus.web.limit={limit}"])
    assert len(ids(run)) == limit


def test_a_limit_leaves_out_what_is_lost_behind_it(corpus):
    run = fmaudit.run(corpus(a=[*TEXTS[:5], b"{broken", *TEXTS[5:]]), ["corpus.web.limit=5"])
    assert run.exit_code == 0
    assert entries(run) == []


def test_a_limit_stays_the_same_when_the_run_is_interrupted(corpus, run_and_stop):
    config = corpus(a=TEXTS[:100], b=TEXTS[:100])
    override = ("corpus.web.limit=90", "run.unit_bytes=1024")
    whole = fmaudit.run(config, override)
    for units in (1, 3, 5):
        run_and_stop(config, units, override)
        run = fmaudit.run(config, override)
        assert ids(run) == ids(whole)
        assert values(run) == values(whole)


@pytest.mark.parametrize("limit", [0, 1, 3, 10, 11, 1000])
@pytest.mark.parametrize("splits", [1, 2, 3, 10, 11, 999])
def test_the_shares_of_a_limit_add_up_and_differ_by_one(limit: int, splits: int):
    shares = share_out(limit, splits)
    assert len(shares) == splits
    assert sum(shares) == limit
    assert max(shares) - min(shares) <= 1


def test_no_limit_is_no_share():
    assert share_out(None, 3) == [None, None, None]


# -- signals that are stale --------------------------------------------------------------------------------------

MOODS = [text + (" FUSSILY" if i == 20 else " PLAINLY" if i == 40 else "") for i, text in enumerate(TEXTS)]
MOODS_AND_MORE = [*MOODS[:30], b"{broken", *MOODS[30:]]


def test_a_refreshed_unit_keeps_what_it_says_of_everything_else(corpus, run_and_stop):
    config = corpus(a=MOODS_AND_MORE)
    expected = fmaudit.run(config, ["audit.moody.factor=2"])
    run_and_stop(config, 3)
    run = fmaudit.run(config, ["audit.moody.factor=2"])
    assert run.id.startswith("run-0002")
    assert reasons(run) == ["plain: code, model or parameters changed; computed again"]
    assert [entry[0] for entry in entries(run)] == ["invalid-json", "signal-failed", "signal-failed"]
    assert entries(run) == entries(expected)
    assert values(run) == values(expected)
    assert run.exit_code == expected.exit_code == 3


def test_a_refreshed_unit_forgets_the_failures_of_the_signal_that_works_now(corpus, run_and_stop, moody: Path):
    config = corpus(a=MOODS_AND_MORE)
    run_and_stop(config, 3)
    module = moody / "fmaudit_moody.py"
    module.write_text(module.read_text().replace('"FUSSILY"', '"NOTHING OF THE KIND"') + "\n")
    sys.modules.pop("fmaudit_moody", None)
    run = fmaudit.run(config)
    assert [(reason, detail.split("'")[1]) for reason, _, _, detail in entries(run) if reason == "signal-failed"] == [
        ("signal-failed", "plain")
    ]
    assert values(run)["f"] == sum(len(text) for text in MOODS)


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_an_interrupted_refresh_loses_no_entry(corpus, run_and_stop, stop: int):
    config = corpus(a=MOODS_AND_MORE)
    expected = fmaudit.run(config, ["audit.moody.factor=2"])
    run_and_stop(config, 4)
    run_and_stop(config, stop, ("audit.moody.factor=2",))
    run = fmaudit.run(config, ["audit.moody.factor=2"])
    assert (entries(run), values(run)) == (entries(expected), values(expected))


# -- batches that crashed ----------------------------------------------------------------------------------------


@pytest.fixture
def run_and_crash(run_and_stop, monkeypatch: pytest.MonkeyPatch):
    """Run, pass over the first batch, as the executor does after a worker died there again and again, and stop."""

    def run(config: Path, units: int, overrides: tuple[str, ...] = ()) -> Path:
        original = InlineExecutor.run
        with monkeypatch.context() as patch:
            patch.setattr(InlineExecutor, "run", lambda self, tasks, sink: original(self, [replace(task, care=2) for task in tasks], sink))
            run_and_stop(config, units, overrides)
        return config

    return run


def test_a_crashed_batch_stays_passed_over_while_nothing_changes(corpus, run_and_crash):
    run = fmaudit.run(run_and_crash(corpus(a=TEXTS), 5))
    ((reason, offset, count, _),) = entries(run)
    assert (reason, offset) == ("crashed", 0)
    assert len(ids(run)) + count == 300
    assert run.exit_code == 3


def test_a_crashed_batch_gets_another_chance_once_a_signal_changes(corpus, run_and_crash):
    run = fmaudit.run(run_and_crash(corpus(a=TEXTS), 5), ["audit.moody.factor=3"])
    assert run.id.startswith("run-0001")
    assert entries(run) == []
    assert len(ids(run)) == 300
    assert values(run)["s"] == 3 * sum(len(text) for text in TEXTS)


def test_a_crashed_batch_does_not_exceed_the_limit(corpus, run_and_crash):
    config = run_and_crash(corpus(a=TEXTS), 2, ("corpus.web.limit=30",))
    run = fmaudit.run(config, ["corpus.web.limit=30", "audit.moody.factor=3"])
    assert len(ids(run)) == 30
    assert [entry[0] for entry in entries(run)] == ["crashed"]


def test_a_signal_that_kills_while_it_is_refreshed_costs_its_batch(corpus, run_and_stop, moody: Path):
    module = moody / "fmaudit_moody.py"
    deadly = module.read_text()
    module.write_text(deadly.replace("os._exit(9)", "pass"))
    sys.modules.pop("fmaudit_moody", None)
    config = corpus(a=[*TEXTS[:20], "POISON " * 10, *TEXTS[21:]])
    run_and_stop(config, 4)
    module.write_text(deadly)
    sys.modules.pop("fmaudit_moody", None)
    run = fmaudit.run(config, ["run.workers=2"])
    crashed = [entry for entry in entries(run) if entry[0] == "crashed"]
    assert len(crashed) == 1
    assert len(ids(run)) + crashed[0][2] == 300
    assert run.exit_code == 3


# -- many losses -------------------------------------------------------------------------------------------------


def test_many_broken_lines_are_counted_and_not_listed_one_by_one(corpus):
    run = fmaudit.run(corpus(a=[*TEXTS[:3], *[b"{broken"] * 20_000]))
    found = entries(run)
    assert sum(count for _, _, count, _ in found) == 20_000
    assert len(found) == 1001
    assert run.directory.journal.stat().st_size < 1 << 20


def test_failures_that_are_counted_together_still_name_their_signal(corpus):
    texts = [text for i in range(1200) for text in (f"PLAINLY FUSSILY {i}", f"fine {i}")]
    run = fmaudit.run(corpus(a=texts), ["run.unit_bytes=1000000"])
    for signal in ("plain", "fussy"):
        mine = [entry for entry in entries(run) if f"'{signal}'" in entry[3]]
        assert len(mine) == 1001
        assert sum(count for _, _, count, _ in mine) == 1200
    assert values(run)["s"] == sum(len(text) for text in texts if "fine" in text)
