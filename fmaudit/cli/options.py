"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "ColumnNames", "ConfigFile", "Overrides", "PluginNames", "RowLimit", "RunName", "RunsFolder", "TargetName", "Where"]

ConfigFile = Annotated[Path, typer.Argument(help="The audit.toml to use.", metavar="AUDIT.TOML")]
Overrides = Annotated[list[str], typer.Option("--set", help="Set a value over the file: --set run.workers=2", metavar="KEY=VALUE")]
PluginNames = Annotated[list[str], typer.Option("--plugin", help="Also load this installed plugin.", metavar="NAME")]
RunName = Annotated[str, typer.Argument(help="A run's id or directory, or latest.", metavar="RUN")]
RunsFolder = Annotated[Path, typer.Option("--runs", help="Where the run directories are.", metavar="DIR")]
TargetName = Annotated[str, typer.Option("--target", help="Which target, where the run has several.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable lines on stdout; everything else goes to stderr.")]
Where = Annotated[str, typer.Option("--where", help="SQL over the columns: \"language.label = 'te'\"", metavar="SQL")]
ColumnNames = Annotated[str, typer.Option("--columns", help="Comma-separated columns.", metavar="A,B")]
RowLimit = Annotated[int, typer.Option("--limit", min=0, help="At most this many rows; 0 means all.")]
