"""What can be known of an audit before it runs: whether its cases can be made, and which settings do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fmaudit.audit import ModelAudit
from fmaudit.suites.suite import SuiteAudit

if TYPE_CHECKING:
    from fmaudit.runs.plan import Plan

__all__ = ["check_audits", "idle_settings"]


def check_audits(plan: Plan) -> None:
    """Let every model audit look at what it was given, so that a missing file or a misspelt suite is told before there is a run directory.

    Raises what the audits raise: ConfigError for a wrong parameter or item.
    """
    for model in plan.models:
        for planned in model.audits:
            if isinstance(planned.audit, ModelAudit):
                planned.audit.check()
                planned.audit.fingerprint()  # reads every file that the cases depend on


def idle_settings(plan: Plan) -> list[str]:
    """Say, in sentences, which settings of the audits have no effect."""
    told = (sentence for planned in plan.audits if isinstance(planned.audit, SuiteAudit) for sentence in planned.audit.warnings())
    return list(dict.fromkeys(told))
