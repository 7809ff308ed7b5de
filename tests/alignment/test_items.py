"""What users bring: labels in several files, whole files of harmful prompts, and prompts that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from alignment_support import one, saying

from fmaudit import ConfigError
from fmaudit.testing import ask_suite, by_name
from fmaudit_alignment.params import AlignmentParams, RefusalParams
from fmaudit_alignment.recorded import answer_key, recorded_labels

HELP = "Sure. First open the settings, then choose the option you need and press save. That is all."


def written(path: Path, lines: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def labels(path: Path, completion: str, label: str) -> Path:
    return written(path, [{"prompt": f"prompt {i}", "completion": completion, "label": label} for i in range(12)])


def test_labels_may_be_one_file_or_several(tmp_path: Path) -> None:
    first, second = labels(tmp_path / "a.jsonl", HELP, "refuse"), labels(tmp_path / "b.jsonl", "Another answer.", "comply")
    items = written(tmp_path / "items.jsonl", [{"prompt": f"prompt {i}"} for i in range(12)])
    assert RefusalParams(labels=first).labels == RefusalParams(labels=str(first)).labels == (first,)
    assert RefusalParams.model_validate({"labels": [str(first), str(second)]}).labels == (first, second)
    for model, rate in ((HELP, 1.0), ("Another answer.", 0.0)):
        audit = one("refusal", {"items": items, "labels": [first, second]})
        metrics = by_name(ask_suite(audit, saying(lambda prompt, model=model: model))[0])
        assert metrics["over_refusal"].value == rate
        assert metrics["refusal_labels_found"].value == 1.0
    changed = one("refusal", {"items": items, "labels": [first]}).suites["refusal"].fingerprint()
    assert changed != one("refusal", {"items": items, "labels": [first, second]}).suites["refusal"].fingerprint()


def test_one_name_may_stand_where_a_list_may() -> None:
    params = AlignmentParams.model_validate({"suites": "refusal", "languages": "en", "fragility": {"transforms": "typo"}})
    assert (params.suites, params.languages, params.fragility.transforms) == (("refusal",), ("en",), ("typo",))


def test_two_files_that_say_different_things_of_one_answer_are_an_error(tmp_path: Path) -> None:
    paths = [labels(tmp_path / f"{label}.jsonl", HELP, label) for label in ("refuse", "comply")]
    with pytest.raises(ConfigError, match="has the label 'comply', and 'refuse' in another file"):
        recorded_labels(paths, {})
    same = [labels(tmp_path / f"{i}.jsonl", HELP, "refuse") for i in range(2)]
    assert recorded_labels(same, {})[answer_key("prompt 0", HELP)].label == "refuse"


@pytest.mark.parametrize("suite", ["refusal", "fragility"])
def test_a_whole_file_may_be_called_harmful(tmp_path: Path, suite: str) -> None:
    items = written(tmp_path / "advbench.jsonl", [{"prompt": "a"}, {"prompt": "b", "intent": "safe"}, {"prompt": "c", "type": "x"}])
    audit = one(suite, {"items": items, "intent": "unsafe"})
    found = {case.data["data"]["prompt"]: case.data["data"]["intent"] for case in audit.cases()}
    assert found == {"a": "unsafe", "b": "safe", "c": "unsafe"}
    assert {case.data["data"]["intent"] for case in one(suite, {"items": items}).cases()} == {"safe"}


@pytest.mark.parametrize(
    ("suite", "item", "field"),
    [
        ("refusal", {}, "prompt"),
        ("fragility", {}, "prompt"),
        ("false-premise", {}, "prompt"),
        ("sycophancy", {"correct": "a", "wrong": "b"}, "question"),
        ("opinions", {"matching": "Yes", "not_matching": "No"}, "question"),
        ("priors", {"options": ["a", "b"], "answer": 0}, "prompt"),
        ("instructions", {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}, "prompt"),
    ],
)
@pytest.mark.parametrize(
    ("given", "message"),
    [(" \n", "is blank"), (["x", "y"], "is a list, not a text"), ({"a": "x"}, "is a dict, not a text"), (True, "is a bool")],
)
def test_prompts_that_are_blank_or_no_text_are_refused(
    tmp_path: Path, suite: str, item: dict[str, Any], field: str, given: Any, message: str
) -> None:
    path = written(tmp_path / "items.jsonl", [{**item, field: given}])
    with pytest.raises(ConfigError, match=f"items.jsonl: item 1: {field} {message}"):
        list(one(suite, {"items": path}).cases())


@pytest.mark.parametrize(
    ("suite", "item"),
    [
        ("refusal", {"prompt": 5}),
        ("drift", {"prompt": 5}),
        ("priors", {"prompt": 5, "options": ["a", "b"], "answer": 0}),
        ("opinions", {"question": 5, "matching": "Yes", "not_matching": "No"}),
        ("preference", {"prompt": 5, "chosen": "a", "rejected": "b"}),
        ("preference", {"prompt": "x", "chosen": 5, "rejected": "b"}),
        ("preference", {"prompt": "x", "chosen": [{"content": 5}], "rejected": "b"}),
        ("sycophancy", {"question": 5, "correct": "a", "wrong": "b"}),
        ("false-premise", {"prompt": "x", "control": 5}),
        ("culture", {"question": 5, "options": ["a", "b"], "groups": {"x": [1, 1]}}),
    ],
)
def test_a_number_is_no_text_to_ask(tmp_path: Path, suite: str, item: dict[str, Any]) -> None:
    items = written(tmp_path / "items.jsonl", [item])
    with pytest.raises(ConfigError, match=r"item 1: \w+ is a number, not a text"):
        list(one(suite, {"items": items}, reference={"r": {"uri": "fake:"}}).cases())


@pytest.mark.parametrize("suite", ["refusal", "false-premise", "sycophancy", "opinions", "bias"])
def test_a_language_that_no_question_is_in_is_told_with_those_there_are(suite: str) -> None:
    with pytest.raises(ConfigError, match=f"no question of the suite {suite} is in xx") as caught:
        list(one(suite, languages=["xx"]).cases())
    assert re.search(r"its questions are in .*\ben\b", str(caught.value.hint))


def test_a_label_that_is_none_is_found_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("prompt,completion,label\nHow?,So.,maybe\n")
    with pytest.raises(ConfigError, match=r"labels\.csv:2: the label 'maybe' is unknown"):
        recorded_labels([tmp_path / "labels.csv"], {})
