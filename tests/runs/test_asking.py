"""Audits of models and tokenizers: planned, asked, kept, measured, shown, from one audit.toml."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import fmaudit
from fmaudit.api.auditing import prepare, run_prepared
from fmaudit.api.estimate import estimate_model
from fmaudit.api.remeasuring import prepare_again
from fmaudit.config.settings import CorpusSettings
from fmaudit.corpus.drawing import use_readers
from fmaudit.errors import ConfigError, ModelError, RunError
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.base import Capability
from fmaudit.runs.journal import Journal

ANSWERS = {f"Name the number {i} in one word.": (["seven"] if i % 4 else ["a long answer"]) for i in range(20)}


@pytest.fixture
def config(tmp_path: Path, asking: Path) -> Path:
    (tmp_path / "script.json").write_text(json.dumps(ANSWERS))
    path = tmp_path / "audit.toml"
    path.write_text(
        'plugins = ["asking"]\n[model.chat]\nuri = "fake:script.json"\n[tokenizer.letters]\nuri = "characters:"\n'
        '[audit.brevity]\n[audit.cutting]\n[[check]]\nmetric = "brevity.short"\nmin = 0.5\n'
    )
    return path


def values(run: fmaudit.Run) -> dict[str, float]:
    return {row.name: row.metric.value for row in run.metric_rows()}


def test_a_model_and_a_tokenizer_are_measured_in_one_run(config: Path) -> None:
    run = fmaudit.run(config)
    assert run.exit_code == 0
    assert values(run) == {"brevity.short": 0.75, "cutting.tokens": 27.0}
    answers = run.responses("chat")
    assert answers.column_names == ["case", "sample", "answer", "short"]
    assert answers.num_rows == 40
    assert run.responses("letters").to_pylist()[1] == {"text": "eins zwei drei", "tokens": 14}
    assert run.responses("chat", where="short and sample = 0").num_rows == 15


def test_reports_of_every_format_tell_how_the_model_ran(config: Path) -> None:
    run = fmaudit.run(config)
    document = json.loads(run.directory.report("json").read_bytes())
    assert [(t["name"], t["kind"], t["documents"]) for t in document["targets"]] == [("letters", "tokenizer", 2), ("chat", "model", 20)]
    assert document["models"][0]["usage"]["asked"] == 40
    assert "How the model chat ran" in run.directory.report("html").read_text()
    assert "40 asked, 0 known already" in run.directory.report("md").read_text()


def test_another_run_of_the_same_model_asks_nothing_again(config: Path) -> None:
    first, again = fmaudit.run(config), fmaudit.run(config)
    assert again.id != first.id
    assert again.responses("chat").equals(first.responses("chat"))
    usage = json.loads(again.directory.report("json").read_bytes())["models"][0]["usage"]
    assert (usage["asked"], usage["cached"]) == (0, 40)


def test_more_cases_and_samples_ask_only_what_is_new(config: Path) -> None:
    fmaudit.run(config, ["audit.brevity.questions=10", "audit.brevity.samples=1"])
    run = fmaudit.run(config)
    usage = json.loads(run.directory.report("json").read_bytes())["models"][0]["usage"]
    assert (usage["asked"], usage["cached"]) == (30, 10)


def test_a_run_in_which_no_model_could_be_opened_leaves_no_directory(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(backend: FakeBackend) -> None:
        raise ModelError("the weights cannot be read")

    monkeypatch.setattr(FakeBackend, "open", fails)
    with pytest.raises(ModelError, match="the weights"):
        fmaudit.run(config, ['audit.cutting.targets=["letters"]', 'audit.brevity.targets=["chat"]'])
    assert len(list((tmp_path / "runs").iterdir())) == 1  # the tokenizer was observed: the same command goes on from there
    config.write_text(config.read_text().replace('[tokenizer.letters]\nuri = "characters:"\n', "").replace("[audit.cutting]\n", ""))
    with pytest.raises(ModelError, match="the weights"):
        fmaudit.run(config, new=True)
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_changed_script_is_another_model(config: Path, tmp_path: Path) -> None:
    fmaudit.run(config)
    (tmp_path / "script.json").write_text(json.dumps({"*": ["never short"]}))
    assert values(fmaudit.run(config))["brevity.short"] == 0.0


def test_a_model_that_cannot_do_it_is_refused_while_planning(config: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ConfigError, match=r"brevity: it needs generate of the model 'chat'"):
        fmaudit.run(config, ['model.chat.uri="config:config.json"'])
    assert not (tmp_path / "runs").exists()


def test_what_only_loading_can_tell_is_not_refused_while_planning_and_costs_its_audit(
    config: Path, asking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = asking / "fmaudit_asking.py"
    plugin.write_text(plugin.read_text().replace("needs, schema = {Capability.GENERATE}", "needs, schema = {Capability.CHAT}"))
    monkeypatch.setattr(FakeBackend, "undecided", frozenset({Capability.CHAT}))
    honest = FakeBackend.__init__

    def without(self: FakeBackend, *args: Any, **options: Any) -> None:
        honest(self, *args, **options, without=[Capability.CHAT])

    monkeypatch.setattr(FakeBackend, "__init__", without)
    run = fmaudit.run(config)
    assert run.exit_code == 3
    journal = Journal(run.directory.journal, readonly=True)
    [(_, entry)] = journal.ledger("chat")
    assert (entry.reason, entry.count) == ("model-unable", 20)
    assert run.plan["models"]["chat"]["undecided"] == ["chat"]
    assert "cutting.tokens" in values(run)
    [record] = [audit for audit in json.loads(run.directory.audits.read_bytes()) if audit["audit"] == "brevity"]
    assert "it needs chat of the model" in record["error"]
    assert "no chat template" in record["error"]
    assert not journal.get("model chat")["usage"]["asked"]


def test_failed_requests_and_failing_audits_cost_their_case_and_make_the_run_partial(config: Path, tmp_path: Path) -> None:
    recorded = [{"prompt": prompt, "completions": ["yes", "no no"]} for prompt in list(ANSWERS)[:18]]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in recorded))
    run = fmaudit.run(config, ['model.chat.uri="replay:log.jsonl"'])
    assert run.exit_code == 3
    journal = Journal(run.directory.journal, readonly=True)
    entries = [(entry.reason, entry.offset, entry.detail) for _, entry in journal.ledger("chat")]
    assert [(reason, offset) for reason, offset, _ in entries] == [("request-failed", 18), ("request-failed", 19)]
    assert "q0018" in entries[0][2]
    assert "not recorded" in entries[0][2]
    assert values(run)["brevity.short"] == 0.5


def test_measuring_again_keeps_what_the_run_was_told(config: Path, tmp_path: Path) -> None:
    run = fmaudit.run(config, ["audit.brevity.questions=8"])
    from fmaudit.api.auditing import measure_again

    config.write_text(config.read_text().replace("min = 0.5", "min = 0.99"))
    (tmp_path / "script.json").unlink()
    outcome = measure_again(prepare_again(run), run.directory)
    assert outcome.exit_code == 1
    assert run.plan["audits"][0]["parameters"]["questions"] == 8
    with pytest.raises(ConfigError, match="already observed"):
        prepare_again(run, overrides=["model.chat.uri=fake:"])


def test_measuring_refuses_a_parameter_that_changes_what_was_asked(config: Path) -> None:
    run = fmaudit.run(config)
    with pytest.raises(ConfigError, match=r"audit.brevity.questions changes what is asked") as caught:
        prepare_again(run, overrides=["audit.brevity.questions=8"])
    assert "fmaudit run" in str(caught.value)
    assert run.plan["audits"][0]["parameters"]["questions"] == 20
    prepare_again(run, overrides=["audit.brevity.questions=20"])


def test_measuring_takes_a_parameter_that_only_measuring_reads(config: Path, asking: Path) -> None:
    module = asking / "fmaudit_asking.py"
    module.write_text(module.read_text().replace("    class Params(Params):", '    reads = ("questions",)\n    class Params(Params):', 1))
    sys.modules.pop("fmaudit_asking", None)
    run = fmaudit.run(config)
    assert prepare_again(run, overrides=["audit.brevity.samples=1"]).plan.audits[0].parameters["samples"] == 1
    with pytest.raises(ConfigError, match=r"questions changes"):
        prepare_again(run, overrides=["audit.brevity.questions=1"])


def test_numbers_of_sql_are_recorded_as_floats(config: Path, asking: Path) -> None:
    module = asking / "fmaudit_asking.py"
    odd = "interval=Interval(t, t * 2, 0.95, 'exact'))"
    text = module.read_text().replace("sum(tokens)::bigint t", "sum(tokens)::hugeint::decimal(38, 0) t")
    text = text.replace('value=total["t"], unit="count", n=total["n"])', f'value=(t := total["t"]), unit="count", n=total["n"], {odd}')
    module.write_text(text.replace("import Capability", "import Interval, Capability"))
    sys.modules.pop("fmaudit_asking", None)
    run = fmaudit.run(config)
    assert run.exit_code == 0
    assert values(run)["cutting.tokens"] == 27.0
    [metric] = [row.metric for row in run.metric_rows() if row.name == "cutting.tokens"]
    assert metric.interval is not None
    assert (metric.interval.low, metric.interval.high) == (27.0, 54.0)


def test_a_finding_that_is_an_error_is_told_and_exits_with_three(config: Path, asking: Path) -> None:
    module = asking / "fmaudit_asking.py"
    found = '        yield Finding(code="wrong", severity=Severity.ERROR, sentence="All of it is wrong.")\n'
    text = module.read_text().replace("import Capability", "import Finding, Severity, Capability")
    module.write_text(text.replace("        total = seen.sql", found + "        total = seen.sql"))
    sys.modules.pop("fmaudit_asking", None)
    outcome = run_prepared(prepare(config))
    assert outcome.exit_code == 3
    assert outcome.problems == ("cutting on letters: All of it is wrong.",)
    assert outcome.status == "complete"  # nothing is missing


def test_a_run_that_is_not_finished_cannot_be_measured(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "acknowledge", lambda self, unit: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(fmaudit.FmauditError, match="keeps what is finished"):
        fmaudit.run(config)
    monkeypatch.undo()
    run = fmaudit.open_run(directory=config.parent / "runs")
    with pytest.raises(RunError, match="not finished"):
        prepare_again(run)


def test_the_cache_holds_json_only_and_lies_beside_the_runs(config: Path) -> None:
    fmaudit.run(config)
    database = sqlite3.connect(config.parent / "cache" / "responses.sqlite")
    rows = [json.loads(answer) for (answer,) in database.execute("select answer from answers")]
    assert len(rows) == 40
    assert {kind for kind, _ in rows} == {"Completion"}


def test_a_misspelt_name_of_another_target_is_refused_with_a_suggestion(config: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'chat'"):
        fmaudit.run(config, ['audit.brevity.targets=["chta"]'])
    with pytest.raises(ConfigError, match="'letters' is not a model"):
        fmaudit.run(config, ['audit.brevity.targets=["letters"]'])


def test_a_row_that_does_not_fit_costs_its_case(config: Path, asking: Path) -> None:
    module = asking / "fmaudit_asking.py"
    module.write_text(module.read_text().replace('"sample": a.sample,', '"sample": "three" if case.id == "q0003" else a.sample,'))
    sys.modules.pop("fmaudit_asking", None)
    run = fmaudit.run(config)
    assert run.exit_code == 3
    journal = Journal(run.directory.journal, readonly=True)
    assert [(entry.reason, entry.offset) for _, entry in journal.ledger("chat")] == [("case-failed", 3)]
    assert run.responses("chat").num_rows == 38


def test_a_model_that_breaks_stops_the_run_and_the_next_one_goes_on(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmaudit.models.backends.fake import FakeBackend

    original = FakeBackend.generate_each

    def breaking(self: FakeBackend, requests: Any) -> Any:
        for number, answer in enumerate(original(self, requests)):
            if number == 15:
                raise RuntimeError("the device is gone")
            yield answer

    with monkeypatch.context() as broken:
        broken.setattr(FakeBackend, "generate_each", breaking)
        with pytest.raises(fmaudit.ModelError, match="the device is gone"):
            fmaudit.run(config)
    run = fmaudit.run(config)
    assert run.id.startswith("run-0001")
    assert values(run)["brevity.short"] == 0.75
    usage = json.loads(run.directory.report("json").read_bytes())["models"][0]["usage"]
    assert (usage["asked"], usage["cached"]) == (40, 15)  # both sessions: 15 before it broke, 25 after


READER = """
from fmaudit.corpus.readers.text import TextReader

class Backwards(TextReader):
    name, suffixes = "backwards", (".back",)

@hookimpl
def fmaudit_readers(): return [Backwards]
"""


def test_an_audit_draws_documents_with_the_readers_of_plugins(config: Path, asking: Path, tmp_path: Path) -> None:
    plugin = asking / "fmaudit_asking.py"
    plugin.write_text(plugin.read_text() + READER)
    (tmp_path / "one.back").write_text("drawn")
    corpus = CorpusSettings(path=(f"{tmp_path}/*.back",)).model_dump(mode="json")
    prepare(config)
    try:
        assert fmaudit.draw_documents(corpus, per_group=1, group="")["text"].to_pylist() == ["drawn"]
    finally:
        use_readers({})


def planned(config: Path, *overrides: str) -> dict[str, Any]:
    [model] = prepare(config, overrides).plan.models
    return estimate_model(model, config.parent / "cache" / "responses.sqlite")


def test_plan_tells_minutes_only_where_an_earlier_run_measured_them(config: Path, tmp_path: Path) -> None:
    before = planned(config)
    assert (before["cases"], before["known_cases"], before["minutes"]) == ({"brevity": 20}, 0, None)
    assert not (tmp_path / "cache").exists()
    begin = time.perf_counter()
    fmaudit.run(config)
    took = time.perf_counter() - begin
    same = planned(config)
    assert (same["known_cases"], same["minutes"]) == (20, 0.0)
    more = planned(config, "audit.brevity.questions=20000")
    assert more["known_cases"] == 0
    assert 0 < more["minutes"] * 60 <= 20000 * took / 20 + 0.6
    assert more["minutes"] == round(20000 * more["pace"]["seconds_per_case"] / 60, 2)
    other = planned(config, 'model.chat.uri="fake:"')
    assert (other["known_cases"], other["minutes"]) == (0, None)


def test_cases_that_failed_are_not_called_answered(config: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps({"prompt": "Name the number 0 in one word.", "completions": ["a", "b"]}) + "\n")
    replayed = 'model.chat.uri="replay:log.jsonl"'
    assert fmaudit.run(config, [replayed]).exit_code == 3
    assert planned(config, replayed)["known_cases"] == 0
