"""Small pieces: scalars as text, the sampling hash, the ledger's trimmer."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit.corpus.ledger import LedgerTrimmer
from fmaudit.corpus.sampling import Sampler, finish, fnv1a
from fmaudit.corpus.scalars import as_text, compact, exact_loads
from fmaudit.corpus.splits import Limits
from fmaudit.records import LedgerEntry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_compact_json_says_the_same(value):
    import json

    assert json.loads(compact(value)) == value
    assert json.loads(compact(exact_loads(json.dumps(value)))) == value


def test_scalars():
    assert [as_text(value) for value in (None, "x", True, 3, [1, "é"])] == [None, "x", "true", "3", '[1,"é"]']


def test_the_hash_never_changes():
    assert fnv1a(b"") == 0xCBF29CE484222325
    assert fnv1a(b"a") == 0xAF63DC4C8601EC8C
    assert finish(1) == 0xB456BCFC34C2CB2C
    sampler = Sampler("data/a.jsonl", Limits(sample=0.5, salt="7"))
    assert [sampler.keep(0, str(number).encode()) for number in range(12)] == [letter == "x" for letter in ".x.x......x."]
    assert [sampler.keep(number, None) for number in range(12)] == [letter == "x" for letter in "xx.x.xx....x"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_shares_are_kept(share):
    sampler = Sampler("x", Limits(sample=share))
    kept = sum(sampler.keep(number * 97, None) for number in range(20_000))
    assert abs(kept - share * 20_000) < 5 * (20_000 * share * (1 - share)) ** 0.5 + 1


def test_many_equal_entries_are_counted_in_one():
    entries = [LedgerEntry(file="f", offset=number, reason="invalid-json", size=2) for number in range(1500)]
    other = LedgerEntry(file="g", offset=0, reason="invalid-json")
    trimmer = LedgerTrimmer()
    assert trimmer.admit(entries[:700]) + trimmer.admit([*entries[700:], other]) == [*entries[:1000], other]
    [rest] = trimmer.rest()
    assert (rest.file, rest.offset, rest.count, rest.size) == ("f", 1000, 500, 1000)


def test_nothing_heavy_is_imported_with_the_readers():
    heavy = {"datasets", "fsspec", "warcio", "zstandard", "numba"}
    code = f"import sys, fmaudit.corpus.sources as s; s.builtin_readers(); print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
