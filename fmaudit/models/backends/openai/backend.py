"""The backend for `openai:URL#MODEL`: asks a server for all requests at once, and tells each answer as it comes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from fmaudit.errors import MissingDependency, ModelError
from fmaudit.models.backends.openai.calls import Caller, Throttle
from fmaudit.models.backends.openai.probe import Abilities, probe
from fmaudit.models.backends.openai.wire import BadAnswer, completion_of, generate_body, score_body, score_of
from fmaudit.models.base import Backend, BackendOptions, Capability
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, Score, ScoreRequest

__all__ = ["OpenAIBackend", "OpenAIOptions"]

_DONE = object()
WIRE = 1  # changes with how requests are written and answers are read
GONE = 8  # calls in a row that failed for good before the server counts as gone


class OpenAIOptions(BackendOptions):
    """How a server is asked; the key itself is never written down, only the name of its environment variable."""

    api_key_env: str = "OPENAI_API_KEY"
    mode: Literal["auto", "chat", "completions"] = "auto"
    timeout: float = Field(default=120.0, gt=0, description="seconds to wait for an answer")
    attempts: int = Field(default=6, ge=1, le=20, description="how often a call is made before it has failed")
    first_wait: float = Field(default=0.5, ge=0, description="seconds before a call is made again; doubles each time")
    concurrency: int = Field(default=64, ge=1, description="never more calls than this at once")
    prefix: str = Field(default="", description="text that stands for an empty context when scoring")


class OpenAIBackend(Backend):
    """A server. What it can do is found out by asking it, when somebody first wants to know."""

    scheme: ClassVar[str] = "openai"
    Options: ClassVar[type[BackendOptions]] = OpenAIOptions

    def __init__(self, uri: str, options: Any, url: str, model: str) -> None:
        """`url` is without credentials and ends with /v1 or the like."""
        super().__init__(uri, options)
        self._url = url
        self._model = model
        self._abilities: Abilities | None = None
        how: Any = self.options
        self.identity = f"openai {hashlib.sha256(f'{url} {model} {how.mode} {how.prefix}'.encode()).hexdigest()}"
        self.numeric_mode = "the server's"

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> OpenAIBackend:
        """Read `openai:URL#MODEL`. Raises ModelError, MissingDependency."""
        address, _, model = uri.partition(":")[2].partition("#")
        parts = urlsplit(address)
        if parts.username or parts.password or parts.query:
            raise ModelError(
                "openai: the URL holds credentials or a query",
                hint="put the key into an environment variable, and name it: api_key_env",
            )
        if parts.scheme not in ("http", "https") or not parts.hostname or not model:
            raise ModelError(f"{uri}: not a server and a model", hint="write openai:https://HOST/v1#MODEL")
        try:
            import httpx  # noqa: F401
            import stamina  # noqa: F401
        except ImportError:
            raise MissingDependency("openai: needs httpx and stamina", hint="pip install 'fmaudit[models]'") from None
        return cls(uri, options, urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + "/", "", "")), model)

    def open(self) -> None:
        """Find out what the server can do: how it is asked belongs to the key of its answers. Raises ModelError."""
        how: Any = self.options
        seen = ",".join(name for name, able in self.abilities.plain().items() if able)
        self.numeric_mode = f"the server's; wire {WIRE}; {how.mode}; {seen}"

    @property
    def abilities(self) -> Abilities:
        """What the server was seen to do; asks it the first time. Raises ModelError where it cannot be reached."""
        if self._abilities is None:
            how: Any = self.options

            async def ask(caller: Caller) -> AsyncIterator[Abilities]:
                yield await probe(caller, self._model, how.mode)

            self._abilities = next(self._stream(ask))
        return self._abilities

    @property
    def capabilities(self) -> frozenset[Capability]:  # type: ignore[override]
        """What the server can do, as it was seen."""
        return self.abilities.capabilities

    def profile(self) -> Profile:
        """Say what the server was seen to do."""
        return Profile(architecture="a server", details={"server": self._url, "model": self._model, **self.abilities.plain()})

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score | Failure]]:
        """Score by letting the server echo the text."""
        if Capability.SCORE not in self.capabilities:
            raise self._cannot(Capability.SCORE)

        async def one(caller: Caller, i: int) -> list[tuple[int, Score | Failure]]:
            return [(i, await self._score(caller, requests[i]))]

        yield from self._all(one, len(requests))

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Ask for every sample with a seed of its own, or for many at once where the server heeds `n` but no seed."""
        able = self.abilities
        together = able.many and not able.seed
        jobs = [
            (i, samples)
            for i, request in enumerate(requests)
            for samples in ([request.samples] if together else [(sample,) for sample in request.samples])
        ]

        async def one(caller: Caller, job: int) -> list[tuple[int, Completion | Failure]]:
            i, samples = jobs[job]
            return [(i, answer) for answer in await self._generate(caller, requests[i], samples)]

        yield from self._all(one, len(jobs))

    def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
        """Send prompts of so many words, and count what the server says it read and wrote. Raises RequestError."""
        from fmaudit.models.timing import trial_by_requests

        return trial_by_requests(self, prompt_tokens, new_tokens, batch, seed)

    # -- single requests -------------------------------------------------------------------------------------------

    async def _score(self, caller: Caller, request: ScoreRequest) -> Score | Failure:
        how: Any = self.options
        if request.messages:
            return Failure(reason="bad-request", detail="a server does not score an answer to messages: its template is not known")
        if request.continuation_ids is not None or request.context_ids is not None:
            return Failure(reason="bad-request", detail="a server is asked by text: which tokens it makes of it is not known")
        answer = await caller.post("completions", score_body(self._model, request, how.prefix))
        if isinstance(answer, Failure):
            return answer
        self.usage.requests += 1
        try:
            score = score_of(answer, request, how.prefix)
        except BadAnswer as error:
            return Failure(reason="bad-answer", detail=str(error))
        if isinstance(score, Score):
            self.usage.scored_tokens += len(score.log_probs)
            self.usage.prompt_tokens += _tokens(answer, "prompt_tokens")
        return score

    async def _generate(self, caller: Caller, request: GenerateRequest, samples: Sequence[int]) -> list[Completion | Failure]:
        able = self.abilities
        chat = bool(request.messages) or not able.completions
        if request.messages and not able.chat:
            return [Failure(reason="refused", detail="the server knows no chat")]
        path = "chat/completions" if chat else "completions"
        body = generate_body(self._model, request, samples, chat=chat, log_probs=able.log_probs)
        if not able.seed:
            body.pop("seed", None)
        answer = await caller.post(path, body)
        if isinstance(answer, Failure):
            return [replace(answer, sample=sample) for sample in samples]
        self.usage.requests += 1
        self.usage.prompt_tokens += _tokens(answer, "prompt_tokens")
        self.usage.completion_tokens += _tokens(answer, "completion_tokens")
        return [_read(answer, index, sample, chat) for index, sample in enumerate(samples)]

    # -- many at once ----------------------------------------------------------------------------------------------

    def _all(self, one: Callable[[Caller, int], Any], count: int) -> Iterator[Any]:
        """Run `one` for 0..count-1 side by side; raises ModelError once nothing gets through any more."""

        async def ask(caller: Caller) -> AsyncIterator[Any]:
            tasks = [asyncio.create_task(one(caller, number)) for number in range(count)]
            failed = 0
            try:
                for task in asyncio.as_completed(tasks):
                    answers = await task
                    dead = all(isinstance(a, Failure) and a.reason in ("server-error", "timeout") for _, a in answers)
                    failed = failed + 1 if dead else 0
                    if failed >= GONE and failed >= count // 2:
                        raise ModelError(f"{self._url}: {failed} requests in a row failed: {answers[0][1].detail}")
                    for answer in answers:
                        yield answer
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        begin = time.monotonic()
        yield from self._stream(ask)
        self.usage.seconds += time.monotonic() - begin

    def _stream(self, ask: Callable[[Caller], AsyncIterator[Any]]) -> Iterator[Any]:
        """Run an asynchronous stream on a loop in a thread of its own, for callers that may be on a loop themselves."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stop = threading.Event()

        async def work() -> None:
            try:
                async with self._client() as client:
                    how: Any = self.options
                    caller = Caller(client, Throttle(most=how.concurrency), how.attempts, how.first_wait)
                    async for answer in ask(caller):
                        answers.put(answer)
                        if stop.is_set():
                            return
            except BaseException as error:
                answers.put(error)
            finally:
                answers.put(_DONE)

        thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
        thread.start()
        try:
            while (answer := answers.get()) is not _DONE:
                if isinstance(answer, BaseException):
                    raise answer
                yield answer
        finally:
            stop.set()

    def _client(self) -> Any:
        import httpx

        how: Any = self.options
        key = os.environ.get(how.api_key_env, "")
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        limits = httpx.Limits(max_connections=how.concurrency, max_keepalive_connections=how.concurrency)
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=how.timeout, limits=limits)


def _read(answer: Mapping[str, Any], index: int, sample: int, chat: bool) -> Completion | Failure:
    try:
        return completion_of(answer, index, sample, chat=chat)
    except BadAnswer as error:
        return Failure(reason="bad-answer", detail=str(error), sample=sample)


def _tokens(answer: Mapping[str, Any], name: str) -> int:
    """Read a count that the server tells, 0 where it tells none."""
    usage = answer.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and count >= 0 else 0
