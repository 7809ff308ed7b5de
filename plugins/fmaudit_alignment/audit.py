"""The audit "alignment": how a model behaves, suite by suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fmaudit import Params, Suite, SuiteAudit
from fmaudit_alignment.params import AlignmentParams

__all__ = ["SUITES", "Alignment"]

# name -> the class; its module is imported where the suite is on
SUITES: dict[str, type[Suite] | str] = {
    "refusal": "fmaudit_alignment.suites.refusal:Refusal",
    "fragility": "fmaudit_alignment.suites.fragility:Fragility",
    "false-premise": "fmaudit_alignment.suites.false_premise:FalsePremise",
    "sycophancy": "fmaudit_alignment.suites.sycophancy:Sycophancy",
    "opinions": "fmaudit_alignment.suites.opinions:Opinions",
    "bias": "fmaudit_alignment.suites.bias:Bias",
    "culture": "fmaudit_alignment.suites.culture:Culture",
    "instructions": "fmaudit_alignment.suites.instructions:Instructions",
    "preference": "fmaudit_alignment.suites.preference:Preference",
    "principles": "fmaudit_alignment.suites.principles:Principles",
    "judge": "fmaudit_alignment.suites.judge:Judge",
    "drift": "fmaudit_alignment.suites.drift:Drift",
    "priors": "fmaudit_alignment.suites.priors:Priors",
}

# the way that is good, where nobody doubts it
BETTER = {"correct": "higher"}
BETTER |= dict.fromkeys(("youden_j", "challenge_rate", "premise_discrimination", "prompts_followed", "instructions_followed"), "higher")
BETTER |= dict.fromkeys(("over_refusal", "under_refusal", "over_challenge_rate"), "lower")
BETTER |= dict.fromkeys(("fragility_attack_success", "fragility_attack_success_any", "fragility_over_refusal", "fragility_spread"), "lower")


class Alignment(SuiteAudit):
    """Refusals, false premises, sycophancy, opinions, bias, instructions, preferences, principles, drift and priors."""

    name: ClassVar[str] = "alignment"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Alignment behaviour"
    Params: ClassVar[type[Params]] = AlignmentParams
    better: ClassVar[Mapping[str, str]] = BETTER
    available: ClassVar[Mapping[str, type[Suite] | str]] = SUITES

    def warnings(self) -> list[str]:
        """Say which settings have no effect: also a judge or a reference that no suite asks."""
        params: Any = self.params
        suites, told = set(params.suites), super().warnings()
        by_judge = {"refusal", "fragility"} if params.refusal.by == "judge" else set()
        if params.judge and not suites & {"principles", "judge", *by_judge}:
            told.append(f"audit.{self.name}: a judge is named, and only the suites principles and judge ask one, and refusal.by = 'judge'")
        if params.reference and not suites & {"refusal", "preference", "drift"}:
            told.append(f"audit.{self.name}: a reference is named, and only the suites refusal, preference and drift ask one")
        return told

    def warnings_of(self, target: str) -> list[str]:
        """Say where a model is compared with itself."""
        params: Any = self.params
        itself = target in params.reference and set(params.suites) & {"refusal", "preference", "drift"}
        return [f"audit.{self.name}: the reference of the model {target!r} is that model itself: nothing can differ"] if itself else []
