"""Guesses an audit.toml from a folder: corpora by format, text field, address, language, metadata; models; tokenizers."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmaudit.api.guess_targets import Targets, find_targets
from fmaudit.corpus.splits import Limits, Reader, SourceFile
from fmaudit.errors import ConfigError, FmauditError

__all__ = ["Guess", "field_names", "guess_config"]

_TEXT = ("text", "content", "raw_content", "body", "document", "completion", "article", "prompt", "question", "message", "abstract")
_ROLES = {
    "id": ("id", "doc_id", "uuid", "warc_record_id"),
    "url": ("url", "uri", "link", "source_url", "warc_target_uri"),
    "language": ("language", "lang", "lang_code"),
    "domain": ("domain", "source", "subset", "category"),
}
_WEAK = (".txt", ".txt.gz", ".txt.zst", ".md", ".json")  # the corpus only where nothing else is
_METADATA = ("score", "karma", "date", "timestamp", "license", "dump", "quality")
_RECORDS = 50  # looked at to tell a field of text
_FILES = 12  # of a corpus, evenly spread, whose fields are looked at
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Guess:
    """The text of an audit.toml, and what a person should know of how it was guessed."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Corpus:
    name: str
    patterns: list[str]
    files: int
    roles: dict[str, str] = field(default_factory=dict)
    why: str = ""  # how the text field was chosen, where its name does not say
    metadata: list[str] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)  # fields that some of the files looked at have not


def guess_config(data: Path, folder: Path) -> Guess:
    """Write an audit.toml for a folder or file: a corpus for each format, models and tokenizers; paths are relative to `folder`.

    Raises ConfigError when nothing in it can be read.
    """
    from fmaudit.runs.readers import all_readers

    if not data.exists():
        raise ConfigError(f"{data}: there is no such file or folder")
    readers = all_readers({})
    targets = Targets() if data.is_file() else find_targets(_data_files(data), folder)
    groups, left_out = _groups(data, folder, readers, targets)
    corpora = [_corpus(name if len(groups) > 1 else "data", patterns, folder, readers) for name, patterns in groups.items()]
    notes = [f"[corpus.{corpus.name}]: {corpus.why}" for corpus in corpora if corpus.why]
    if left_out:
        listed = ", ".join(f"{count:,} {suffix}" for suffix, count in left_out)
        notes.append(f"left out: {listed}; name them in another [corpus.NAME] if they are data too")
    if targets.items and not targets.models:
        notes.append(f"{targets.items} holds questions for a model: add a [model.NAME] and an [audit.benchmark] with items")
    return Guess(_write(corpora, targets, notes), tuple(notes))


def field_names(file: SourceFile, format_: str) -> list[str]:
    """List the fields of a file's first records, or the columns of its schema; nothing where the format has none."""
    return list(_longest(file, format_))


def _groups(
    data: Path, folder: Path, readers: Mapping[str, Reader], targets: Targets
) -> tuple[dict[str, list[str]], list[tuple[str, int]]]:
    """Return patterns by format, and the suffixes left out with their counts; fmaudit's own runs are no data."""
    if data.is_file():
        return {"data": [_relative(data, folder)]}, []
    formats = {suffix: name for name, reader in readers.items() for suffix in reader.suffixes}
    files = [path for path in _data_files(data) if path not in targets.taken]
    counts = Counter(_suffix(path.name, formats) or path.suffix.lower() or "without a suffix" for path in files)
    known = [suffix for suffix in sorted(counts) if suffix in formats]
    if not known and targets:
        return {}, sorted(((suffix, count) for suffix, count in counts.items()), key=lambda item: (-item[1], item[0]))
    if not known:
        raise ConfigError(f"{data}: no file with a known suffix", hint=f"known: {', '.join(sorted(formats))}")
    chosen = [suffix for suffix in known if suffix not in _WEAK] or known
    base = _relative(data, folder)
    groups: dict[str, list[str]] = {}
    for suffix in chosen:
        groups.setdefault(formats[suffix], []).append(("" if base == "." else f"{base}/") + f"**/*{suffix}")
    others = sorted(((suffix, count) for suffix, count in counts.items() if suffix not in chosen), key=lambda item: (-item[1], item[0]))
    return groups, others


def _data_files(data: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(data):
        if "journal.sqlite" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        yield from (Path(folder, name) for name in names if not name.startswith((".", "_")) and name != "audit.toml")


def _suffix(name: str, suffixes: Mapping[str, str]) -> str:
    return max((suffix for suffix in suffixes if name.endswith(suffix)), key=len, default="")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()


def _corpus(name: str, patterns: list[str], folder: Path, readers: Mapping[str, Reader]) -> _Corpus:
    from fmaudit.corpus.sources import resolve_sources

    sources = resolve_sources(patterns, folder, readers=readers, format="")
    corpus = _Corpus(name, patterns, len(sources.files))
    seen: list[tuple[str, dict[str, float]]] = []
    for file, format_ in sources.files[:: -(-len(sources.files) // _FILES) or 1]:
        with contextlib.suppress(OSError, ValueError, FmauditError):
            seen.append((file.path, _longest(file, format_)))
    if seen:
        counts = Counter(name for _, lengths in seen for name in lengths)
        corpus.roles, corpus.why = _roles(seen[0][1], seen[0][0], counts)
        corpus.metadata = [field_ for field_ in _METADATA if field_ in counts]
        corpus.partial = {name for name, count in counts.items() if count < len(seen)}
    return corpus


def _longest(file: SourceFile, format_: str) -> dict[str, float]:
    """Return the fields of the first records with the mean length of their text, 0 for what is not text in all of them."""
    if format_ not in ("jsonl", "parquet"):
        return {}
    records = [_flat(record) for record in (_parquet_records(file) if format_ == "parquet" else _json_records(file))]
    names = dict.fromkeys(name for record in records for name in record)
    return {name: _mean_length([record[name] for record in records if record.get(name) is not None]) for name in names}


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Set the fields of fields beside the others, as they are named in audit.toml: doc.body."""
    inner = {f"{name}.{key}": value for name, field_ in record.items() if isinstance(field_, dict) for key, value in field_.items()}
    return {**record, **inner}


def _mean_length(values: Sequence[Any]) -> float:
    texts = [value for value in values if isinstance(value, str)]
    return sum(map(len, texts)) / len(texts) if texts and len(texts) == len(values) else 0.0


def _json_records(file: SourceFile) -> list[dict[str, Any]]:
    from fmaudit.corpus.streams import open_stream

    with open_stream(file, Limits()) as stream:
        lines = stream.read().split(b"\n")
    records: list[dict[str, Any]] = []
    for line in lines[:_RECORDS]:
        try:
            record = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:  # an empty line, or one that the piece of the file cuts
            continue
        records += [record] if isinstance(record, dict) else []
    return records


def _parquet_records(file: SourceFile) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.url.removeprefix("file://")) as source:
        rows: list[dict[str, Any]] = next((batch.to_pylist() for batch in source.iter_batches(_RECORDS)), [])
        return rows or [dict.fromkeys(source.schema_arrow.names)]


def _roles(lengths: Mapping[str, float], path: str, counts: Counter[str]) -> tuple[dict[str, str], str]:
    """Choose a field for every role; that of the text by its name among fields of text of one file, else by its length.

    Any other role takes the field that most files have: where a file has none, readers go on without it.
    """
    known = {role: [*names, *(found for name in names for found in _ending(name, counts))] for role, names in _ROLES.items()}
    best = {role: max(names, key=lambda name: counts[name]) for role, names in known.items()}  # the first of equals
    roles = {role: name for role, name in best.items() if counts[name]}
    by_name = next((found for name in _TEXT for found in (name, *_ending(name, lengths)) if lengths.get(found)), "")
    free = {name: length for name, length in lengths.items() if length and name not in roles.values()}
    text = by_name or max(free, key=lambda name: free[name], default="")
    if not text:
        return roles, f"no field of {path} holds text: set text = ..." if lengths else ""
    if text == "text":
        return {"text": text, **roles}, ""
    names = ", ".join(list(lengths)[:_SHOWN])
    how = "by its name" if by_name else "the longest text"
    return {"text": text, **roles}, f'text = "{text}" was chosen {how} among the fields of {path}: {names}'


def _ending(name: str, known: Iterable[str]) -> list[str]:
    """List the fields of fields that have this name."""
    return [one for one in known if one.endswith(f".{name}")]


def _write(corpora: Sequence[_Corpus], found: Targets, notes: Sequence[str]) -> str:
    lines = ["# What is audited. Paths are relative to this file.", *(f"# {_plain(note)}" for note in notes)]
    for corpus in corpora:
        lines += [
            f"[corpus.{corpus.name}]",
            f"path = {_toml(corpus.patterns)}  # {corpus.files} {'file' if corpus.files == 1 else 'files'} now",
        ]
        some = {role: "  # not in every file" for role, name in corpus.roles.items() if name in corpus.partial}
        lines += [f"{role} = {_toml(name)}{some.get(role, '')}" for role, name in corpus.roles.items()]
        if corpus.metadata:
            lines.append(f"metadata = {_toml(corpus.metadata)}  # further fields to keep")
        lines += ["# sample = 0.01  # look at 1 % of the documents, chosen by hash: the intervals say so", ""]
    for kind, uris in (("model", found.models), ("tokenizer", found.tokenizers)):
        for name, uri in uris.items():
            lines += [f"[{kind}.{_key(name)}]", f"uri = {_toml(uri)}", ""]
    for name, settings in _audits(corpora, found).items():
        lines += [f"[audit.{name}]", *settings, ""]
    lines += [
        "# Limits on a metric's interval; `fmaudit run` exits with 1 when one fails.",
        "# [[check]]",
        *_example(corpora, found),
        "",
        "[report]",
        'formats = ["html", "markdown", "json"]',
        "",
        *_tolerance(corpora),
    ]
    return "\n".join(lines)


def _audits(corpora: Sequence[_Corpus], found: Targets) -> dict[str, list[str]]:
    """Choose audits for what there is, each with its settings."""
    names, models = _toml([corpus.name for corpus in corpora]), _toml(list(found.models))
    audits: dict[str, list[str]] = {}
    if corpora:
        audits["corpus-language"] = audits["corpus-quality"] = [f"targets = {names}"]
    if found.tokenizers:
        audits["token-cost"] = [f"targets = {_toml(list(found.tokenizers))}"]
    if found.models and any({"domain", "language"} & corpus.roles.keys() for corpus in corpora):
        audits["domain-gap"] = [f"targets = {models}", "# how hard the model finds each domain and language of the corpora"]
    if found.models and found.items:
        audits["benchmark"] = [f"targets = {models}", f"items = {_toml(found.items)}"]
    if found.models:
        audits["alignment"] = [f"targets = {models}", "limit = 20  # questions of every suite; without it all of them, which takes longer"]
    return audits


def _tolerance(corpora: Sequence[object]) -> list[str]:
    """Show the setting that a broken line makes people look for."""
    if not corpora:
        return []
    return ["[run]", "# tolerance = 0.001  # share of documents that may be lost before a run is incomplete (exit code 3)", ""]


def _example(corpora: Sequence[_Corpus], found: Targets) -> list[str]:
    if corpora:
        return ['# metric = "corpus-language.share{language=en}"', "# max = 0.8"]
    return ['# metric = "token-cost.premium{language=te}"', "# max = 5.0"] if found.tokenizers else ['# metric = "NAME"', "# max = 1.0"]


def _key(name: str) -> str:
    """Write a name as part of a table's header."""
    return _toml(name) if "." in name else name


def _plain(text: str) -> str:
    """Write text for a comment, which must not hold controls."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _toml(value: Any) -> str:
    """Write a string or a list of strings: JSON's escapes are TOML's, but for U+007F."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
