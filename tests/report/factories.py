"""A made report for tests and for looking at: a partial audit of a multilingual web corpus and a tokenizer."""

from __future__ import annotations

from made_exhibits import exhibits
from made_findings import findings
from made_metrics import DOCUMENTS, cost_metrics, language_metrics, quality_metrics

from fmaudit.records import LedgerEntry, Verdict, VerdictStatus
from fmaudit.report.document import (
    AuditRow,
    Coverage,
    CoverageTotal,
    EnvironmentRow,
    LedgerRow,
    ReportData,
    RunStatus,
    SettingRow,
    TargetRow,
)


def coverage() -> Coverage:
    """Make a ledger: a truncated file, bad lines, an oversize document, repairs."""
    entries = [
        LedgerEntry(
            file="crawl/web-0005.jsonl.gz",
            offset=91_224_007,
            reason="truncated",
            detail="gzip stream ends before its end marker",
            size=34_100_200,
            count=812,
        ),
        LedgerEntry(
            file="crawl/web-0002.jsonl.gz", offset=40_112, reason="invalid-json", detail="line 317: Expecting ',' delimiter", size=2_112
        ),
        LedgerEntry(file="crawl/web-0002.jsonl.gz", offset=99_120, reason="invalid-json", detail="line 811: Unterminated string", size=904),
        LedgerEntry(
            file="crawl/web-0006.jsonl.gz", offset=7_003, reason="oversize", detail="81 MB is above the limit of 64 MB", size=81_204_551
        ),
        LedgerEntry(
            file="crawl/web-0001.jsonl.gz", offset=12_004, reason="invalid-utf8", detail="3 bytes replaced by U+FFFD", size=3, lost=False
        ),
    ]
    return Coverage(
        rows=tuple(LedgerRow(target="web", entry=entry) for entry in entries),
        totals=(CoverageTotal(target="web", examined=DOCUMENTS, lost=815, repaired=1, bytes_lost=115_307_767),),
    )


def verdicts() -> tuple[Verdict, ...]:
    """Make a verdict of every kind."""
    return (
        Verdict(
            check="corpus-language.share{language=en} <= 0.8",
            metric="corpus-language.share{language=en}",
            target="web",
            status=VerdictStatus.PASS,
            reason="the whole interval is below the limit",
            value=0.4342,
            low=0.429,
            high=0.4393,
        ),
        Verdict(
            check="corpus-quality.removed_by_language{language=th,rules=gopher-quality} <= 0.3",
            metric="corpus-quality.removed_by_language{language=th,rules=gopher-quality}",
            target="web",
            status=VerdictStatus.FAIL,
            reason="the whole interval is above the limit",
            value=0.7,
            low=0.64,
            high=0.755,
        ),
        Verdict(
            check="corpus-quality.kept_share >= 0.68",
            metric="corpus-quality.kept_share",
            target="web",
            status=VerdictStatus.INCONCLUSIVE,
            reason="the interval holds the limit; about 4 times as many documents would decide",
            value=0.6821,
            low=0.6773,
            high=0.6869,
        ),
        Verdict(
            check="corpus-language.share{language=my} >= 0.001",
            metric="corpus-language.share{language=my}",
            target="web",
            status=VerdictStatus.NOT_MEASURED,
            reason="too few documents (3)",
        ),
    )


def web_report(**changes: object) -> ReportData:
    """Make the report of a partial audit of a multilingual web corpus and a tokenizer."""
    values: dict[str, object] = {
        "run_id": "2026-11-22T05-10-03Z-web-7f3a",
        "title": "Multilingual web crawl, autumn 2024",
        "status": RunStatus.PARTIAL,
        "created": "2026-11-22T05:10:03Z",
        "finished": "2026-11-22T05:14:41Z",
        "version": "0.1.0",
        "targets": (
            TargetRow(name="web", kind="corpus", description="8 files of jsonl.gz", documents=DOCUMENTS, bytes=913_400_221, sampled=0.1, files=8),
            TargetRow(name="gpt4", kind="tokenizer", description="tiktoken:cl100k_base.tiktoken", documents=1012),
        ),
        "coverage": coverage(),
        "audits": (
            AuditRow(name="corpus-language", title="Languages", version="1.0", plugin="fmaudit-corpus-language", plugin_version="0.1.0", parameters={"minimum_n": 20, "identifier": "lid.176"}),
            AuditRow(name="corpus-quality", title="Quality rules", version="1.2", plugin="fmaudit-corpus-quality", plugin_version="0.1.0", parameters={"rules": ["gopher-quality", "c4"]}),
            AuditRow(name="token-cost", title="Token cost", version="1.0", plugin="fmaudit-token-cost", plugin_version="0.1.0"),
            AuditRow(name="domain-gap", title="Domain gap", version="0.3", plugin="fmaudit-domain-gap", plugin_version="0.1.0", error="PluginError: the reference corpus 'law' has no readable file"),
        ),
        "metrics": tuple(language_metrics() + quality_metrics() + cost_metrics()),
        "findings": tuple(findings()),
        "exhibits": tuple(exhibits()),
        "verdicts": verdicts(),
        "settings": (
            SettingRow(key="corpus.web.path", value="['crawl/web-*.jsonl.gz']", origin="audit.toml:4"),
            SettingRow(key="corpus.web.sample", value="0.1", origin="--set"),
            SettingRow(key="audit.corpus-language.minimum_n", value="20", origin="default"),
            SettingRow(key="run.seed", value="17", origin="default"),
        ),
        "environment": (
            EnvironmentRow(name="fmaudit", value="0.1.0"),
            EnvironmentRow(name="Python", value="3.11.9"),
            EnvironmentRow(name="duckdb", value="2.0.0"),
            EnvironmentRow(name="pyarrow", value="26.0.1"),
            EnvironmentRow(name="Processor", value="16 cores, 64 GB"),
            EnvironmentRow(name="Seed", value="17"),
        ),
        "reproduce": ("fmaudit run audit.toml --set corpus.web.sample=0.1", "fmaudit verify 2026-11-22T05-10-03Z-web-7f3a"),
    }  # fmt: skip
    values.update(changes)
    return ReportData(**values)  # type: ignore[arg-type]
