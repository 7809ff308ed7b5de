"""Looks at the documents of a run a page at a time: which rows first, their columns after, so that ten million rows stay quick."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fmaudit.api.results import Run
from fmaudit.errors import RunError
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import inside
from fmaudit.store.reader import Session, quote

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Documents", "Place", "Question", "column_sql"]


class Place(NamedTuple):
    """Where a document lies: a file of the corpus and the position in it."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Question:
    """A condition in SQL over `documents` with its bound values, and the column (as SQL) to sort by."""

    where: str = ""
    values: tuple[Any, ...] = ()
    order: str = ""
    descending: bool = False

    @property
    def everything(self) -> bool:
        """Whether all documents are meant, in their own order."""
        return not self.where and not self.order


class _Part(NamedTuple):
    """A part of the observations: the documents of `file` from `start` on."""

    file: str
    start: int
    rows: int
    path: Path


class Documents:
    """The documents of one corpus of a run; may be asked from several threads."""

    def __init__(self, run: Run, target: str) -> None:
        """Read which parts there are; raises RunError where the corpus has none yet."""
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._run, self._target = run, target
        journal = Journal(run.directory.journal, readonly=True)
        units = [unit for unit in journal.units(target) if "documents" in unit.parts]
        journal.close()
        root = run.directory.root
        paths = inside(root, [root / unit.parts["documents"] for unit in units])
        self._parts = [_Part(unit.key.file, unit.key.start, unit.documents, path) for unit, path in zip(units, paths, strict=True)]
        if not self._parts or not self._parts[0].path.is_file():
            raise RunError(f"{run.id} has no documents of {target} yet", hint="fmaudit run goes on with it")
        self._starts = [(part.file, part.start) for part in self._parts]
        self._ends = list(itertools.accumulate(part.rows for part in self._parts))

    @property
    def total(self) -> int:
        """How many documents there are."""
        return self._ends[-1]

    @property
    def schema(self) -> pa.Schema:
        """The columns of the documents; a signal is a struct."""
        import pyarrow.parquet as pq

        with _told(self._parts[0].path):
            return pq.read_schema(self._parts[0].path)

    def find(self, question: Question, limit: int, skip: int = 0) -> list[Place]:
        """Find documents; without a question they are counted off, wherever they lie."""
        if question.everything:
            return self._counted_off(limit, skip)
        ties = ', "file", "offset"'
        order = f" order by {question.order} {'desc' if question.descending else 'asc'} nulls last{ties}" if question.order else ""
        query = f'select "file", "offset" from documents{_where(question)}{order} limit {int(limit)} offset {int(skip)}'
        return [Place(row["file"], row["offset"]) for row in self.sql(query, question.values).to_pylist()]

    def count(self, question: Question) -> int:
        """Count the documents that a question finds."""
        if not question.where:
            return self.total
        return int(self.sql(f"select count(*) as n from documents{_where(question)}", question.values).column(0)[0].as_py())

    def read(self, places: Sequence[Place], columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Read columns ("language.label", all by default) of documents, in the order of `places`; one that is not there is left out."""
        found: dict[Place, dict[str, Any]] = {}
        for path in dict.fromkeys(self._part(place).path for place in places):
            offsets = [place.offset for place in places if self._part(place).path == path]
            for row in _read_part(path, offsets, columns):
                found[Place(row["file"], row["offset"])] = row
        return [found[place] for place in places if place in found]

    def evaluate(self, place: Place, columns: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Compute (name, SQL) columns for one document."""
        from fmaudit.store.reader import Session

        session = Session(self._run.directory.root, {"documents": [self._part(place).path]})
        listed = ", ".join(f"{sql} as {quote(name)}" for name, sql in columns)
        try:
            rows = session.sql(f'select {listed} from documents where "file" = ? and "offset" = ?', place).to_pylist()
        finally:
            session.close()
        return rows[0] if rows else {}

    def sql(self, query: str, values: Sequence[Any] = ()) -> pa.Table:
        """Run SQL over the view `documents`."""
        with self._lock:
            if self._session is None:
                self._session = self._run.open_documents(self._target, rules=False)
            return self._session.sql(query, values)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _part(self, place: Place) -> _Part:
        index = bisect.bisect_right(self._starts, (place.file, place.offset)) - 1
        return self._parts[max(index, 0)]

    def _counted_off(self, limit: int, skip: int) -> list[Place]:
        import pyarrow.parquet as pq

        places: list[Place] = []
        index = bisect.bisect_right(self._ends, skip)
        while len(places) < limit and index < len(self._parts):
            begin = self._ends[index] - self._parts[index].rows
            with _told(self._parts[index].path):
                table = pq.read_table(self._parts[index].path, columns=["file", "offset"], page_checksum_verification=True)
            rows = table.slice(max(skip - begin, 0), limit - len(places)).to_pylist()
            places += [Place(row["file"], row["offset"]) for row in rows]
            index += 1
        return places


def column_sql(name: str) -> str:
    """Write a column's name ("language.label") as SQL."""
    return ".".join(quote(part) for part in name.split("."))


def _where(question: Question) -> str:
    return f" where {question.where}" if question.where else ""


@contextlib.contextmanager
def _told(path: Path | str) -> Iterator[None]:
    """Raise RunError where a part is damaged or gone."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}: cannot be read: {error}", hint="fmaudit verify RUN lists every damaged file") from error


def _read_part(path: Path, offsets: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = list(dict.fromkeys(("file", "offset", *columns))) if columns else None
    with _told(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read(columns=wanted)
    table = table.filter(pc.is_in(table.column("offset"), value_set=pa.array(offsets, pa.int64())))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
