"""Reads runs: an in-memory DuckDB over the Parquet files, locked down so that SQL can reach nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from fmaudit.errors import RunError
from fmaudit.store.layout import inside

if TYPE_CHECKING:
    import duckdb

    from fmaudit.records import Measurement

__all__ = ["Session", "TargetObservations", "quote", "read_parquet"]

_DAMAGED = "fmaudit verify RUN lists every damaged file; put it back from a copy, or observe anew with fmaudit run --new"


class Session:
    """One in-memory database whose views are Parquet files of a run."""

    def __init__(
        self,
        folder: Path,
        views: Mapping[str, Sequence[Path]],
        *,
        derived: Mapping[str, str] | None = None,
        threads: int | None = None,
        keep_footers: bool = False,
    ) -> None:
        """Open views over `views` (name -> files, in order) and `derived` (name -> query over them).

        Afterwards only `folder` can be read, and nothing written. `keep_footers` reads what every file holds once, not for every query:
        three times as fast over a thousand files, for 40 kB of memory each. Raises RunError where a file leads out of `folder`, is not
        there or cannot be read.
        """
        import duckdb

        parts = {name: _there(folder, files) for name, files in views.items()}
        self._database: duckdb.DuckDBPyConnection = duckdb.connect(":memory:", config={"python_enable_replacements": False})
        try:
            with _understood(f"the rows of {folder.name} cannot be read"):
                if keep_footers:
                    self._database.execute("set parquet_metadata_cache = true")
                for name, files in parts.items():
                    listed = ", ".join(quote_text(str(file)) for file in files)
                    self._database.execute(f"create view {quote(name)} as select * from read_parquet([{listed}])")
                for name, query in (derived or {}).items():
                    self._database.execute(f"create view {quote(name)} as {query}")
                if threads:
                    self._database.execute(f"set threads = {int(threads)}")
                self._lock_down(folder)
        except BaseException:
            self._database.close()
            raise

    def _lock_down(self, folder: Path) -> None:
        run = self._database.execute
        run("set preserve_insertion_order = true")
        run("set disabled_optimizers = 'late_materialization'")  # breaks on struct columns with a limit in DuckDB 2.0.0
        run(f"set allowed_directories = [{quote_text(str(folder.resolve()) + '/')}]")
        run("set enable_external_access = false")
        run("set lock_configuration = true")

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a query and return its rows; raises RunError with the query's own message."""
        with _understood():
            _only_reads(self._database, query)
            table: pa.Table = self._database.sql(query, params=list(parameters)).to_arrow_table()
            return table

    def stream(self, query: str, rows: int = 4096) -> Iterator[pa.RecordBatch]:
        """Run a query and yield its rows in batches."""
        with _understood():
            _only_reads(self._database, query)
            yield from self._database.sql(query).to_arrow_reader(rows)

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()


def _only_reads(database: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse what could write: files of the run would lie within the folder that may be reached."""
    import duckdb

    reading = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if any(statement.type not in reading for statement in database.extract_statements(query)):
        raise RunError("the query failed: a run can only be read", hint="write a SELECT")


def _there(folder: Path, files: Sequence[Path]) -> list[Path]:
    """Resolve the files of a view; raises RunError that names those that are gone."""
    found = inside(folder, files)
    gone = [file for file in found if not file.is_file()]
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        raise RunError(f"{gone[0]}{more}: not there, and its rows are part of {folder.name}", hint=_DAMAGED)
    return found


@contextlib.contextmanager
def _understood(what: str = "the query failed") -> Iterator[None]:
    """Make DuckDB's errors ours, and give Ctrl-C back: DuckDB makes a RuntimeError of it, which the guard around an audit would keep."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        named = isinstance(error, duckdb.InvalidInputException) and ".parquet'" in str(error)
        damaged = named or isinstance(error, (duckdb.IOException, duckdb.SerializationException)) or type(error) is duckdb.Error
        raise RunError(f"{what}: {error}", hint=_DAMAGED if damaged else "") from error
    except RuntimeError as error:
        if "Query interrupted" in str(error):
            raise KeyboardInterrupt from None
        raise


class TargetObservations:
    """One target's observations, as `measure` sees them (the Observations contract)."""

    def __init__(
        self,
        session: Session,
        target: str,
        *,
        kind: str = "corpus",
        uri: str = "",
        sampled: float = 1.0,
        metadata: Sequence[str] = (),
        signals: Sequence[str] = (),
        measured: Sequence[Measurement] = (),
    ) -> None:
        """Wrap a session whose views are `documents` and the tallies of a corpus, or `observations` of anything else."""
        self._session = session
        self._target = target
        self._kind = kind
        self._uri = uri
        self._sampled = sampled
        self._metadata = tuple(metadata)
        self._signals = tuple(signals)
        self._measured = tuple(measured)

    @property
    def target(self) -> str:
        """The target's name in audit.toml."""
        return self._target

    @property
    def kind(self) -> str:
        """What the target is: "corpus", "tokenizer" or "model"."""
        return self._kind

    @property
    def uri(self) -> str:
        """The URI of a tokenizer or a model, as written."""
        return self._uri

    @property
    def sampled(self) -> float:
        """The share of the corpus that was looked at by design."""
        return self._sampled

    @property
    def metadata(self) -> tuple[str, ...]:
        """The names of the metadata fields kept in `meta`."""
        return self._metadata

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals that `documents` has."""
        return self._signals

    @property
    def measured(self) -> tuple[Measurement, ...]:
        """What the other audits of the run found."""
        return self._measured

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run SQL over `documents` and the tallies."""
        return self._session.sql(query, parameters)

    def arrow(self, columns: Sequence[str]) -> pa.Table:
        """Read columns of `documents`, or of `observations`, in order."""
        return self._session.sql(f"select {', '.join(columns)} from {'documents' if self._kind == 'corpus' else 'observations'}")


def read_parquet(path: Path) -> pa.Table:
    """Read a whole Parquet file, checking its page checksums."""
    try:
        return pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise RunError(f"{path}: cannot be read: {error}", hint=_DAMAGED) from error


def quote(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
