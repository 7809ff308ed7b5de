"""How much of the corpus is there more than once: documents, paragraphs, lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fmaudit import Evidence, Exhibit, Finding, Metric, MetricStatus, Severity
from fmaudit_corpus_quality.duplicates import sampled_sql
from fmaudit_corpus_quality.measures.scene import Ints, Scene, codes, integers, percent, percent_interval, sums_by_unit

__all__ = ["documents", "pieces"]

MANY_DOCUMENTS = 0.05  # removable documents above this are a finding
MANY_PIECES = 0.1  # removable characters of lines or paragraphs above this are a finding
LOOKED_AT = 20_000_000  # rows of a tally above which a sample of the pieces is measured
GROUPS = 10_000
SHOWN = 50
_BINS = ((2, 2), (3, 3), (4, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, 999), (1000, 9999), (10_000, None))


def documents(scene: Scene) -> Iterator[Metric | Finding | Exhibit]:
    """Yield the share of documents, and of their characters, that go when one copy of each is kept."""
    if "duplicates" not in scene.seen.signals or not scene.documents:
        return
    # Copies are equal, so every one of k copies counts (k - 1) / k: no copy has to be called the original.
    table = scene.seen.sql(
        "WITH copied AS (SELECT duplicates.high AS high, duplicates.low AS low, count(*) AS copies FROM documents "
        "WHERE duplicates.high IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1) "
        f"SELECT {scene.unit} AS unit, coalesce(copied.copies, 1) AS copies, count(*) AS n, CAST(sum(characters) AS BIGINT) AS characters "
        "FROM documents LEFT JOIN copied ON duplicates.high = copied.high AND duplicates.low = copied.low "
        "WHERE quality.words IS NOT NULL AND duplicates.high IS NOT NULL GROUP BY 1, 2"
    )
    units, names = codes(table["unit"])
    copies, n = integers(table, "copies"), int(integers(table, "n").sum())
    note = (
        ""
        if scene.seen.sampled >= 1
        else f"a lower bound: {percent(scene.seen.sampled)} of the documents were read, copies among the others are not seen"
    )
    found: list[Metric] = []
    for of, column in (("documents", "n"), ("characters", "characters")):
        amount = integers(table, column)
        hits, totals = _removable(units, len(names), copies, amount), sums_by_unit(units, len(names), [amount])
        found += scene.shares("duplicates", hits, totals, [{"of": of}], observations=[n], note=note)
    yield from found
    yield from _clusters(copies, integers(table, "n"))
    yield from _document_finding(scene, found[0])


def _removable(units: Ints, count: int, copies: Ints, amount: Ints) -> Any:
    """Add up amount x (k - 1) / k by unit: integers first for every k, so that the order of the rows never shows."""
    sizes = np.unique(copies)
    by_size = sums_by_unit(units, count, [amount * (copies == size) for size in sizes])
    return (by_size @ ((sizes - 1) / sizes)).reshape(-1, 1)


def _clusters(copies: Ints, n: Ints) -> Iterator[Metric | Exhibit]:
    import pyarrow as pa

    groups = {int(size): int(n[copies == size].sum()) // int(size) for size in np.unique(copies) if size > 1}
    total = sum(groups.values())
    yield Metric(
        name="duplicate_groups",
        value=float(total),
        unit="count",
        n=int(n.sum()),
        method="groups of equal documents",
        note="a count of what was read",
    )
    if not groups:
        return
    largest = max(groups)
    yield Metric(
        name="largest_duplicate_group",
        value=float(largest),
        unit="count",
        n=int(n.sum()),
        method="documents",
        note="a count of what was read",
    )
    rows = [
        {
            "copies": str(low) if low == high else f"{low:,}+" if high is None else f"{low:,}-{high:,}",
            "groups": sum(g for size, g in groups.items() if low <= size <= (high or size)),
        }
        for low, high in _BINS
    ]
    rows = [row for row in rows if row["groups"]]
    yield Exhibit(
        name="duplicate-groups",
        title="Groups of equal documents, by the number of copies",
        data=pa.Table.from_pylist(rows),
        kind="bars",
        encoding={"x": "groups", "y": "copies"},
        unit="count",
    )


def _document_finding(scene: Scene, share: Metric) -> Iterator[Finding]:
    if share.interval is None or share.interval.low <= MANY_DOCUMENTS:
        return
    row = scene.seen.sql(
        "SELECT duplicates.high AS high, duplicates.low AS low, count(*) AS copies FROM documents WHERE duplicates.high IS NOT NULL "
        "GROUP BY 1, 2 ORDER BY copies DESC, high, low LIMIT 1"
    ).to_pylist()[0]
    places = scene.examples("duplicates.high = ? AND duplicates.low = ?", [row["high"], row["low"]])
    bound = "at least " if scene.seen.sampled < 1 else ""
    yield Finding(
        code="duplicate-documents",
        severity=Severity.WARNING,
        sentence=f"Keeping one copy of each text would remove {bound}{percent(share.value or 0.0)} of the documents "
        f"({percent_interval(share.interval)}); one text is there {row['copies']:,} times.",
        evidence=places,
        metric="duplicates{of=documents}",
        advice="Remove exact duplicates before training, and look at the largest groups first: they are often error pages or templates.",
    )


def pieces(scene: Scene, tally: str, noun: str, share: float) -> Iterator[Metric | Finding | Exhibit]:
    """Yield the same for lines or paragraphs; `share` is the part of all different pieces that the tally kept."""
    rows = int(scene.seen.sql(f"SELECT count(*) AS n FROM {tally}").to_pylist()[0]["n"])
    looked = min(share, share * LOOKED_AT / rows) if rows > LOOKED_AT else share
    condition = "TRUE" if looked >= 1 else sampled_sql(looked)
    table = scene.seen.sql(
        f"SELECT (hash >> 10) % {GROUPS} AS unit, CAST(sum(n) AS BIGINT) AS n, CAST(sum(n * characters) AS BIGINT) AS characters, "
        "count(*) AS first_n, CAST(sum(characters) AS BIGINT) AS first_characters FROM "
        f"(SELECT hash, sum(n) AS n, min(characters) AS characters FROM {tally} WHERE {condition} GROUP BY hash) GROUP BY 1"
    )
    total = int(integers(table, "n").sum())
    if not total:
        yield Metric(
            name=f"duplicate_{noun}s", value=None, unit="fraction", n=0, status=MetricStatus.UNDEFINED, note=f"no {noun} is long enough"
        )
        return
    note = f"the interval is clustered by different {noun}s" + (f", of which {percent(looked)} were looked at" if looked < 1 else "")
    note += "" if scene.seen.sampled >= 1 else f"; a lower bound, since {percent(scene.seen.sampled)} of the documents were read"
    found = {of: _piece_share(scene, table, noun, of, total, note) for of in (f"{noun}s", "characters")}
    yield from found.values()
    top = _most_common(scene, tally)
    if top:
        yield _top_exhibit(top, noun)
    yield from _piece_finding(found["characters"], top, noun)


def _piece_share(scene: Scene, table: Any, noun: str, of: str, total: int, note: str) -> Metric:
    column = "characters" if of == "characters" else "n"
    every, first = integers(table, column).astype(np.float64), integers(table, f"first_{column}").astype(np.float64)
    name, slice_ = f"duplicate_{noun}s", {"of": of}
    if total < scene.minimum:
        return scene.too_few(name, "fraction", slice_, total)
    estimate = scene.estimate((every - first).reshape(-1, 1), every.reshape(-1, 1), [total])[0]
    return Metric(
        name=name, value=estimate.value, unit="fraction", n=total, interval=estimate.interval, slice=slice_, note=note,
        method=f"{estimate.interval.method} by different {noun}, folded into {GROUPS:,} groups",
    )  # fmt: skip


def _most_common(scene: Scene, tally: str) -> Sequence[Mapping[str, Any]]:
    """Find the pieces that most documents share, each with one place where it stands."""
    # A piece that many documents share is found twice in some batch, or is one of the sample; the rest is not worth sorting.
    table = scene.seen.sql(
        f"WITH top AS (SELECT hash, CAST(sum(documents) AS BIGINT) AS documents, CAST(sum(n) AS BIGINT) AS n FROM {tally} GROUP BY hash "
        f"HAVING sum(documents) > 1 ORDER BY sum(documents) * min(characters) DESC, hash LIMIT {SHOWN}) "
        "SELECT top.documents AS documents, top.n AS n, min(piece.characters) AS characters, "
        "min({'file': piece.file, 'offset': piece.position, 'start': piece.start}) AS place "
        f"FROM top JOIN {tally} AS piece ON piece.hash = top.hash GROUP BY top.hash, 1, 2 ORDER BY 1 * 3 DESC, top.hash"
    )
    rows = [{**row, **row["place"]} for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (-row["documents"] * row["characters"], row["file"], row["offset"], row["start"]))


def _top_exhibit(top: Sequence[Mapping[str, Any]], noun: str) -> Exhibit:
    import pyarrow as pa

    columns = ("documents", "n", "characters", "file", "offset", "start")
    return Exhibit(
        name=f"top-{noun}s",
        title=f"The {noun}s that most documents share",
        data=pa.Table.from_pylist([{name: row[name] for name in columns} for row in top]),
        caption="By characters x documents. One copy stands at file and offset, from code point `start` on, `characters` long.",
    )


def _piece_finding(share: Metric, top: Sequence[Mapping[str, Any]], noun: str) -> Iterator[Finding]:
    if share.interval is None or share.interval.low <= MANY_PIECES or not top:
        return
    places = tuple(
        Evidence(file=row["file"], offset=int(row["offset"]), start=int(row["start"]), stop=int(row["start"]) + int(row["characters"]))
        for row in top[:5]
    )
    yield Finding(
        code=f"duplicate-{noun}s",
        severity=Severity.NOTE,
        sentence=f"{percent(share.value or 0.0)} of the characters in {noun}s repeat a {noun} seen before "
        f"({percent_interval(share.interval)}); one {noun} of {top[0]['characters']:,} characters is in {top[0]['documents']:,} documents.",
        evidence=places,
        metric=f"duplicate_{noun}s{{of=characters}}",
        advice=f"The most common {noun}s are usually menus, notices and templates; remove them or extract the main text again.",
    )
