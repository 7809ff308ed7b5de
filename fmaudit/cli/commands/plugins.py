"""fmaudit plugins: what is loaded, available or broken, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, PluginNames

if TYPE_CHECKING:
    from fmaudit.hooks.manager import PluginInfo

__all__ = ["plugins"]


@app.command()
def plugins(
    names: PluginNames = [],
    details: Annotated[bool, typer.Option("--details", help="Ask the built-in plugins, too, what they bring.")] = False,
    as_json: AsJson = False,
) -> None:
    """List plugins with state, version and what they bring; imports only the built-in ones and those named here or in ./audit.toml."""
    from fmaudit.cli.output import print_json, print_rows
    from fmaudit.cli.permitted import permitted_plugins
    from fmaudit.hooks.manager import load_plugins

    wanted = permitted_plugins(names)
    manager = load_plugins(wanted, ask_builtin=details or as_json)
    infos = sorted(manager.plugins.values(), key=lambda info: (not info.builtin, info.name))
    if as_json:
        for info in infos:
            fields = ("name", "state", "distribution", "version", "module", "cause", "provides")
            print_json({field: getattr(info, field) for field in fields})
        return
    rows = [
        (
            info.name,
            info.state,
            f"{info.distribution} {info.version}".strip(),
            _brings(info),
        )
        for info in infos
    ]
    print_rows(rows, ("plugin", "state", "from", "brings"))
    for info in manager.broken:
        print(f"\n{info.name} is broken: {info.cause}")
    if any(info.state == "available" for info in infos):
        print('\navailable plugins are not imported: name them in plugins = ["..."] of audit.toml, or with --plugin')


def _brings(info: PluginInfo) -> str:
    return "; ".join(f"{kind}: {', '.join(names)}" if names else kind for kind, names in info.provides.items())
