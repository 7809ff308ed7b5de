"""The first stage: looks at every target, corpora by executors, tokenizers and models in this process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fmaudit.runs.corpora import CorpusPlan
from fmaudit.runs.journal import Journal, Unit
from fmaudit.runs.models import ModelPlan, observe_model
from fmaudit.runs.resume import Remaining, remaining_tasks
from fmaudit.runs.tokenizers import observe_tokenizer
from fmaudit.runs.work import Progress, WorkOrder
from fmaudit.store.layout import RunDirectory

if TYPE_CHECKING:
    from fmaudit.api.auditing import Prepared
    from fmaudit.models.base import Backend
    from fmaudit.runs.executors.base import Executor

__all__ = ["Listener", "Silent", "observe_models", "observe_tokenizers", "observe_units", "plan_remaining"]

INLINE_BYTES = 24 << 20  # below this much on disk, starting processes costs more than it saves
PROBES = 8  # requests that the determinism probe asks again


class Listener(Protocol):
    """Hears how a run goes; the CLI draws it, scripts may ignore it."""

    def started(self, run: RunDirectory, resumed: bool, remaining: Sequence[Remaining], total_bytes: int) -> None:
        """Work begins, or goes on."""

    def progress(self, consumed: int, documents: int) -> None:
        """Bytes on disk read and documents examined since the last call."""

    def answered(self, target: str, answers: int) -> None:
        """Answers of a model since the last call."""

    def known(self, target: str, answers: int) -> None:
        """So many of a model's answers came from the cache; told when the model is done."""

    def stage(self, name: str) -> None:
        """A stage begins: "observe", "tokenizer NAME", "model NAME", "measure", "judge", "report"."""


class Silent:
    """Hears nothing."""

    def started(self, run: RunDirectory, resumed: bool, remaining: Sequence[Remaining], total_bytes: int) -> None:
        """Pass over it."""

    def progress(self, consumed: int, documents: int) -> None:
        """Pass over it."""

    def answered(self, target: str, answers: int) -> None:
        """Pass over it."""

    def known(self, target: str, answers: int) -> None:
        """Pass over it."""

    def stage(self, name: str) -> None:
        """Pass over it."""


# -- corpora -----------------------------------------------------------------------------------------------------


def plan_remaining(prepared: Prepared, run_: RunDirectory, journal: Journal) -> list[Remaining]:
    """Work out what is left to do of every corpus."""
    remaining = []
    for corpus in prepared.plan.corpora:
        journal.replace_planning_ledger(corpus.name, corpus.ledger)
        remaining.append(remaining_tasks(journal, corpus, _work_order(prepared, corpus, run_)))
    return remaining


def observe_units(prepared: Prepared, journal: Journal, remaining: Sequence[Remaining], listener: Listener) -> None:
    """Do the tasks that are left, acknowledging every unit."""
    tasks = [task for item in remaining for task in item.tasks]

    def sink(news: Progress | Unit) -> None:
        if isinstance(news, Unit):
            journal.acknowledge(news)
        else:
            listener.progress(news.consumed, news.documents)

    if tasks:
        _executor(prepared, sum(task.split.size for task in tasks), len(tasks)).run(tasks, sink)


def _executor(prepared: Prepared, size: int, tasks: int) -> Executor:
    from fmaudit.runs.executors.local import InlineExecutor, ProcessExecutor

    wanted = prepared.config.settings.run.workers
    if wanted == 0:
        wanted = 1 if size < INLINE_BYTES else min(os.cpu_count() or 1, tasks)
    return InlineExecutor() if wanted == 1 else ProcessExecutor(wanted)


def _work_order(prepared: Prepared, corpus: CorpusPlan, run_: RunDirectory) -> WorkOrder:
    settings = prepared.config.settings
    return WorkOrder(
        target=corpus.name,
        run=str(run_.root),
        plugins=tuple(info.name for info in prepared.plugins.plugins.values() if info.state == "loaded"),
        fields=corpus.fields,
        limits=corpus.limits,
        signals=corpus.signals,
        tallies=corpus.tallies,
        fingerprints=corpus.fingerprints,
        input=corpus.input,
        unit_bytes=settings.run.unit_bytes,
    )


# -- tokenizers and models ---------------------------------------------------------------------------------------


def observe_tokenizers(prepared: Prepared, run_: RunDirectory, journal: Journal, listener: Listener) -> None:
    """Observe every tokenizer."""
    for target in prepared.plan.tokenizers:
        listener.stage(f"tokenizer {target.name}")
        observe_tokenizer(target, run_, journal)


def observe_models(prepared: Prepared, run_: RunDirectory, journal: Journal, listener: Listener) -> None:
    """Ask every model, one after the other, and note what it cost."""
    from fmaudit.models.cache import ResponseCache

    folder = Path(prepared.config.folder / prepared.config.settings.run.cache)
    if not prepared.plan.models:
        return
    cache = ResponseCache(folder / "responses.sqlite")
    try:
        for target in prepared.plan.models:
            listener.stage(f"model {target.name}")
            record = _observe_one(target, cache, run_, journal, listener)
            journal.set(f"model {target.name}", record)
    finally:
        cache.close()


def _observe_one(target: ModelPlan, cache: Any, run_: RunDirectory, journal: Journal, listener: Listener) -> dict[str, Any]:
    """Ask one model; returns what is known of it and what the work cost, earlier sessions of the run included."""
    from fmaudit.models.accounting import EnergyMeter, find_price, usage_document
    from fmaudit.models.base import Capability, Usage
    from fmaudit.models.model import Model

    backend = target.backend
    assert backend is not None  # planning to observe made it
    backend.open()
    try:
        profile = backend.profile() if Capability.PROFILE in backend.capabilities else None
        model = Model(backend, cache, lambda answers: listener.answered(target.name, answers))
        here = profile is not None and bool(profile.device)
        meter = EnergyMeter(profile.device if profile else "")
        meter.start()
        try:
            observe_model(target, model, f"{backend.identity}|{backend.numeric_mode}", run_, journal)
        finally:
            model.close_companions()
            listener.known(target.name, model.cached)
            joules, method = meter.stop(backend.usage.helper_seconds) if here else (None, "a server's energy cannot be read")
            spent = _spent(journal, target.name, backend.usage, model, joules)
        price = find_price(target.uri.rpartition("#")[2] or target.uri, target.prices)
        usage = usage_document(
            Usage(spent["usage"]), asked=spent["asked"], cached=spent["cached"], joules=spent["joules"], joules_method=method,
            price=price, peak_flops=backend.peak_flops(),
        )  # fmt: skip
        return {
            "uri": target.uri,
            "identity": backend.identity,
            "numeric_mode": backend.numeric_mode + backend.shrunk,
            "profile": _profile(profile),
            "usage": usage | {"price_stale": price.stale(date.today()) if price else None},
            "determinism": _determinism(backend, model, journal.get(f"model {target.name}")),
        }
    finally:
        backend.close()


def _spent(journal: Journal, name: str, usage: Any, model: Any, joules: float | None) -> dict[str, Any]:
    """Add what this session cost to what earlier ones of the run did, and remember it."""
    from fmaudit.models.base import Usage

    before = journal.get(f"spent {name}") or {"usage": {}, "asked": 0, "cached": 0, "joules": None}
    known = [value for value in (before["joules"], joules) if value is not None]
    spent = {
        "usage": Usage(before["usage"]).plus(usage).plain(),
        "asked": before["asked"] + model.asked,
        "cached": before["cached"] + model.cached,
        "joules": sum(known) if known else None,
    }
    journal.set(f"spent {name}", spent)
    return spent


def _determinism(backend: Backend, model: Any, before: Any) -> dict[str, Any] | None:
    """Ask a few scores again at other batch shapes; a run that had all answers already keeps what it found before."""
    requests = model.scored(PROBES)
    if not requests:
        return before.get("determinism") if before else None
    return dict(backend.determinism(requests)) or None


def _profile(profile: Any) -> dict[str, Any] | None:
    if profile is None:
        return None
    from dataclasses import asdict

    plain = asdict(profile)
    plain["details"] = {key: value for key, value in plain["details"].items() if isinstance(value, (str, int, float, bool))}
    return plain
