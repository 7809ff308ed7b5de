"""The face of a model that audits see: they await answers one by one, and the model is asked for all of them at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from fmaudit.errors import FmauditError, ModelError, RequestError
from fmaudit.models.base import Backend, Capability
from fmaudit.models.cache import Answer, ResponseCache, answer_key, request_key
from fmaudit.models.loading import load_backend
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, Score, ScoreRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmaudit.models.timing import Timing

__all__ = ["Model"]

Result = TypeVar("Result")
News = Callable[[int], None]
Wanted = tuple[bytes, ScoreRequest | GenerateRequest, int]  # key, request, sample

TURNS = 8  # of the event loop without a new request: by then every case that can go on has asked or waits
HOLD_SECONDS = 0.5  # answers are made durable at least this often
HOLD_ANSWERS = 256
KEPT = 64  # score requests remembered for asking again


class Model:
    """A backend as audits see it: requests wait until nobody can go on without an answer, then all are asked together.

    Equal requests are asked once. Known answers come from the cache; new ones are on disk before anyone sees them.
    """

    def __init__(self, backend: Backend, cache: ResponseCache | None = None, news: News | None = None) -> None:
        """Take an open backend; `news` hears how many answers have come since it was last called.

        Raises ModelError for a backend without an identity: its answers could be given to another model.
        """
        if not backend.identity:
            raise ModelError(f"{backend.uri or type(backend).__name__}: the backend has no identity", hint="set it in __init__ or open()")
        self._backend = backend
        self._cache = cache
        self._news = news or (lambda answers: None)
        self._waiting: dict[bytes, asyncio.Future[Answer]] = {}
        self._requests: dict[bytes, Wanted] = {}
        self._generation = 0
        self.asked = 0  # answers that the backend gave
        self.cached = 0  # answers that the cache gave
        self._scored: list[ScoreRequest] = []
        self._companions: dict[str, Model] = {}
        # Where memory is short, batches become smaller, and with them bits may change: an answer is kept under the shape that it was
        # computed in. A later run begins with the last shape and takes what is known in any of them, so it has what this run had.
        self._rungs = ["", *(cache.rungs(backend.identity, backend.numeric_mode) if cache is not None else ())]
        if len(self._rungs) > 1:
            backend.shrink_to(self._rungs[-1])

    # -- what audits call ------------------------------------------------------------------------------------------

    @property
    def uri(self) -> str:
        """The model's URI."""
        return self._backend.uri

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the model can do."""
        return self._backend.capabilities

    def profile(self) -> Profile:
        """Tell what is known of the model without asking it anything."""
        return self._backend.profile()

    def companion(self, settings: Mapping[str, Any]) -> Model:
        """Open another model to ask beside this one (a judge, a reference), with the same cache; `settings` are its `uri` and options.

        What it costs is not counted in the run's account. Raises ModelError.
        """
        name = json.dumps(settings, sort_keys=True, default=str)
        if name not in self._companions:
            backend = load_backend(**settings)
            backend.open()
            self._companions[name] = Model(backend, self._cache)
        return self._companions[name]

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Score]:
        """Score requests, in their order. Raises RequestError when one failed for good."""
        futures = [self._ask(request, 0) for request in requests]
        answers: list[Any] = await _all(futures)
        return answers

    async def generate(self, requests: Sequence[GenerateRequest]) -> list[tuple[Completion, ...]]:
        """Complete requests, in their order, the samples of each in the order asked. Raises RequestError when one failed for good."""
        futures = [[self._ask(request, sample) for sample in request.samples] for request in requests]
        answers: list[Any] = await _all([future for group in futures for future in group])
        flat = iter(answers)
        return [tuple(next(flat) for _ in group) for group in futures]

    async def logits(self, request: ScoreRequest) -> NDArray[np.float32]:
        """Give the logits before each token of one continuation: shape [tokens, vocabulary]. Not cached. Raises RequestError."""
        return self._backend.logits(request)

    async def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenize texts as the model reads them, without special tokens."""
        return self._backend.tokenize(texts)

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: shape [texts, width]. Not cached."""
        return self._backend.embed(texts)

    async def timed(self, prompt_tokens: int, new_tokens: int, batch: int = 1, seed: int = 0) -> Timing:
        """Time prompts and completions of given lengths, past the cache and with nothing else beside it. Raises RequestError."""
        from fmaudit.models.timing import time_trial

        return time_trial(self._backend, prompt_tokens, new_tokens, batch, seed)

    def peak_flops(self) -> float | None:
        """Return the operations a second that the machine can do in the model's dtype; None where that means nothing."""
        return self._backend.peak_flops()

    # -- what the run calls ----------------------------------------------------------------------------------------

    def run(self, jobs: Sequence[Callable[[Model], Awaitable[Result]]]) -> list[Result | RequestError]:
        """Run jobs side by side to their end; one whose request failed gives its RequestError."""

        async def one(job: Callable[[Model], Awaitable[Result]]) -> Result | RequestError:
            try:
                return await job(self)
            except RequestError as error:
                return error

        async def together() -> list[Result | RequestError]:
            return list(await asyncio.gather(*(one(job) for job in jobs)))

        return asyncio.run(together())

    def scored(self, most: int) -> list[ScoreRequest]:
        """Return some of the score requests that the backend answered, for asking again."""
        return self._scored[:most]

    def note(self, name: str, value: Any) -> None:
        """Keep a fact beside the answers, where they are kept."""
        if self._cache is not None:
            self._cache.note(name, value)

    def close_companions(self) -> None:
        """Let go of the models that were asked beside this one."""
        for companion in self._companions.values():
            companion._backend.close()
        self._companions.clear()

    # -- collecting ------------------------------------------------------------------------------------------------

    def _ask(self, request: ScoreRequest | GenerateRequest, sample: int) -> asyncio.Future[Answer]:
        """Put one answer on the list of what is wanted."""
        name = request_key(request)
        key = self._key(name, sample)
        if key not in self._waiting:
            loop = asyncio.get_running_loop()
            self._waiting[key] = loop.create_future()
            self._requests[key] = (name, request, sample)
            self._generation += 1
            loop.call_soon(self._settle, self._generation, TURNS)
        return self._waiting[key]

    def _settle(self, generation: int, turns: int) -> None:
        """Answer all once the loop has turned without a new request: every case waits."""
        if generation != self._generation:
            return
        if turns:
            asyncio.get_running_loop().call_soon(self._settle, generation, turns - 1)
            return
        waiting, self._waiting = self._waiting, {}
        requests, self._requests = self._requests, {}
        try:
            with _interruptible():
                self._answer(waiting, requests)
        except BaseException as error:
            for future in waiting.values():
                if not future.done():
                    future.set_exception(self._failure(error))
            if not isinstance(error, Exception):
                raise

    def _failure(self, error: BaseException) -> FmauditError:
        """Say that the model failed, not one request: the run stops, and can be resumed."""
        if isinstance(error, FmauditError) and not isinstance(error, RequestError):
            return error
        failed = ModelError(f"{self.uri}: the model failed: {type(error).__name__}: {' '.join(str(error).split())[:500]}")
        failed.__cause__ = error
        return failed

    def _answer(
        self,
        waiting: dict[bytes, asyncio.Future[Answer]],
        requests: dict[bytes, Wanted],
    ) -> None:
        """Serve what the cache has, and ask the backend for the rest, in an order that depends on the requests alone."""
        known = self._known(requests)
        for key, answer in known.items():
            _give(waiting[key], answer)
        self.cached += len(known)
        self._news(len(known))
        missing = sorted((name, sample, key) for key, (name, _, sample) in requests.items() if key not in known)
        held: list[tuple[bytes, bytes, Answer]] = []
        last = time.monotonic()
        try:
            for key, given in self._backend_answers([(key, requests[key][1], sample) for _, sample, key in missing]):
                if isinstance(given, Failure):
                    _fail(waiting[key], given)
                    continue
                held.append((key, self._kept_under(requests[key]), given))
                if len(held) >= HOLD_ANSWERS or time.monotonic() - last >= HOLD_SECONDS:
                    held, kept, last = [], held, time.monotonic()
                    self._keep(kept, waiting)
        finally:
            self._keep(held, waiting)  # also what came before the model failed

    def _known(self, requests: dict[bytes, Wanted]) -> dict[bytes, Answer]:
        """Look up what is known, the shape that batches have now first."""
        known: dict[bytes, Answer] = {}
        if self._cache is None:
            return known
        for shrunk in reversed(self._rungs):
            keys = {self._key(name, sample, shrunk): key for key, (name, _, sample) in requests.items() if key not in known}
            known |= {keys[kept]: answer for kept, answer in self._cache.get(list(keys)).items()}
        return known

    def _key(self, name: bytes, sample: int, shrunk: str = "") -> bytes:
        return answer_key(self._backend.identity, self._backend.numeric_mode + shrunk, name, sample)

    def _kept_under(self, wanted: Wanted) -> bytes:
        """Name the answer that has just come by the shape it was computed in, and remember a shape that is new."""
        name, _, sample = wanted
        shrunk = self._backend.shrunk
        if shrunk not in self._rungs:
            self._rungs.append(shrunk)
            if self._cache is not None:
                self._cache.add_rung(self._backend.identity, self._backend.numeric_mode, shrunk)
        return self._key(name, sample, shrunk)

    def _keep(self, held: Sequence[tuple[bytes, bytes, Answer]], waiting: dict[bytes, asyncio.Future[Answer]]) -> None:
        """Make answers durable, then hand them out."""
        if self._cache is not None and held:
            self._cache.put([(kept, answer) for _, kept, answer in held])
        for key, _, answer in held:
            _give(waiting[key], answer)
        self.asked += len(held)
        self._news(len(held))

    def _backend_answers(self, wanted: Sequence[Wanted]) -> Iterator[tuple[bytes, Answer | Failure]]:
        """Ask the backend, the samples of one prompt in one request; every wanted key gets an answer or a failure."""
        scores = [(key, request) for key, request, _ in wanted if isinstance(request, ScoreRequest)]
        self._scored += [request for _, request in scores[: KEPT - len(self._scored)]]
        yield from _complete(
            [key for key, _ in scores],
            ((scores[i][0], answer) for i, answer in self._backend.score_each([request for _, request in scores])) if scores else iter(()),
        )
        groups = _by_prompt(wanted)
        if groups:
            keys = [key for _, samples in groups for key in samples.values()]
            yield from _complete(keys, self._samples(groups))

    def _samples(self, groups: Sequence[tuple[GenerateRequest, dict[int, bytes]]]) -> Iterator[tuple[bytes, Answer | Failure]]:
        for i, answer in self._backend.generate_each([request for request, _ in groups]):
            samples = groups[i][1]
            if isinstance(answer, Failure):
                failed = samples.values() if answer.sample is None else [samples[answer.sample]]
                yield from ((key, answer) for key in failed)
            else:
                yield samples[answer.sample], answer


def _by_prompt(wanted: Sequence[Wanted]) -> list[tuple[GenerateRequest, dict[int, bytes]]]:
    """Gather the wanted samples of equal prompts into one request each."""
    groups: dict[bytes, tuple[GenerateRequest, dict[int, bytes]]] = {}
    for key, request, sample in wanted:
        if isinstance(request, GenerateRequest):
            groups.setdefault(request_key(request), (request, {}))[1][sample] = key
    return [(replace(request, samples=tuple(samples)), samples) for request, samples in groups.values()]


def _complete(keys: Sequence[bytes], answers: Iterator[tuple[bytes, Answer | Failure]]) -> Iterator[tuple[bytes, Answer | Failure]]:
    """Pass on the first answer for each key, and fail the keys that got none."""
    left = dict.fromkeys(keys)
    for key, answer in answers:
        if key in left:
            del left[key]
            yield key, answer
    for key in left:
        yield key, Failure(reason="no-answer", detail="the backend gave no answer to this request")


async def _all(futures: Sequence[asyncio.Future[Answer]]) -> list[Answer]:
    """Wait for all, then raise the first failure: no future is left with an exception nobody saw."""
    results = await asyncio.gather(*futures, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C stop the work at once: asyncio would wait until the loop turns again, which is after all answers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _give(future: asyncio.Future[Answer], answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: asyncio.Future[Answer], failure: Failure) -> None:
    if not future.done():
        future.set_exception(RequestError(f"{failure.reason}: {failure.detail}" if failure.detail else failure.reason))
