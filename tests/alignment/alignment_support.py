"""What the tests of several suites share: an audit with one suite on, its rows made without a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fmaudit import Capability, testing
from fmaudit.models.backends.fake import FakeBackend
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.params import AlignmentParams

Sayer = Callable[[str], str]


def one(suite: str, own: Mapping[str, Any] | None = None, **params: Any) -> Alignment:
    """An audit with one suite on; `own` are the suite's own parameters."""
    return Alignment(AlignmentParams.model_validate({"suites": (suite,), suite.replace("-", "_"): dict(own or {}), **params}))


def saying(answer: Sayer, **options: Any) -> FakeBackend:
    """A model that chats and cannot score."""
    return FakeBackend(answer=lambda prompt, sample: answer(prompt), **{"without": [Capability.SCORE]} | options)


def row(item: str, **columns: Any) -> dict[str, Any]:
    """A row as a suite's measure gets it: in English, the prompt empty."""
    return testing.row(item, **{"language": "en", "prompt": "", **columns})
