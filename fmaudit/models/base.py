"""The contract of a backend: how a model is reached; takes lists, gives answers as they are ready."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from fmaudit.errors import ModelError
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, Score, ScoreRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Backend", "BackendOptions", "Capability", "Usage"]


class Capability(enum.StrEnum):
    """What a backend can do; known when planning, before any work."""

    SCORE = "score"  # log-probabilities of given continuations
    GENERATE = "generate"  # completions
    SAMPLE = "sample"  # completions at a temperature above 0, each by its own index
    SETTINGS = "settings"  # completions are drawn with the temperature, top-k, top-p and seed that were asked
    LOG_PROBS = "log-probs"  # of the tokens of completions
    CHAT = "chat"  # prompts as messages
    EMBED = "embed"
    TOKENIZE = "tokenize"
    PROFILE = "profile"
    LOGITS = "logits"  # all of them, at the positions of one continuation
    TIME = "time"  # trials for the clock


class BackendOptions(BaseModel):
    """Base of a backend's options, the other keys of `[model.NAME]`: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Usage:
    """What the work has cost so far: a backend adds to it, accounting reads it."""

    def __init__(self, earlier: Mapping[str, float] | None = None) -> None:
        """Start at nothing, or at what `plain` told of earlier work."""
        self.requests = 0  # that reached the model or the server
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.scored_tokens = 0
        self.computed_tokens = 0  # through the model, padding included
        self.padding_tokens = 0
        self.flops = 0.0
        self.seconds = 0.0
        self.helper_seconds = 0.0  # of processors, in processes beside this one
        for name, value in (earlier or {}).items():
            setattr(self, name, value)

    def plain(self) -> dict[str, float]:
        """Lay the counters out as plain values."""
        return dict(vars(self))

    def plus(self, other: Usage) -> Usage:
        """Add two up."""
        mine, theirs = self.plain(), other.plain()
        return Usage({name: mine[name] + theirs[name] for name in mine})


class Backend(ABC):
    """A model behind one interface.

    `scheme` is the part of a URI before the colon. `identity` names weights, tokenizer and template, so that no model ever gets
    another's answer; `numeric_mode` names what else changes the bits of an answer (dtype, device, batch shape, versions).
    `undecided` are capabilities that only `open` can tell (files that are still on the Hub): planning does not refuse them.
    A subclass implements `score_each` and `generate_each` as far as its capabilities go.
    """

    scheme: ClassVar[str] = ""
    Options: ClassVar[type[BackendOptions]] = BackendOptions
    capabilities: frozenset[Capability] = frozenset()
    undecided: frozenset[Capability] = frozenset()
    identity: str = ""
    numeric_mode: str = ""

    def __init__(self, uri: str = "", options: BackendOptions | None = None) -> None:
        """Keep the URI and the options; nothing is loaded before `open`."""
        self.uri = uri
        self.options = options if options is not None else self.Options()
        self.usage = Usage()

    @classmethod
    @abstractmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> Backend:
        """Make a backend from `SCHEME:REST` and its validated options; a relative path starts from `folder`.

        Cheap, and capabilities are known afterwards. Raises ModelError.
        """

    def check(self) -> None:  # noqa: B027
        """See, before a run and without much work, that what `open` will read is there and as it should be. Raises ModelError."""

    def open(self) -> None:  # noqa: B027 - nothing to load is a fine answer
        """Load the model or connect to the server; called once before work, again does nothing."""

    def close(self) -> None:  # noqa: B027
        """Let go of memory and connections."""

    # -- what a backend implements ---------------------------------------------------------------------------------

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score | Failure]]:
        """Yield (position of the request, score) in any order, as soon as each is known."""
        raise self._cannot(Capability.SCORE)

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Yield (position of the request, one of its samples) in any order, as soon as each is known.

        A Failure stands for all samples of its request that have not been yielded.
        """
        raise self._cannot(Capability.GENERATE)

    def logits(self, request: ScoreRequest) -> NDArray[np.float32]:
        """Give the logits that stand before each token of one continuation: shape [tokens, vocabulary]. Raises RequestError."""
        raise self._cannot(Capability.LOGITS)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts: shape [texts, width]."""
        raise self._cannot(Capability.EMBED)

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenize texts as the model reads them in the middle of a text, without special tokens."""
        raise self._cannot(Capability.TOKENIZE)

    def profile(self) -> Profile:
        """Tell what is known of the model."""
        raise self._cannot(Capability.PROFILE)

    def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
        """Read `batch` made-up prompts of `prompt_tokens` at once and write `new_tokens` after each, for the clock alone.

        Returns how many tokens a prompt really had, and how many the longest completion. Raises RequestError for what does not fit.
        """
        raise self._cannot(Capability.TIME)

    def peak_memory(self, *, anew: bool = False) -> int | None:
        """Return the most bytes that computing took at once since this was asked `anew`; None where that is not known."""
        return None

    def determinism(self, requests: Sequence[ScoreRequest]) -> Mapping[str, Any]:
        """Score a few requests again alone, in batches of other sizes and in float32; say how much the answers differ.

        Keys: `items`, `max_delta` (nats, by way of asking) and `flips` (share of items whose greedy flag changed, likewise).
        Empty where the backend cannot choose how it computes.
        """
        return {}

    @property
    def shrunk(self) -> str:
        """Say how much smaller than `numeric_mode` says batches became for lack of memory; empty: not at all.

        `numeric_mode` stays what it was when the model was opened; an answer is kept under the two together.
        """
        return ""

    def shrink_to(self, shrunk: str) -> None:  # noqa: B027
        """Begin with batches as small as an earlier run found to fit; `shrunk` is what the property said there."""

    def peak_flops(self) -> float | None:
        """Return the operations a second the machine can do in this dtype, measured or known; None where that means nothing."""
        return None

    # -- what everybody calls --------------------------------------------------------------------------------------

    def score(self, requests: Sequence[ScoreRequest]) -> list[Score]:
        """Score requests, in their order. Raises ModelError when one failed for good; `score_each` gives the others too."""
        _all_of(requests, ScoreRequest)
        self.open()
        found = dict(self.score_each(requests))
        return [_good(found[i], i) for i in range(len(requests))]

    def generate(self, requests: Sequence[GenerateRequest]) -> list[tuple[Completion, ...]]:
        """Complete requests, in their order, the samples of each in the order asked. Raises ModelError when one failed for good.

        `generate_each` gives the others too.
        """
        _all_of(requests, GenerateRequest)
        self.open()
        found: dict[int, dict[int, Completion]] = {i: {} for i in range(len(requests))}
        for i, answer in self.generate_each(requests):
            completion = _good(answer, i)
            found[i][completion.sample] = completion
        return [tuple(found[i][sample] for sample in request.samples) for i, request in enumerate(requests)]

    def _cannot(self, capability: Capability) -> ModelError:
        able = ", ".join(sorted(self.capabilities)) or "nothing"
        return ModelError(f"{self.uri or self.scheme}: this backend cannot {capability}", hint=f"it can: {able}")

    def __enter__(self) -> Backend:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Answer = TypeVar("Answer", Score, Completion)


def _good(answer: Answer | Failure, position: int) -> Answer:
    if isinstance(answer, Failure):
        hint = "shorten its text, or ask for fewer new tokens" if answer.reason == "too-long" else ""
        raise ModelError(f"request {position} failed: {answer.reason}: {answer.detail}", hint=hint)
    return answer


def _all_of(requests: Any, kind: type) -> None:
    """Refuse what is no list of requests. Raises ModelError."""
    if isinstance(requests, str | kind):
        raise ModelError(f"a list of {kind.__name__} is asked, not one {type(requests).__name__}", hint=f"[{kind.__name__}(...)]")
    wrong = next((request for request in requests if not isinstance(request, kind)), None)
    if wrong is not None:
        raise ModelError(f"{type(wrong).__name__} is no {kind.__name__}", hint=f"fmaudit.{kind.__name__}(...)")


def texts_of(texts: Sequence[str]) -> Sequence[str]:
    """Take a list of texts; one text alone would be read letter by letter. Raises ModelError."""
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise ModelError("a list of texts is asked", hint='embed(["one text"])')
    return texts
