"""Checks claims about models, data, compute, cost and energy: each holds, holds under an assumption, is wrong, or cannot be checked."""

from __future__ import annotations

from fmaudit_engine_card.claims.checking import check, check_claims, find_claims
from fmaudit_engine_card.claims.records import Claim, Status, Verdict
from fmaudit_engine_card.claims.showing import to_json, to_markdown, to_toml
from fmaudit_engine_card.claims.structured import check_table, check_toml

__all__ = [
    "Claim",
    "Status",
    "Verdict",
    "check",
    "check_claims",
    "check_table",
    "check_toml",
    "find_claims",
    "to_json",
    "to_markdown",
    "to_toml",
]
