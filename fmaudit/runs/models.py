"""Model targets: planned, then asked: cases of all audits side by side, a unit for every chunk of them."""

from __future__ import annotations

import functools
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fmaudit.audit import ModelAudit
from fmaudit.config import Config
from fmaudit.errors import ConfigError, ModelError, RequestError, in_line
from fmaudit.models.base import Capability
from fmaudit.records import Case, LedgerEntry
from fmaudit.runs.audits import PlannedAudit
from fmaudit.runs.fingerprints import code_digest, digest
from fmaudit.runs.journal import Journal, UnitKey
from fmaudit.runs.pace import forecast, note_pace, note_seen
from fmaudit.runs.rows import discard_others, finished_units, write_unit
from fmaudit.store.layout import RunDirectory

if TYPE_CHECKING:
    from fmaudit.hooks.manager import PluginManager
    from fmaudit.models.base import Backend
    from fmaudit.models.cache import ResponseCache
    from fmaudit.models.model import Model

__all__ = ["CASE", "UNABLE", "ModelPlan", "forecast_model", "model_plan", "observe_model", "rows_schema"]

CASE = pa.field("case", pa.string())
UNABLE = "model-unable"  # the ledger's reason for cases of an audit whose needs the loaded model does not meet
CHUNK = 512  # cases of one audit that wait for the model together: bounds memory, and is a unit of work


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """One model and the audits that ask it; `backend` is not open, and None where only measuring is asked for and it is gone."""

    name: str
    uri: str
    backend: Backend | None
    audits: tuple[PlannedAudit, ...]
    prices: tuple[float | None, float | None]  # of a million tokens in and out, as set in audit.toml
    observed: bool = True  # whether it will be asked: measuring never reaches a server

    def document(self) -> dict[str, Any]:
        """Lay it out for plan.json."""
        asked = self.backend if self.observed else None
        return {
            "uri": self.uri,
            "capabilities": sorted(asked.capabilities) if asked else None,
            "undecided": sorted(asked.undecided) if asked else None,
            "options": self.backend.options.model_dump(mode="json") if self.backend else None,
        }


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Cases of one audit that are observed as a unit."""

    planned: PlannedAudit
    start: int
    cases: tuple[Case, ...]
    final: bool
    asked: str  # digest of the audit and its cases, whichever model is asked
    fingerprint: str


def model_plan(name: str, config: Config, audits: Sequence[PlannedAudit], plugins: PluginManager, observe: bool) -> ModelPlan:
    """Make the backend, and check that it can do what the audits need. Raises ConfigError, ModelError."""
    from fmaudit.models.loading import load_backend

    settings = config.settings.model[name]
    prices = (settings.price_input, settings.price_output)
    try:
        backend = load_backend(settings.uri, folder=config.folder, kinds=plugins.backends, **settings.options)
    except ModelError:
        if observe:
            raise
        return ModelPlan(name, settings.uri, None, tuple(audits), prices)
    for planned in audits if observe else ():
        missing = sorted(getattr(planned.audit, "needs", frozenset()) - backend.capabilities - backend.undecided)
        if missing:
            able = ", ".join(sorted(backend.capabilities)) or "nothing"
            raise ConfigError(
                f"audit.{planned.name}: it needs {', '.join(missing)} of the model {name!r}", hint=f"{settings.uri} can: {able}"
            )
    return ModelPlan(name, settings.uri, backend, tuple(audits), prices, observed=observe)


def rows_schema(audit: ModelAudit) -> pa.Schema:
    """Tell the schema of a model audit's observations: the case, then the audit's own columns."""
    return pa.schema([CASE, *audit.schema])


def observe_model(plan: ModelPlan, model: Model, identity: str, run: RunDirectory, journal: Journal) -> None:
    """Observe every chunk of cases that is not yet observed, those of all audits side by side.

    `identity` names the model and what else changes its answers. Answers that are already known come from the model's cache.
    """
    chunks = [_chunks(planned, identity) for planned in plan.audits if isinstance(planned.audit, ModelAudit)]
    wanted = {(chunk.planned.name, chunk.start): chunk for group in chunks for chunk in group}
    list(discard_others(journal, plan.name, set(wanted)))
    done = {key for key, chunk in wanted.items() if _holds(journal, plan.name, chunk, identity)}
    for key in wanted.keys() - done:
        if refusal := _refusal(wanted[key], model):
            _acknowledge(wanted[key], [], (refusal,), plan.name, identity, run, journal)
            done.add(key)
    begin, cases = time.perf_counter(), 0
    for number in range(max((len(group) for group in chunks), default=0)):
        together = [group[number] for group in chunks if number < len(group)]
        together = [chunk for chunk in together if (chunk.planned.name, chunk.start) not in done]
        if together:
            _observe_together(together, plan, model, identity, run, journal)
            cases += sum(len(chunk.cases) for chunk in together)
    if plan.backend is not None:
        names = [planned.name for planned in plan.audits]
        note_pace(model, plan.backend, names, cases, time.perf_counter() - begin)


def forecast_model(plan: ModelPlan, notes: ResponseCache | None) -> dict[str, Any]:
    """Count the cases that each audit would ask, and say what earlier runs tell of how long that takes; nothing is loaded or asked."""
    chunks = {
        planned.name: [(chunk.asked, len(chunk.cases)) for chunk in _chunks(planned, "")]
        for planned in plan.audits
        if isinstance(planned.audit, ModelAudit)
    }
    cases = {audit: sum(count for _, count in of_audit) for audit, of_audit in chunks.items()}
    return {"cases": cases, **forecast(plan.backend, chunks, notes)}


def _chunks(planned: PlannedAudit, identity: str) -> list[_Chunk]:
    audit = planned.audit
    if not isinstance(audit, ModelAudit):
        return []
    cases = tuple(audit.cases())
    _check_ids(planned, cases)
    code = code_digest(type(audit).__module__)
    common = digest(audit.version, planned.plugin_version, code, planned.read, audit.fingerprint())
    chunks = []
    for start in range(0, max(len(cases), 1), CHUNK):
        part = cases[start : start + CHUNK]
        asked = digest(common, [[case.id, dict(case.data)] for case in part])
        chunks.append(_Chunk(planned, start, part, start + CHUNK >= len(cases), asked, digest(asked, identity)))
    return chunks


def _check_ids(planned: PlannedAudit, cases: Sequence[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise ConfigError(f"audit.{planned.name}: two cases have the id {case.id!r}", hint="make the ids of its items unique")
        seen.add(case.id)


def _holds(journal: Journal, target: str, chunk: _Chunk, identity: str) -> bool:
    unit = finished_units(journal, target, chunk.planned.name).get(chunk.start)
    return unit is not None and unit.signals.get(chunk.planned.name) == chunk.fingerprint and unit.input == identity


def _observe_together(chunks: Sequence[_Chunk], plan: ModelPlan, model: Model, identity: str, run: RunDirectory, journal: Journal) -> None:
    """Run the cases of several chunks as one crowd, then write each chunk's rows."""
    jobs = [functools.partial(_observe_case, chunk.planned.audit, case) for chunk in chunks for case in chunk.cases]
    outcomes = iter(model.run(jobs))
    for chunk in chunks:
        rows, ledger = _gathered(chunk, [next(outcomes) for _ in chunk.cases])
        _acknowledge(chunk, rows, ledger, plan.name, identity, run, journal)
        if plan.backend is not None and not ledger:
            note_seen(model, plan.backend, chunk.asked)


def _acknowledge(
    chunk: _Chunk,
    rows: list[Mapping[str, Any]],
    ledger: tuple[LedgerEntry, ...],
    target: str,
    identity: str,
    run: RunDirectory,
    journal: Journal,
) -> None:
    audit: Any = chunk.planned.audit
    table = pa.Table.from_pylist(rows, schema=rows_schema(audit))
    key = UnitKey(target, chunk.planned.name, 0, chunk.start)
    unit = write_unit(
        run, key, table, cases=len(chunk.cases), final=chunk.final, input=identity, fingerprint=chunk.fingerprint, ledger=ledger
    )
    journal.acknowledge(unit)


def _refusal(chunk: _Chunk, model: Model) -> LedgerEntry | None:
    """Say why a model that is loaded now cannot be asked after all: planning let pass what only its files can tell."""
    missing = sorted(getattr(chunk.planned.audit, "needs", frozenset()) - model.capabilities)
    if not missing:
        return None
    able = ", ".join(sorted(model.capabilities)) or "nothing"
    template = "; its files hold no chat template" if Capability.CHAT in missing else ""
    detail = f"it needs {', '.join(missing)} of the model, which can {able}{template}"
    return LedgerEntry(chunk.planned.name, chunk.start, UNABLE, detail, count=max(len(chunk.cases), 1))


async def _observe_case(audit: Any, case: Case, model: Model) -> list[Mapping[str, Any]] | str:
    """Observe one case: its rows, or in words what the audit did wrong."""
    try:
        given: Iterable[Mapping[str, Any]] = await audit.observe(case, model)
        rows: list[Mapping[str, Any]] = [{CASE.name: case.id, **row} for row in given]
        _check_rows(rows, rows_schema(audit))
        return rows
    except (ModelError, RequestError):
        raise
    except Exception as error:  # a plugin may raise anything: it costs this case
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        return f"{type(error).__name__}: {in_line(error)[:300]}{where}"


def _check_rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Raise where a row has a column that is not declared, or a value that does not fit: it costs this case, not the run."""
    unknown = sorted({key for row in rows for key in row} - set(schema.names))
    if unknown:
        raise ValueError(f"the rows have columns that `schema` does not: {', '.join(unknown)}")
    pa.Table.from_pylist(list(rows), schema=schema)


def _gathered(chunk: _Chunk, outcomes: Sequence[Any]) -> tuple[list[Mapping[str, Any]], tuple[LedgerEntry, ...]]:
    """Put the rows of a chunk's cases together; a case without rows goes to the ledger."""
    rows: list[Mapping[str, Any]] = []
    ledger = []
    for index, (case, outcome) in enumerate(zip(chunk.cases, outcomes, strict=True), chunk.start):
        if isinstance(outcome, RequestError):
            ledger.append(LedgerEntry(chunk.planned.name, index, "request-failed", f"case {case.id}: {outcome}"[:500]))
        elif isinstance(outcome, str):
            ledger.append(LedgerEntry(chunk.planned.name, index, "case-failed", f"case {case.id}: {outcome}"[:500]))
        else:
            rows += outcome
    return rows, tuple(ledger)
