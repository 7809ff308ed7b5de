"""fmaudit demo: audit the sample corpus that comes with fmaudit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app

__all__ = ["demo"]


@app.command()
def demo(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where to put the sample data and the run.", metavar="DIR")] = Path(
        "demo"
    ),
) -> None:
    """Audit the sample corpus: many languages, planted defects, one report."""
    from fmaudit.api.auditing import prepare, run_prepared
    from fmaudit.cli.ending import print_ending
    from fmaudit.cli.progress import ProgressDisplay
    from fmaudit.samples import sample_data

    directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sample_data(), directory, dirs_exist_ok=True)
    with ProgressDisplay() as display:
        outcome = run_prepared(prepare(directory / "audit.toml"), new=True, listener=display)
    print_ending(outcome, as_json=False)
    print(f"\nthe corpus, its key and its audit.toml are in {directory}: try fmaudit documents --runs {directory / 'runs'}")
    raise typer.Exit(0 if outcome.exit_code == 1 else outcome.exit_code)  # the demo shows a failing check on purpose
