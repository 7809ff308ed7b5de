"""What text costs in tokens: by language over parallel sentences, and of a corpus."""

from __future__ import annotations

import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from fmaudit import Audit, Signal


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_token_cost.audit import TokenCost

    return [TokenCost]


@hookimpl
def fmaudit_signals() -> list[type[Signal]]:
    from fmaudit_token_cost.signal import TokensSignal

    return [TokensSignal]
