"""Deletes parts that no unit names: left by units that were discarded or computed again, or by a process that was killed."""

from __future__ import annotations

from pathlib import Path

from fmaudit.runs.journal import Journal

__all__ = ["sweep_parts"]

_EMPTY = "empty.parquet"  # stands in for the parts of a view that has no rows


def sweep_parts(root: Path, journal: Journal) -> list[str]:
    """Delete what lies under `observations/` and belongs to no unit; returns the paths, relative to the run directory, in order.

    Call it while the run's lock is held and no worker writes. The journal says what is kept, so it may be killed at any moment and
    repeated. An `empty.parquet` stays as long as its folder has no part that a unit names.
    """
    named = {part for unit in journal.units() for part in unit.parts.values()}
    folders = {part.rpartition("/")[0] for part in named}
    swept = []
    for path in sorted((root / "observations").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name not in named and (path.name != _EMPTY or name.rpartition("/")[0] in folders):
            path.unlink(missing_ok=True)
            swept.append(name)
    return swept
