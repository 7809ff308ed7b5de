"""Where everything of a run lies on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fmaudit.errors import RunError

__all__ = ["RunDirectory", "find_run", "list_runs", "new_run_directory"]

_NAME = re.compile(r"^run-(\d{4,})-\d{8}$")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths inside `runs/<run id>/`."""

    root: Path

    @property
    def id(self) -> str:
        """The run's id: its folder's name."""
        return self.root.name

    @property
    def plan(self) -> Path:
        """Resolved settings, targets, plugins, versions."""
        return self.root / "plan.json"

    @property
    def journal(self) -> Path:
        """Units of work, ledger, events and progress."""
        return self.root / "journal.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the run."""
        return self.root / ".lock"

    @property
    def metrics(self) -> Path:
        """Measured metrics."""
        return self.root / "metrics.parquet"

    @property
    def findings(self) -> Path:
        """Findings with their evidence."""
        return self.root / "findings.parquet"

    @property
    def verdicts(self) -> Path:
        """What the checks say."""
        return self.root / "verdicts.parquet"

    @property
    def audits(self) -> Path:
        """Which audits were measured, with plugin, version, parameters and failures."""
        return self.root / "audits.json"

    @property
    def exhibits(self) -> Path:
        """Tables behind charts, and index.json."""
        return self.root / "exhibits"

    @property
    def manifest(self) -> Path:
        """sha256 of every finished file."""
        return self.root / "manifest.json"

    def observations(self, kind: str, target: str) -> Path:
        """Folder of the rows of `documents` or of a tally for one target."""
        return self.root / "observations" / kind / target

    def report(self, suffix: str) -> Path:
        """A report file: report.html, report.md, report.json."""
        return self.root / f"report.{suffix}"


def list_runs(directory: Path) -> list[RunDirectory]:
    """List the runs in a directory, oldest first, by their sequence number."""
    return [RunDirectory(path) for _, path in sorted(_numbered(directory))]


def new_run_directory(directory: Path, day: str) -> RunDirectory:
    """Make the next run's folder; two processes never get the same one. `day` is YYYYMMDD."""
    directory.mkdir(parents=True, exist_ok=True)
    number = max((number for number, _ in _numbered(directory)), default=0)
    while True:
        number += 1
        root = directory / f"run-{number:04d}-{day}"
        try:
            root.mkdir(mode=0o700)
        except FileExistsError:
            continue
        if not any(other == number and path != root for other, path in _numbered(directory)):
            return RunDirectory(root)
        root.rmdir()


def find_run(name: str, directory: Path) -> RunDirectory:
    """Find a run by id, by its number alone (run-0007), by path, or as "latest". Raises RunError that lists what there is."""
    given = Path(name)
    if (given / "plan.json").is_file():
        return RunDirectory(given.resolve())
    runs = [run for run in list_runs(directory) if run.plan.is_file()]
    if name == "latest" and runs:
        return runs[-1]
    exact = [run for run in runs if run.id == name] or [run for run in runs if run.id.startswith(f"{name}-")]
    if len(exact) == 1:
        return exact[0]
    known = ", ".join(run.id for run in runs[-5:])
    hint = f"runs in {directory}: {known}" if known else f"there is no run in {directory}; fmaudit run audit.toml makes one"
    raise RunError(f"no run {name!r}", hint=hint)


def _numbered(directory: Path) -> Iterator[tuple[int, Path]]:
    if directory.is_dir():
        for path in directory.iterdir():
            match = _NAME.match(path.name)
            if match and path.is_dir():
                yield int(match.group(1)), path
