"""The tool starts fast: no heavy library is loaded to show help or to list plugins."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "transformers", "datasets", "streamlit", "numba", "duckdb", "spacy", "scipy", "altair", "fasttext")
PROBE = """
import sys
sys.argv = ["fmaudit", *{arguments!r}]
from fmaudit.cli import main
try:
    main()
except SystemExit:
    pass
print("LOADED", [name for name in {heavy!r} if name in sys.modules])
"""


@pytest.mark.parametrize("arguments", [["--help"], ["plugins"], ["run", "--help"], ["plugins", "--json"]])
def test_no_heavy_library_is_loaded(arguments: list[str]):
    code = PROBE.format(arguments=arguments, heavy=HEAVY)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in answer.stdout, answer.stdout[-300:] + answer.stderr[-300:]


@pytest.mark.parametrize("arguments", [["--help"], ["plugins"]])
def test_it_answers_within_half_a_second_of_processor_time(arguments: list[str]):
    import resource

    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "fmaudit", *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5, seconds


def test_importing_the_public_api_is_light_and_complete():
    code = "import sys, fmaudit; assert 'pyarrow' not in sys.modules; [getattr(fmaudit, n) for n in fmaudit.__all__]; print('fine')"
    begin = time.monotonic()
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == "fine", answer.stderr
    assert time.monotonic() - begin < 60
