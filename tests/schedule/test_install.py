"""What is handed to systemd, cron and GitHub says what is meant, whatever the path holds."""

from __future__ import annotations

import bisect
import datetime
import json
import shlex
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from fmaudit.errors import ConfigError
from fmaudit.schedule.due import Timetable
from fmaudit.schedule.install import Site, crontab_line, github_crons, github_workflow, systemd_units, wake_minutes, with_line
from fmaudit.schedule.install.github import install_step

WEIRD = '/srv/my audits/100% $HOME `id` "q" b\'s \\n é;&#'
MONDAYS = Timetable("30 6 * * 1", "Europe/Berlin")


def site(folder: str = "/srv/audits", **more) -> Site:
    return Site(Path(folder) / "audit.toml", Path("/opt/venv/bin/python"), more.pop("timetable", MONDAYS), **more)


def test_a_line_of_a_crontab_runs_the_very_path(tmp_path: Path):
    """As cron does it: an escaped % is a %, and the rest goes to sh."""
    folder = tmp_path / WEIRD.strip("/")
    folder.mkdir(parents=True)
    python = tmp_path / "fake python"
    python.write_text('#!/bin/sh\npwd\nfor a in "$@"; do printf "%s\\n" "$a"; done\n')
    python.chmod(0o755)
    line = crontab_line(Site(folder / "audit.toml", python, MONDAYS))
    assert line.startswith("0-59/10 * * * * ")
    command = line.split(" ", 5)[5]
    assert "%" not in command.replace("\\%", "")
    answer = subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == [str(folder), "-m", "fmaudit", "schedule", "run-due", "--quiet", str(folder / "audit.toml")]


def test_a_crontab_keeps_its_other_lines_and_has_ours_once():
    others = "MAILTO=me\n5 4 * * * other # fmaudit is great\n"
    once = with_line(others, site())
    assert once == others + crontab_line(site()) + "\n"
    assert with_line(once, site()) == once
    changed = with_line(once, site(timetable=Timetable("7 6 * * *")))
    assert changed.startswith(others + "7-59/10 ")
    assert len(changed.splitlines()) == 3


def test_units_quote_what_systemd_would_read_as_its_own():
    units = systemd_units(site(WEIRD))
    service = next(text for name, text in units.items() if name.endswith(".service"))
    start = next(line for line in service.splitlines() if line.startswith("ExecStart="))
    plain = start.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$")
    quoted = '"' + f"{WEIRD}/audit.toml".replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert plain == f'"/opt/venv/bin/python" -m fmaudit schedule run-due --quiet {quoted}'
    assert f"WorkingDirectory={WEIRD.replace('%', '%%')}" in service
    assert "SuccessExitStatus=5 130" in service


def test_systemd_accepts_the_units(tmp_path: Path):
    for name, text in systemd_units(site(str(tmp_path))).items():
        (tmp_path / name).write_text(text.replace("/opt/venv/bin/python", "/bin/sh"))
    try:
        answer = subprocess.run(
            ["systemd-analyze", "verify", *map(str, tmp_path.glob("*.timer"))], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("no systemd-analyze here")
    assert (answer.returncode, answer.stderr.strip()) == (0, "")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\u2028b"])
def test_a_path_with_control_characters_is_refused(name: str):
    with pytest.raises(ConfigError, match="control characters"):
        site(f"/srv/{name}")


def test_names_are_safe_and_differ_with_the_path():
    one, other = site("/srv/a b"), site("/srv/a-b")
    assert one.slug != other.slug
    assert set(one.slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("cron", "wake"),
    [("30 6 * * 1", (0, 10)), ("3 6 * * *", (3, 10)), ("*/5 * * * *", (0, 5)), ("* * * * *", (0, 1)), ("*/30 * * * *", (0, 10))],
)
def test_it_wakes_at_the_due_minute(cron: str, wake: tuple[int, int]):
    assert wake_minutes(Timetable(cron)) == wake
    first, every = wake
    due = Timetable(cron).upcoming(datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC), 20)
    assert all((moment.minute - first) % every == 0 for moment in due)


def workflow(**more) -> str:
    return github_workflow(site(**more), PurePosixPath("audits/audit.toml"), PurePosixPath("audits/runs"), 2026)


def test_the_workflow_asks_for_little_and_names_its_actions_by_tag():
    yaml = pytest.importorskip("yaml")
    document = yaml.load(workflow(), Loader=yaml.BaseLoader)
    assert document["permissions"] == {"contents": "read"}
    assert document["on"] == {"schedule": [{"cron": "30 5 * * 1"}, {"cron": "30 4 * * 1"}], "workflow_dispatch": ""}
    steps = document["jobs"]["audit"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert [name.split("@")[0] for name in used] == [
        "actions/checkout", "actions/setup-python", "actions/cache/restore", "actions/cache/save", "actions/upload-artifact",
    ]  # fmt: skip
    assert all(name.split("@")[1].startswith("v") for name in used)
    assert steps[0]["with"]["persist-credentials"] == "false"
    assert not any("${{" in step.get("run", "") for step in steps)
    assert document["jobs"]["audit"]["env"] == {"AUDIT": "audits/audit.toml", "RUNS": "audits/runs"}
    assert any("GITHUB_STEP_SUMMARY" in step.get("run", "") for step in steps)


def test_the_steps_of_the_workflow_are_shell(tmp_path: Path):
    yaml = pytest.importorskip("yaml")
    document = yaml.load(workflow(), Loader=yaml.BaseLoader)
    run = tmp_path / "runs" / "run-0002-20260302"
    run.mkdir(parents=True)
    (run / "report.md").write_text("# the report")
    show = next(step["run"] for step in document["jobs"]["audit"]["steps"] if "SUMMARY" in step.get("run", ""))
    summary = tmp_path / "summary"
    environment = {"RUNS": str(tmp_path / "runs"), "GITHUB_STEP_SUMMARY": str(summary), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-c", show], env=environment, check=True)
    assert summary.read_text() == "# the report"
    subprocess.run(["bash", "-e", "-c", show], env=environment | {"RUNS": str(tmp_path / "none")}, check=True)


def test_secrets_are_named_and_never_written():
    text = workflow(secrets=("HOOK_URL", "KEY"))
    assert "HOOK_URL: ${{ secrets.HOOK_URL }}" in text
    with pytest.raises(ConfigError, match="no name of an environment variable"):
        workflow(secrets=("A }} b",))


@pytest.mark.parametrize("path", ["${{ github.token }}/audit.toml", "a*/audit.toml", "a\nb/audit.toml"])
def test_a_path_that_github_would_read_as_more_is_refused(path: str):
    with pytest.raises(ConfigError):
        github_workflow(site(), PurePosixPath(path), PurePosixPath("runs"), 2026)


@pytest.mark.parametrize(
    "cron", ["30 6 * * 1", "0 1 * * *", "0 1 * * 1", "15,45 3,22 * * *", "30 2 1 * *", "*/20 2-5 * * *", "0 6 * * 2#1", "0 6 * * WED"]
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_github_wakes_within_the_hour_after_every_due_time(cron: str, zone: str):
    """GitHub reads the lines in UTC; a due time that no line follows soon would be run a day or a week late."""
    lines = github_crons(Timetable(cron, zone), 2026)
    for month, day in ((3, 5), (3, 25), (6, 28), (10, 22), (10, 29)):  # weeks in which clocks change among them
        start = datetime.datetime(2026, month, day, tzinfo=datetime.UTC)
        end = start + datetime.timedelta(days=8)
        wakes = sorted({tick for line in lines for tick in Timetable(line).between(start, end, 10_000).times})
        for due in Timetable(cron, zone).between(start, end - datetime.timedelta(hours=1), 1000).times:
            assert wakes[bisect.bisect_left(wakes, due)] - due <= datetime.timedelta(hours=1), (due, lines)


def test_shell_words_are_what_shlex_makes_of_them():
    words = shlex.split(crontab_line(site(WEIRD)).replace("\\%", "%").split(" ", 5)[5], comments=True)
    assert words[1] == WEIRD


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "https://git.example/fmaudit.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}, "fmaudit[models] @ git+https://git.example/fmaudit.git@c0ffee"),
        ({"url": "https://files.example/fmaudit.whl", "archive_info": {}}, "fmaudit[models] @ https://files.example/fmaudit.whl"),
        ({"url": "file:///home/me/fmaudit", "dir_info": {"editable": True}}, "fmaudit[models]"),
    ],
)  # fmt: skip
def test_the_workflow_installs_what_is_installed_here_or_asks(origin: dict, command: str):
    yaml = pytest.importorskip("yaml")
    step = install_step("models", json.dumps(origin))
    assert yaml.safe_load(step) == [{"run": f'python -m pip install "{command}"'}]
    assert ("# fmaudit was installed here from a folder" in step) == ("dir_info" in origin)
    assert "/home/me" not in step


@pytest.mark.parametrize(
    "url", ["https://x/`id`", "https://x/$(id)", 'https://x/" ; id "', "https://x/${{ secrets.A }}", "https://x/\n- run: id"]
)
def test_an_address_that_a_shell_would_read_as_more_is_refused(url: str):
    with pytest.raises(ConfigError):
        install_step("models", json.dumps({"url": url, "archive_info": {}}))
