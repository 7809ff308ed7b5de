"""Where everything of a run lies on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmaudit.errors import RunError

__all__ = ["RunDirectory", "config_place", "find_run", "inside", "list_runs", "new_run_directory", "place_of"]

LEADS_OUT = "(a link that leads out of the run)"
_NAME = re.compile(r"^run-(\d{4,})-\d{8}$")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths inside `runs/<run id>/`.

    A run may come from a stranger: a file of its own that is a link to somewhere else is not there for anybody, neither to be read
    nor to be written.
    """

    root: Path

    def _own(self, name: str) -> Path:
        """Return the path of a file of the run; of a link that leads out of it, one that cannot be opened and says why."""
        path = self.root / name
        return path / LEADS_OUT if path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve()) else path

    @property
    def id(self) -> str:
        """The run's id: its folder's name."""
        return self.root.name

    @property
    def plan(self) -> Path:
        """Resolved settings, targets, plugins, versions."""
        return self._own("plan.json")

    @property
    def journal(self) -> Path:
        """Units of work, ledger, events and progress."""
        return self._own("journal.sqlite")

    @property
    def lock(self) -> Path:
        """Held by the process that works on the run."""
        return self._own(".lock")

    @property
    def metrics(self) -> Path:
        """Measured metrics."""
        return self._own("metrics.parquet")

    @property
    def findings(self) -> Path:
        """Findings with their evidence."""
        return self._own("findings.parquet")

    @property
    def verdicts(self) -> Path:
        """What the checks say."""
        return self._own("verdicts.parquet")

    @property
    def audits(self) -> Path:
        """Which audits were measured, with plugin, version, parameters and failures."""
        return self._own("audits.json")

    @property
    def exhibits(self) -> Path:
        """Tables behind charts, and index.json."""
        return self._own("exhibits")

    @property
    def manifest(self) -> Path:
        """sha256 of every finished file."""
        return self._own("manifest.json")

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
        return _check_links(RunDirectory(given.resolve()))
    runs = [run for run in list_runs(directory) if run.plan.is_file()]
    if name == "latest" and runs:
        return _check_links(runs[-1])
    exact = [run for run in runs if run.id == name] or [run for run in runs if run.id.startswith(f"{name}-")]
    if len(exact) == 1:
        return _check_links(exact[0])
    known = ", ".join(run.id for run in runs[-5:])
    hint = f"runs in {directory}: {known}" if known else f"there is no run in {directory}; fmaudit run audit.toml makes one"
    raise RunError(f"no run {name!r}", hint=hint)


def config_place(plan: Mapping[str, Any]) -> str:
    """Say where the audit.toml of a run's plan lies, seen from its folder of runs: the same in a copy of the project. Raises KeyError."""
    config = plan["config"]
    if not config["path"]:
        return ""  # made from settings in Python: none of its kin can be told
    return place_of(Path(config["path"]), Path(config["folder"]) / plan["settings"]["run"]["directory"])


def place_of(config: Path, runs: Path) -> str:
    """Say where an audit.toml lies, seen from a folder of runs: `../audit.toml`."""
    return os.path.relpath(config, runs)


def inside(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Resolve paths that a run names, which may come from a stranger; raises RunError where one leads out of the run by `..` or a link.

    Folders are resolved once: a run may have ten thousand parts.
    """
    root, folders, found = root.resolve(), dict[Path, Path](), list[Path]()
    for path in paths:
        try:
            folder = folders.get(path.parent) or folders.setdefault(path.parent, path.parent.resolve())
            whole = folder / path.name
            whole = whole.resolve() if path.name == ".." or whole.is_symlink() else whole
        except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file can have
            raise RunError(f"{path}: not a path of a file") from None
        if not whole.is_relative_to(root):
            raise RunError(
                f"{path}: leads out of the run {root.name}", hint="the files of a run lie in its own folder; nothing else is followed"
            )
        found.append(whole)
    return found


def _check_links(run: RunDirectory) -> RunDirectory:
    """Raise RunError where something directly in a run is a link that leads out of it."""
    with os.scandir(run.root) as entries:
        inside(run.root, [Path(entry.path) for entry in entries if entry.is_symlink()])
    return run


def _numbered(directory: Path) -> Iterator[tuple[int, Path]]:
    if directory.is_dir():
        for path in directory.iterdir():
            match = _NAME.match(path.name)
            if match and path.is_dir():
                yield int(match.group(1)), path
