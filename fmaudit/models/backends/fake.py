"""A scripted model for tests: it says what it is told to, and costs nothing."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fmaudit.errors import ModelError
from fmaudit.models.base import Backend, Capability
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, Score, ScoreRequest

__all__ = ["FakeBackend"]

Answering = Callable[[str, int], str]  # prompt (the last message's content), sample -> text
Weighing = Callable[[str], NDArray[np.float32]]  # text so far -> logits of the 256 bytes
Scoring = Callable[[str, str], Sequence[float]]  # context, continuation -> log-probability of each of the continuation's bytes


class FakeBackend(Backend):
    """A model over bytes: each byte of a text is a token.

    Made in a test from two functions, or from `fake:` (every byte has probability 1/256, a prompt is answered with itself) or
    `fake:FILE`, a JSON object of prompts and lists of answers with "*" for all others.
    """

    scheme: ClassVar[str] = "fake"
    capabilities = frozenset(Capability)

    def __init__(
        self,
        uri: str = "fake:",
        options: Any = None,
        *,
        answer: Answering | None = None,
        score: Scoring | None = None,
        logits: Weighing | None = None,
        without: Sequence[Capability] = (),
    ) -> None:
        """`answer`, `score` and `logits` say what the model does; `without` takes capabilities away."""
        super().__init__(uri, options)
        self._answer: Answering = answer or (lambda prompt, sample: prompt)
        self._score: Scoring = score or (lambda context, continuation: [-math.log(256)] * len(continuation.encode()))
        self._logits: Weighing = logits or (lambda text: np.zeros(256, np.float32))
        self.capabilities = frozenset(Capability) - frozenset(without)
        self.identity = f"fake {hashlib.sha256(uri.encode()).hexdigest()[:16]}"
        self.numeric_mode = "exact"
        self.prompts: list[str] = []  # what was asked, in order

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> FakeBackend:
        """Read the script, if there is one."""
        rest = uri.partition(":")[2]
        if not rest:
            return cls(uri, options)
        path = folder / rest
        try:
            script = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{uri}: cannot be read: {error}", hint='write a JSON object: {"a prompt": ["an answer"], "*": ["..."]}'
            ) from None

        def answer(prompt: str, sample: int) -> str:
            answers = script.get(prompt, script.get("*", [""]))
            return str(answers[sample % len(answers)])

        backend = cls(uri, options, answer=answer)
        backend.identity = f"fake {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
        return backend

    def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
        """Take no time."""
        return prompt_tokens, new_tokens

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score | Failure]]:
        """Score as told."""
        for i, request in enumerate(requests):
            context = request.messages[-1].content if request.messages else request.context
            ids = request.continuation_ids
            text = request.continuation if ids is None else bytes(ids).decode(errors="replace")
            self.prompts.append(context + text)
            log_probs = tuple(float(value) for value in self._score(context, text))
            data = text.encode() if ids is None else bytes(ids)
            self.usage.requests += 1
            self.usage.scored_tokens += len(log_probs)
            extra = tuple(math.log(256) for _ in log_probs) if "entropy" in request.want else None
            yield (
                i,
                Score(
                    log_likelihood=math.fsum(log_probs),
                    token_ids=tuple(data[: len(log_probs)]),
                    log_probs=log_probs,
                    greedy=all(value == 0.0 for value in log_probs),
                    entropy=extra,
                    rank=tuple(0 for _ in log_probs) if "rank" in request.want else None,
                ),
            )

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer as told."""
        for i, request in enumerate(requests):
            prompt = request.messages[-1].content if request.messages else request.prompt
            for sample in request.samples:
                self.prompts.append(prompt)
                text = self._answer(prompt, sample)
                ids = tuple(text.encode())
                self.usage.requests += 1
                self.usage.prompt_tokens += len(prompt.encode())
                self.usage.completion_tokens += len(ids)
                yield i, Completion(text=text, token_ids=ids, sample=sample, prompt_tokens=len(prompt.encode()))

    def logits(self, request: ScoreRequest) -> NDArray[np.float32]:
        """Weigh the bytes that may follow, before each byte of the continuation: shape [bytes, 256]."""
        context = request.messages[-1].content if request.messages else request.context
        data = request.continuation.encode() if request.continuation_ids is None else bytes(request.continuation_ids)
        return np.stack([self._logits(context + data[:i].decode(errors="replace")) for i in range(len(data))])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Count the bytes of each text: shape [texts, 256]."""
        return np.stack([np.bincount(np.frombuffer(text.encode(), np.uint8), minlength=256).astype(np.float32) for text in texts])

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut texts into bytes."""
        return [list(text.encode()) for text in texts]

    def profile(self) -> Profile:
        """Say that it is a fake."""
        return Profile(architecture="fake", vocabulary=256)
