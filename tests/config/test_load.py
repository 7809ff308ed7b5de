from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from fmaudit.config import explain_validation, load_config
from fmaudit.errors import ConfigError

GOOD = """
[corpus.web]
path = "data/*.jsonl"

[audit.corpus-language]
targets = ["web"]
min_n = 20

[[check]]
metric = "corpus-language.share{language=en}"
max = 0.8
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "audit.toml"
    path.write_text(text)
    return path


def test_settings_and_the_audits_own_parameters_are_read(tmp_path: Path):
    config = load_config(write(tmp_path, GOOD))
    assert config.settings.corpus["web"].path == ("data/*.jsonl",)
    assert config.settings.audit["corpus-language"].parameters == {"min_n": 20}
    assert config.settings.check[0].max == 0.8
    assert config.folder == tmp_path


def test_every_check_has_the_lines_of_its_own_table(tmp_path: Path):
    text = "\n".join(
        [
            "[corpus.web]",
            'path = "x.jsonl"',
            "[[check]]",
            'metric = "a.b"',
            "max = 1",
            "",
            "[[check]]",
            "max = 2",
            'metric = "c.d"',
            "[[ check ]]",
            'metric = "e.f"',
            "min = 0",
        ]
    )
    file = tmp_path / "audit.toml"
    file.write_text(text)
    origins = load_config(file, environment={}).origins
    lines = {key: int(origin.rpartition(":")[2]) for key, origin in origins.items() if key.startswith("check.") and origin != "default"}
    assert lines == {
        "check.0.metric": 4, "check.0.max": 5, "check.1.max": 8, "check.1.metric": 9, "check.2.metric": 11, "check.2.min": 12,
    }  # fmt: skip
    file.write_text(text.replace("min = 0", "mn = 0"))
    with pytest.raises(ConfigError, match=r"audit.toml:12: check.2.mn"):
        load_config(file, environment={})


def test_every_value_has_an_origin(tmp_path: Path):
    config = load_config(write(tmp_path, GOOD), ["run.workers=2"], {"FMAUDIT__RUN__SEED": "7"})
    assert config.settings.run.workers == 2
    assert config.settings.run.seed == 7
    assert config.origins["corpus.web.path"] == "audit.toml:3"
    assert config.origins["run.workers"] == "--set run.workers=2"
    assert config.origins["run.seed"] == "environment FMAUDIT__RUN__SEED"
    assert config.origins["run.tolerance"] == "default"


def test_a_flag_beats_the_environment_and_both_beat_the_file(tmp_path: Path):
    path = write(tmp_path, GOOD + "[run]\nseed = 1\n")
    assert load_config(path, [], {}).settings.run.seed == 1
    assert load_config(path, [], {"FMAUDIT__RUN__SEED": "2"}).settings.run.seed == 2
    assert load_config(path, ["run.seed=3"], {"FMAUDIT__RUN__SEED": "2"}).settings.run.seed == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[corpus.web]\npath = 'x'\ntxt = 'body'\n", ["audit.toml:3", "unknown key 'txt'", "did you mean 'text'"]),
        ("[[check]]\nmetric = 'a'\nmx = 1\n", ["unknown key 'mx'", "did you mean 'max'"]),
        ("[corpus.web]\npath = 'x'\n[audit.a]\ntargets = ['wbe']\n", ["audit.toml:4", "no target named 'wbe'", "did you mean 'web'"]),
        ("[corpus.web]\npath = 'x'\nsample = 2\n", ["corpus.web.sample", "less than or equal to 1"]),
        ("[[check]]\nmetric = 'a'\n", ["a check needs min, max or max_change"]),
        ("[corpus.x]\npath='a'\n[model.x]\nuri='hf:y'\n", ["used twice: x"]),
        ("[corpus\n", ["not valid TOML"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_suggestion(tmp_path: Path, text: str, expected: list[str]):
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    for part in expected:
        assert part in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path):
    with pytest.raises(ConfigError, match="fmaudit init"):
        load_config(tmp_path / "nothing.toml")


def test_a_quoted_key_in_an_override_may_hold_dots(tmp_path: Path):
    config = load_config(write(tmp_path, GOOD), ['audit.corpus-language.thresholds."datatrove-0.10.1/c4".min_num_sentences=3'])
    assert config.settings.audit["corpus-language"].parameters["thresholds"] == {"datatrove-0.10.1/c4": {"min_num_sentences": 3}}


def test_an_override_without_a_value_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="key=value"):
        load_config(write(tmp_path, GOOD), ["run.workers"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[notify.webhook]\nurl = "https://example.org/x"\n', r"write \[\[notify.webhook\]\]"),
        ('[[notify.webhook]]\nurl = "ftp://example.org/x"\n', "url must begin with https://"),
        ('[[notify.webhook]]\nurl = "http://example.org/x"\n', "allow_http = true"),
    ],
)
def test_an_address_that_could_never_be_told_is_said_at_once(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "audit.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_config(file)


class _Part(BaseModel):
    share: float = Field(le=1.0)


class _Whole(BaseModel):
    parts: tuple[_Part, ...] = Field(min_length=1)
    name: str = ""


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"parts": [{"share": 2}]}, ["a: parts.0.share: Input should be less than or equal to 1"]),
        ({"parts": []}, ["a: parts: it has 0 items, and at least 1 is needed"]),
        (
            {"parts": [{"share": 2}, {"share": "x"}], "name": 1},
            [
                "a: parts.0.share: Input should be less than or equal to 1",
                "a: parts.1.share: Input should be a valid number, unable to parse string as a number",
                "a: name: Input should be a valid string",
            ],
        ),
    ],
)
def test_what_only_follows_from_a_mistake_is_not_told(given: dict[str, Any], lines: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        _Whole.model_validate(given)
    assert explain_validation(caught.value, "a", _Whole).splitlines() == lines
