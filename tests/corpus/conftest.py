"""What the reader tests share: files made in the test, and documents read back as plain Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fmaudit.corpus.files import describe
from fmaudit.corpus.sources import builtin_readers, pick_format
from fmaudit.corpus.splits import Fields, Limits, ReadStep, SourceFile, Split
from fmaudit.records import LedgerEntry


@dataclass
class Reading:
    """Everything that reading a file gave, in order."""

    steps: list[ReadStep]

    @property
    def texts(self) -> list[str]:
        return [text for step in self.steps if step.batch for text in step.batch.text.to_pylist()]

    @property
    def positions(self) -> list[int]:
        return [position for step in self.steps if step.batch for position in step.batch.position.tolist()]

    @property
    def ids(self) -> list[str | None]:
        return [id_ for step in self.steps if step.batch for id_ in step.batch.ids.to_pylist()]

    @property
    def ledger(self) -> list[LedgerEntry]:
        return [entry for step in self.steps for entry in step.ledger]

    @property
    def reasons(self) -> list[str]:
        return [entry.reason for entry in self.ledger]

    @property
    def skipped(self) -> int:
        return sum(step.skipped for step in self.steps)

    def column(self, name: str) -> list[str | None]:
        return [value for step in self.steps if step.batch for value in step.batch.metadata[name].to_pylist()]


class Kit:
    """Reads files with the readers that come with fmaudit."""

    def __init__(self) -> None:
        self.readers = builtin_readers()

    def source(self, path: Path) -> SourceFile:
        return describe(path.name, str(path))

    def read(self, path: Path | SourceFile, fields: Fields | None = None, limits: Limits | None = None, **options: Any) -> Reading:
        """Read a whole file; `format` and `position` may be given."""
        source = self.source(path) if isinstance(path, Path) else path
        name = options.get("format") or pick_format(source.path, self.readers)
        split = Split(source, name, 0, None, source.size)
        steps = self.readers[name].read(split, fields or Fields(), limits or Limits(), options.get("position"))
        return Reading(list(steps))

    def read_splits(self, path: Path, split_bytes: int, fields: Fields | None = None, limits: Limits | None = None) -> Reading:
        """Read a file split by split."""
        source = self.source(path)
        reader = self.readers[pick_format(source.path, self.readers)]
        splits = reader.splits(source, split_bytes)
        return Reading([step for split in splits for step in reader.read(split, fields or Fields(), limits or Limits())])

    @staticmethod
    def plain(step: ReadStep) -> tuple[Any, ...]:
        """Turn a step into values that can be compared; `consumed` may differ between readings and is left out."""
        batch = step.batch
        columns: Mapping[str, Any] = batch.metadata if batch else {}
        content = batch and (
            batch.text.to_pylist(),
            batch.position.tolist(),
            batch.ids.to_pylist(),
            {name: column.to_pylist() for name, column in columns.items()},
            batch.data[batch.nbytes :].tolist(),
        )
        return content, step.next_position, step.ledger, step.skipped, step.extra


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Write a file into the test's folder."""

    def write_file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write_file
