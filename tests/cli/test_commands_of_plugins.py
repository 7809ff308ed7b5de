"""A plugin's command is called like ours: its own arguments, its exit code, its errors as messages."""

from __future__ import annotations

from pathlib import Path

from warm import Warm


def test_a_command_of_a_plugin_gets_the_rest_of_the_line_and_gives_its_exit_code(warm: Warm, tmp_path: Path) -> None:
    (tmp_path / "right.md").write_text("Llama 2 7B has 32 layers.")
    (tmp_path / "wrong.md").write_text("Mixtral 8x7B has 56B parameters.")
    assert '"holds"' in warm.run("claims", "right.md", "--format", "json", cwd=tmp_path, code=0).stdout
    assert "1 wrong" in warm.run("claims", "wrong.md", cwd=tmp_path, code=1).stdout
    assert "usage: fmaudit claims" in warm.run("claims", "--help", cwd=tmp_path, code=0).stdout


def test_what_it_raises_is_a_message(warm: Warm, tmp_path: Path) -> None:
    said = warm.run("claims", "gone.md", cwd=tmp_path, code=2).stderr
    assert said.startswith("fmaudit: gone.md: cannot be read")
    assert "Traceback" not in said


def test_a_name_that_nobody_brings_is_no_command(warm: Warm, tmp_path: Path) -> None:
    assert "No such command 'claim'" in warm.run("claim", cwd=tmp_path, code=2).stderr
