"""The documentation says what the software does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from fmaudit import errors
from fmaudit.config.settings import CorpusSettings, RunSettings
from fmaudit.hooks.manager import load_plugins

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
DOCUMENTED = [
    "alignment",
    "benchmark",
    "corpus-language",
    "corpus-quality",
    "domain-gap",
    "engine-card",
    "sampling-consistency",
    "token-cost",
]


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


def _parameters(params: Any, table: str = "") -> Iterator[str]:
    """Name an audit's parameters as `fmaudit config show` does, those of its tables too; a table itself is none."""
    for name, field in params.model_fields.items():
        own = _model_in(field.annotation)
        yield from [f"{table}{name}"] if own is None or own is not field.annotation else []
        yield from _parameters(own, f"{table}{name}.") if own is not None else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


def _set_or_named(readme: str) -> set[str]:
    """Find the names that a page sets in code (`name = ...`), or has in code alone (`table.name`)."""
    blocks = re.findall(r"```.*?```", readme, re.S)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", readme, flags=re.S))
    lines = [*inline, *(line.strip() for block in blocks for line in block.splitlines())]
    found = {name for line in lines for name in re.findall(r"^\[audit\.[\w-]+\.(\w+)\]", line)}
    found |= {name for line in lines for name in re.findall(r"(?:^|[{,]\s*)(?:[\w-]+\.)*(\w+)\s*=(?!=)", line)}
    return found | {code.rpartition(".")[2] for code in inline if re.fullmatch(r"(?:[\w-]+\.)*\w+", code)}


@pytest.mark.parametrize("audit", DOCUMENTED)
def test_every_parameter_of_an_audit_is_in_its_plugins_readme(audit: str):
    kind = load_plugins(()).audits[audit]
    folder = next(folder for folder in Path(inspect.getfile(kind)).resolve().parents if folder.parent.name == "plugins")
    told = _set_or_named((folder / "README.md").read_text("utf-8"))
    parameters = list(_parameters(kind.Params))
    assert len(parameters) > 5
    assert [name for name in parameters if name.rpartition(".")[2] not in told] == []


def test_a_parameter_that_no_page_names_is_found():
    assert _set_or_named("the word samples, `own.shown`, and\n```toml\n[model.chat]\ngiven = {inner = 1}\n[audit.a.table]\n```\n") == {
        "shown", "given", "inner", "table",
    }  # fmt: skip
