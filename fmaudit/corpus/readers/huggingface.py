"""Reads Hugging Face data sets through `datasets`, saved on disk, in the cache or streamed from the hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from fmaudit.corpus.readers.parquet import RowStepper
from fmaudit.corpus.splits import END, Fields, Limits, Reader, ReadStep, SourceFile, Split
from fmaudit.errors import CorpusError, FmauditError, MissingDependency

__all__ = ["HuggingfaceReader"]

_PREFIX = "huggingface:"
_OPTIONS = ("config", "split", "revision", "streaming")
_ROWS = 256


class HuggingfaceReader(Reader):
    """`huggingface:NAME?config=...&split=train&revision=...&streaming=true`; NAME may be a folder. Positions are row numbers.

    One bad row ends such a stream, since `datasets` gives no way past it: what follows is "unreadable". The readers of this package
    go on there, so a data set whose files can be named is better read by its files.
    """

    name: ClassVar[str] = "huggingface"
    suffixes: ClassVar[tuple[str, ...]] = ()

    def splits(self, file: SourceFile, split_bytes: int) -> Sequence[Split]:
        """Keep the data set whole."""
        return [Split(file, self.name, 0, None, file.size)]

    def read(self, split: Split, fields: Fields, limits: Limits, position: int | None = None) -> Iterator[ReadStep]:
        """Read the data set's rows from `position` in bounded batches."""
        start = split.start if position is None else position
        if start == END:
            return
        rows = RowStepper(split, fields, limits, start)
        try:
            dataset = _open(split.file.url)
            for batch in _batches(dataset, start):
                if rows.names is None and rows.check(batch.schema) is None:
                    break
                yield from rows.add(batch)
        except FmauditError:
            raise
        except Exception as error:  # datasets passes on whatever its file format, network or script raised
            rows.step.note(rows.row, "unreadable", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        if not rows.step.empty:
            yield rows.step.take(END, split.size)


def _open(url: str) -> Any:
    """Open a data set by its name and options; MissingDependency or CorpusError where that cannot be."""
    try:
        import datasets
    except ImportError as error:
        raise MissingDependency(f"{url} needs datasets", hint="pip install 'fmaudit[datasets]'") from error
    name, _, query = url.removeprefix(_PREFIX).partition("?")
    options = dict(parse_qsl(query))
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise CorpusError(f"{url}: unknown option {unknown[0]!r}", hint=f"known options: {', '.join(_OPTIONS)}")
    split = options.get("split", "train")
    if (Path(name) / "dataset_dict.json").is_file():
        return datasets.load_from_disk(str(Path(name) / split))
    if (Path(name) / "state.json").is_file():
        return datasets.load_from_disk(name)
    return datasets.load_dataset(
        name,
        options.get("config"),
        split=split,
        revision=options.get("revision"),
        streaming=options.get("streaming", "").lower() in ("1", "true", "yes"),
    )


def _batches(dataset: Any, start: int) -> Iterator[Any]:
    """Yield the rows from `start` as Arrow batches."""
    rows = dataset.skip(start) if start else dataset
    for table in rows.with_format("arrow").iter(batch_size=_ROWS):
        yield from table.combine_chunks().to_batches()
