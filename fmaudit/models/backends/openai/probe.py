"""Finds out what a server really returns: schemas promise much that servers quietly leave out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fmaudit.errors import ModelError
from fmaudit.models.backends.openai.calls import Caller, NotThere
from fmaudit.models.base import Capability
from fmaudit.models.requests import Failure

__all__ = ["Abilities", "probe"]

_PROMPT = "Name three things that float on water, in any order:"
_TOKENS = 12


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a server was seen to do."""

    chat: bool = False
    completions: bool = False
    many: bool = False  # `n` gives that many choices
    log_probs: bool = False  # of the tokens it generates
    sampling: bool = False  # answers differ at a high temperature
    seed: bool = False  # one seed, one answer
    echo: bool = False  # log-probabilities of the prompt's tokens

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Say it in the terms of planning."""
        told = {
            Capability.GENERATE: self.chat or self.completions,
            Capability.TIME: self.chat or self.completions,
            Capability.CHAT: self.chat,
            Capability.SAMPLE: self.sampling,
            Capability.SETTINGS: self.chat or self.completions,
            Capability.LOG_PROBS: self.log_probs,
            Capability.SCORE: self.echo,
            Capability.PROFILE: True,
        }
        return frozenset(capability for capability, able in told.items() if able)

    def plain(self) -> dict[str, bool]:
        """Lay it out for plan.json."""
        return asdict(self)


async def probe(caller: Caller, model: str, mode: str) -> Abilities:
    """Ask a handful of short questions. Raises ModelError where the server answers none."""
    said: list[str] = []
    chat = mode != "completions" and await _can(caller, "chat/completions", _body(model, True, 1), said)
    completions = mode != "chat" and await _can(caller, "completions", _body(model, False, 1), said)
    if not chat and not completions:
        words = f": {said[0]}" if said else ""
        hint = "is the URL right, up to /v1, and the model's name after #?"
        raise ModelError(f"{caller.client.base_url}: answers neither chat nor plain completions of {model!r}{words}", hint=hint)
    path = "chat/completions" if chat else "completions"
    first = await _answer(caller, path, _body(model, bool(chat), 1))
    again = await _answer(caller, path, _body(model, bool(chat), 1))
    others = [await _answer(caller, path, _body(model, bool(chat), seed)) for seed in (2, 3)]
    asked = await _answer(caller, path, _body(model, bool(chat), 1) | {"n": 2} | ({"logprobs": True} if chat else {"logprobs": 1}))
    texts = [_text(answer) for answer in (first, again, *others)]
    echoed = await _echoes(caller, model) if completions else False
    return Abilities(
        chat=bool(chat),
        completions=bool(completions),
        many=len(asked.get("choices") or ()) == 2,
        log_probs=_has_log_probs(asked, bool(chat)),
        sampling=len(set(texts)) > 1,
        seed=texts[0] == texts[1] and len(set(texts)) > 1,
        echo=echoed,
    )


def _body(model: str, chat: bool, seed: int) -> dict[str, Any]:
    prompt = {"messages": [{"role": "user", "content": _PROMPT}]} if chat else {"prompt": _PROMPT}
    return {"model": model, **prompt, "max_tokens": _TOKENS, "temperature": 2.0, "seed": seed}


async def _can(caller: Caller, path: str, body: Mapping[str, Any], said: list[str]) -> bool:
    """Tell whether an endpoint exists and answers, and note what it said where not; no access and nobody there are raised."""
    try:
        answer = await caller.post(path, body)
    except ModelError as error:
        if isinstance(error, NotThere):
            said.append(str(error))
            return False
        raise
    if isinstance(answer, Failure) and answer.reason in ("server-error", "timeout", "bad-answer"):
        raise ModelError(f"{caller.client.base_url}: cannot be probed: {answer.reason}: {answer.detail}", hint="try again later")
    if isinstance(answer, Failure):
        said.append(answer.detail)
    return not isinstance(answer, Failure) and bool(answer.get("choices"))


async def _answer(caller: Caller, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = await caller.post(path, body)
    if isinstance(answer, Failure) and answer.reason in ("server-error", "timeout", "bad-answer"):
        raise ModelError(f"{caller.client.base_url}: cannot be probed: {answer.reason}: {answer.detail}", hint="try again later")
    return {} if isinstance(answer, Failure) else answer


async def _echoes(caller: Caller, model: str) -> bool:
    body = {"model": model, "prompt": "The sea is deep.", "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
    answer = await _answer(caller, "completions", body)
    try:
        found = answer["choices"][0]["logprobs"]
        values = found["token_logprobs"][1:3]
        return len(found["text_offset"]) >= 3 and all(isinstance(v, (int, float)) and math.isfinite(v) for v in values)
    except (KeyError, IndexError, TypeError):
        return False


def _text(answer: Mapping[str, Any]) -> str:
    try:
        choice = answer["choices"][0]
        return str((choice.get("message") or {}).get("content") or choice.get("text"))
    except (KeyError, IndexError, TypeError):
        return ""


def _has_log_probs(answer: Mapping[str, Any], chat: bool) -> bool:
    from fmaudit.models.backends.openai.wire import BadAnswer, completion_of

    try:
        read = completion_of(answer, 0, 0, chat=chat)
    except BadAnswer:
        return False
    return not isinstance(read, Failure) and read.log_probs is not None
