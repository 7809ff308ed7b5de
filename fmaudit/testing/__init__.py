"""The public test kit for plugin authors: observe texts, ask scripted models, make rows, measure, hold a signal to its contract."""

from __future__ import annotations

from fmaudit.testing.asking import ask, ask_suite
from fmaudit.testing.contracts import assert_audit_contract, assert_results, assert_signal_contract
from fmaudit.testing.memory import MemoryObservations, measure, observe
from fmaudit.testing.results import by_name, codes, covered, row

__all__ = [
    "MemoryObservations",
    "ask",
    "ask_suite",
    "assert_audit_contract",
    "assert_results",
    "assert_signal_contract",
    "by_name",
    "codes",
    "covered",
    "measure",
    "observe",
    "row",
]
