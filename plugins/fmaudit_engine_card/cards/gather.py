"""What runs measured of one model, and of the corpora and tokenizers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit import ConfigError, Measurement, open_run

if TYPE_CHECKING:
    from fmaudit import Run
    from fmaudit_engine_card.cards.records import Source

__all__ = ["Gathered", "belongs", "gather"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The results of one run that belong to a model's card."""

    source: Source
    measured: tuple[Measurement, ...]
    uri: str = ""


def gather(runs: Sequence[Run | str | Path], model: str = "", data: Sequence[str] | None = None) -> tuple[str, tuple[Gathered, ...]]:
    """Read the runs, oldest id first, and find the model; `data` names the corpora and tokenizers that belong to it, None: all.

    Raises ConfigError where it is not clear which model is meant, and for a name that no run has; RunError for a run.
    """
    if isinstance(runs, (str, Path)) or not runs:
        raise ConfigError("a list of runs is needed", hint='card(["runs/run-0001-20261122"])')
    opened = sorted({run.id: run for run in (_opened(run) for run in runs)}.items())
    plans = {name: run.plan for name, run in opened}
    known = sorted({target for plan in plans.values() for target in plan.get("models", {})})
    if model not in known:
        if model or len(known) != 1:
            which = f"no model {model!r} in these runs" if model else "these runs have no model" if not known else "which model?"
            raise ConfigError(which, hint=f"they have: {', '.join(known) or 'none'}")
        model = known[0]
    beside = sorted({target for plan in plans.values() for key in ("corpora", "tokenizers") for target in plan.get(key, {})})
    wrong = next((name for name in data or () if name not in beside), None)
    if wrong is not None:
        raise ConfigError(f"no corpus or tokenizer {wrong!r} in these runs", hint=f"they have: {', '.join(beside) or 'none'}")
    return model, tuple(_of_run(run, plans[name], model, data) for name, run in opened)


def belongs(row: Measurement, model: str, data: Sequence[str] | None) -> bool:
    """Tell whether something measured is of the model, or of a corpus or tokenizer that belongs to it."""
    return row.target == model if row.kind == "model" else data is None or row.target in data


def _opened(run: Run | str | Path) -> Run:
    return open_run(str(run)) if isinstance(run, (str, Path)) else run


def _of_run(run: Run, plan: dict[str, Any], model: str, data: Sequence[str] | None) -> Gathered:
    from fmaudit_engine_card.cards.records import Source

    kinds = {name: kind for kind, key in _KINDS.items() for name in plan.get(key, {})}
    rows = [Measurement(audit=row.audit, target=row.target, kind=kinds[row.target], metric=row.metric) for row in run.metric_rows()]
    mine = tuple(row for row in rows if belongs(row, model, data))
    uri = str(plan.get("models", {}).get(model, {}).get("uri", ""))
    source = Source(
        run=run.id, version=str(plan["environment"].get("fmaudit", "")),
        audits=tuple(sorted({row.audit for row in mine})), builtin=uri.startswith("demo:"),
    )  # fmt: skip
    return Gathered(source, mine, uri)


_KINDS = {"corpus": "corpora", "tokenizer": "tokenizers", "model": "models"}
