"""Processes that help to draw: the same answers to the last bit, and none is lost when one of them goes."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_models import save

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers import crew as crews
from fmaudit.models.backends.transformers import shift as shifts
from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
from fmaudit.models.backends.transformers.crew import Crew, Helper, Ready, _answers, mode_of, processes_for
from fmaudit.models.backends.transformers.legs import Pool
from fmaudit.models.backends.transformers.rows import Row
from fmaudit.models.backends.transformers.shift import Shift
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Sampling
from fmaudit.processes import Worker

SAMPLING = Sampling(temperature=0.9, top_k=40, max_new_tokens=24)
REQUESTS = [
    GenerateRequest(
        prompt=f"{'a longer prompt ' * (i % 4)}number {i}", sampling=replace(SAMPLING, temperature=0.5 + i % 2), samples=(0, 1, 2)
    )
    for i in range(120)
]
OPENING = 1e6  # seconds of processors that a scripted process says that it took to open the model
PROMPTS = {request.prompt: at for at, request in enumerate(REQUESTS)}
Answers = dict[tuple[int, int], Completion]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(save(tmp_path_factory.mktemp("crew") / "llama", "llama"))


@pytest.fixture(scope="module")
def single(folder: Path) -> TransformersBackend:
    """A backend that draws alone; some tests give it a crew."""
    backend = made(folder)
    backend.helped = False
    backend.open()
    return backend


@pytest.fixture(scope="module")
def alone(single: TransformersBackend) -> tuple[Answers, dict[str, float]]:
    return drawn(single), single.usage.plain()


@pytest.fixture(scope="module")
def helped(folder: Path) -> Iterator[TransformersBackend]:
    """A backend whose helper, a process, is ready."""
    backend = made(folder)
    backend.open()
    the_crew(backend).start()
    assert the_crew(backend).helpers[0].pipe.poll(200)
    assert not backend.usage.helper_seconds
    yield backend
    backend.close()


@dataclass
class Scripted:
    """A process that says what a test lets it say."""

    said: Connection
    stopped: bool = False

    @classmethod
    def ready(cls, backend: TransformersBackend, monkeypatch: pytest.MonkeyPatch) -> Scripted:
        """Put one beside the backend that has opened the same model."""
        script = cls.beside(backend, monkeypatch)
        script.said.send(Ready(mode_of(backend), OPENING))
        return script

    @classmethod
    def beside(cls, backend: TransformersBackend, monkeypatch: pytest.MonkeyPatch) -> Scripted:
        ours, theirs = Pipe()
        script = cls(theirs)
        process = SimpleNamespace(is_alive=lambda: not script.stopped, terminate=lambda: setattr(script, "stopped", True), join=bool)
        crew = Crew(None, 1)
        crew.helpers = [crews.Helper(Worker(process, ours))]  # type: ignore[arg-type]
        monkeypatch.setattr(backend, "_crew", crew)
        return script


def made(folder: Path) -> TransformersBackend:
    return TransformersBackend.from_uri(f"hf:{folder}", TransformersOptions(processes=2, batch_rows=8))


def the_crew(backend: TransformersBackend) -> Crew:
    assert backend._crew is not None
    return backend._crew


def drawn(backend: TransformersBackend, requests: Sequence[GenerateRequest] = REQUESTS, after: Callable[[int], object] = bool) -> Answers:
    found: Answers = {}
    for count, (at, answer) in enumerate(backend.generate_each(requests)):
        assert isinstance(answer, Completion), answer
        assert (at, answer.sample) not in found
        found[at, answer.sample] = answer
        after(count)
    return found


def test_what_helpers_draw_is_the_same_to_the_last_bit_and_counted_once(
    helped: TransformersBackend, alone: tuple[Answers, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[int] = []
    hand = Shift._hand

    def counted(shift: Shift, helper: Helper, rows: Sequence[Row]) -> None:
        theirs.append(len(rows))
        hand(shift, helper, rows)

    monkeypatch.setattr(Shift, "_hand", counted)
    assert drawn(helped) == alone[0]
    assert sum(theirs) >= 40  # of 144 samples
    for name in ("requests", "prompt_tokens", "completion_tokens"):
        assert helped.usage.plain()[name] == alone[1][name]
    assert helped.usage.helper_seconds > 0
    assert alone[1]["helper_seconds"] == 0
    assert drawn(helped, REQUESTS[:40]) == {key: answer for key, answer in alone[0].items() if key[0] < 40}  # it is still there
    assert len(theirs) >= 2


def test_a_request_that_processes_share_is_one(helped: TransformersBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs: list[int] = []
    hand = Shift._hand
    monkeypatch.setattr(Shift, "_hand", lambda shift, helper, rows: (theirs.append(len(rows)), hand(shift, helper, rows)))
    before = helped.usage.plain()
    found = drawn(helped, [GenerateRequest(prompt="one", sampling=SAMPLING, samples=tuple(range(200)))])
    spent = {name: value - before[name] for name, value in helped.usage.plain().items()}
    assert len(found) == 200
    assert sum(theirs) >= 40
    assert (spent["requests"], spent["prompt_tokens"]) == (1, found[0, 0].prompt_tokens)


def test_what_a_helper_had_when_it_died_is_drawn_here(
    helped: TransformersBackend, alone: tuple[Answers, dict[str, float]], caplog: pytest.LogCaptureFixture
) -> None:
    (helper,) = the_crew(helped).helpers
    before = helped.usage.plain()

    def kill(count: int) -> None:
        if not count:
            os.kill(helper.worker.process.pid or 0, signal.SIGKILL)

    assert drawn(helped, after=kill) == alone[0]
    assert "without the help of another process: it ended" in caplog.text
    for name in ("requests", "prompt_tokens"):
        assert helped.usage.plain()[name] - before[name] == alone[1][name]
    assert not the_crew(helped).helpers
    the_crew(helped).start()
    assert not the_crew(helped).helpers  # no other is started


def test_answers_that_nobody_waits_for_are_not_given_to_the_next_question(
    single: TransformersBackend, alone: tuple[Answers, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Scripted.ready(single, monkeypatch)
    answers = single.generate_each(REQUESTS)
    next(answers)
    assert len(other.said.recv()) > 10  # what it is to draw
    answers.close()  # type: ignore[attr-defined]
    assert other.stopped
    backwards = REQUESTS[::-1]
    assert drawn(single, backwards) == {(len(REQUESTS) - 1 - at, sample): answer for (at, sample), answer in alone[0].items()}


@pytest.mark.parametrize(
    ("message", "why"),
    [(Ready("another", 1.0), "what it loaded, or how it computes"), (ModelError("no weights"), "no weights"), (None, "it ended")],
)
def test_a_process_that_cannot_help_is_not_asked(
    message: Any,
    why: str,
    single: TransformersBackend,
    alone: tuple[Answers, dict[str, float]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Scripted.beside(single, monkeypatch)
    if message is None:
        other.said.close()
    else:
        other.said.send(message)
    some = REQUESTS[:12]
    assert drawn(single, some) == {key: answer for key, answer in alone[0].items() if key[0] < 12}
    assert other.stopped
    assert f"without the help of another process: {why}" in caplog.text


def test_what_a_helper_left_out_is_drawn_here(
    single: TransformersBackend, alone: tuple[Answers, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Scripted.beside(single, monkeypatch)
    theirs: list[int] = []
    before = single.usage.helper_seconds

    def give_the_first_samples() -> None:
        other.said.send(Ready(mode_of(single), OPENING))
        with contextlib.suppress(EOFError, OSError):
            while True:
                firsts = {i: PROMPTS[request.prompt] for i, request in enumerate(other.said.recv()) if 0 in request.samples}
                other.said.send(([(i, alone[0][at, 0]) for i, at in firsts.items()], {"computed_tokens": 1e9}))
                other.said.send(None)
                theirs.extend(firsts.values())

    thread = threading.Thread(target=give_the_first_samples, daemon=True)
    thread.start()
    assert drawn(single) == alone[0]
    assert len(theirs) > 10
    assert single.usage.computed_tokens > 1e9
    assert single.usage.helper_seconds - before == OPENING  # once
    assert not other.stopped
    the_crew(single).close()
    thread.join(10)


def test_without_room_for_another_process_the_work_is_done_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(*_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(crews, "start_worker", none)
    monkeypatch.setattr(crews, "WORTH", 6)
    assert len(drawn(made(folder), REQUESTS[:2])) == 6
    assert "without the help of another process: OSError: no room" in caplog.text


def test_a_few_samples_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(crews, "start_worker", lambda *given: started.append(given))
    crew = Crew(SimpleNamespace(), 1)  # type: ignore[arg-type]
    with crew.shift(REQUESTS, crews.WORTH - 1, Usage()):
        assert not started
    with crew.shift(REQUESTS, crews.WORTH, Usage()):
        assert len(started) == 1


def test_answers_of_batches_that_shrank_are_not_passed_on() -> None:
    failed = [(0, Failure(reason="bad-answer"))]
    backend = SimpleNamespace(shrunk=";rows=4", usage=Usage(), generate_each=lambda requests: iter(failed))
    with pytest.raises(MemoryError):
        list(_answers(backend, []))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "weights", "device", "threads", "count"),
    [
        (None, 2_000_000, "cpu", 2, 2),
        (None, 2_000_000, "cpu", 64, 4),
        (None, 2_000_000, "cpu", 1, 1),
        (None, 2_000_000_000, "cpu", 16, 1),
        (3, 2_000_000_000, "cpu", 16, 3),
        (1, 2_000_000, "cpu", 16, 1),
        (3, 2_000_000, "cuda", 16, 1),
    ],
)
def test_a_small_model_on_a_processor_is_drawn_from_by_several(
    wanted: int | None, weights: int, device: str, threads: int, count: int
) -> None:
    assert processes_for(wanted, weights, device, threads) == count


def test_a_call_while_another_is_under_way_draws_alone(
    single: TransformersBackend, alone: tuple[Answers, dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Scripted.ready(single, monkeypatch)
    first = single.generate_each(REQUESTS)
    at, answer = next(first)
    assert isinstance(answer, Completion)
    some = {key: answer for key, answer in alone[0].items() if key[0] < 4}
    assert drawn(single, REQUESTS[:4]) == some
    other.said.close()  # what it had is drawn by the first call
    found = {(at, answer.sample): answer, **{(at, answer.sample): answer for at, answer in first if isinstance(answer, Completion)}}
    assert found == alone[0]


def test_threads_are_as_before_wherever_a_call_is_left(single: TransformersBackend) -> None:
    import torch

    before = torch.get_num_threads()
    answers = single.generate_each(REQUESTS)
    next(answers)
    assert torch.get_num_threads() == before
    answers.close()  # type: ignore[attr-defined]


def test_what_cannot_travel_is_drawn_alone(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Local(TransformersBackend):
        """Nobody else can import it."""

    monkeypatch.setattr(crews, "WORTH", 6)
    backend = Local.from_uri(f"hf:{folder}", TransformersOptions(processes=2, batch_rows=8))
    assert len(drawn(backend, REQUESTS[:2])) == 6
    assert "without the help of another process: " in caplog.text


def test_none_is_left_where_memory_was_short(single: TransformersBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Scripted.beside(single, monkeypatch)
    monkeypatch.setattr(TransformersBackend, "shrunk", property(lambda backend: ";rows=4"))
    drawn(single, REQUESTS[:1])
    assert other.stopped


def test_a_process_of_which_nothing_is_heard_is_given_up(
    single: TransformersBackend, alone: tuple[Answers, dict[str, float]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = Scripted.ready(single, monkeypatch)
    monkeypatch.setattr(shifts, "PATIENCE", 0.2)
    assert drawn(single) == alone[0]
    assert other.stopped
    assert "nothing was heard of it" in caplog.text


def test_samples_of_one_request_are_given_away_together() -> None:
    pool = Pool([SimpleNamespace(row=SimpleNamespace(request=i // 3), shape=SimpleNamespace(rows=4)) for i in range(12)])  # type: ignore[misc]
    given = pool.give(5)
    assert [row.request for row in given] == [3, 3, 3]
    assert (pool.fresh, pool.rows) == (9, 4)
    assert [row.request for row in pool.give(2)] == [2, 2]  # a request that is larger is divided


def test_several_helpers_get_equal_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[int] = []
    crew = Crew(None, 3)
    crew.helpers = [crews.Helper(SimpleNamespace(), ready=True) for _ in range(3)]  # type: ignore[arg-type]
    monkeypatch.setattr(Shift, "_hand", lambda self, helper, rows: shares.append(len(rows)))
    Shift(crew, [], Usage()).share(
        Pool([SimpleNamespace(row=SimpleNamespace(request=i), shape=SimpleNamespace(rows=4)) for i in range(400)])
    )  # type: ignore[misc]
    assert shares == [100, 100, 100]
