"""fmaudit check-fresh: an alarm for what does not happen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import AsJson, RunsFolder

__all__ = ["check_fresh"]

_STALE = 3


@app.command("check-fresh")
def check_fresh(
    max_age: Annotated[str, typer.Option("--max-age", help="How old the newest good run may be: 26h, 8d.", metavar="SPAN")],
    runs: RunsFolder = Path("runs"),
    config: Annotated[Path | None, typer.Option("--config", help="Only runs of this audit.toml.", metavar="AUDIT.TOML")] = None,
    as_json: AsJson = False,
) -> None:
    """Check that the newest good run is young enough: exit code 0 if so, 3 if not."""
    from fmaudit.api.scheduling import now
    from fmaudit.cli.output import print_json, visible_text
    from fmaudit.config.duration import parse_duration
    from fmaudit.errors import ConfigError
    from fmaudit.schedule.fresh import freshness

    try:
        limit = parse_duration(max_age)
    except ValueError as error:
        raise ConfigError(f"--max-age: {error}") from None
    found = freshness(runs, limit, now(), config.resolve() if config else None)
    with keeping_exit_code():
        if as_json:
            newest = found.newest
            times = {"run": newest.run.id if newest else None, "finished": newest.finished.isoformat() if newest else None}
            print_json({"fresh": found.fresh, "sentence": found.sentence, **times})
        else:
            print(visible_text(found.sentence))
    raise typer.Exit(0 if found.fresh else _STALE)
