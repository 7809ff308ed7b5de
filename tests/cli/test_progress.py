"""What stands on stderr while a run goes on."""

from __future__ import annotations

import pytest

from fmaudit.cli.progress import ProgressDisplay


def told(capsys: pytest.CaptureFixture[str], answers: int, known: int) -> list[str]:
    with ProgressDisplay() as display:
        for stage in ("observe", "tokenizer bytes", "model chat"):
            display.stage(stage)
        if answers:
            display.answered("chat", answers)
        display.known("chat", known)
        display.stage("measure")
        display.stage("judge")
    return capsys.readouterr().err.splitlines()


def test_every_long_stage_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, 12, 0)
    assert lines[0] == "looking at tokenizer bytes"
    assert lines[1].startswith("tokenizer bytes: 0.")
    assert lines[2] == "asking model chat"
    assert lines[3].startswith("model chat: 12 answers in 0.")
    assert lines[4] == "measuring"


def test_known_answers_have_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    assert "model chat: 799 answers, all known" in told(capsys, 799, 799)
    assert "model chat: no new answers" in told(capsys, 0, 0)
    assert any(line.endswith(" s, 3 of them known") for line in told(capsys, 9, 3))
