"""What is told before anything is asked: suites that a model cannot be asked, and a model that is compared with itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from fmaudit import ConfigError
from fmaudit.api.auditing import prepare


def recorded(folder: Path, suites: Sequence[str]) -> Path:
    """A model whose answers were recorded, beside one that can score."""
    (folder / "said.jsonl").write_text('{"prompt": "Hello?", "completion": "Hello."}')
    (folder / "audit.toml").write_text(
        f"""
[model.said]
uri = "replay:said.jsonl"
[model.before]
uri = "demo:base"
[audit.alignment]
targets = ["said"]
suites = {json.dumps(suites)}
reference = ["before"]
"""
    )
    return folder / "audit.toml"


def test_suites_that_a_model_cannot_be_asked_are_told_while_planning(tmp_path: Path) -> None:
    told = prepare(recorded(tmp_path, ["refusal", "preference"])).warnings
    assert [each for each in told if "'preference' says nothing of the model 'said'" in each and "log-probabilities" in each]
    assert not [each for each in told if "'refusal' says nothing" in each]


def test_a_model_that_can_be_asked_no_suite_is_an_error_while_planning(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no suite can be asked of the model 'said'.*drift: it cannot .*log-probabilities") as caught:
        prepare(recorded(tmp_path, ["preference", "drift"]))
    assert "leave 'said' out of targets" in str(caught.value.hint)


@pytest.mark.parametrize("suite", ["preference", "drift"])
def test_a_reference_that_is_the_model_itself_is_told_while_planning(tmp_path: Path, suite: str) -> None:
    text = recorded(tmp_path, [suite]).read_text().replace('targets = ["said"]', 'targets = ["before"]')
    (tmp_path / "audit.toml").write_text(text)
    assert [each for each in prepare(tmp_path / "audit.toml").warnings if "'before' is that model itself" in each]
    (tmp_path / "audit.toml").write_text(text.replace('reference = ["before"]', 'reference = ["said"]'))
    assert not [each for each in prepare(tmp_path / "audit.toml").warnings if "that model itself" in each]
