"""What holds is shown with where it was said: the file's line, the environment, the command line, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmaudit.api.effective import effective_settings
from fmaudit.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "audit.toml"
    path.write_text('[corpus.web]\npath = "web/*"\n\n[audit.corpus-quality]\nshortest_line = 12\n\n[[check]]\nmetric = "a.b"\nmax = 0.5\n')
    return path


def test_every_value_says_where_it_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMAUDIT__RUN__SEED", "4")
    shown = {s.key: (s.value, s.origin) for s in effective_settings(file, ["run.workers=2"])}
    assert shown["audit.corpus-quality.shortest_line"] == (12, "audit.toml:5")
    assert shown["check.0.max"] == (0.5, "audit.toml:9")
    assert shown["run.seed"] == (4, "environment FMAUDIT__RUN__SEED")
    assert shown["run.workers"] == (2, "--set run.workers=2")
    assert shown["audit.corpus-quality.minimum_documents"][1] == shown["run.tolerance"][1] == "default"


def test_what_is_shown_can_be_set_and_changes_nothing(file: Path) -> None:
    settings = effective_settings(file)
    given = [f"{s.key}={str(s.value).lower()}" for s in settings if isinstance(s.value, int | float) and s.origin == "default"]
    again = effective_settings(file, given)
    assert given
    assert {s.key: s.value for s in again} == {s.key: s.value for s in settings}


def test_keys_of_a_table_stand_together(file: Path) -> None:
    tables = [".".join(s.key.split(".")[:2]) for s in effective_settings(file)]
    assert len([t for t, before in zip(tables, ["", *tables], strict=False) if t != before]) == len(set(tables))


def test_an_unknown_parameter_is_an_error_here_too(file: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        effective_settings(file, ["audit.corpus-quality.shortest_lines=3"])
