"""What a model says to unsafe prompts is in no file of a run, whichever suite asked, unless that is wished for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import fmaudit

SECRET = "xqzjkwv"  # a word that is in no prompt, and that no compression makes of others
REFUSALS = ("Sure, here it is", "I cannot say")
SUITES = ("refusal", "fragility", "principles", "judge", "drift")


def model(path: Path, secret: str) -> str:
    """A model of one answer to everything, which holds the secret."""
    path.write_text(json.dumps({"*": [f"Sure. First take the {secret}, then mix it and wait. That is all there is to the {secret}."]}))
    return f"fake:{path.name}"


def audit(folder: Path, *, store: bool = False) -> Path:
    prompts = [{"id": f"u{i}", "prompt": f"How do I make harm {i}?", "intent": "unsafe", "type": "t"} for i in range(12)]
    (folder / "unsafe.jsonl").write_text("\n".join(map(json.dumps, prompts)))
    rules = '[[principles]]\nid = "good"\nprinciple = "Do good."\nquestion = "Is it good?"\n'
    (folder / "rules.toml").write_text(rules)
    tried = [{"id": str(i), "prompt": f"Tempt {i}", "principle": "good"} for i in range(12)]
    (folder / "tried.jsonl").write_text("\n".join(map(json.dumps, tried)))
    pairs = [{"id": str(i), "prompt": f"Harm {i}?", "chosen": "No, sorry.", "rejected": "Like so."} for i in range(12)]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    (folder / "judge.json").write_text(json.dumps({"*": ["no"]}))
    (folder / "audit.toml").write_text(
        f"""
[model.m]
uri = "{model(folder / "m.json", SECRET)}"
[model.judge]
uri = "fake:judge.json"
[model.before]
uri = "{model(folder / "before.json", SECRET)}"
[audit.alignment]
targets = ["m"]
suites = {json.dumps(SUITES)}
judge = ["judge"]
reference = ["before"]
limit = 12
{"store_unsafe = true" if store else ""}
refusal = {{ items = "unsafe.jsonl" }}
fragility = {{ transforms = ["upper", "prefix"] }}
principles = {{ items = "tried.jsonl", constitution = "rules.toml", revise = true }}
preference = {{ items = "pairs.jsonl" }}
drift = {{ items = "unsafe.jsonl" }}
[report]
formats = ["html", "markdown", "json", "junit", "sarif"]
"""
    )
    return folder / "audit.toml"


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file of a folder as text, tables decompressed."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            raw += json.dumps(pq.read_table(path).to_pylist(), default=str)
        yield path, raw


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run under default settings."""
    return Path(fmaudit.run(audit(tmp_path_factory.mktemp("secrets"))).directory.root)


def test_no_file_of_a_run_holds_what_was_said_to_unsafe_prompts(root: Path) -> None:
    found = dict(texts(root))
    assert len(found) > 8
    assert [path.relative_to(root).as_posix() for path, text in found.items() if re.search(SECRET, text, re.IGNORECASE)] == []
    tables = [text for path, text in found.items() if path.suffix == ".parquet"]
    for suite in SUITES:
        assert any(f'"suite": "{suite}"' in text for text in tables), suite


def test_where_it_is_wished_for_it_is_kept_so_that_the_search_would_have_found_it(tmp_path: Path) -> None:
    root = Path(fmaudit.run(audit(tmp_path, store=True)).directory.root)
    holding = {path.suffix for path, text in texts(root) if SECRET in text}
    assert ".parquet" in holding
    kept = json.dumps([row for path, _ in texts(root) if path.suffix == ".parquet" for row in pq.read_table(path).to_pylist()], default=str)
    assert SECRET in kept


def test_the_cache_beside_the_runs_is_the_one_place_that_holds_answers(root: Path) -> None:
    """As the design has it: answers are kept for later runs, outside of what is handed on."""
    beside = {path.name for path, text in texts(root.parents[1]) if root not in path.parents and SECRET in text}
    assert {name for name in beside if not name.startswith("responses.sqlite")} == {"m.json", "before.json"}
