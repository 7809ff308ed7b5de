"""Finds the run that changes are judged against, and judges a run's checks without measuring again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.api.results import Run
from fmaudit.config import Settings, load_config
from fmaudit.errors import RunError
from fmaudit.judge import Baseline, judge_checks, unknown_metrics
from fmaudit.judge.baseline import NO_BASELINE, limits_change
from fmaudit.judge.change import Change
from fmaudit.judge.comparing import compare_rows, pair_wholes
from fmaudit.records import Severity, Verdict, VerdictStatus
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, config_place, find_run, list_runs

if TYPE_CHECKING:
    from fmaudit.config import CheckSettings, Config
    from fmaudit.store.results import MetricRow

__all__ = [
    "Judged",
    "baseline_of",
    "baseline_override",
    "check_baseline",
    "check_run",
    "config_of",
    "find_baseline",
    "incomplete",
    "judge_run",
]

GOOD = 0  # the exit code of a run that can be a baseline


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checks say of a run, against which baseline, and how `fmaudit check` ends."""

    run: str
    baseline: str
    why: str  # how the baseline was chosen, or why there is none
    verdicts: tuple[Verdict, ...]
    exit_code: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # audits whose rows could not be paired, since their plugin is not permitted


def check_run(run: Run, *, baseline: str = "", config: str | Path | None = None) -> Judged:
    """Judge a finished run with the checks it was planned with, or with those of another audit.toml; nothing is written.

    `baseline` names a run, over `[baseline] run`. Raises RunError for a run without results and for a baseline that is not there.
    """
    settings = load_config(config).settings if config is not None else Settings.model_validate(run.plan["settings"])
    metrics = run.metric_rows()
    found, why = find_baseline(run.directory, baseline or settings.baseline.run, Path(run.plan["config"]["folder"]))
    verdicts = judge_run(settings.check, metrics, run, (found, why))
    problems = incomplete(run)
    unknown = unknown_metrics(verdicts, metrics)
    failed = any(verdict.status is VerdictStatus.FAIL for verdict in verdicts)
    code = 3 if problems or unknown else 1 if failed else 0
    notes = tuple(_unpaired(settings.check, run, found))
    return Judged(run.id, found.id if found else "", why, tuple(verdicts), code, tuple(problems), notes)


def _unpaired(checks: Sequence[CheckSettings], run: Run, found: RunDirectory | None) -> list[str]:
    """Say which limits on a change are judged without pairing, for want of a plugin."""
    audits = {_base(check.metric).partition(".")[0] for check in checks if limits_change(check)}
    if found is None or not audits:
        return []
    return [*Run(found, plugins=run.permitted).left_out(audits), *run.left_out(audits)]


def judge_run(
    checks: Sequence[CheckSettings], metrics: Sequence[MetricRow], run: Run, chosen: tuple[RunDirectory | None, str]
) -> list[Verdict]:
    """Judge checks on a run's metrics; the baseline's rows are read only if a check limits a change."""
    if not any(limits_change(check) for check in checks):
        return judge_checks(checks, metrics)
    return judge_checks(checks, metrics, baseline_of(run, metrics, *chosen, checks=checks))


def find_baseline(run: RunDirectory, name: str = "", folder: Path = Path()) -> tuple[RunDirectory | None, str]:
    """Find the run that is named (by id beside `run`, or by a path from `folder`), else the newest good one before it.

    A good run ended with exit code 0 (so no more was lost than `run.tolerance` allows) and came from the same audit.toml. Returns it,
    or None, and why. Raises RunError where the named run is not there.
    """
    if name:
        found = _named(name, folder, run.root.parent)
        return found, f"named: {found.id}"
    config, last = config_of(run), ""
    for other in reversed(list_runs(run.root.parent)):
        if _number(other) >= _number(run) or not config or config_of(other) != config:
            continue
        code = _exit_code(other)
        if code == GOOD:
            return other, f"the newest good run of the same audit.toml before {run.id}"
        last = last or f" ({other.id} {'was not finished' if code is None else f'ended with {code}'})"
    told = f"no run of the same audit.toml before {run.id} ended with exit code 0{last}; [baseline] run or --baseline names one"
    return None, f"{NO_BASELINE}: {told}"


def check_baseline(config: Config) -> None:
    """Raise RunError before any work where audit.toml names a baseline that is not there."""
    settings = config.settings
    if settings.baseline.run:
        _named(settings.baseline.run, config.folder, config.folder / settings.run.directory)


def baseline_override(name: str) -> list[str]:
    """Write `--baseline NAME` as an override of audit.toml; a directory is meant from where the command was given."""
    if not name:
        return []
    path = Path(name)
    return [f"baseline.run={json.dumps(str(path.resolve()) if (path / 'plan.json').is_file() else name)}"]


def _named(name: str, folder: Path, runs: Path) -> RunDirectory:
    path = folder / name
    try:
        return find_run(str(path) if (path / "plan.json").is_file() else name, runs)
    except RunError as error:
        raise RunError(f"the baseline: {error.args[0]}", hint=error.hint) from None


def baseline_of(
    run: Run, metrics: Sequence[MetricRow], directory: RunDirectory | None, why: str, *, checks: Sequence[CheckSettings]
) -> Baseline:
    """Open a baseline run: what metrics changed against it, with the rows of both where they can be paired."""
    from fmaudit.api.comparing import run_rows

    if directory is None:
        return Baseline(why=why)
    limited = {_base(check.metric) for check in checks if limits_change(check)}
    other, notes = Run(directory, plugins=run.permitted), list[str]()
    before, after = (run_rows(side, label, limited, notes) for side, label in ((other, "before"), (run, "after")))
    known = {(row.name, row.target): row for row in before.metrics}
    wholes = pair_wholes(before, after)

    def change(row: MetricRow) -> Change | str:
        old = known.get((row.name, row.target))
        if old is None:
            return f"{other.id} has no such metric"
        if old.metric.value is None:
            return f"the metric is {old.metric.status} in {other.id}"
        if old.metric.unit != row.metric.unit:
            return f"it is in {old.metric.unit} in {other.id}"
        return compare_rows(old, row, before, after, wholes) or f"it has no interval here or in {other.id}"

    return Baseline(other.id, why, change)


def _base(name: str) -> str:
    return name.partition("{")[0].strip()


def incomplete(run: Run) -> list[str]:
    """Say what of a run is missing beyond what its settings tolerate, as the run itself did."""
    journal = Journal(run.directory.journal, readonly=True)
    try:
        lost = sum(entry.count for _, entry in journal.ledger() if entry.lost)
        examined = sum(unit.documents for unit in journal.units())
        empty = [name for name in run.plan["corpora"] if not any(unit.documents for unit in journal.units(name))]
    finally:
        journal.close()
    tolerance = float(run.plan["settings"]["run"]["tolerance"])
    problems = [f"{record['audit']} on {record['target']} failed: {record['error']}" for record in _records(run) if record["error"]]
    problems += [
        f"{row.audit} on {row.target}: {row.finding.sentence}" for row in run.finding_rows() if row.finding.severity is Severity.ERROR
    ]
    problems += [f"no document of {name} was examined" for name in empty]
    if lost > tolerance * (lost + examined):
        problems.append(f"{lost:,} of {lost + examined:,} were not examined")
    return problems


def _records(run: Run) -> list[dict[str, str]]:
    try:
        records: list[dict[str, str]] = json.loads(run.directory.audits.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(f"{run.directory.audits}: cannot be read: {error}", hint="fmaudit verify RUN lists every damaged file") from error
    return records


def config_of(run: RunDirectory) -> str:
    """Name the audit.toml that a run was made from by where it lies, seen from the runs; empty where its plan cannot be read."""
    try:
        return config_place(json.loads(run.plan.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _exit_code(run: RunDirectory) -> int | None:
    """Return how a run ended, None where it has not, or where that cannot be read."""
    if not run.manifest.is_file() or not run.metrics.is_file():
        return None
    try:
        journal = Journal(run.journal, readonly=True)
    except (RunError, OSError):
        return None
    try:
        code = journal.get("exit_code")
        return code if isinstance(code, int) else None
    finally:
        journal.close()


def _number(run: RunDirectory) -> int:
    """Return a run's place in the order of runs; one elsewhere comes after all."""
    parts = run.id.split("-")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 1 << 62
