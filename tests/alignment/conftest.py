"""What the tests of the suites share: their common module, and the built-in models, each opened once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

from fmaudit import Backend, load_backend, stats
from fmaudit.stats import paired

sys.path.insert(0, str(Path(__file__).parent))


_MCNEMAR = lru_cache(None)(paired.mcnemar)
_SAME = {name: lru_cache(None)(getattr(stats, name)) for name in ("mde_paired_proportions", "proportion")}


@pytest.fixture(autouse=True)
def _each_table_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated answers give the same few tables again and again; scipy takes milliseconds for each."""
    monkeypatch.setattr(paired, "mcnemar", _MCNEMAR)
    monkeypatch.setattr(stats, "mcnemar", _MCNEMAR, raising=False)
    for name, once in _SAME.items():
        monkeypatch.setattr(stats, name, once, raising=False)


@pytest.fixture(scope="session")
def built_in() -> Iterator[Callable[[str], Backend]]:
    """Gives a built-in model by its name, open; loading one costs more than all that these tests ask of it."""
    opened: list[Backend] = []

    @cache
    def give(name: str) -> Backend:
        backend = load_backend(f"demo:{name}")
        backend.open()
        opened.append(backend)
        return backend

    yield give
    for backend in opened:
        backend.close()
