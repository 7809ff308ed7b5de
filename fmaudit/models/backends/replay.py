"""Answers that were recorded elsewhere: the way to audit a closed model from its logs."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.errors import ModelError
from fmaudit.models.base import Backend, BackendOptions, Capability
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, clean_text
from fmaudit.records import Message

__all__ = ["ReplayBackend", "ReplayOptions"]

VERSION = 1  # changes with how recordings are read and prompts are found: what was kept before is then looked up again
csv.field_size_limit(1 << 24)


class ReplayOptions(BackendOptions):
    """Which field holds what; a prompt may stand in several rows, each with one completion, or in one row with a list."""

    prompt: str = "prompt"
    completion: str = "completion"
    finish: str = "finish_reason"  # "stop" or "length"; where there is no such field it is not known


SHOWN = 80  # characters of a prompt in a message


class ReplayBackend(Backend):
    """`replay:FILE`: JSON lines (also .gz) or CSV with a prompt and its completions.

    A prompt is found by its text, a conversation by its messages (field `messages`) or, failing that, by its last message.
    How the answers were drawn is not known here: the sampling parameters of a request are passed over, which is why the backend lacks
    the capability `SETTINGS`. Samples of a prompt are its answers in the order of the file.
    """

    scheme: ClassVar[str] = "replay"
    Options: ClassVar[type[BackendOptions]] = ReplayOptions
    capabilities = frozenset({Capability.GENERATE, Capability.SAMPLE, Capability.CHAT, Capability.PROFILE})

    def __init__(self, uri: str, options: Any, path: Path) -> None:
        """Take the file; it is read by `open`."""
        super().__init__(uri, options)
        self._path = path
        self._answers: dict[str, list[tuple[str | None, str]]] = {}  # prompt -> (text, finish); None where a null is recorded
        self.numeric_mode = f"recorded;code={VERSION}"

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> ReplayBackend:
        """Find the file. Raises ModelError."""
        path = folder / uri.partition(":")[2]
        if not path.is_file():
            raise ModelError(f"{uri}: there is no such file", hint="write replay:FILE, JSON lines of prompt and completion")
        return cls(uri, options, path)

    def open(self) -> None:
        """Read the answers. Raises ModelError naming the line that is wrong."""
        if self._answers:
            return
        self.identity = f"replay {hashlib.sha256(self._path.read_bytes()).hexdigest()} {self.options.model_dump_json()}"
        for number, row in self._rows():
            self._add(number, row)
        if not self._answers:
            raise ModelError(f"{self._path}: holds no recorded answer")

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Look the answers up."""
        for i, request in enumerate(requests):
            answers = self._find(request)
            for sample in request.samples:
                if sample >= len(answers):
                    yield i, Failure(reason="not-recorded", detail=_missing(request, len(answers)))
                    break
                text, finish = answers[sample]
                if text is None:
                    yield i, Failure(reason="not-recorded", detail=f"the answer recorded is null: {_shown(request)}", sample=sample)
                else:
                    yield i, Completion(text=clean_text(text), sample=sample, finish=finish)

    def profile(self) -> Profile:
        """Say how much is recorded."""
        return Profile(architecture="recorded answers", details={"prompts": len(self._answers)})

    def _find(self, request: GenerateRequest) -> list[tuple[str | None, str]]:
        if not request.messages:
            return self._answers.get(request.prompt, [])
        whole = _conversation([{"role": m.role, "content": m.content} for m in request.messages])
        return self._answers.get(whole) or self._answers.get(request.messages[-1].content, [])

    def _add(self, number: int, row: Mapping[str, Any]) -> None:
        options: Any = self.options
        field = options.completion if options.completion in row else "completions"
        prompt = _conversation(row["messages"]) if isinstance(row.get("messages"), list) else row.get(options.prompt)
        if prompt is None or field not in row:
            missing = options.prompt if prompt is None else options.completion
            hint = f"its fields are {', '.join(map(str, row))}; name yours: [model.NAME] prompt = ..., completion = ..."
            null = missing in row
            raise ModelError(f"{self._path}:{number}: {f'{missing!r} is null' if null else f'there is no field {missing!r}'}", hint=hint)
        finish = str(row.get(options.finish) or "")
        given = row[field] if isinstance(row[field], list) else [row[field]]
        texts = [_text(text, f"{self._path}:{number}: {field}") for text in given]
        self._answers.setdefault(str(prompt), []).extend((text, finish) for text in texts)

    def _rows(self) -> Iterable[tuple[int, Mapping[str, Any]]]:
        name = self._path.name.removesuffix(".gz")
        with gzip.open(self._path, "rb") if self._path.suffix == ".gz" else self._path.open("rb") as raw:
            text = TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="")
            if name.endswith(".csv"):
                yield from ((number, row) for number, row in enumerate(csv.DictReader(text), 2))
                return
            for number, line in enumerate(text, 1):
                if line.strip():
                    yield number, _object(self._path, number, line)


def _missing(request: GenerateRequest, recorded: int) -> str:
    """Say what a recording lacks."""
    if not recorded:
        return f"this prompt is not recorded: {_shown(request)}"
    asked = max(request.samples) + 1
    told = f"{recorded} answer{' is' if recorded == 1 else 's are'} recorded, and {asked} {'is' if asked == 1 else 'are'} asked"
    return f"of this prompt {told}: {_shown(request)}"


def _shown(request: GenerateRequest) -> str:
    """Write the beginning of what was asked, and in which turn."""
    text = " ".join((request.messages[-1].content if request.messages else request.prompt).split())
    turn = sum(message.role == "user" for message in request.messages)
    return (f"turn {turn}, " if turn > 1 else "") + (f"{text[:SHOWN]}..." if len(text) > SHOWN else text)


def _text(given: Any, where: str) -> str | None:
    """Take an answer; a null is one that is not there, as a call that failed leaves it. Raises ModelError for what is no text."""
    if given is None or (isinstance(given, str | int | float) and not isinstance(given, bool)):
        return None if given is None else str(given)
    raise ModelError(f"{where} holds a {type(given).__name__}, not a text", hint="write an answer as one text, several as a list of them")


def _object(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ModelError(f"{path}:{number}: not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(row, dict):
        raise ModelError(f"{path}:{number}: not a JSON object")
    return row


def _conversation(messages: Sequence[Mapping[str, Any]]) -> str:
    turns = [Message(str(turn.get("role", "")), str(turn.get("content", ""))) for turn in messages]
    return json.dumps([[turn.role, turn.content] for turn in turns], ensure_ascii=False)
