"""Which languages a corpus holds, how sure that is, and whom it leaves out."""

from fmaudit import hookimpl


@hookimpl
def fmaudit_audits() -> list[type]:
    """Name the audit."""
    from fmaudit_corpus_language.audit import LanguageAudit

    return [LanguageAudit]


@hookimpl
def fmaudit_signals() -> list[type]:
    """Name the signal."""
    from fmaudit_corpus_language.signal import LanguageSignal

    return [LanguageSignal]
