"""Which files a corpus has: patterns, folders, odd names, pipes, loops, and what is said where there is nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fmaudit.corpus.fetch import fetch_document
from fmaudit.corpus.files import is_remote, local_path
from fmaudit.corpus.sources import builtin_readers, list_formats, pick_format, resolve_sources
from fmaudit.corpus.splits import Fields
from fmaudit.errors import CorpusError, DocumentError

LINE = b'{"text": "hello"}\n'


@pytest.fixture
def tree(tmp_path):
    """Make files with a line of JSON in each."""

    def plant(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(LINE)
        return tmp_path

    return plant


def found(folder: Path, *patterns: str, **options) -> list[str]:
    return [file.path for file, _ in resolve_sources(patterns, folder, **options).files]


def test_files_globs_and_folders(tree):
    folder = tree("data/b.jsonl", "data/a.jsonl", "data/deep/c.jsonl.gz", "data/deep/d.parquet", "other.jsonl")
    assert found(folder, "data/a.jsonl") == ["data/a.jsonl"]
    assert found(folder, "data/*.jsonl", "./data/a.jsonl") == ["data/a.jsonl", "data/b.jsonl"]
    assert found(folder, "data") == ["data/a.jsonl", "data/b.jsonl", "data/deep/c.jsonl.gz", "data/deep/d.parquet"]
    assert found(folder, "**/*.jsonl") == ["data/a.jsonl", "data/b.jsonl", "other.jsonl"]
    assert found(folder, ".") == ["data/a.jsonl", "data/b.jsonl", "data/deep/c.jsonl.gz", "data/deep/d.parquet", "other.jsonl"]
    assert found(folder, str(folder / "other.jsonl")) == [str(folder / "other.jsonl")]
    assert found(folder, f"file://{folder}/other.jsonl") == [f"{folder}/other.jsonl"]


def test_texts_count_only_where_nothing_else_does(tree):
    folder = tree("set/README.md", "set/config.json", "set/train.jsonl", "books/a.txt", "books/b.md", "set/.hidden.jsonl", "set/_tmp.jsonl")
    assert found(folder, "set") == ["set/train.jsonl"]
    assert found(folder, "books") == ["books/a.txt", "books/b.md"]
    assert found(folder, "set/*.md") == ["set/README.md"]


@pytest.mark.parametrize(
    "name", ["a b%20.jsonl", "new\nline.jsonl", "e\u0301.jsonl", "\u00e9.jsonl", "x" * 249 + ".jsonl", "[1].jsonl", "*.jsonl", "?#.jsonl"]
)
def test_odd_names(tree, kit, name):
    folder = tree(name)
    sources = resolve_sources([name], folder)
    assert [file.path for file, _ in sources.files] == [name]
    assert kit.read(sources.files[0][0]).texts == ["hello"]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_not_utf8(tmp_path, kit):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl")).write_bytes(LINE)
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    [(file, _)] = resolve_sources(["."], tmp_path).files
    assert file.path == "caf\\xe9.jsonl"
    file.url.encode()  # can be written to a plan
    assert kit.read(file).texts == ["hello"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and links")
def test_pipes_devices_and_loops_are_skipped_and_named(tree):
    folder = tree("data/a.jsonl")
    os.mkfifo(folder / "data/pipe.jsonl")
    (folder / "data/null.jsonl").symlink_to("/dev/null")
    (folder / "data/loop.jsonl").symlink_to("loop.jsonl")
    (folder / "data/gone.jsonl").symlink_to("nowhere")
    (folder / "data/up").symlink_to("..")
    (folder / "data/good.jsonl").symlink_to("a.jsonl")
    sources = resolve_sources(["data"], folder)
    assert [file.path for file, _ in sources.files] == ["data/a.jsonl", "data/good.jsonl"]
    skipped = {entry.file: entry.reason for entry in sources.ledger}
    assert skipped == {
        "data/pipe.jsonl": "not-a-file",
        "data/null.jsonl": "not-a-file",
        "data/loop.jsonl": "unreadable",
        "data/gone.jsonl": "unreadable",
        "data/up": "not-a-file",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_the_place_of_a_planned_file_does_not_hang(tree, kit):
    folder = tree("a.jsonl")
    source = kit.source(folder / "a.jsonl")
    (folder / "a.jsonl").unlink()
    os.mkfifo(folder / "a.jsonl")
    assert kit.read(source).reasons == ["unreadable"]


def test_nothing_found_says_what_is_there(tree):
    folder = tree("data/a.jsonl", "data/b.jsonl")
    with pytest.raises(CorpusError, match=r"no file matches 'data/\*\.parquet'") as error:
        resolve_sources(["data/*.parquet"], folder)
    assert "a.jsonl, b.jsonl" in str(error.value)
    with pytest.raises(CorpusError, match="no file matches") as error:
        resolve_sources(["date/x.jsonl"], folder)
    assert "data/" in str(error.value)


def test_unknown_suffixes_and_the_override(tree):
    folder = tree("data.dump", "data.pkl", "many/a.jsonl", "many/b.dump")
    with pytest.raises(CorpusError, match=r"data\.dump: its name does not tell the format") as error:
        resolve_sources(["data.dump"], folder)
    assert "jsonl (.jsonl" in str(error.value)
    with pytest.raises(CorpusError):
        resolve_sources(["data.pkl"], folder)
    assert [format_ for _, format_ in resolve_sources(["data.dump"], folder, format="jsonl").files] == ["jsonl"]
    mixed = resolve_sources(["many/*"], folder)
    assert [file.path for file, _ in mixed.files] == ["many/a.jsonl"]
    assert [(entry.file, entry.reason) for entry in mixed.ledger] == [("many/b.dump", "unknown-format")]
    with pytest.raises(CorpusError, match="no corpus format 'jsnl'"):
        resolve_sources(["data.dump"], folder, format="jsnl")


def test_formats():
    readers = builtin_readers()
    assert [name for name, _ in list_formats()] == ["huggingface", "jsonl", "parquet", "text", "warc", "wet"]
    picked = {
        name: pick_format(name, readers) for name in ("A.JSONL.GZ", "c.warc.gz", "c.warc.wet.gz", "c.wet", "c.txt", "c4.json.gz", "x")
    }
    assert list(picked.values()) == ["jsonl", "warc", "wet", "wet", "text", "jsonl", ""]
    assert pick_format("huggingface:some/name", readers) == "huggingface"


def test_plugin_readers_join_in(tree):
    class Reader(type(builtin_readers()["jsonl"])):
        name, suffixes = "dump", (".dump",)

    folder = tree("a.dump")
    readers = builtin_readers() | {"dump": Reader()}
    assert [format_ for _, format_ in resolve_sources(["a.dump"], folder, readers=readers).files] == ["dump"]


def test_remote_files_through_fsspec(tree, kit):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for number in range(3):
        memory.pipe_file(f"/corpus/{number}.jsonl", LINE * 100)
    sources = resolve_sources(["memory://corpus/*.jsonl"], Path("."))
    assert [file.path for file, _ in sources.files] == [f"memory:///corpus/{number}.jsonl" for number in range(3)]
    source = sources.files[1][0]
    assert kit.read(source).texts == ["hello"] * 100
    splits = kit.readers["jsonl"].splits(source, 500)
    assert sum(len(step.batch) for split in splits for step in kit.readers["jsonl"].read(split, Fields(), kit_limits())) == 100
    memory.pipe_file("/corpus/1.jsonl", LINE)
    assert kit.read(source).reasons == ["changed"]
    assert found(Path("."), "memory://corpus") == [f"memory:///corpus/{number}.jsonl" for number in range(3)]
    with pytest.raises(CorpusError, match="no file matches"):
        resolve_sources(["memory://nowhere/*.jsonl"], Path("."))
    with pytest.raises(CorpusError, match="nosuch"):
        resolve_sources(["nosuch://x/*.jsonl"], Path("."))
    memory.rm("/corpus", recursive=True)


def kit_limits():
    from fmaudit.corpus.splits import Limits

    return Limits()


def test_urls():
    assert is_remote("s3://bucket/x")
    assert not is_remote("file:///x")
    assert local_path("file:///a%20b") == "/a b"


def test_fetching_what_is_not_there(tree, kit):
    source = kit.source(tree("a.jsonl") / "a.jsonl")
    assert fetch_document(source, Fields(), 0) == "hello"
    for position in (3, 10_000):
        with pytest.raises(DocumentError, match=f"no document begins at {position}"):
            fetch_document(source, Fields(), position)
    (Path(source.url)).write_bytes(LINE * 2)
    with pytest.raises(DocumentError, match="changed"):
        fetch_document(source, Fields(), 0)
    with pytest.raises(DocumentError, match="no reader"):
        fetch_document(source, Fields(), 0, format="nope")
