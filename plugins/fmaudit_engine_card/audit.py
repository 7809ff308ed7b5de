"""The audit "engine-card": how big a model is, what it holds and computes, where it fits, how fast it is, and its card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pyarrow as pa

from fmaudit import Capability, Case, Exhibit, Finding, Metric, ModelAudit, ModelError, Observations, Params
from fmaudit_engine_card.measured.trials import COLUMNS
from fmaudit_engine_card.params import EngineCardParams

if TYPE_CHECKING:
    from fmaudit import Model

__all__ = ["EngineCard"]


class EngineCard(ModelAudit):
    """Parameters by module, state and operations by length, devices it fits; where asked for, what it takes on this machine."""

    name: ClassVar[str] = "engine-card"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Engine card"
    Params: ClassVar[type[Params]] = EngineCardParams
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.PROFILE})
    reads: ClassVar[tuple[str, ...] | None] = ("measure", "prompt_lengths", "new_tokens", "batches", "repeats", "seconds")
    sums_up: ClassVar[bool] = True
    headlines: Sequence[str] = ("parameters", "active_parameters", "state_bytes_per_token", "crossover_tokens")
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("config", pa.string()),  # JSON; empty where the backend knows none
            ("architecture", pa.string()),
            ("counted", pa.int64()),  # parameters of the model that was built or loaded, tied ones once
            ("dtype", pa.string()),
            ("weights_bytes", pa.int64()),
            ("day", pa.string()),  # of the run, an ISO date: how old facts were is told by it, and measuring again tells the same
            *COLUMNS,
        ]
    )

    @property
    def settings(self) -> EngineCardParams:
        """The parameters under their own type."""
        return cast("EngineCardParams", self.params)

    def cases(self) -> Iterable[Case]:
        """Name what is looked at: what is known of the model, and what it takes."""
        return [Case(id="profile"), *([Case(id="times")] if self.settings.measure else [])]

    async def observe(self, case: Case, model: Model) -> Iterable[Mapping[str, Any]]:
        """Take down what the backend knows of the model, or what it takes."""
        if case.id == "times":
            from fmaudit_engine_card.measured.trials import timed

            return await timed(model, self.settings)
        known = model.profile()
        config = known.details.get("config")
        return [
            {
                "kind": "profile",
                "config": json.dumps(config, sort_keys=True, default=str) if isinstance(config, Mapping) else "",
                "architecture": known.architecture,
                "counted": known.parameters,
                "dtype": known.dtype,
                "weights_bytes": known.weights_bytes,
                "day": datetime.now(UTC).date().isoformat(),
            }
        ]

    def measure(self, seen: Observations) -> Iterator[Metric | Finding | Exhibit]:
        """Yield what follows from the configuration, what was timed, the toys, and the card of all of it."""
        found = list(self._found(seen))
        told, unknown = self._card(seen, [result for result in found if isinstance(result, Metric)])
        yield from (*told, *found, *unknown)

    def _card(self, seen: Observations, own: Sequence[Metric]) -> tuple[list[Exhibit], list[Exhibit]]:
        """Sum the run up: what it knows, and what it knows nothing of, which comes after everything else."""
        if not self.settings.card:
            return [], []
        from fmaudit_engine_card.cards.exhibit import UNKNOWN, card_exhibits

        shown = list(card_exhibits(seen, own, self.name, self.settings.card_data.get(seen.target)))
        return [one for one in shown if one.name != UNKNOWN], [one for one in shown if one.name == UNKNOWN]

    def _found(self, seen: Observations) -> Iterator[Metric | Finding | Exhibit]:
        from fmaudit_engine_card.architecture.card import day_of, measure_architecture, profiled

        rows = seen.sql("SELECT * FROM observations").to_pylist()
        profile = profiled(rows)
        yield from measure_architecture(seen.target, rows, profile, self.settings)
        if self.settings.measure:
            from fmaudit_engine_card.measured.behaviour import measure_behaviour

            yield from measure_behaviour(rows, None if isinstance(profile, ModelError) else profile, day_of(rows))
        if self.settings.probes:
            from fmaudit_engine_card.measured.toys import toys

            yield from toys()
