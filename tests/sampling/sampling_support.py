"""What the tests of several suites share: an audit with one suite on, scripted models, files of items."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fmaudit import Capability
from fmaudit.models.backends.fake import FakeBackend
from fmaudit_sampling.audit import SamplingConsistency
from fmaudit_sampling.params import SamplingParams


def one(suite: str, **params: Any) -> SamplingConsistency:
    """An audit with one suite on."""
    return SamplingConsistency(SamplingParams.model_validate({"suites": (suite,), **params}))


def saying(answer: Callable[[str, int], str], **options: Any) -> FakeBackend:
    """A model that answers as told (prompt, sample) and cannot score."""
    return FakeBackend(answer=answer, **{"without": [Capability.SCORE]} | options)


def drawing(seed: int, answers: Sequence[str], weights: Sequence[float]) -> Callable[[str, int], str]:
    """Answers drawn from one categorical distribution, each by prompt and sample."""
    return lambda prompt, sample: random.Random(f"{seed} {prompt} {sample}").choices(answers, weights)[0]


def questions(folder: Path, count: int, **fields: Any) -> dict[str, Path]:
    """A file of made questions whose answer is "right" and whose wrong answer is "wrong", as parameters name it."""
    rows = [{"id": f"q{i:03}", "prompt": f"Question {i}?", "answers": ["right"], "wrong": ["wrong"], **fields} for i in range(count)]
    return items(folder, rows)


def items(folder: Path, rows: Sequence[Mapping[str, Any]]) -> dict[str, Path]:
    """A file of items, as parameters name it."""
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return {"items": path}
