"""fmaudit config: show what holds, and where it was said."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, ConfigFile, Overrides, PluginNames

__all__ = ["show"]

config = typer.Typer(name="config", help="Look at the settings of an audit.toml.", no_args_is_help=True)
app.add_typer(config)


@config.command()
def show(
    file: ConfigFile,
    overrides: Overrides = [],
    plugins: PluginNames = [],
    origin: Annotated[
        bool, typer.Option("--origin", help="Say where each value was set: file and line, environment, --set, default.")
    ] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Leave out what is at its default.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every setting that holds, defaults included, by the dotted key that --set takes."""
    from fmaudit.api.effective import effective_settings
    from fmaudit.cli.output import print_json, visible_text

    settings = [s for s in effective_settings(file, overrides, plugins=plugins) if not (changed and s.origin == "default")]
    if as_json:
        for setting in settings:
            print_json({"key": setting.key, "value": setting.value, "origin": setting.origin})
        return
    lines = [f"{s.key} = {'(none)' if s.value is None else json.dumps(s.value, ensure_ascii=False)}" for s in settings]
    width = min(max(map(len, lines), default=0), 70)
    for setting, line in zip(settings, lines, strict=True):
        print(visible_text(f"{line:<{width}}  # {setting.origin}" if origin else line))
