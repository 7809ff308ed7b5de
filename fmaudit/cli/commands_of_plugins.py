"""Lets built-in plugins bring commands: a name that is none of ours is looked up among theirs."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["Commands"]


class Commands(TyperGroup):
    """The commands of fmaudit, then those of plugins, which are loaded only for a name that is not ours."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command by its name; None where there is none."""
        return super().get_command(ctx, cmd_name) or _of_plugin(cmd_name)


def _of_plugin(name: str) -> Any:
    from fmaudit.hooks.manager import load_plugins

    found = load_plugins().commands.get(name)
    if found is None:
        return None
    alone = typer.Typer(add_completion=False)

    # every word is the plugin's, --help too
    @alone.command(name, context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
    def call(context: typer.Context) -> None:
        raise typer.Exit(found(context.args))

    return typer.main.get_command(alone)
