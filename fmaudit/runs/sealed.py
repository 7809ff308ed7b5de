"""The seal of a finished run: the hashes in manifest.json, and whether the files still have them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fmaudit.errors import RunError
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, inside
from fmaudit.store.writer import file_sha256

__all__ = ["changed_files", "check_plan", "check_sealed", "note_plan", "sealed_files", "sealed_observations"]

OBSERVED = "observations/"
EMPTY = "empty.parquet"  # stands in for rows that nobody observed: measuring writes it anew
PLAN = "plan.json"
REPLANNED = "sha256 of plan.json"  # noted before a plan is written over: it may be killed before it is sealed again
NAMED = 3  # files named in a message


def sealed_files(run: RunDirectory) -> dict[str, dict[str, Any]]:
    """Return the sha256 and the size of every file of a finished run, by its path in the run.

    Raises RunError where there is no manifest, or where it cannot be read.
    """
    if not run.manifest.is_file():
        raise RunError(f"{run.id} is not finished, so it has no manifest", hint="fmaudit run goes on with it")
    try:
        files: dict[str, dict[str, Any]] = json.loads(run.manifest.read_bytes())["files"]
        if all(isinstance(entry["sha256"], str) for entry in files.values()):
            return files
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise RunError(f"{run.manifest}: damaged: nothing tells whether the files of {run.id} are as they were written", hint=_mend(run))


def changed_files(run: RunDirectory, names: Iterable[str] | None = None) -> list[str]:
    """Compare files with the manifest, all of them or those named; returns a sentence for each that is another one, or gone.

    Raises RunError as `sealed_files` does, and where the manifest names a file outside the run.
    """
    sealed = sealed_files(run)
    chosen = sorted(sealed if names is None else names)
    return [told for name, path in zip(chosen, _paths(run, chosen), strict=True) if (told := _difference(name, path, sealed.get(name)))]


def check_sealed(run: RunDirectory, journal: Journal) -> None:
    """Raise RunError, with the files' names, where the rows that were observed are not those that were sealed; nothing is written.

    Of a run that was observed and not sealed, since it was stopped in between, only what is missing can be told.
    """
    named = sorted({part for unit in journal.units() for part in unit.parts.values()})
    if run.manifest.is_file():
        listed = [name for name in sealed_files(run) if name.startswith(OBSERVED) and Path(name).name != EMPTY]
        _refuse(run, changed_files(run, {*listed, *named}))
    else:
        _refuse(run, [f"{name}: missing" for name, path in zip(named, _paths(run, named), strict=True) if not path.is_file()])


def check_plan(run: RunDirectory, journal: Journal) -> None:
    """Raise RunError where plan.json, which says how the rows were observed, is not the one that was sealed."""
    if run.manifest.is_file() and run.plan.is_file() and file_sha256(run.plan) != journal.get(REPLANNED):
        _refuse(run, changed_files(run, [PLAN]))


def note_plan(journal: Journal, document: bytes) -> None:
    """Note the plan that is about to be written over a sealed one."""
    journal.set(REPLANNED, hashlib.sha256(document).hexdigest())


def sealed_observations(run: RunDirectory) -> Mapping[str, dict[str, Any]]:
    """Return the entries of the observations of a run that is sealed already: whoever seals it again keeps them.

    A hash that was made anew would vouch for whatever became of the file.
    """
    if not run.manifest.is_file():
        return {}
    return {name: entry for name, entry in sealed_files(run).items() if name.startswith(OBSERVED) and Path(name).name != EMPTY}


def _paths(run: RunDirectory, names: Iterable[str]) -> list[Path]:
    return inside(run.root, [run.root / name for name in names])


def _difference(name: str, path: Path, entry: Mapping[str, Any] | None) -> str:
    if not path.is_file():
        return f"{name}: missing"
    if entry is None:
        return f"{name}: not in the manifest"
    return "" if file_sha256(path) == entry["sha256"] else f"{name}: changed since the run ended"


def _refuse(run: RunDirectory, problems: list[str]) -> None:
    if problems:
        more = f"\n  and {len(problems) - NAMED} more; fmaudit verify {run.id} lists them" if len(problems) > NAMED else ""
        told = "\n  ".join(problems[:NAMED])
        raise RunError(f"{run.id} is not measured again: its files are not those that were observed\n  {told}{more}", hint=_mend(run))


def _mend(run: RunDirectory) -> str:
    return f"put the files of {run.id} back from a copy, or observe anew with fmaudit run --new; the run is left as it was"
