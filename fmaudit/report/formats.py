"""The report formats by name, and where each is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmaudit.errors import ConfigError
from fmaudit.report.document import ReportData
from fmaudit.store.layout import RunDirectory
from fmaudit.store.writer import write_bytes

if TYPE_CHECKING:
    from fmaudit.judge.comparing import Comparison

__all__ = ["COMPARISONS", "FORMATS", "render", "render_comparison", "write_report"]

# format -> suffix; "github" stands for annotations and the summary of a step, of which the summary is kept in the run directory
FORMATS = {"html": "html", "markdown": "md", "json": "json", "junit": "junit.xml", "sarif": "sarif", "github": "github.md"}
COMPARISONS = ("html", "markdown", "json")


def render(name: str, data: ReportData, extra: Mapping[str, Callable[[ReportData], str]], unloaded: Sequence[str] = ()) -> str:
    """Render a report in one format; `extra` holds the formats that plugins bring, `unloaded` says which plugins are not, and why."""
    if name == "html":
        from fmaudit.report.html import render_html

        return render_html(data)
    if name == "markdown":
        from fmaudit.report.markdown import render_markdown

        return render_markdown(data)
    if name == "json":
        from fmaudit.report.json_report import render_json

        return render_json(data)
    if name == "junit":
        from fmaudit.report.junit import render_junit

        return render_junit(data)
    if name == "sarif":
        from fmaudit.report.sarif import render_sarif

        return render_sarif(data)
    if name == "github":
        from fmaudit.report.summary import render_summary

        return render_summary(data)
    if name in extra:
        return extra[name](data)
    known = f"known: {', '.join(sorted({*FORMATS, *extra}))}"
    raise ConfigError(f"no report format {name!r}", hint="; ".join([known, *unloaded]))


def render_comparison(name: str, comparison: Comparison) -> str:
    """Render a comparison of two runs as html, markdown or json; any other name is a ConfigError."""
    if name == "html":
        from fmaudit.report.html import render_comparison_html

        return render_comparison_html(comparison)
    if name == "markdown":
        from fmaudit.report.markdown import render_comparison_markdown

        return render_comparison_markdown(comparison)
    if name == "json":
        from fmaudit.report.json_report import render_comparison_json

        return render_comparison_json(comparison)
    raise ConfigError(f"a comparison has no format {name!r}", hint=f"known: {', '.join(COMPARISONS)}")


def write_report(
    run: RunDirectory, name: str, data: ReportData, extra: Mapping[str, Callable[[ReportData], str]], unloaded: Sequence[str] = ()
) -> Path:
    """Render and write a report into the run directory; the old one stays whole until the new one is."""
    path = run.report(FORMATS.get(name, name))
    write_bytes(path, render(name, data, extra, unloaded).encode("utf-8"))
    return path
