"""What a person sees first: prompt, answer and label of a response; warnings of settings that have no effect."""

from __future__ import annotations

from pathlib import Path

import pytest

import fmaudit
from fmaudit.cli.commands.plan import plan
from fmaudit.cli.commands.responses import responses
from fmaudit.cli.commands.validate import validate

AUDIT = """
[model.chat]
uri = "fake:"
[audit.sampling-consistency]
suites = ["determinism"]
limit = 2
[audit.sampling-consistency.determinism]
runs = 2
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "audit.toml"
    path.write_text(AUDIT)
    return path


def test_responses_begin_with_what_was_asked_what_came_and_how_it_was_judged(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = fmaudit.run(config)
    responses(run=str(run.directory.root), runs=config.parent / "runs")
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.split() == ["prompt", "response", "label", "correct", "suite", "condition"]
    assert "... 6 of 22 columns; --columns A,B names others, --json prints all of them" in rest
    responses(run=str(run.directory.root), runs=config.parent / "runs", columns="item,finish", limit=1)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.split() == ["item", "finish"]
    assert not [line for line in rest if "columns" in line]


@pytest.mark.parametrize("command", [validate, plan])
def test_settings_without_an_effect_are_told(config: Path, capsys: pytest.CaptureFixture[str], command: object) -> None:
    config.write_text(AUDIT + "[audit.sampling-consistency.frontier]\nitems = 3\n")
    command(str(config))  # type: ignore[operator]
    assert "frontier is set, and the suite 'frontier' is not among the suites" in capsys.readouterr().out
