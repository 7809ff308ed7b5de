"""A run directory may come from a stranger: what it names is not imported unless the user permits it, and everything else is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from warm import Warm

import fmaudit
from fmaudit.api.baseline import check_run
from fmaudit.api.comparing import compare_runs
from fmaudit.api.filtering import write_kept
from fmaudit.api.remeasuring import prepare_again
from fmaudit.api.results import open_run
from fmaudit.cli.permitted import permitted_plugins
from fmaudit.errors import ConfigError

Call = Callable[..., str]
TOML = 'plugins = ["shouting"]\n[corpus.web]\npath = "web.jsonl"\nid = "id"\nurl = "url"\n[audit.shouting]\n[report]\nformats = []\n'
FILTER = """
from fmaudit import DocumentFilter
def _filters(self):
    return [DocumentFilter(name="quiet", keep="capitals.upper = 0", first_reason="null", reasons="[]::varchar[]")]
Shouting.filters = _filters
"""


@pytest.fixture
def stranger(tmp_path: Path, shouting: Path, write_jsonl) -> Iterator[Path]:
    """A folder with two runs of an installed plugin, which since then leaves a mark wherever it is imported."""
    module = shouting / "fmaudit_shouting.py"
    module.write_text(module.read_text() + FILTER)
    write_jsonl("web.jsonl", ["THIS IS LOUD"] * 30 + ["this is a quiet line"] * 70)
    (tmp_path / "audit.toml").write_text(TOML)
    for _ in range(2):
        fmaudit.run(tmp_path / "audit.toml", new=True)
    module.write_text(module.read_text() + f"open({str(tmp_path / 'imported')!r}, 'a').close()\n")
    sys.modules.pop("fmaudit_shouting")
    yield tmp_path
    sys.modules.pop("fmaudit_shouting", None)


def imported(stranger: Path) -> bool:
    mark = stranger / "imported"
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def test_opening_a_run_imports_what_the_caller_permits_and_nothing_else(stranger: Path):
    runs = stranger / "runs"
    run = open_run("latest", runs)
    assert run.documents(columns=["id"]).num_rows == 100
    assert run.filters() == []
    assert "rules" not in run.documents(where="false").column_names
    (note,) = run.left_out()
    assert "audit shouting" in note
    assert "--plugin shouting" in note
    assert not imported(stranger)
    permitted = open_run("latest", runs, plugins=["shouting"])
    assert [item.name for item in permitted.filters()] == ["quiet"]
    assert permitted.left_out() == []
    assert imported(stranger)


def test_runs_are_compared_without_what_was_not_permitted_and_the_comparison_says_so(stranger: Path):
    before, after = (open_run(name, stranger / "runs") for name in ("run-0001", "run-0002"))
    found = compare_runs(before, after)
    assert [one.name for one in found.differences if one.audit == "shouting"] == ["shouting.share"]
    assert any("plugin 'shouting' is not loaded" in note for note in found.notes)
    assert not imported(stranger)


def test_a_check_of_a_change_says_what_it_could_not_pair(stranger: Path):
    config = stranger / "checks.toml"
    config.write_text(TOML + '[[check]]\nmetric = "shouting.share"\nmax_change = 0.5\n')
    judged = check_run(open_run("latest", stranger / "runs"), baseline="run-0001", config=config)
    assert (judged.exit_code, str(judged.verdicts[0].status)) == (0, "pass")
    assert all("--plugin shouting" in note for note in judged.notes)
    assert len(judged.notes) == 2  # both runs
    assert not imported(stranger)


def test_a_filter_and_a_measurement_refuse_and_name_the_plugin(stranger: Path):
    run = open_run("latest", stranger / "runs")
    with pytest.raises(ConfigError, match="--plugin shouting"):
        write_kept(run, stranger / "kept.jsonl", rules=["quiet"])
    with pytest.raises(ConfigError, match="--plugin shouting"):
        prepare_again(run)  # the run says itself where its audit.toml lies
    assert not imported(stranger)
    assert prepare_again(open_run("latest", stranger / "runs", plugins=["shouting"])).plan.audits[0].name == "shouting"


COMMANDS = {  # the exit code without the plugin, and whether it has to be named
    ("documents", "latest", "--limit", "1"): (0, True),
    ("compare", "run-0001", "run-0002"): (0, True),
    ("check", "latest"): (0, False),
    ("report", "latest", "--format", "markdown", "--output", "-"): (0, False),
    ("report", "latest", "--format", "posters"): (2, True),
    ("filter", "latest", "--rules", "quiet", "--output", "kept.jsonl"): (2, True),
    ("measure", "latest"): (2, True),
}


def test_no_command_imports_what_a_run_names(stranger: Path, warm: Warm):
    elsewhere = stranger / "elsewhere"
    elsewhere.mkdir()
    for arguments, (code, named) in COMMANDS.items():
        answer = warm.run(*arguments, "--runs", str(stranger / "runs"), cwd=elsewhere, code=code)
        assert not imported(stranger), arguments
        assert ("--plugin shouting" in answer.stdout + answer.stderr) == named, arguments
    for arguments in list(COMMANDS)[-2:]:
        warm.run(*arguments, "--runs", str(stranger / "runs"), "--plugin", "shouting", cwd=elsewhere)
        assert imported(stranger), arguments


def test_plugins_are_permitted_by_option_by_environment_and_by_the_users_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FMAUDIT__PLUGINS", raising=False)
    assert permitted_plugins() == ()
    (tmp_path / "audit.toml").write_text('plugins = ["here"]\n')
    (tmp_path / "other.toml").write_text('plugins = ["there"]\n')
    monkeypatch.setenv("FMAUDIT__PLUGINS", json.dumps(["set"]))
    assert permitted_plugins(["named"]) == ("named", "set", "here")
    assert permitted_plugins(["named"], Path("other.toml")) == ("named", "set", "there")
    for broken in ("plugins = [", "plugins = 3", 'plugins = "x"'):
        (tmp_path / "audit.toml").write_text(broken)
        assert permitted_plugins() == ("set",)


def test_the_dashboard_shows_which_plugin_a_run_lacks(stranger: Path, monkeypatch: pytest.MonkeyPatch):
    data = pytest.importorskip("fmaudit_dashboard.data", exc_type=ImportError)
    run = open_run("latest", stranger / "runs")
    monkeypatch.setenv(data.FOLDER, str(stranger / "runs"))
    monkeypatch.delenv(data.PLUGINS, raising=False)
    assert dict(data.rule_sets(run.id, "web")) == {}
    assert "--plugin shouting" in data.left_out(run.id, "web")[0]
    assert not imported(stranger)


def test_a_run_just_made_may_be_read_with_the_plugins_of_its_audit_toml(stranger: Path):
    run = fmaudit.run(stranger / "audit.toml")
    assert [item.name for item in run.filters()] == ["quiet"]
    assert run.left_out() == []


def test_a_wrong_audit_beside_a_wrong_cron_is_told_by_validate(tmp_path: Path, warm: Warm):
    (tmp_path / "audit.toml").write_text('[model.m]\nuri = "fake:"\n[audit.alignmen]\n[schedule]\ncron = "never"\n')
    said = warm.run("validate", "audit.toml", cwd=tmp_path, code=2).stderr
    assert "a cron expression has five fields" in said
    assert "did you mean 'alignment'?" in said
