"""The kinds of claim: each module reads its kinds from a sentence and checks them."""

from __future__ import annotations

from fmaudit_engine_card.claims.kinds import (
    compared,
    corpus,
    device,
    energy,
    growth,
    history,
    inference,
    memory,
    optimum,
    premium,
    ratio,
    shape,
    size,
    sums,
    training,
    trends,
)
from fmaudit_engine_card.claims.kinds.base import Check, Read

__all__ = ["CHECKS", "READERS"]

_MODULES = (
    compared,
    shape,
    memory,
    training,
    inference,
    ratio,
    optimum,
    size,
    growth,
    premium,
    energy,
    corpus,
    history,
    device,
    trends,
    sums,
)  # the first to read a figure keeps it

READERS: tuple[Read, ...] = tuple(module.read for module in _MODULES)
CHECKS: dict[str, Check] = {kind: check for module in _MODULES for kind, check in module.CHECKS.items()}
