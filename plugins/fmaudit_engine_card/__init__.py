"""The engine card: how big a model really is, what it holds and computes, what its scale costs, and whether claims about it are true."""

from __future__ import annotations

import importlib
import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fmaudit import Audit
    from fmaudit_engine_card.architecture.profile import EngineProfile as EngineProfile
    from fmaudit_engine_card.architecture.profile import profile as profile
    from fmaudit_engine_card.cards.build import card as card
    from fmaudit_engine_card.cards.records import Card as Card
    from fmaudit_engine_card.claims import check_claims as check_claims
    from fmaudit_engine_card.scale.optimum import disagreement as disagreement
    from fmaudit_engine_card.scale.stock import electricity_growth as electricity_growth
    from fmaudit_engine_card.scale.stock import electricity_share as electricity_share
    from fmaudit_engine_card.scale.stock import unique_tokens_for as unique_tokens_for
    from fmaudit_engine_card.trends.tests import trend as trend

# public name -> the module that defines it, imported when the name is first used
_HOMES = {
    "Card": "fmaudit_engine_card.cards.records",
    "EngineProfile": "fmaudit_engine_card.architecture.profile",
    "card": "fmaudit_engine_card.cards.build",
    "check_claims": "fmaudit_engine_card.claims",
    "disagreement": "fmaudit_engine_card.scale.optimum",
    "electricity_growth": "fmaudit_engine_card.scale.stock",
    "electricity_share": "fmaudit_engine_card.scale.stock",
    "profile": "fmaudit_engine_card.architecture.profile",
    "trend": "fmaudit_engine_card.trends.tests",
    "unique_tokens_for": "fmaudit_engine_card.scale.stock",
}

__all__ = [
    "Card",
    "EngineProfile",
    "card",
    "check_claims",
    "disagreement",
    "electricity_growth",
    "electricity_share",
    "profile",
    "trend",
    "unique_tokens_for",
]


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_engine_card.audit import EngineCard

    return [EngineCard]


@hookimpl
def fmaudit_commands() -> dict[str, Callable[[Sequence[str]], int]]:
    def card(arguments: Sequence[str]) -> int:
        from fmaudit_engine_card.cards.command import main

        return main(arguments)

    def claims(arguments: Sequence[str]) -> int:
        from fmaudit_engine_card.claims.__main__ import main

        return main(arguments, "fmaudit claims")

    def scaling(arguments: Sequence[str]) -> int:
        from fmaudit_engine_card.trends.command import main

        return main(arguments)

    return {"card": card, "claims": claims, "scaling": scaling}


def __getattr__(name: str) -> typing.Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fmaudit_engine_card' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
