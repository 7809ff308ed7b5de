"""Recorded answers are found by their prompt, in every shape they are recorded in."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from fmaudit.errors import ModelError
from fmaudit.models.backends import replay
from fmaudit.models.base import Capability
from fmaudit.models.cache import ResponseCache
from fmaudit.models.loading import load_backend
from fmaudit.models.model import Model
from fmaudit.models.requests import Failure, GenerateRequest, Message, Sampling


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def found(path: Path, request: GenerateRequest, **options: Any) -> list[Any]:
    backend = load_backend(f"replay:{path}", **options)
    backend.open()
    return [answer for _, answer in backend.generate_each([request])]


def test_a_prompt_in_several_rows_has_several_samples(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        [{"prompt": "p", "completion": "one"}, {"prompt": "q", "completion": "x"}, {"prompt": "p", "completion": "two"}],
    )
    answers = found(path, GenerateRequest(prompt="p", samples=(0, 1)))
    assert [(a.text, a.sample) for a in answers] == [("one", 0), ("two", 1)]


def test_a_list_of_completions_and_a_compressed_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({"prompt": "p", "completions": ["one", "two"]}).encode()))
    assert [a.text for a in found(path, GenerateRequest(prompt="p", samples=(1,)))] == ["two"]


def test_fields_may_have_other_names_and_the_file_may_be_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,question,reply\n1,"a, b","line one\nline two"\n')
    assert found(path, GenerateRequest(prompt="a, b"), prompt="question", completion="reply")[0].text == "line one\nline two"


def test_a_conversation_is_found_whole_or_by_its_last_message(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    path = write(tmp_path / "a.jsonl", [{"messages": turns, "completion": "brief hi"}, {"prompt": "hi", "completion": "hi there"}])
    whole = GenerateRequest(messages=(Message("system", "be brief"), Message("user", "hi")))
    assert found(path, whole)[0].text == "brief hi"
    assert found(path, GenerateRequest(messages=(Message("user", "hi"),)))[0].text == "hi there"


def test_what_is_not_recorded_is_a_failure_that_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "one"}])
    assert found(path, GenerateRequest(prompt="other"))[0] == Failure(reason="not-recorded", detail="this prompt is not recorded: other")
    one, missing = found(path, GenerateRequest(prompt="p", samples=(0, 1)))
    assert one.text == "one"
    assert missing.detail == "1 of 2 answers recorded: lower `samples`, or record what fmaudit prompts lists: p"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{bad\n", "a.jsonl:1: not JSON"),
        ('{"prompt": "p"}\n', "no field 'completion'"),
        ("[1]\n", "not a JSON object"),
        ("", "no recorded answer"),
        ('{"prompt": "p", "completion": null}\n', "no recorded answer, only 1 null"),
        (
            '{"prompt": "p", "completion": "x"}\n{"prompt": "q", "comp',
            "a.jsonl:2: not JSON: Unterminated string at character 17; the text ends",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    for see in (load_backend(f"replay:{path}").open, load_backend(f"replay:{path}").check):
        with pytest.raises(ModelError, match=message):
            see()


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ('{"prompt": "q", "comp', r"a\.jsonl:2001: not JSON"),
        ('\n{"prompt": "q"}\n\n', r"a\.jsonl:2002: there is no field 'completion'"),
        ("", ""),
    ],
)
def test_of_a_long_recording_the_beginning_and_the_end_are_looked_at(
    tmp_path: Path, end: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "WHOLE", 100)
    path = write(tmp_path / "a.jsonl", [{"prompt": f"p{i}", "completion": "x" * 1000} for i in range(2000)])
    with path.open("a") as file:
        file.write(end)
    assert path.stat().st_size > replay.LINE
    with pytest.raises(ModelError, match=message) if message else contextlib.nullcontext():
        load_backend(f"replay:{path}").check()
    broken = path.read_text().splitlines()
    path.write_text("\n".join([broken[0], "{", *broken[1:2000]]))
    with pytest.raises(ModelError, match=r"a\.jsonl:2: not JSON"):
        load_backend(f"replay:{path}").check()


def test_a_packed_recording_that_ends_too_early_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({"prompt": "p", "completion": "x" * 99}).encode())[:-9])
    with pytest.raises(ModelError, match=r"a\.jsonl\.gz cannot be read: .*is the file complete"):
        load_backend(f"replay:{path}").check()


def test_another_recording_is_another_model(tmp_path: Path) -> None:
    one = load_backend(f"replay:{write(tmp_path / 'a.jsonl', [{'prompt': 'p', 'completion': 'x'}])}")
    other = load_backend(f"replay:{write(tmp_path / 'b.jsonl', [{'prompt': 'p', 'completion': 'y'}])}")
    one.open()
    other.open()
    assert one.identity != other.identity


def test_answers_that_other_code_found_are_looked_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "x"}])
    cache = ResponseCache(tmp_path / "answers.sqlite")
    request = GenerateRequest(prompt="p")

    def asked() -> int:
        backend = load_backend(f"replay:{path}")
        backend.open()
        model = Model(backend, cache)
        model.run([lambda model: model.generate([request])])
        return model.asked

    assert [asked(), asked()] == [1, 0]
    monkeypatch.setattr(replay, "VERSION", replay.VERSION + 1)
    assert asked() == 1


def test_recorded_answers_are_samples_of_settings_that_nobody_knows(tmp_path: Path) -> None:
    """They are the same whatever is asked, so that the backend does not claim to heed what is asked."""
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completions": ["one", "two", "three"]}])
    backend = load_backend(f"replay:{path}")
    assert Capability.SAMPLE in backend.capabilities
    assert Capability.SETTINGS not in backend.capabilities
    texts = []
    for sampling in (Sampling(temperature=0.0), Sampling(temperature=1.5, top_p=0.5, seed=7)):
        (answers,) = backend.generate([GenerateRequest(prompt="p", sampling=sampling, samples=(0, 1, 2))])
        texts.append([answer.text for answer in answers])
    assert texts == [["one", "two", "three"]] * 2


def test_a_model_that_draws_its_answers_itself_heeds_the_settings() -> None:
    assert Capability.SETTINGS in load_backend("fake:").capabilities


def test_an_unknown_scheme_or_option_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ModelError, match="did you mean replay"):
        load_backend("repaly:x")
    with pytest.raises(ModelError, match="options of fake: are none"):
        load_backend("fake:", temperature=1)


def test_two_columns_of_one_log_are_two_models(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("prompt,good,bad\np,yes,no\n")
    one, other = load_backend(f"replay:{path}", completion="good"), load_backend(f"replay:{path}", completion="bad")
    one.open()
    other.open()
    assert one.identity != other.identity


def test_a_null_is_an_answer_that_is_not_there_wherever_it_stands(tmp_path: Path) -> None:
    rows = [{"prompt": "p", "completions": [None, "one"]}, {"prompt": "q", "completion": None}, {"prompt": "p", "completion": "two"}]
    path = write(tmp_path / "a.jsonl", rows)
    assert [(a.text, a.sample) for a in found(path, GenerateRequest(prompt="p", samples=(0, 1)))] == [("one", 0), ("two", 1)]
    *_, third = found(path, GenerateRequest(prompt="p", samples=(0, 1, 2)))
    assert third.detail == "2 of 3 answers recorded (1 more is null): lower `samples`, or record what fmaudit prompts lists: p"
    assert found(path, GenerateRequest(prompt="q")) == [Failure(reason="not-recorded", detail="the answer recorded is null: q")]


def test_what_is_no_text_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "x"}, {"prompt": "q", "completions": ["x", {"text": "y"}]}])
    with pytest.raises(ModelError, match=r"a\.jsonl:2: completions holds a dict, not a text"):
        load_backend(f"replay:{path}").open()
    write(path, [{"prompt": None, "completion": "x"}])
    with pytest.raises(ModelError, match=r"a\.jsonl:1: 'prompt' is null"):
        load_backend(f"replay:{path}").open()


def test_what_is_not_recorded_is_named_by_its_beginning_and_its_turn(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "x"}])
    (lacking,) = found(path, GenerateRequest(prompt="Why is\nthe sky " + "very " * 30 + "blue?"))
    assert lacking.detail.startswith("this prompt is not recorded: Why is the sky very")
    assert lacking.detail.endswith("...")
    turns = tuple(Message(role, text) for role, text in (("user", "a"), ("assistant", "b"), ("user", "Are you sure?")))
    (lacking,) = found(path, GenerateRequest(messages=turns))
    assert lacking.detail == "this prompt is not recorded: turn 2, Are you sure?"
    (lacking,) = found(path, GenerateRequest(prompt="p", samples=(1,)))
    assert lacking.detail == "1 of 2 answers recorded: lower `samples`, or record what fmaudit prompts lists: p"
