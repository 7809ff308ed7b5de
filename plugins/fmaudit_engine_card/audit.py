"""The audit "engine-card": how big a model is, what it holds and computes, and where it fits, from its configuration alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pyarrow as pa

from fmaudit import Capability, Case, Exhibit, Finding, Metric, ModelAudit, Observations, Params
from fmaudit_engine_card.params import EngineCardParams

if TYPE_CHECKING:
    from fmaudit import Model

__all__ = ["EngineCard"]


class EngineCard(ModelAudit):
    """Parameters by module, state and operations by length, devices it fits: whole numbers, and nothing is generated."""

    name: ClassVar[str] = "engine-card"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Engine card"
    Params: ClassVar[type[Params]] = EngineCardParams
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.PROFILE})
    reads: ClassVar[tuple[str, ...] | None] = ()
    headlines: Sequence[str] = ("parameters", "active_parameters", "state_bytes_per_token", "crossover_tokens")
    schema: ClassVar[pa.Schema] = pa.schema(
        [  # type: ignore[arg-type]
            ("config", pa.string()),  # JSON; empty where the backend knows none
            ("architecture", pa.string()),
            ("counted", pa.int64()),  # parameters of the model that was built or loaded, tied ones once
            ("dtype", pa.string()),
            ("weights_bytes", pa.int64()),
        ]
    )

    @property
    def settings(self) -> EngineCardParams:
        """The parameters under their own type."""
        return cast("EngineCardParams", self.params)

    def cases(self) -> Iterable[Case]:
        """Name the one thing that is looked at."""
        return [Case(id="profile")]

    async def observe(self, case: Case, model: Model) -> Iterable[Mapping[str, Any]]:
        """Take down what the backend knows of the model."""
        known = model.profile()
        config = known.details.get("config")
        return [
            {
                "config": json.dumps(config, sort_keys=True, default=str) if isinstance(config, Mapping) else "",
                "architecture": known.architecture,
                "counted": known.parameters,
                "dtype": known.dtype,
                "weights_bytes": known.weights_bytes,
            }
        ]

    def measure(self, seen: Observations) -> Iterator[Metric | Finding | Exhibit]:
        """Yield what follows from the configuration."""
        from fmaudit_engine_card.architecture.card import measure_architecture

        yield from measure_architecture(seen, self.settings)
