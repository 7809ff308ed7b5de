"""How good a corpus is: published rule sets replayed over counts, duplicates, encoding health, and whom the rules remove."""

from __future__ import annotations

import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from fmaudit import Audit, Signal, Tally


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_corpus_quality.audit import QualityAudit

    return [QualityAudit]


@hookimpl
def fmaudit_signals() -> list[type[Signal]]:
    from fmaudit_corpus_quality.signals import SIGNALS

    return SIGNALS


@hookimpl
def fmaudit_tallies() -> list[type[Tally]]:
    from fmaudit_corpus_quality.signals import TALLIES

    return TALLIES
