"""Fixtures shared by all tests."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from warm import Warm

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads of torch that wait must not take the cores of other tests

# how fast examples are made says how busy the machine is, and nothing of what is tested
hypothesis.settings.register_profile("unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that never ships with the project; tests that need it skip where it is absent."""
    for folder in (os.environ.get("FMAUDIT_SHARED_DATA", ""), ROOT.parent / "shared" / "data"):
        if folder and Path(folder).is_dir():
            return Path(folder)
    pytest.skip("no shared data: set FMAUDIT_SHARED_DATA to its folder")


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """The command line, called in processes that need not import."""
    server = Warm("warm_imports")
    yield server
    server.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for strangers' plugins that is on the path of this process and its children."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")])))
    return folder


@pytest.fixture
def shouting(site: Path) -> Path:
    """A stranger's plugin with a corpus audit, installed."""
    shutil.copy(ROOT / "tests/third_party/fmaudit_shouting/fmaudit_shouting.py", site)
    install_plugin(site, "shouting", "fmaudit_shouting", "0.3.0")
    return site


@pytest.fixture
def asking(site: Path) -> Path:
    """A stranger's plugin with audits of models and tokenizers, installed."""
    shutil.copy(ROOT / "tests/third_party/fmaudit_asking/fmaudit_asking.py", site)
    install_plugin(site, "asking", "fmaudit_asking", "0.1.0")
    sys.modules.pop("fmaudit_asking", None)  # an earlier test may have changed its copy
    return site


def install_plugin(site: Path, name: str, module: str, version: str = "1.0") -> None:
    """Write the metadata that pip would, so that the entry point is found."""
    info = site / f"fmaudit_{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fmaudit-{name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[fmaudit]\n{name} = {module}\n")


WriteJsonl = Callable[..., Path]


@pytest.fixture
def write_jsonl(tmp_path: Path) -> WriteJsonl:
    """Write texts as JSONL (gz by suffix) with ids and hosts, and return the path."""

    def write(name: str, texts: Sequence[str], hosts: int = 7) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"id": f"d{i}", "url": f"https://h{i % hosts}.example/{i}", "text": text} for i, text in enumerate(texts)]
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    return write
