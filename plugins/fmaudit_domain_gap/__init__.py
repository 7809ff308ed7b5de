"""How far domains are from what a model or a corpus is made of, and the same items in many languages."""

from __future__ import annotations

import typing

from fmaudit import hookimpl

if typing.TYPE_CHECKING:
    from fmaudit import Audit, Signal, Tally


@hookimpl
def fmaudit_audits() -> list[type[Audit]]:
    from fmaudit_domain_gap.audit import DomainGap
    from fmaudit_domain_gap.benchmark.audit import Benchmark

    return [DomainGap, Benchmark]


@hookimpl
def fmaudit_signals() -> list[type[Signal]]:
    from fmaudit_domain_gap.modality import ModalitySignal

    return [ModalitySignal]


@hookimpl
def fmaudit_tallies() -> list[type[Tally]]:
    from fmaudit_domain_gap.sample import SampleTally

    return [SampleTally]
