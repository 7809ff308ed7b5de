"""The audit "sampling-consistency": how steady a model's answers are, suite by suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fmaudit import Params, Suite, SuiteAudit
from fmaudit_sampling.params import SamplingParams

__all__ = ["SUITES", "SamplingConsistency"]

# name -> the class; its module is imported where the suite is on
SUITES: dict[str, type[Suite] | str] = {
    "conformance": "fmaudit_sampling.suites.conformance:Conformance",
    "distribution": "fmaudit_sampling.suites.distribution:Distribution",
    "determinism": "fmaudit_sampling.suites.determinism:Determinism",
    "agreement": "fmaudit_sampling.suites.agreement:Agreement",
    "position": "fmaudit_sampling.suites.position:Position",
    "format": "fmaudit_sampling.suites.format:FormatSpread",
    "paraphrase": "fmaudit_sampling.suites.paraphrase:Paraphrase",
    "contradiction": "fmaudit_sampling.suites.contradiction:Contradiction",
    "calibration": "fmaudit_sampling.suites.calibration:Calibration",
    "hallucination": "fmaudit_sampling.suites.hallucination:Hallucination",
    "frontier": "fmaudit_sampling.suites.frontier:Frontier",
    "round-trip": "fmaudit_sampling.suites.round_trip:RoundTrip",
}


class SamplingConsistency(SuiteAudit):
    """Conformance of the sampler, determinism, agreement, calibration, position and format bias, and the frontier of settings."""

    name: ClassVar[str] = "sampling-consistency"
    version: ClassVar[str] = "2"
    title: ClassVar[str] = "Sampling consistency"
    Params: ClassVar[type[Params]] = SamplingParams
    available: ClassVar[Mapping[str, type[Suite] | str]] = SUITES

    def warnings(self) -> list[str]:
        """Say which settings have no effect: also a judge or a reference that no suite asks."""
        params: Any = self.params
        told = super().warnings()
        if params.judge and params.equivalence not in ("entailment", "judge"):
            told.append(f"audit.{self.name}: a judge is named, and equivalence = {params.equivalence!r} asks none")
        if params.reference and "conformance" not in params.suites:
            told.append(f"audit.{self.name}: a reference is named, and only the suite 'conformance' asks it")
        return told
