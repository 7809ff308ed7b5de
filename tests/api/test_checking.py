"""What is wrong with the cases of an audit is said before there is a run directory, and what has no effect is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import fmaudit
from fmaudit import ConfigError
from fmaudit.api.auditing import prepare, prepare_config
from fmaudit.api.checking import load_checked
from fmaudit.config import load_config
from fmaudit.records import Severity
from fmaudit.report.collect import collect_report
from fmaudit.report.terminal import render_terminal
from fmaudit.runs.journal import Journal

CHECK = "[audit.benchmark]\nitems = 'items.jsonl'\n[[check]]\nmax = 1\n"
MODELS = '[model.chat]\nuri = "fake:"\n[model.other]\nuri = "fake:"\n'


def audit(folder: Path, text: str) -> Path:
    path = folder / "audit.toml"
    path.write_text(MODELS + text)
    return path


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[audit.alignment]\nsuites = ["refusl"]', "no suite 'refusl'", "did you mean 'refusal'?"),
        ("[audit.alignment]\nsuites = []", "nothing would be asked", "there are refusal"),
        ('[audit.alignment]\nsuites = ["principles"]', "judge", "judge"),
        ('[audit.alignment]\nsuites = ["refusal"]\n[audit.alignment.refusal]\nitems = "gone.jsonl"', "gone.jsonl cannot be read", ""),
        ('[audit.alignment]\nsuites = ["false-premise"]\n[audit.alignment.false-premise]\nitems = "gone.jsonl"', "gone.jsonl", ""),
        ('[audit.alignment]\nsuites = ["refusal"]\n[audit.alignment.refusal]\nlabels = "gone.csv"', "gone.csv", ""),
        ('[audit.sampling-consistency]\nequivalence = "judge"', "no judge is named", ""),
        ('[audit.sampling-consistency]\nequivalence = "judge"\njudge = ["chat", "other"]', "one model is asked", ""),
        ('[audit.sampling-consistency]\nsuites = ["format"]\nformat.formats = ["sonnet"]', "no format 'sonnet'", ""),
        ('[audit.benchmark]\ntargets = "chat"\nitems = "gone.jsonl"', "gone.jsonl", ""),
    ],
)
def test_a_fault_of_the_cases_is_said_before_there_is_a_run_directory(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        fmaudit.run(audit(tmp_path, text))
    assert hint in f"{caught.value} {caught.value.hint}"
    assert not (tmp_path / "runs").exists()


def test_a_suite_with_a_hyphen_may_be_written_either_way_in_audit_toml(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"prompt": "Why is the sun green?", "condition": "false"}\n')
    for listed, table in (("false-premise", "false_premise"), ("false_premise", "false-premise")):
        text = f'[audit.alignment]\ntargets = "chat"\nsuites = ["{listed}"]\n[audit.alignment.{table}]\nitems = "own.jsonl"'
        (planned,) = prepare(audit(tmp_path, text)).plan.audits
        assert planned.parameters["suites"] == ["false-premise"]
        assert planned.parameters["false_premise"]["items"] == str(tmp_path / "own.jsonl")


def test_a_run_that_measured_nothing_says_so_first(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"prompt": "p", "completion": "x"}\n')
    path = tmp_path / "audit.toml"
    path.write_text('[model.logs]\nuri = "replay:log.jsonl"\n[audit.alignment]\nsuites = ["opinions"]\n')
    run = fmaudit.run(path)
    (found,) = [row for row in run.finding_rows() if row.finding.code == "nothing-measured"]
    assert (found.target, found.finding.severity) == ("logs", Severity.NOTE)  # the suite itself warns
    assert found.finding.sentence == "The audit alignment measured nothing: no answer came; the ledger says why."
    journal = Journal(run.directory.journal, readonly=True)
    shown = render_terminal(collect_report(run.directory, journal))
    journal.close()
    assert "Everything was examined" not in shown
    assert shown.index("logs: The audit alignment measured nothing") < shown.index("Findings")


def test_settings_without_an_effect_are_told_once_for_all_targets(tmp_path: Path) -> None:
    prepared = prepare(audit(tmp_path, "[audit.sampling-consistency]\ntemperature = 0\n"))
    (told,) = prepared.warnings
    assert told.startswith("audit.sampling-consistency: temperature = 0 draws the same answer each time")
    assert prepare(audit(tmp_path, "[audit.sampling-consistency]\n")).warnings == []


def test_measuring_needs_no_items_any_more(tmp_path: Path) -> None:
    text = '[audit.alignment]\ntargets = "chat"\nsuites = ["refusal"]\nrefusal.items = "gone.jsonl"'
    (planned,) = prepare_config(load_config(audit(tmp_path, text)), observe=False).plan.audits
    assert planned.name == "alignment"


def test_planning_draws_no_documents_of_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fmaudit_domain_gap.asking as asking

    (tmp_path / "web.jsonl").write_text('{"text": "A document of a corpus that is far too large to be read twice."}\n' * 40)
    path = audit(tmp_path, '[corpus.web]\npath = "web.jsonl"\n[audit.domain-gap]\n')
    monkeypatch.setattr(asking, "draw_documents", lambda *_, **__: pytest.fail("the corpus was read"))
    assert {planned.target for planned in prepare(path).plan.audits} == {"web", "chat", "other"}


@pytest.mark.parametrize("wrong", ['[schedule]\ncron = "never"\n', "[run]\nworkers = -1\n", '[audit.alignment]\ntargets = ["gpt"]\n'])
def test_a_wrong_audit_is_told_together_with_whatever_else_is_wrong(tmp_path: Path, wrong: str) -> None:
    from fmaudit.api.effective import effective_settings

    path = tmp_path / "audit.toml"
    path.write_text('[model.m]\nuri = "fake:"\n[audit.alignmen]\n' + wrong)
    with pytest.raises(ConfigError) as caught:
        effective_settings(path)
    first, second = str(caught.value).splitlines()[:2]
    assert first.startswith(("audit.toml:5: ", "audit.toml:4: "))
    assert "alignmen:" not in first
    assert second == "audit.toml:3: audit.alignmen: no such audit; did you mean 'alignment'?"


def test_audits_of_the_plugins_that_are_named_are_known_while_something_else_is_wrong(tmp_path: Path, asking: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('plugins = ["asking"]\n[model.m]\nuri = "fake:"\n[audit.brevity]\n[run]\nworkers = -1\n')
    with pytest.raises(ConfigError) as caught:
        load_checked(path)
    assert "no such audit" not in str(caught.value)


def test_a_target_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('[corpus.c]\npath = "x.jsonl"\n[model.m]\nuri = "fake:"\n[audit.alignment]\ntargets = ["c"]\n')
    with pytest.raises(ConfigError) as caught:
        fmaudit.run(path)
    assert "'c' is not a model; known: m" in str(caught.value)
    assert caught.value.hint == "name one of these, or add [model.c] with a uri"


def test_all_targets_that_are_missing_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('[model.m]\nuri = "fake:"\n[audit.alignment]\ntargets = ["gpt", "m"]\n[audit.benchmark]\ntargets = "llama"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [line for line in str(caught.value).splitlines() if "no target named" in line] == [
        "audit.toml:4: audit.alignment.targets: no target named 'gpt'; known: m",
        "audit.toml:6: audit.benchmark.targets: no target named 'llama'; known: m",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('metric = "benchmrk.accuracy"', r"audit.toml:9: check.0.metric: no audit 'benchmrk' is set up here; did you mean 'benchmark'\?"),
        ('metric = "accuracy"', r"check.0.metric: 'accuracy': a metric is written audit.metric"),
        ('metric = "benchmark."', r"a metric is written audit.metric"),
        ('metric = "benchmark.accuracy{language=en"', r"one pair of braces at the end"),
        ('metric = "benchmark.accuracy}language=en{"', r"one pair of braces at the end"),
        ('metric = "benchmark.accuracy{language=en} "\ntarget = "chta"', r"check.0.target: .* called 'chta'; did you mean 'chat'\?"),
        ('metric = "benchmark.accuracy"\n[report]\nformats = ["pdf"]', r"report.formats: no such format 'pdf'; known: .*html"),
    ],
)
def test_a_check_or_a_format_that_cannot_work_is_said_before_anything_runs(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "items.jsonl").write_text('{"question": "1+1?", "answer": "2", "language": "en", "id": "a"}\n')
    with pytest.raises(ConfigError, match=told):
        prepare(audit(tmp_path, CHECK + text))


def test_a_check_that_can_work_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text('{"question": "1+1?", "answer": "2", "language": "en", "id": "a"}\n')
    assert prepare(audit(tmp_path, CHECK + 'metric = " benchmark.accuracy{language = en} "\ntarget = "chat"'))
