"""The architecture's part of the engine card: metrics, findings and exhibits of one model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fmaudit import Exhibit, Finding, Metric, ModelError, Severity, facts, results

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.fits import Fit
    from fmaudit_engine_card.architecture.profile import EngineProfile
    from fmaudit_engine_card.params import EngineCardParams

__all__ = ["Card", "day_of", "measure_architecture", "profiled"]


@dataclass(frozen=True)
class Card:
    """One model, what is asked of it, what a backend counted, and the day of the run as an ISO date."""

    target: str
    profile: EngineProfile
    settings: EngineCardParams
    counted: int | None = None
    dtype: str = ""
    day: str = ""

    @cached_property
    def fits(self) -> tuple[Fit, ...]:
        """Every device at every precision, at no more tokens than the configuration allows."""
        tokens = min(self.settings.tokens, self.profile.context or self.settings.tokens)
        return tuple(
            self.profile.fits(
                device, kind, tokens, self.settings.batch, reserve=self.settings.reserve, state_bytes=self.settings.state_bytes
            )
            for device in self.settings.devices
            if facts.find_device(device).memory_bytes is not None
            for kind in self.settings.precisions
        )

    @cached_property
    def crossover(self) -> int | None:
        """The length from which attention computes more than all else; None where it never does."""
        from fmaudit_engine_card.architecture.fits import LONGEST

        profile = self.profile
        low, high = 0, LONGEST
        if profile.attention_flops(high) < profile.linear_flops(high):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if profile.attention_flops(middle) >= profile.linear_flops(middle) else (middle, high)
        return high


Rows = Sequence[Mapping[str, Any]]


def profiled(rows: Rows) -> EngineProfile | ModelError:
    """Profile the model of the observations, or say why that cannot be done."""
    from fmaudit_engine_card.architecture.families import plan_of
    from fmaudit_engine_card.architecture.profile import EngineProfile

    row = _known(rows)
    try:
        config = json.loads(row["config"]) if row.get("config") else {}
        return EngineProfile(plan_of(config, "its configuration"), config)
    except ModelError as error:
        return error


def day_of(rows: Rows) -> str:
    """Return the day the rows were observed on as an ISO date, nothing where they do not say."""
    return str(_known(rows).get("day") or "")


def _known(rows: Rows) -> Mapping[str, Any]:
    """Find the row that holds what the backend knows."""
    return next((row for row in rows if row["case"] == "profile"), {})


def measure_architecture(
    target: str, rows: Rows, profile: EngineProfile | ModelError, settings: EngineCardParams
) -> Iterator[Metric | Finding | Exhibit]:
    """Yield everything that follows from the configuration; of an unknown family only what the backend counted."""
    from fmaudit_engine_card.architecture.exhibits import exhibits
    from fmaudit_engine_card.architecture.figures import figures
    from fmaudit_engine_card.architecture.remarks import remarks

    row = _known(rows)
    if not row:
        return
    if isinstance(profile, ModelError):
        yield from _unknown(row, profile)
        return
    card = Card(target, profile, settings, row["counted"], row["dtype"] or "", day_of(rows))
    yield from figures(card)
    yield from remarks(card)
    yield from exhibits(card)


def _unknown(row: Mapping[str, Any], error: ModelError) -> Iterator[Metric | Finding]:
    """Say what can be said of a model that no family describes."""
    why = str(error).split("\n")[0] if row["config"] else "nothing tells its configuration"
    if row["counted"]:
        note = f"{row['counted']:,} exactly, counted on the model that transformers builds"
        yield Metric(name="parameters", value=row["counted"], unit="count", n=1, method="counted", note=note)
    else:
        yield results.undefined("parameters", "count", {}, 1, why)
    alike = "Where its blocks are those of a family that the engine card knows, give a config: target with that model_type beside it."
    yield Finding(  # of a server nothing else was to be expected; a configuration was to be read
        code="architecture-unknown", severity=Severity.WARNING if row["config"] else Severity.NOTE,
        sentence=f"State, operations and what fits cannot be worked out: {why}.",
        advice=alike if row["config"] else "Give a config: target beside this one.",
    )  # fmt: skip
