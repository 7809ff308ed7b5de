"""Which languages a corpus holds, how sure that is, and whom it leaves out."""

from __future__ import annotations

import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from fmaudit import Audit, Signal


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_corpus_language.audit import LanguageAudit

    return [LanguageAudit]


@hookimpl
def fmaudit_signals() -> list[type[Signal]]:
    from fmaudit_corpus_language.signal import LanguageSignal

    return [LanguageSignal]
