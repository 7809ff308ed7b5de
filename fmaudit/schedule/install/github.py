"""A workflow of GitHub Actions: wakes in UTC, looks, keeps the runs from one time to the next, and shows the report."""

from __future__ import annotations

import datetime
import json
import re
from importlib import metadata
from pathlib import PurePosixPath

from fmaudit.errors import ConfigError
from fmaudit.schedule.due import Timetable
from fmaudit.schedule.install.site import Site, refuse_controls

__all__ = ["github_crons", "github_workflow", "install_step"]

_NUMBERS = re.compile(r"\d+(,\d+)*")
_EXTRAS = re.compile(r"(^|,)(LW?|\d+[LW]|\w+#\d)", re.IGNORECASE)  # last day, nearest weekday, second Monday: GitHub knows none


def github_crons(timetable: Timetable, year: int) -> list[str]:
    """Write the schedule in UTC, which is all that GitHub knows: one line for each offset that the time zone has in the year.

    Where that cannot be written (a time shifted over midnight with a day set, half hours, a range of hours), it wakes every hour.
    run-due finds nothing due at the times too many.
    """
    minute, hour, day, month, weekday = timetable.cron.split()
    offsets = _offsets(timetable.timezone, year)
    plain = not _EXTRAS.search(day) and not _EXTRAS.search(weekday)
    if offsets == [0] and plain:
        return [timetable.cron]
    if plain and _NUMBERS.fullmatch(minute) and _NUMBERS.fullmatch(hour) and not any(offset % 60 for offset in offsets):
        hours = {offset: [int(text) - offset // 60 for text in hour.split(",")] for offset in offsets}
        every_day = (day, month, weekday) == ("*", "*", "*")
        if every_day or all(0 <= number < 24 for numbers in hours.values() for number in numbers):
            return [f"{minute} {','.join(str(n % 24) for n in sorted(hours[o]))} {day} {month} {weekday}" for o in offsets]
    return [f"{'*/30' if any(offset % 60 for offset in offsets) else minute} * * * *"]


def github_workflow(site: Site, path: PurePosixPath, runs: PurePosixPath, year: int, extras: str = "models") -> str:
    """Write the workflow; `path` and `runs` are those of the audit.toml and its runs within the repository.

    Raises ConfigError where a path holds what GitHub would take for an expression.
    """
    slug = f"fmaudit-{re.sub(r'[^A-Za-z0-9]+', '-', str(path)).strip('-').lower()}"
    for text in (str(path), str(runs)):
        refuse_controls(text)
        if "${{" in text or any(character in text for character in "*?[]!"):
            raise ConfigError(f"{text}: GitHub reads this path as an expression or a pattern", hint="rename the file or its folder")
    crons = "\n".join(f"    - cron: {_quoted(cron)}" for cron in github_crons(site.timetable, year))
    secrets = "".join(f"\n          {name}: ${{{{ secrets.{name} }}}}" for name in _names(site.secrets))
    return _WORKFLOW.format(
        audit=_quoted(str(path)),
        runs=_quoted(str(runs)),
        reports=_quoted(f"{runs}/run-*/report.*"),
        crons=crons,
        table=f"{site.timetable.cron} {site.timetable.timezone}",
        secrets=secrets,
        install=install_step(extras, _origin()),
        slug=slug,
    )


def install_step(extras: str, origin: str) -> str:
    """Write the step that installs fmaudit as it is installed here; `origin` is direct_url.json (PEP 610), empty for an index.

    What came from a folder or a file of this machine cannot be reached from there, and is left for a person to say.
    """
    known = json.loads(origin) if origin else {}
    name, url = f"fmaudit[{extras}]", str(known.get("url", ""))
    if not known:
        wanted, remark = f"{name}=={metadata.version('fmaudit')}", ""
    elif url.startswith("https://") and "vcs_info" in known:
        wanted, remark = f"{name} @ {known['vcs_info']['vcs']}+{url}@{known['vcs_info']['commit_id']}", ""
    elif url.startswith("https://") and "archive_info" in known:
        wanted, remark = f"{name} @ {url}", ""
    else:
        wanted, remark = name, "      # fmaudit was installed here from a folder: say here where the workflow gets it\n"
    refuse_controls(wanted)
    if "${{" in wanted or set(wanted) & set('"$`\\'):
        raise ConfigError(f"{wanted}: a shell would read more into this address than it says")
    command = f'python -m pip install "{wanted}"'
    return f"{remark}      - run: {_quoted(command)}"


def _origin() -> str:
    """Read from where fmaudit was installed; empty for a package index."""
    try:
        return metadata.distribution("fmaudit").read_text("direct_url.json") or ""
    except metadata.PackageNotFoundError:
        return '{"url": ""}'


def _offsets(timezone: str, year: int) -> list[int]:
    """List the minutes that a time zone is ahead of UTC at some time of a year."""
    import zoneinfo

    zone = zoneinfo.ZoneInfo(timezone)
    days = (datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC) for month in range(1, 13) for day in (1, 15))
    found = {day.astimezone(zone).utcoffset() or datetime.timedelta() for day in days}
    return sorted(int(offset.total_seconds() // 60) for offset in found)


def _names(secrets: tuple[str, ...]) -> list[str]:
    wrong = [name for name in secrets if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} is no name of an environment variable")
    return sorted(set(secrets))


def _quoted(text: str) -> str:
    """Quote for YAML, which takes a string of JSON as it is."""
    return json.dumps(text, ensure_ascii=False)


_WORKFLOW = """\
# Written by fmaudit schedule install --github
name: fmaudit

on:
  schedule: # {table}; GitHub knows UTC only, and run-due decides what is due
{crons}
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: {slug}
  cancel-in-progress: false

jobs:
  audit:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    env:
      AUDIT: {audit}
      RUNS: {runs}
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
{install}
      - uses: actions/cache/restore@v4
        with:
          path: {runs}
          key: {slug}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: {slug}-
      - name: Run what is due
        if: github.event_name == 'schedule'
        env:
          PYTHONUNBUFFERED: "1"{secrets}
        run: fmaudit schedule run-due --since 6h "$AUDIT"
      - name: Run now
        if: github.event_name != 'schedule'
        env:
          PYTHONUNBUFFERED: "1"{secrets}
        run: fmaudit schedule run-due --now "$AUDIT"
      - name: Show the newest report
        if: always()
        run: |
          newest="$(ls -d "$RUNS"/run-*/ 2>/dev/null | sort | tail -n 1)"
          if [ -n "$newest" ] && [ -f "$newest/report.md" ]; then
            head -c 900000 "$newest/report.md" >> "$GITHUB_STEP_SUMMARY"
          fi
      - uses: actions/cache/save@v4
        if: always()
        with:
          path: {runs}
          key: {slug}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: fmaudit-reports
          path: {reports}
          if-no-files-found: ignore
          retention-days: 30
"""
