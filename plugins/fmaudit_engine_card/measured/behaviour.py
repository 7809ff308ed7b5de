"""The measured part of the engine card: metrics, findings and exhibits of what was timed, and of the toys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit import Exhibit, Finding, Metric
    from fmaudit_engine_card.architecture.profile import EngineProfile

__all__ = ["measure_behaviour"]


def measure_behaviour(
    rows: Sequence[Mapping[str, Any]], profile: EngineProfile | None, day: str = ""
) -> Iterator[Metric | Finding | Exhibit]:
    """Yield what the rows of trials say; nothing where none was asked for. `day` is the run's, an ISO date."""
    from fmaudit_engine_card.measured.exhibits import exhibits
    from fmaudit_engine_card.measured.figures import figures
    from fmaudit_engine_card.measured.remarks import remarks
    from fmaudit_engine_card.measured.series import Measured

    measured = Measured.of(rows, profile, day)
    yield from figures(measured)
    yield from remarks(measured)
    yield from exhibits(measured)
