"""Answers that were recorded elsewhere: the way to audit a closed model from its logs."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.errors import ModelError
from fmaudit.files import DAMAGED, open_packed, plain_name, why_not_json, why_unread
from fmaudit.models.base import Backend, BackendOptions, Capability
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, clean_text
from fmaudit.records import Message

__all__ = ["EMPTY", "ReplayBackend", "ReplayOptions"]

VERSION = 2  # changes with how recordings are read and prompts are found: what was kept before is then looked up again
csv.field_size_limit(1 << 24)

WHOLE = 64 << 20  # bytes up to which a recording is read whole before a run
BEGINNING = 1000  # rows that are read of a longer one
LINE = 1 << 20  # bytes in which its last line is looked for


class ReplayOptions(BackendOptions):
    """Which field holds what; a prompt may stand in several rows, each with one completion, or in one row with a list."""

    prompt: str = "prompt"
    completion: str = "completion"
    finish: str = "finish_reason"  # "stop" or "length"; where there is no such field it is not known


SHOWN = 80  # characters of a prompt in a message
EMPTY = "holds no recorded answer"


class ReplayBackend(Backend):
    """`replay:FILE`: JSON lines or CSV, also .gz or .xz, with a prompt and its completions.

    A prompt is found by its text, a conversation by its messages (field `messages`) or, failing that, by its last message.
    How the answers were drawn is not known here: the sampling parameters of a request are passed over, which is why the backend lacks
    the capability `SETTINGS`. Samples of a prompt are its answers in the order of the file; a null, as a failed call leaves it, is none.
    """

    scheme: ClassVar[str] = "replay"
    Options: ClassVar[type[BackendOptions]] = ReplayOptions
    capabilities = frozenset({Capability.GENERATE, Capability.SAMPLE, Capability.CHAT, Capability.PROFILE})

    def __init__(self, uri: str, options: Any, path: Path) -> None:
        """Take the file; it is read by `open`."""
        super().__init__(uri, options)
        self._path = path
        self._answers: dict[str, list[tuple[str, str]]] = {}  # prompt -> (text, finish)
        self._nulls: dict[str, int] = {}  # prompt -> how many
        self.numeric_mode = f"recorded;code={VERSION}"

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> ReplayBackend:
        """Find the file. Raises ModelError."""
        path = folder / uri.partition(":")[2]
        if not path.is_file():
            raise ModelError(f"{uri}: there is no such file", hint="write replay:FILE, JSON lines of prompt and completion")
        return cls(uri, options, path)

    def check(self) -> None:
        """Read the recording, or the beginning and the last line of a long one. Raises ModelError naming the line that is wrong."""
        short = self._path.stat().st_size <= WHOLE
        texts = [
            text for number, row in itertools.islice(self._rows(), None if short else BEGINNING) for text, _ in self._entry(number, row)[1]
        ]
        if texts.count(None) == len(texts) and (short or not texts):
            raise self._empty(len(texts))
        if not short:
            self._check_end()

    def open(self) -> None:
        """Read the answers. Raises ModelError naming the line that is wrong."""
        if self._answers:
            return
        self.identity = f"replay {hashlib.sha256(self._path.read_bytes()).hexdigest()} {self.options.model_dump_json()}"
        for number, row in self._rows():
            prompt, answers = self._entry(number, row)
            there = [(text, finish) for text, finish in answers if text is not None]
            self._answers.setdefault(prompt, []).extend(there)
            self._nulls[prompt] = self._nulls.get(prompt, 0) + len(answers) - len(there)
        if not any(self._answers.values()):
            raise self._empty(sum(self._nulls.values()))

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Look the answers up."""
        for i, request in enumerate(requests):
            prompt = self._find(request)
            answers = self._answers.get(prompt, [])
            for sample in request.samples:
                if sample >= len(answers):
                    yield i, Failure(reason="not-recorded", detail=_missing(request, len(answers), self._nulls.get(prompt, 0)))
                    break
                text, finish = answers[sample]
                yield i, Completion(text=clean_text(text), sample=sample, finish=finish)

    def profile(self) -> Profile:
        """Say how much is recorded."""
        return Profile(architecture="recorded answers", details={"prompts": len(self._answers), "nulls": sum(self._nulls.values())})

    def _find(self, request: GenerateRequest) -> str:
        """Say under which prompt the answers stand."""
        if not request.messages:
            return request.prompt
        whole = _conversation([{"role": m.role, "content": m.content} for m in request.messages])
        return whole if whole in self._answers else request.messages[-1].content

    def _empty(self, nulls: int) -> ModelError:
        also = f", only {nulls} null{'s' if nulls > 1 else ''}" if nulls else ""
        return ModelError(f"{self._path}: {EMPTY}{also}", hint="fmaudit prompts AUDIT.TOML lists what is to be recorded")

    def _check_end(self) -> None:
        """Read the last of plain JSON lines: where writing ended too early, it is cut off."""
        with self._path.open("rb") as file:
            if file.read(1) != b"{":
                return
            start = file.seek(max(0, self._path.stat().st_size - LINE))
            end = file.read().rstrip()
            cut = end.rfind(b"\n") + 1
            if not cut:  # the line is longer than what was read
                return
        last = end[cut:].decode("utf-8", errors="replace")
        try:
            self._entry(0, _object(self._path, 0, last))
        except ModelError:  # which line it is takes reading all of them
            number = _breaks(self._path, start + cut) + 1
            self._entry(number, _object(self._path, number, last))

    def _entry(self, number: int, row: Mapping[str, Any]) -> tuple[str, list[tuple[str | None, str]]]:
        """Give a row's prompt and its answers with how they ended. Raises ModelError."""
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
        return str(prompt), [(text, finish) for text in texts]

    def _rows(self) -> Iterable[tuple[int, Mapping[str, Any]]]:
        try:
            with open_packed(self._path) as raw:
                text = TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="")
                if plain_name(self._path).endswith(".csv"):
                    rows = csv.DictReader(text)
                    yield from ((rows.line_num, row) for row in rows)
                    return
                for number, line in enumerate(text, 1):
                    if line.strip():
                        yield number, _object(self._path, number, line)
        except csv.Error as error:
            raise ModelError(f"{self._path}: not CSV: {error}") from error
        except DAMAGED as error:
            raise ModelError(f"{self._path} cannot be read: {why_unread(error)}") from error


def _breaks(path: Path, size: int) -> int:
    """Count the line breaks in the first bytes of a file, some of it at a time."""
    found = 0
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, LINE))):
            found += part.count(b"\n")
            size -= len(part)
    return found


def _missing(request: GenerateRequest, recorded: int, nulls: int) -> str:
    """Say what a recording lacks, and what to do."""
    null = f" ({nulls} more {'is' if nulls == 1 else 'are'} null)" if nulls else ""
    if not recorded:
        why = (
            f"{nulls} answers recorded, all null"
            if nulls > 1
            else "the answer recorded is null"
            if nulls
            else "this prompt is not recorded"
        )
        return f"{why}: {_shown(request)}"
    told = f"{recorded} of {max(request.samples) + 1} answers recorded{null}: lower `samples`, or record what fmaudit prompts lists"
    return f"{told}: {_shown(request)}"


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
    except ValueError as error:
        raise ModelError(f"{path}:{number}: not JSON: {why_not_json(error)}") from None
    if not isinstance(row, dict):
        raise ModelError(f"{path}:{number}: not a JSON object")
    return row


def _conversation(messages: Sequence[Mapping[str, Any]]) -> str:
    turns = [Message(str(turn.get("role", "")), str(turn.get("content", ""))) for turn in messages]
    return json.dumps([[turn.role, turn.content] for turn in turns], ensure_ascii=False)
