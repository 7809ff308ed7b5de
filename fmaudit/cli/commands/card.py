"""fmaudit card: one page about one model, from the runs that measured it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import PluginNames, RunsFolder

__all__ = ["card"]


@app.command()
def card(
    model: Annotated[str, typer.Argument(help="The model's name in audit.toml.", metavar="MODEL")],
    names: Annotated[list[str], typer.Argument(help="Runs by id or directory; the latest by default.", metavar="[RUN]...")] = ["latest"],
    format: Annotated[str, typer.Option("--format", help="html, markdown or json.", metavar="NAME")] = "markdown",
    output: Annotated[str, typer.Option("--output", "-o", help="Write to this file; - prints.", metavar="FILE")] = "-",
    data: Annotated[list[str], typer.Option("--data", help="A corpus or tokenizer that belongs to it; else all.", metavar="NAME")] = [],
    kind: Annotated[str, typer.Option("--kind", help="Which card, where plugins bring several.", metavar="NAME")] = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
) -> None:
    """Sum up what runs measured of a model: its data, the model, its post-training, its sampling, and what is not known."""
    from fmaudit.api.cards import render_card
    from fmaudit.cli.output import visible_text
    from fmaudit.store.writer import write_bytes

    text = render_card(model, names, format, data=data, runs=runs, kind=kind, plugins=plugins)
    if output == "-":
        sys.stdout.write(text)
    else:
        write_bytes(Path(output), text.encode())
        print(visible_text(output))
