"""SARIF and JUnit: within their schemas and GitHub's limits, stable from run to run, red where the exit code is."""

from __future__ import annotations

import json
import random
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from exchange_rules import check_junit, check_sarif
from factories import web_report

from fmaudit.records import Evidence, Finding, Severity, Verdict, VerdictStatus
from fmaudit.report import sarif
from fmaudit.report.document import FindingRow, SettingRow
from fmaudit.report.junit import render_junit
from fmaudit.report.places import Place, audit_place, check_places, file_uri, from_repository
from fmaudit.report.sarif import render_sarif


def findings(number: int, severity: Severity = Severity.NOTE, codes: int = 10, noise: int = 0) -> tuple[FindingRow, ...]:
    rng = random.Random(5)
    return tuple(
        FindingRow(audit="a", target="t", finding=Finding(
            code=f"code-{i % codes}", severity=severity, sentence=f"Number {i}. {rng.randbytes(noise).hex()}", slice={"i": str(i)}))
        for i in range(number)
    )  # fmt: skip


def results(text: str) -> list[dict]:
    return json.loads(text)["runs"][0]["results"]


def notes(text: str) -> list[str]:
    return [note["message"]["text"] for note in json.loads(text)["runs"][0]["invocations"][0]["toolExecutionNotifications"]]


def test_a_report_keeps_the_rules_of_both():
    check_sarif(json.loads(render_sarif(web_report())))
    check_junit(render_junit(web_report()))


def test_what_failed_is_a_result_and_what_passed_is_not():
    levels = [(one["ruleId"], one["level"]) for one in results(render_sarif(web_report())) if one["ruleId"].startswith("check/")]
    assert levels == [
        ("check/corpus-quality.removed_by_language", "error"),
        ("check/corpus-language.share", "warning"),
        ("check/corpus-quality.kept_share", "note"),
    ]


def test_more_results_than_a_file_may_have_are_cut_from_the_least_grave_and_counted(monkeypatch: pytest.MonkeyPatch):
    assert (sarif._RESULTS, sarif._SHOWN, sarif._RULES, sarif._BYTES, sarif._TAGS) == (25_000, 5_000, 25_000, 10_000_000, 20)
    monkeypatch.setattr(sarif, "_RESULTS", 250)
    monkeypatch.setattr(sarif, "_SHOWN", 50)
    grave = findings(30, Severity.ERROR)
    text = render_sarif(replace(web_report(), verdicts=(), findings=(*findings(350), *grave)))
    check_sarif(json.loads(text))
    shown = results(text)
    assert [one["level"] for one in shown] == ["error"] * 30 + ["note"] * 220
    assert any(note.startswith("130 of 380 results are left out") for note in notes(text))
    assert any(note.startswith("GitHub keeps the first 50 ") for note in notes(text))


def test_a_file_that_is_too_large_once_compressed_is_cut_to_fit(monkeypatch: pytest.MonkeyPatch):
    import gzip

    monkeypatch.setattr(sarif, "_BYTES", 60_000)
    text = render_sarif(replace(web_report(), verdicts=(), findings=findings(600, noise=200)))
    assert len(gzip.compress(text.encode())) <= 60_000
    assert 0 < len(results(text)) < 600
    assert any("of 600 results are left out" in note for note in notes(text))


def test_the_rules_of_a_file_are_limited_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sarif, "_RULES", 40)
    text = render_sarif(replace(web_report(), verdicts=(), findings=findings(100, codes=100)))
    assert len(json.loads(text)["runs"][0]["tool"]["driver"]["rules"]) == 40
    assert any("60 of 100 results are left out" in note for note in notes(text))


def test_fingerprints_stay_while_numbers_change_and_tell_findings_apart():
    def prints(sentence: str, **slice_: str) -> str:
        found = Finding(code="c", severity=Severity.WARNING, sentence=sentence, slice=slice_)
        data = replace(web_report(), run_id=sentence, verdicts=(), findings=(FindingRow(audit="a", target="t", finding=found),))
        return results(render_sarif(data))[0]["partialFingerprints"]["primaryLocationLineHash"]

    assert prints("12 % are gone.", language="te") == prints("14 % are gone.", language="te")
    assert prints("12 % are gone.", language="te") != prints("12 % are gone.", language="th")


def test_two_findings_that_say_the_same_are_two():
    data = replace(web_report(), verdicts=(), findings=findings(1) * 3)
    assert len({one["partialFingerprints"]["fmaudit/v1"] for one in results(render_sarif(data))}) == 3


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("crawl/web 1.jsonl.gz", "audits/crawl/web%201.jsonl.gz"),
        ("../data/x.jsonl", "data/x.jsonl"),
        ("/mnt/big/x.jsonl", "mnt/big/x.jsonl"),
        ("s3://bucket/key", "s3/bucket/key"),
        ("a\\b.jsonl", "audits/a/b.jsonl"),
        ("c:x", "audits/c%3Ax"),
        ("", "audits/audit.toml"),
        ("../../..", "unknown"),
    ],
)
def test_places_are_relative_to_the_repository(file: str, uri: str):
    data = replace(web_report(), source="audits/audit.toml", findings=(one_place(file),))
    assert file_uri(data, file) == uri
    check_sarif(json.loads(render_sarif(data)))


def one_place(file: str) -> FindingRow:
    found = Finding(code="c", severity=Severity.WARNING, sentence="Look.", evidence=(Evidence(file=file, offset=7, id="x"),))
    return FindingRow(audit="a", target="t", finding=found)


def test_a_check_is_placed_at_its_line_of_the_file_also_where_two_look_at_one_metric():
    checks = [("a.m", ">= 0.1", 12), ("a.m", "<= 0.9", 16), ("a.k{x=y}", "<= 1", 20)]
    rows = [
        SettingRow(key=f"check.{i}.{key}", value=json.dumps(value), origin=f"audit.toml:{line + (key != 'metric')}")
        for i, (metric, limit, line) in enumerate(checks)
        for key, value in (("metric", metric), ("min" if ">" in limit else "max", float(limit[3:])))
    ]
    verdicts = [
        Verdict(check=f"{metric} {limit}", metric=metric, target=target, status=VerdictStatus.FAIL, reason="")
        for metric, limit, _ in checks
        for target in ("one", "two")
    ]
    data = replace(web_report(), settings=tuple(rows), verdicts=tuple(verdicts), source="ci/audit.toml")
    assert check_places(data) == {f"{metric} {limit}": Place("ci/audit.toml", line) for metric, limit, line in checks}
    assert audit_place(data, "corpus-language") == Place("ci/audit.toml", 1)


def test_the_repository_is_found_above_the_file(tmp_path: Path):
    (tmp_path / "repo/.git").mkdir(parents=True)
    (tmp_path / "repo/ci").mkdir()
    assert from_repository(str(tmp_path / "repo/ci/audit.toml")) == "ci/audit.toml"
    assert from_repository(str(tmp_path / "elsewhere/audit.toml")) == "audit.toml"


def test_junit_is_red_where_the_exit_code_is():
    grave = replace(web_report(), verdicts=(), audits=(), findings=findings(2, Severity.ERROR))
    (suite,) = ET.fromstring(render_junit(grave))
    assert suite.attrib["failures"] == "2"
    (suite,) = ET.fromstring(render_junit(replace(web_report(), findings=())))
    assert {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "1", "errors": "1", "skipped": "2",
    }  # fmt: skip
