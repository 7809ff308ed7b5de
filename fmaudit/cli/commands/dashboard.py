"""fmaudit dashboard: look at runs in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app
from fmaudit.cli.options import PluginNames, RunsFolder

__all__ = ["dashboard"]


@app.command()
def dashboard(
    runs: RunsFolder = Path("runs"),
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to serve on.")] = 8501,
    host: Annotated[
        str, typer.Option("--host", help="Another address than this machine's own needs signing in to be set up.")
    ] = "127.0.0.1",
    plugins: PluginNames = [],
) -> None:
    """Serve the dashboard: runs, findings, documents, answers, changes. It only reads."""
    from fmaudit.cli.output import visible_text
    from fmaudit.cli.permitted import permitted_plugins
    from fmaudit_dashboard.launch import serve

    place = "127.0.0.1" if host == "localhost" else f"[{host}]" if ":" in host.strip("[]") and not host.startswith("[") else host
    words = visible_text(f"fmaudit dashboard of {runs} on http://{place}:{port} (ctrl-c ends it)")
    code = serve(runs, host=host, port=port, plugins=permitted_plugins(plugins), ready=lambda: print(words, flush=True))
    if code:
        raise typer.Exit(6 if code > 0 else 130)
