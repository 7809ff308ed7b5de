"""Removes old runs, and never one that is at work, unfinished, pinned, a baseline, the newest, or the newest good one."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from fmaudit.schedule.fresh import Ended, belongs_to, read_ended
from fmaudit.store.layout import RunDirectory, list_runs
from fmaudit.store.writer import sync_folder

__all__ = ["Pruned", "is_pinned", "pin", "prune"]

PIN = ".pinned"
_TRASH = ".removed-"  # no run begins so: what carries this name is listed nowhere


@dataclass(frozen=True, slots=True)
class Pruned:
    """A run that was removed, or would be, or had to stay although it is old; `reason` says why."""

    run: str
    removed: bool
    reason: str


def pin(run: RunDirectory, pinned: bool) -> None:
    """Keep a run for ever, or no longer."""
    path = run.root / PIN
    if pinned:
        path.touch()
    else:
        path.unlink(missing_ok=True)


def is_pinned(run: RunDirectory) -> bool:
    """Tell whether a run is kept for ever."""
    return (run.root / PIN).exists()


def prune(
    runs: Path,
    config: Path | None,
    keep: int | None,
    keep_days: int | None,
    baselines: Collection[str],
    now: datetime.datetime,
    *,
    dry_run: bool = False,
) -> list[Pruned]:
    """Remove the finished runs of an audit.toml that neither `keep` (the newest so many) nor `keep_days` holds.

    Without either nothing is removed, but what an earlier call had begun to remove goes. Raises OSError where the disk does not let.
    """
    if not dry_run:
        _sweep(runs)
    if keep is None and keep_days is None:
        return []
    own = [run for run in list_runs(runs) if belongs_to(run, config)]
    ended = [found for found in map(read_ended, own) if found is not None]
    safe = _needed(own, ended) | dict.fromkeys(baselines, "a baseline")
    return [_remove(found, safe, dry_run) for found in _old(ended, keep, keep_days, now)]


def _needed(own: Sequence[RunDirectory], ended: Sequence[Ended]) -> dict[str, str]:
    """List what stays although no rule holds it, with the reason: what is newest, and what later runs are compared with."""
    passing = [found.run.id for found in ended if found.good and found.exit_code == 0][-1:]
    complete = [found.run.id for found in ended if found.good][-1:]
    safe = dict.fromkeys(passing, "the newest run that passes its checks")
    return safe | dict.fromkeys(complete, "the newest good run") | dict.fromkeys([run.id for run in own[-1:]], "the newest run")


def _old(ended: Sequence[Ended], keep: int | None, keep_days: int | None, now: datetime.datetime) -> list[Ended]:
    """List what no rule holds, oldest first."""
    held = {found.run.id for found in ended[len(ended) - keep :]} if keep and keep < len(ended) else set()
    if keep and keep >= len(ended):
        return []
    if keep_days:
        held |= {found.run.id for found in ended if now - found.finished < datetime.timedelta(days=keep_days)}
    return [found for found in ended if found.run.id not in held]


def _remove(found: Ended, safe: dict[str, str], dry_run: bool) -> Pruned:
    from filelock import FileLock, Timeout

    run = found.run
    reason = safe.get(run.id, "pinned" if is_pinned(run) else "")
    if reason:
        return Pruned(run.id, False, reason)
    lock = FileLock(run.lock, timeout=0)
    try:
        with lock:
            if read_ended(run) != found:
                return Pruned(run.id, False, "it changed meanwhile")
            if not dry_run:
                _discard(run.root)
    except Timeout:
        return Pruned(run.id, False, "at work")
    except FileNotFoundError:
        return Pruned(run.id, True, "another process removed it")
    return Pruned(run.id, True, f"ended {found.finished:%Y-%m-%d}")


def _discard(root: Path) -> None:
    """Rename first, so that a crash leaves either the whole run or something that is no run; then remove."""
    trash = root.with_name(f"{_TRASH}{root.name}-{os.getpid()}")
    root.rename(trash)
    sync_folder(root.parent)
    shutil.rmtree(trash)


def _sweep(runs: Path) -> None:
    """Remove what an earlier call was stopped in removing."""
    with contextlib.suppress(FileNotFoundError):
        for path in runs.iterdir():
            if path.name.startswith(_TRASH) and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
