"""The commands as a user calls them: what they print, and how they exit."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Warm

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fmaudit(warm: Warm) -> Call:
    return warm.run


@pytest.fixture
def project(tmp_path: Path, shouting: Path, write_jsonl) -> Path:
    texts = ["THIS IS LOUD"] * 30 + ["this is a quiet line"] * 70
    write_jsonl("web.jsonl", texts, hosts=9)
    (tmp_path / "audit.toml").write_text(
        'plugins = ["shouting"]\n[corpus.web]\npath = "web.jsonl"\nid = "id"\nurl = "url"\n[audit.shouting]\n'
        '[[check]]\nmetric = "shouting.share"\nmax = 0.5\n'
    )
    return tmp_path


def test_a_run_ends_with_its_id_and_directory_and_resumes_only_what_is_unfinished(fmaudit: Call, project: Path):
    first = fmaudit("run", "audit.toml", cwd=project)
    identity, directory = first.stdout.strip().splitlines()[-1].split()
    assert Path(directory).is_dir()
    assert Path(directory).name == identity
    second = fmaudit("run", "audit.toml", cwd=project)
    assert second.stdout.strip().splitlines()[-1].split()[0] != identity


def test_json_output_is_nothing_but_json(fmaudit: Call, project: Path):
    answer = fmaudit("run", "audit.toml", "--json", cwd=project)
    (line,) = answer.stdout.strip().splitlines()
    assert json.loads(line)["exit_code"] == 0
    rows = [json.loads(line) for line in fmaudit("results", "latest", "--json", cwd=project).stdout.splitlines()]
    assert [row["metric"] for row in rows] == ["shouting.share"]
    assert rows[0].keys() >= {"metric", "slice", "target", "value", "low", "high", "n", "n_clusters", "unit", "method", "status"}
    assert rows[0]["low"] < 0.3 < rows[0]["high"]


def test_a_failing_check_exits_with_one(fmaudit: Call, project: Path):
    answer = fmaudit("run", "audit.toml", "--set", 'check=[{metric="shouting.share", max=0.1}]', cwd=project, code=1)
    assert "fail" in answer.stdout.lower()


def test_a_mistake_in_the_configuration_exits_with_two_and_runs_nothing(fmaudit: Call, project: Path):
    answer = fmaudit("run", "audit.toml", "--set", "corpus.web.txt=1", cwd=project, code=2)
    assert "did you mean 'text'" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (project / "runs").exists()


def test_lost_documents_exit_with_three_unless_tolerated(fmaudit: Call, project: Path):
    with (project / "web.jsonl").open("ab") as file:
        file.write(b'{"id": "broken", "text": "cut off\n')
    fmaudit("run", "audit.toml", cwd=project, code=3)
    answer = fmaudit("run", "audit.toml", "--set", "run.tolerance=0.02", cwd=project, code=0)
    assert "1 document" in answer.stdout or "not examined" in answer.stdout.lower()


def test_documents_are_printed_with_source_and_signals(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    lines = fmaudit("documents", "latest", "--where", "capitals.upper > 5", "--json", cwd=project).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 30
    some = fmaudit("documents", "latest", "--columns", "file, offset,capitals.upper", "--limit", "1", "--json", cwd=project).stdout
    assert json.loads(some) == {"file": "web.jsonl", "offset": 0, "capitals.upper": 10}
    assert rows[0]["file"] == "web.jsonl"
    assert rows[0]["offset"] == 0
    assert rows[0]["capitals"] == {"letters": 10, "upper": 10}


@pytest.mark.parametrize("name", ["kept.jsonl", "kept.jsonl.gz", "kept.jsonl.zst", "kept.parquet"])
def test_filter_writes_what_is_kept_with_its_source(fmaudit: Call, project: Path, name: str):
    fmaudit("run", "audit.toml", cwd=project)
    answer = fmaudit("filter", "latest", "-o", name, "--where", "capitals.upper = 0", "--json", cwd=project)
    assert json.loads(answer.stdout)["kept"] == 70
    if name == "kept.jsonl.gz":
        rows = [json.loads(line) for line in gzip.decompress((project / name).read_bytes()).splitlines()]
        assert {row["text"] for row in rows} == {"this is a quiet line"}
        assert rows[0]["source_file"] == "web.jsonl"


def test_filter_refuses_an_unknown_rule_set(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    assert "no rule set" in fmaudit("filter", "latest", "-o", "x.jsonl", "--rules", "nothing", cwd=project, code=2).stderr


def test_sql_from_the_command_line_cannot_read_other_files(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    secret = project / "secret.txt"
    secret.write_text("hidden")
    answer = fmaudit("documents", "latest", "--where", f"id in (select content from read_text('{secret}'))", cwd=project, code=2)
    assert "hidden" not in answer.stdout


def test_verify_names_a_changed_file(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    fmaudit("verify", "latest", cwd=project)
    (part,) = (project / "runs").glob("*/metrics.parquet")
    data = bytearray(part.read_bytes())
    data[20] ^= 1
    part.write_bytes(bytes(data))
    assert "metrics.parquet: changed" in fmaudit("verify", "latest", cwd=project, code=1).stdout


def test_measure_takes_new_checks_without_reading_the_corpus(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    (project / "web.jsonl").unlink()
    fmaudit("measure", "latest", "--set", 'check=[{metric="shouting.share", max=0.1}]', cwd=project, code=1)
    plan = json.loads(next((project / "runs").glob("*/plan.json")).read_text())
    assert plan["settings"]["check"][0]["max"] == 0.1
    fmaudit("verify", "latest", cwd=project)


def test_plugins_names_the_broken_one_and_goes_on(fmaudit: Call, project: Path):
    answer = fmaudit("plugins", "--plugin", "shouting", "--plugin", "nothing", cwd=project)
    assert "nothing is broken" in answer.stdout
    assert "audits: shouting" in answer.stdout


def test_a_run_that_does_not_exist_lists_those_that_do(fmaudit: Call, project: Path):
    fmaudit("run", "audit.toml", cwd=project)
    assert "run-0001" in fmaudit("results", "run-0042", cwd=project, code=2).stderr


def test_init_writes_a_file_that_validates(fmaudit: Call, project: Path):
    (project / "audit.toml").unlink()
    fmaudit("init", ".", cwd=project)
    assert "is valid" in fmaudit("validate", "audit.toml", cwd=project).stdout
    assert "already" in fmaudit("init", ".", cwd=project, code=2).stderr


def test_responses_explain_a_wrong_column_and_print_rows(fmaudit: Call, tmp_path: Path, asking: Path):
    (tmp_path / "audit.toml").write_text('plugins = ["asking"]\n[model.echo]\nuri = "fake:"\n[audit.brevity]\nquestions = 3\n')
    fmaudit("run", "audit.toml", cwd=tmp_path)
    assert "q0002" in fmaudit("responses", cwd=tmp_path).stdout
    rows = [json.loads(line) for line in fmaudit("responses", "--where", "sample = 1", "--json", cwd=tmp_path).stdout.splitlines()]
    assert [row["case"] for row in rows] == ["q0000", "q0001", "q0002"]
    wrong = fmaudit("responses", "--where", "simple = 1", cwd=tmp_path, code=2)
    assert "columns: case, sample, answer, short" in wrong.stderr
