"""Collects everything a report needs from a run directory and its journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fmaudit.records import Exhibit, LedgerEntry
from fmaudit.report.document import (
    AuditRow,
    Coverage,
    CoverageTotal,
    EnvironmentRow,
    ExhibitRow,
    FindingRow,
    LedgerRow,
    MetricRow,
    ModelRow,
    ReportData,
    RunStatus,
    SettingRow,
    TargetRow,
)
from fmaudit.report.models import BUILTIN_NOTE
from fmaudit.report.places import from_repository
from fmaudit.runs.journal import Journal
from fmaudit.store.layout import RunDirectory, inside
from fmaudit.store.reader import read_parquet
from fmaudit.store.results import read_findings, read_metrics, read_verdicts

__all__ = ["collect_report", "setting_rows"]

LEDGER_ROWS = 500  # shown in a report; the totals count all


def collect_report(run: RunDirectory, journal: Journal) -> ReportData:
    """Read a measured run into the record that every report format renders."""
    plan = json.loads(run.plan.read_bytes())
    audits = json.loads(run.audits.read_bytes())
    failed = bool(audits) and all(audit["error"] for audit in audits)
    return ReportData(
        run_id=run.id,
        title=plan["settings"]["report"]["title"] or f"Audit of {', '.join(_names(plan))}",
        status=RunStatus.FAILED if failed else RunStatus(journal.get("status", "partial")),
        created=journal.get("created", ""),
        finished=journal.get("finished", ""),
        version=plan["environment"].get("fmaudit", ""),
        targets=(
            *(_target(name, plan, journal) for name in plan["corpora"]),
            *(_tokenizer(name, plan["tokenizers"][name], journal) for name in plan.get("tokenizers", {})),
            *(_model(name, plan["models"][name], journal) for name in plan.get("models", {})),
        ),
        coverage=_coverage(_names(plan), journal),
        models=tuple(_model_row(name, journal.get(f"model {name}")) for name in plan.get("models", {}) if journal.get(f"model {name}")),
        audits=_audits(audits),
        metrics=tuple(
            MetricRow(audit=row.audit, target=row.target, name=row.name, metric=row.metric)
            for row in read_metrics(read_parquet(run.metrics))
        ),
        findings=tuple(
            FindingRow(audit=row.audit, target=row.target, finding=row.finding) for row in read_findings(read_parquet(run.findings))
        ),
        exhibits=tuple(_exhibits(run)),
        verdicts=tuple(read_verdicts(read_parquet(run.verdicts))),
        settings=setting_rows(plan["settings"], plan["origins"]),
        environment=tuple(EnvironmentRow(name=name, value=value) for name, value in _environment(plan)),
        reproduce=_reproduce(run, plan),
        source=from_repository(plan["config"]["path"] or "audit.toml"),
    )


def _target(name: str, plan: Mapping[str, Any], journal: Journal) -> TargetRow:
    corpus = plan["corpora"][name]
    units = list(journal.units(name))
    settings = plan["settings"]["corpus"][name]
    limit = f", at most {settings['limit']:,} documents, shared evenly over the splits" if settings["limit"] else ""
    formats = ", ".join(corpus["formats"]) or "no readable format"
    return TargetRow(
        name=name,
        kind="corpus",
        description=f"{', '.join(settings['path'])} ({formats}{limit})",
        documents=sum(unit.documents for unit in units),
        bytes=sum(unit.bytes for unit in units),
        sampled=settings["sample"],
        files=len(corpus["files"]),
    )


def _names(plan: Mapping[str, Any]) -> list[str]:
    return [*plan["corpora"], *plan.get("tokenizers", {}), *plan.get("models", {})]


def _tokenizer(name: str, known: Mapping[str, Any], journal: Journal) -> TargetRow:
    size = f", {known['vocabulary_size']:,} tokens" if known["vocabulary_size"] else ""
    rows = sum(unit.documents for unit in journal.units(name))
    return TargetRow(name=name, kind="tokenizer", description=f"{known['uri']}{size}", documents=rows)


def _model(name: str, known: Mapping[str, Any], journal: Journal) -> TargetRow:
    cases = sum(unit.documents for unit in journal.units(name))
    profile = (journal.get(f"model {name}") or {}).get("profile") or {}
    description = f"{known['uri']}: {BUILTIN_NOTE}" if profile.get("builtin") else known["uri"]
    return TargetRow(name=name, kind="model", description=description, documents=cases)


def _model_row(name: str, record: Mapping[str, Any]) -> ModelRow:
    return ModelRow(
        name=name,
        uri=record["uri"],
        builtin=bool((record["profile"] or {}).get("builtin")),
        numeric_mode=record["numeric_mode"],
        profile=record["profile"] or {},
        usage=record["usage"],
        determinism=record["determinism"] or {},
    )


def _coverage(corpora: Sequence[str], journal: Journal) -> Coverage:
    rows: list[LedgerRow] = []
    totals = []
    entries = 0
    for name in corpora:
        lost = repaired = files_lost = 0
        sizes: list[int] = []
        merged: dict[tuple[Any, ...], LedgerEntry] = {}
        for _, entry in sorted(journal.ledger(name), key=lambda item: not item[1].lost):
            key = (entry.file, entry.reason, entry.detail, entry.lost)
            entries += key not in merged
            if key in merged:
                merged[key] = _together(merged[key], entry)
            elif len(rows) + len(merged) < LEDGER_ROWS:
                merged[key] = entry
            lost += entry.count if entry.lost else 0
            repaired += 0 if entry.lost else entry.count
            files_lost += entry.lost and entry.reason == "unreadable"
            sizes += [entry.size] if entry.lost and entry.size is not None else []
        rows += [LedgerRow(target=name, entry=entry) for entry in merged.values()]
        examined = sum(unit.documents for unit in journal.units(name))
        totals.append(
            CoverageTotal(
                target=name,
                examined=examined,
                lost=lost,
                repaired=repaired,
                bytes_lost=sum(sizes) if sizes else None,
                files_lost=files_lost,
            )
        )
    rows.sort(key=lambda row: not row.entry.lost)
    return Coverage(rows=tuple(rows), totals=tuple(totals), entries=entries)


def _together(one: LedgerEntry, other: LedgerEntry) -> LedgerEntry:
    """Add up two entries of the same reason in the same file, at the place of the first."""
    sizes = [entry.size for entry in (one, other) if entry.size is not None]
    return replace(one, count=one.count + other.count, size=sum(sizes) if sizes else None)


def _audits(audits: Sequence[Mapping[str, Any]]) -> tuple[AuditRow, ...]:
    """One row per audit; an error names its target."""
    rows: dict[str, AuditRow] = {}
    for audit in audits:
        error = f"{audit['target']}: {audit['error']}" if audit["error"] else ""
        before = rows.get(audit["audit"])
        rows[audit["audit"]] = AuditRow(
            name=audit["audit"],
            title=audit["title"],
            version=audit["version"],
            plugin=audit["plugin"],
            plugin_version=audit["plugin_version"],
            parameters=audit["parameters"],
            headlines=tuple(audit.get("headlines", ())),  # runs of earlier versions have none
            error="; ".join(text for text in (before.error if before else "", error) if text),
        )
    return tuple(rows.values())


def _exhibits(run: RunDirectory) -> list[ExhibitRow]:
    index = run.exhibits / "index.json"
    rows = []
    for entry in json.loads(index.read_bytes()) if index.is_file() else []:
        fields = {key: entry[key] for key in ("name", "title", "kind", "caption", "unit", "log", "encoding", "spec")}
        exhibit = Exhibit(data=read_parquet(*inside(run.root, [run.exhibits / entry["file"]])), **fields)
        rows.append(ExhibitRow(audit=entry["audit"], target=entry["target"], exhibit=exhibit))
    return rows


def setting_rows(settings: Mapping[str, Any], origins: Mapping[str, str]) -> tuple[SettingRow, ...]:
    """List the settings that somebody set; defaults stay in plan.json."""
    set_by = {key: origin for key, origin in origins.items() if origin != "default"}
    values = {key: json.dumps(_at(settings, key), ensure_ascii=False) for key in set_by}
    return tuple(SettingRow(key=key, value=values[key], origin=origin) for key, origin in set_by.items())


def _at(tree: Any, key: str) -> Any:
    for part in key.split("."):
        try:
            tree = tree[int(part)] if isinstance(tree, list) else tree[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return tree


def _environment(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [(name, str(value)) for name, value in plan["environment"].items()]
    return [*facts, ("seed", str(plan["seed"]))]


def _reproduce(run: RunDirectory, plan: Mapping[str, Any]) -> tuple[str, ...]:
    name = plan["config"]["path"].replace("\\", "/").rsplit("/", 1)[-1] or "audit.toml"
    overrides = [origin for origin in plan["origins"].values() if origin.startswith("--set ")]
    quoted = "".join(f" --set '{origin.removeprefix('--set ')}'" for origin in sorted(set(overrides)))
    return (f"fmaudit run {name}{quoted}", f"fmaudit results {run.id} --json", f"fmaudit verify {run.id}")
