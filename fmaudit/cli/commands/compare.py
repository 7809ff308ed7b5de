"""fmaudit compare: what changed between two runs, and how sure that is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fmaudit.cli.app import app, keeping_exit_code
from fmaudit.cli.options import AsJson, PluginNames, RunsFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fmaudit.judge.comparing import Comparison

__all__ = ["compare"]

SHOWN = 15  # differences that are not sure, unless all are asked for
WIDE = 160  # columns where there is no terminal


@app.command()
def compare(
    before: Annotated[str, typer.Argument(help="The earlier run: its id or directory, or latest.", metavar="A")],
    after: Annotated[str, typer.Argument(help="The later run.", metavar="B")] = "latest",
    metric: Annotated[
        str, typer.Option("--metric", help="Only metrics whose full name, or name without slice, matches.", metavar="GLOB")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also list every metric without a sure difference.")] = False,
    form: Annotated[str, typer.Option("--format", help="html, markdown or json: a report instead of a table.", metavar="NAME")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="Write the report to this file; - prints.", metavar="FILE")] = "",
    plugins: PluginNames = [],
    runs: RunsFolder = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Compare two runs: paired where they share items, each difference with its interval and its q-value."""
    from fmaudit.api.comparing import compare_runs
    from fmaudit.cli.output import print_json
    from fmaudit.cli.permitted import open_permitted
    from fmaudit.cli.quiet import stdout_to_stderr
    from fmaudit.errors import ConfigError
    from fmaudit.report.comparison import comparison_as_json, comparison_view

    form = _format(form, output)
    with stdout_to_stderr(as_json):
        one, two = open_permitted(before, runs, plugins), open_permitted(after, runs, plugins)
        if one.directory.root == two.directory.root:
            raise ConfigError(
                f"{before} and {after} are the same run, {one.id}", hint="name the earlier run first: fmaudit compare run-0001 run-0002"
            )
        found = compare_runs(one, two, metric)
    with keeping_exit_code():
        if form:
            _write(form, output, found)
        elif as_json:
            print_json(comparison_as_json(found))
        else:
            _print(comparison_view(found, None if everything else SHOWN))


def _format(form: str, output: str) -> str:
    """Choose the report's format, by the file's suffix where none is named; empty is none. Raises ConfigError before any work."""
    from fmaudit.errors import ConfigError
    from fmaudit.report.formats import COMPARISONS

    suffixes = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}
    form = form or (suffixes.get(Path(output).suffix.lower(), "") if output else "")
    if form not in ("", *COMPARISONS):
        raise ConfigError(f"a comparison has no format {form!r}", hint=f"known: {', '.join(COMPARISONS)}")
    if output and not form:
        raise ConfigError("--output needs a format", hint=f"name one with --format: {', '.join(COMPARISONS)}")
    return form


def _write(form: str, output: str, found: Comparison) -> None:
    """Write the report whole or not at all, or print it."""
    from fmaudit.report.formats import render_comparison
    from fmaudit.store.writer import write_bytes

    text = render_comparison(form, found)
    if output in ("", "-"):
        sys.stdout.write(text)
    else:
        write_bytes(Path(output), text.encode())
        _say(output)


def _print(view: dict[str, Any]) -> None:
    _say(f"{view['before']}  ->  {view['after']}")
    _lines("These settings also changed", [f"{one['name']}: {_sides(one)}" for one in view["settings"]])
    _say(f"\n{view['headline']}")
    _table(view["sure"])
    moved = [drift["sentence"] for drift in view["drifts"] if drift["sure"]]
    still = len(view["drifts"]) - len(moved)
    _lines("Shifts of shares", [*moved, *([f"{still} more wholes: no shift seen"] if still else [])])
    if view["rest"]:
        _say("\nNo sure difference; the last column is the smallest change that the metric alone would have shown with 80 % power:")
        _table(view["rest"])
    if view["more"]:
        _say(f"... and {view['more']} more; --all lists them")
    _lines(f"Only in {view['before']}", _some(view["only_before"]))
    _lines(f"Only in {view['after']}", _some(view["only_after"]))
    _lines("Notes", view["notes"])


def _sides(change: dict[str, str]) -> str:
    if not change["after"]:
        return f"only before ({change['before']})" if change["before"] != "there" else "only before"
    if not change["before"]:
        return f"only after ({change['after']})" if change["after"] != "there" else "only after"
    return f"{change['before']} -> {change['after']}"


def _some(names: Sequence[str]) -> list[str]:
    more = [f"... and {len(names) - SHOWN} more; --json lists them"] if len(names) > SHOWN else []
    return [*names[:SHOWN], *more]


def _lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        _say(f"\n{title}:")
        for line in lines:
            _say(f"  {line}")


def _table(rows: Sequence[dict[str, Any]]) -> None:
    """Draw a table as wide as the terminal; names and values are text, never markup."""
    if not rows:
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fmaudit.cli.output import visible_text
    from fmaudit.report.safe import no_commands

    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in ("", "metric", "target", "before", "after", "change", "q", "could see"):
        table.add_column(name, overflow="fold", justify="right" if name in ("before", "after") else "left")
    for row in rows:
        cells = (
            f"{row['mark']} {row['outcome']}",
            *(row[name] for name in ("metric", "target", "before", "after", "change", "q", "could_see")),
        )
        table.add_row(*(Text(visible_text(cell).replace("\n", " ")) for cell in cells))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=WIDE)
    with console.capture() as drawn:
        console.print(table)
    print(no_commands(drawn.get()), end="")


def _say(text: str) -> None:
    from fmaudit.cli.output import visible_text

    print(visible_text(text))
