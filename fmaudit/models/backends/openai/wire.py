"""What goes over the wire: requests as JSON, answers as records; nothing of an answer is taken on trust."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fmaudit.models.requests import Completion, Failure, GenerateRequest, Score, ScoreRequest, clean_text

__all__ = ["BadAnswer", "completion_of", "generate_body", "score_body", "score_of", "seed_of"]

_ENDS = {"stop": "stop", "eos": "stop", "end_turn": "stop", "length": "length", "max_tokens": "length"}


class BadAnswer(ValueError):
    """The server answered with something that is not an answer."""


def seed_of(request: GenerateRequest, sample: int) -> int:
    """Derive the seed of one sample, 31 bits."""
    return int.from_bytes(hashlib.blake2b(f"{request.sampling.seed} {sample}".encode(), digest_size=4).digest(), "big") >> 1


def generate_body(model: str, request: GenerateRequest, samples: Sequence[int], *, chat: bool, log_probs: bool) -> dict[str, Any]:
    """Write a request for one sample, or for several at once where the server can do that."""
    how = request.sampling
    body: dict[str, Any] = {"model": model, "max_tokens": how.max_new_tokens, "temperature": how.temperature, "top_p": how.top_p}
    if how.top_k:
        body["top_k"] = how.top_k
    if how.stop:
        body["stop"] = list(how.stop)
    if len(samples) > 1:
        body["n"] = len(samples)
    body["seed"] = seed_of(request, samples[0])
    if chat:
        turns = request.messages or ()
        body["messages"] = [{"role": m.role, "content": m.content} for m in turns] or [{"role": "user", "content": request.prompt}]
    else:
        body["prompt"] = request.prompt
    if log_probs:
        body |= {"logprobs": True} if chat else {"logprobs": 1}
    return body


def completion_of(answer: Mapping[str, Any], index: int, sample: int, *, chat: bool) -> Completion | Failure:
    """Read one choice of an answer. Raises BadAnswer."""
    try:
        return _completion(answer, index, sample, chat)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise BadAnswer(f"the answer is not of the right form: {error}") from error


def _completion(answer: Mapping[str, Any], index: int, sample: int, chat: bool) -> Completion | Failure:
    choices = answer.get("choices")
    if not isinstance(choices, list) or index >= len(choices) or not isinstance(choices[index], dict):
        raise BadAnswer("the answer has no such choice")
    choice = choices[index]
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        return Failure(reason="refused", detail="the server's content filter", sample=sample)
    text = (choice.get("message") or {}).get("content") if chat else choice.get("text")
    if chat and text is None and (choice.get("message") or {}).get("refusal"):
        text = choice["message"]["refusal"]
    if not isinstance(text, str):
        raise BadAnswer("the answer's choice has no text")
    usage = answer.get("usage")
    told = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return Completion(
        text=clean_text(text),
        log_probs=_chosen(choice.get("logprobs"), chat),
        finish=_ENDS.get(str(finish), "stop"),
        sample=sample,
        prompt_tokens=told if isinstance(told, int) else 0,
    )


def _chosen(log_probs: Any, chat: bool) -> tuple[float, ...] | None:
    """Read the log-probabilities of the chosen tokens; None where any is missing."""
    if not isinstance(log_probs, dict):
        return None
    if chat:
        values = [item.get("logprob") if isinstance(item, dict) else None for item in log_probs.get("content") or ()]
    else:
        values = list(log_probs.get("token_logprobs") or ())
    known = [float(value) for value in values if isinstance(value, (int, float)) and math.isfinite(value)]
    return tuple(known) if known and len(known) == len(values) else None


def score_body(model: str, request: ScoreRequest, prefix: str) -> dict[str, Any]:
    """Write a request that echoes the text with the log-probability of every token."""
    text = (request.context or prefix) + request.continuation
    return {"model": model, "prompt": text, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}


def score_of(answer: Mapping[str, Any], request: ScoreRequest, prefix: str) -> Score | Failure:
    """Read the tokens that begin inside the continuation. Raises BadAnswer.

    Where a token begins is counted from the tokens' own text, which must spell what was sent: a server's offsets drift where a
    character is cut into several tokens.
    """
    try:
        return _score(answer, request, prefix)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise BadAnswer(f"the answer echoes no log-probabilities that can be read: {error}") from error


def _score(answer: Mapping[str, Any], request: ScoreRequest, prefix: str) -> Score | Failure:
    found = answer["choices"][0]["logprobs"]
    tokens, values = [str(token) for token in found["tokens"]], list(found["token_logprobs"])
    best = list(found.get("top_logprobs") or [None] * len(tokens))
    if not len(tokens) == len(values) == len(best):
        raise ValueError("as many tokens as log-probabilities are wanted")
    context = request.context or prefix
    sent = context + request.continuation
    if not "".join(tokens).startswith(sent):
        return Failure(reason="bad-answer", detail="the echoed tokens do not spell the text, so none can be told from the context")
    begin = len(context.rstrip()) or len(context)  # a token that holds the context's last space belongs to the continuation
    rows, at = [], 0
    for i, token in enumerate(tokens):
        if begin <= at < len(sent):
            rows.append(i)
        at += len(token)
    chosen = [values[i] for i in rows]
    if not chosen or any(not isinstance(value, (int, float)) or not math.isfinite(value) for value in chosen):
        hint = "name a text that begins every document: [model.NAME] prefix = ..."
        return Failure(reason="unscored-token", detail=f"the server gives the first token no probability; {hint}")
    log_probs = tuple(float(value) for value in chosen)
    greedy = all(_is_best(best[i], float(values[i])) for i in rows)
    return Score(log_likelihood=math.fsum(log_probs), token_ids=(), log_probs=log_probs, greedy=greedy)


def _is_best(best: Any, value: float) -> bool:
    known = [v for v in best.values() if isinstance(v, (int, float))] if isinstance(best, dict) else []
    return bool(known) and value >= max(known)
