"""fmaudit init: write an audit.toml from a folder of data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app

__all__ = ["init"]


@app.command()
def init(
    data: Annotated[Path, typer.Argument(help="A folder or file of data.")] = Path("."),
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.", metavar="FILE")] = Path("audit.toml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Look at a folder of data and write a commented audit.toml for it."""
    from fmaudit.api.guess import guess_config
    from fmaudit.cli.output import visible_text
    from fmaudit.errors import ConfigError

    if output.exists() and not force:
        raise ConfigError(f"{output} is there already", hint="choose another name with --output, or overwrite it with --force")
    guess = guess_config(data, output.resolve().parent)
    output.write_text(guess.text, "utf-8")
    for note in guess.notes:
        print(visible_text(note))
    print(f"wrote {output}; look it over, then: fmaudit run {output}")
