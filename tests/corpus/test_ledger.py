"""Of many equal entries only the first stay one by one; every document is still counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fmaudit.corpus.ledger import LedgerTrimmer
from fmaudit.records import LedgerEntry

ENTRIES = st.lists(
    st.builds(
        LedgerEntry,
        st.sampled_from(["a", "b"]),
        st.integers(0, 99),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["red: 1", "red: 2", "blue: 1"]),
        st.one_of(st.none(), st.integers(0, 9)),
        st.integers(1, 5),
        st.booleans(),
    ),
    max_size=60,
)


def colour(entry: LedgerEntry) -> str:
    return entry.detail.split(":")[0]


@given(entries=ENTRIES, limit=st.integers(1, 5), cut=st.integers(0, 60))
def test_no_document_is_lost_from_the_counts_and_no_kind_has_more_than_its_limit(entries, limit, cut):
    trimmer = LedgerTrimmer(limit, colour)
    kept = [*trimmer.admit(entries[:cut]), *trimmer.admit(entries[cut:]), *trimmer.rest()]
    for key in {(e.file, e.reason, e.lost, colour(e)) for e in entries}:
        before = [e for e in entries if (e.file, e.reason, e.lost, colour(e)) == key]
        after = [e for e in kept if (e.file, e.reason, e.lost, colour(e)) == key]
        assert sum(e.count for e in after) == sum(e.count for e in before)
        assert after[:limit] == before[:limit]
        assert len(after) == min(len(before), limit + 1)
    assert sum(e.count for e in kept) == sum(e.count for e in entries)


def test_what_is_counted_together_says_where_it_begins():
    entries = [LedgerEntry("a", offset, "x", "red: why", 10) for offset in range(5)]
    trimmer = LedgerTrimmer(2, colour)
    assert trimmer.admit(entries) == entries[:2]
    (rest,) = trimmer.rest()
    assert (rest.offset, rest.count, rest.size) == (2, 3, 30)
    assert rest.detail.startswith("red: further entries after the first 2")
