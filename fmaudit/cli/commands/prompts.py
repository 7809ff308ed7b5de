"""fmaudit prompts: what a run would ask of a model whose answers are recorded elsewhere."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import ConfigFile, Overrides, PluginNames

__all__ = ["prompts"]


@app.command()
def prompts(
    config: ConfigFile,
    model: Annotated[str, typer.Option("--model", help="The model's name in audit.toml, where there are several.", metavar="NAME")] = "",
    overrides: Overrides = [],
    plugins: PluginNames = [],
) -> None:
    """Print what the audits would ask and the recording lacks, as JSON lines: add completions to them, and they are a recording."""
    from fmaudit.api.auditing import prepare
    from fmaudit.api.prompting import unrecorded_prompts
    from fmaudit.cli.output import print_json
    from fmaudit.cli.quiet import stdout_to_stderr

    with stdout_to_stderr(True):
        rows = list(unrecorded_prompts(prepare(config, overrides, plugins=plugins, recorded=False), model))
    with keeping_exit_code():
        for row in rows:
            print_json(row)
    if not rows:
        print("every prompt is recorded", file=sys.stderr)
    else:
        told = "what follows from an answer, such as a second turn, is listed once that answer is recorded"
        print(f"{len(rows):,} prompts to record; {told}", file=sys.stderr)
