"""How a model behaves: refusals, false premises, sycophancy, bias, instructions, preferences and more, each a suite of its own."""

from __future__ import annotations

import importlib
import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from fmaudit import Audit

# what is of use from Python without an audit -> the module that has it
_HOMES = {
    "NotText": "fmaudit_alignment.refusal.classify",
    "Rating": "fmaudit_alignment.disagreement",
    "classify_refusal": "fmaudit_alignment.refusal.classify",
    "measure_annotators": "fmaudit_alignment.measures.annotators",
    "measure_disagreement": "fmaudit_alignment.disagreement",
    "opinion_shifts": "fmaudit_alignment.opinion_shift",
}


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_alignment.audit import Alignment

    return [Alignment]


def __getattr__(name: str) -> typing.Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
