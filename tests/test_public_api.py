from __future__ import annotations

import ast
from pathlib import Path

import fmaudit


def test_the_names_that_type_checkers_see_are_the_names_that_exist():
    tree = ast.parse(Path(fmaudit.__file__).read_text())
    typed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            for statement in node.body:
                if isinstance(statement, ast.ImportFrom):
                    typed |= {alias.asname or alias.name for alias in statement.names}
    assert typed == set(fmaudit.__all__)


def test_all_is_sorted():
    assert list(fmaudit.__all__) == sorted(fmaudit.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(fmaudit, "nothing_of_this_name")
