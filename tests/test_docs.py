"""The documentation says what the software does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fmaudit import errors
from fmaudit.config.settings import CorpusSettings, RunSettings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def test_the_tutorial_shows_the_plugin_that_the_tests_install():
    source = (ROOT / "tests/third_party/fmaudit_shouting/fmaudit_shouting.py").read_text()
    tutorial = (DOCS / "tutorials/first-plugin.md").read_text()
    assert source.strip() in tutorial
    assert len(source.splitlines()) <= 25
    assert (ROOT / "tests/third_party/fmaudit_shouting/pyproject.toml").read_text().strip() in tutorial


def test_the_model_tutorial_shows_the_plugin_that_the_tests_install():
    source = (ROOT / "tests/third_party/fmaudit_asking/fmaudit_asking.py").read_text()
    tutorial = (DOCS / "tutorials/first-model-audit.md").read_text()
    assert source.strip() in tutorial
    assert len(source.splitlines()) <= 45
    assert (ROOT / "tests/third_party/fmaudit_asking/pyproject.toml").read_text().strip() in tutorial


def test_every_scheme_is_in_the_reference():
    from fmaudit.models.loading import _BUILTIN

    reference = (DOCS / "reference/backends.md").read_text()
    assert [scheme for scheme in _BUILTIN if f"`{scheme}:" not in reference] == []


def test_every_command_is_in_the_reference():
    from fmaudit.cli import commands

    reference = (DOCS / "reference/cli.md").read_text()
    assert [name for name in commands.__all__ if f"`fmaudit {name}" not in reference] == []


@pytest.mark.parametrize("model", [CorpusSettings, RunSettings])
def test_every_setting_is_in_the_reference(model: type):
    reference = (DOCS / "reference/audit-toml.md").read_text()
    assert [name for name in model.model_fields if not re.search(rf"^{name} = ", reference, re.M)] == []


def test_every_exception_is_in_the_tree():
    assert [name for name in errors.__all__ if name not in (errors.__doc__ or "")] == []


def test_every_link_between_pages_leads_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("plugins/*/*.md")]
    broken = []
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                broken.append((page.name, link))
    assert broken == []
