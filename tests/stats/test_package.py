from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fmaudit.stats as stats


def test_all_is_sorted_and_every_name_loads() -> None:
    assert stats.__all__ == sorted(stats.__all__) == sorted(dir(stats))
    for name in stats.__all__:
        assert getattr(stats, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stats.nothing  # noqa: B018


def test_no_public_name_is_hidden_by_a_module() -> None:
    modules = {path.stem for path in Path(stats.__file__).parent.glob("*.py")}
    assert not modules & set(stats.__all__)


def test_importing_the_package_loads_neither_numpy_nor_scipy() -> None:
    code = "import sys, fmaudit.stats; sys.exit(any(m.partition('.')[0] in ('numpy', 'scipy') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_modules_load_scipy_only_inside_functions() -> None:
    names = [path.stem for path in Path(stats.__file__).parent.glob("*.py") if path.stem != "__init__"]
    code = f"import sys\nfor m in {names!r}: __import__('fmaudit.stats.' + m)\nsys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
