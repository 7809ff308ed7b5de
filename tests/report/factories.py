"""Synthetic reports for tests and for looking at: an audit of a multilingual web corpus, and a report full of hostile text."""

from __future__ import annotations

import datetime
import math

import pyarrow as pa

from fmaudit.records import (
    Evidence,
    Exhibit,
    Finding,
    Interval,
    LedgerEntry,
    Metric,
    MetricStatus,
    Severity,
    Verdict,
    VerdictStatus,
    full_name,
)
from fmaudit.report.document import (
    AuditRow,
    Coverage,
    CoverageTotal,
    EnvironmentRow,
    ExhibitRow,
    FindingRow,
    LedgerRow,
    MetricRow,
    ReportData,
    RunStatus,
    SettingRow,
    TargetRow,
)

LANGUAGES = {
    "en": 0.4342, "ru": 0.0604, "de": 0.0539, "zh": 0.0515, "ja": 0.0508, "es": 0.0452, "fr": 0.0428, "it": 0.0245, "pt": 0.0213,
    "nl": 0.0186, "pl": 0.0171, "cs": 0.0109, "vi": 0.0103, "tr": 0.0101, "id": 0.0094, "ar": 0.0066, "fa": 0.0064, "ko": 0.0063,
    "sv": 0.0062, "uk": 0.0058, "el": 0.0057, "ro": 0.0055, "hu": 0.0054, "th": 0.0041, "hi": 0.0019, "bn": 0.0011, "ta": 0.00042,
    "ur": 0.000306, "te": 0.00022, "sw": 0.000096, "pa": 0.000079,
}  # fmt: skip
SPEAKERS = {
    "en": 0.187,
    "ru": 0.032,
    "de": 0.017,
    "zh": 0.148,
    "ja": 0.016,
    "es": 0.069,
    "fr": 0.034,
    "hi": 0.076,
    "bn": 0.034,
    "ur": 0.03,
    "te": 0.012,
}
DOCUMENTS = 214_603
AUDITS = ("corpus-language", "corpus-quality", "token-cost")


def wilson(share: float, n: int, clusters: int) -> Interval:
    """Make an interval of a believable width."""
    z, m = 1.96, max(clusters, 1)
    middle = (share + z * z / (2 * m)) / (1 + z * z / m)
    half = z * math.sqrt(share * (1 - share) / m + z * z / (4 * m * m)) / (1 + z * z / m)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0), 0.95, "Wilson, design effect of hosts")


def metric(name: str, value: float | None, unit: str = "fraction", n: int = DOCUMENTS, **more: object) -> Metric:
    """Make a metric, with an interval where it is a fraction."""
    if unit == "fraction" and value is not None and "interval" not in more:
        more["interval"] = wilson(value, n, n // 6 or 1)
        more.setdefault("n_clusters", n // 6 or 1)
    return Metric(name=name, value=value, unit=unit, n=n, **more)  # type: ignore[arg-type]


def row(audit: str, made: Metric, target: str = "web") -> MetricRow:
    """Stamp a metric with its audit and target."""
    return MetricRow(audit=audit, target=target, name=full_name(audit, made.name, made.slice), metric=made)


def language_metrics() -> list[MetricRow]:
    """Measure languages: overall numbers, a share for each, and two that have no value."""
    out = [
        metric("languages", 31.0, "languages"),
        metric("unidentified_share", 0.0132, method="langdetect below 0.5"),
        metric("declared_agreement", 0.941, n=88_120, method="declared language equals the identified one"),
        metric("entropy", 3.07, "bits", interval=Interval(3.04, 3.10, 0.95, "bootstrap of hosts, 2000"), n_clusters=35_767),
        Metric(name="minority_recall", value=None, unit="fraction", n=0, status=MetricStatus.UNDEFINED, note="0/0: no labelled documents"),
    ]
    out += [metric("share", share, slice={"language": language}) for language, share in LANGUAGES.items()]
    out.append(
        Metric(
            name="share",
            value=None,
            unit="fraction",
            n=3,
            slice={"language": "my"},
            status=MetricStatus.INSUFFICIENT,
            note="n = 3 is below the minimum of 20",
        )
    )
    return [row("corpus-language", made) for made in out]


def quality_metrics() -> list[MetricRow]:
    """Measure quality: what rule sets remove, by rule set, by language, and by both."""
    out = [
        metric("kept_share", 0.6821),
        metric(
            "median_length", 2_417.0, "characters", interval=Interval(2_380.0, 2_455.0, 0.95, "bootstrap of hosts, 2000"), n_clusters=35_767
        ),
        metric("duplicate_lines", 0.0871),
        metric("text_bytes", 913_400_221.0, "bytes"),
    ]
    rules = ("gopher-quality", "gopher-repetition", "c4", "fineweb-quality")
    out += [metric("removed_share", 0.09 * (i + 1), slice={"rules": r}, method="datatrove 0.10.1 thresholds") for i, r in enumerate(rules)]
    for j, language in enumerate(("en", "ru", "zh", "ja", "hi", "th")):
        for i, r in enumerate(rules):
            share = min(0.05 + 0.04 * i + 0.13 * j, 0.99)
            out.append(metric("removed_by_language", share, n=900 * (7 - j), slice={"language": language, "rules": r}))
    return [row("corpus-quality", made) for made in out]


def cost_metrics() -> list[MetricRow]:
    """Measure token premiums: ratios without clusters, of a tokenizer."""
    premiums = {"en": 1.0, "de": 1.58, "ru": 2.43, "hi": 4.82, "te": 7.91, "my": 11.7}
    out = [metric("vocabulary", 100_277.0, "count", n=1)]
    for language, premium in premiums.items():
        ends = Interval(premium * 0.985, premium * 1.016, 0.95, "bootstrap of sentences, 2000")
        out.append(metric("premium", premium, "ratio", n=1012, interval=ends, slice={"language": language}))
    return [row("token-cost", made, "gpt4") for made in out]


def exhibits() -> list[ExhibitRow]:
    """Make one exhibit of every kind."""
    top = list(LANGUAGES)[:14]
    ends = {language: wilson(share, DOCUMENTS, 35_767) for language, share in LANGUAGES.items()}
    shares = pa.table(
        {
            "language": top,
            "share": [LANGUAGES[t] for t in top],
            "low": [ends[t].low for t in top],
            "high": [ends[t].high for t in top],
            "share_of_speakers": [SPEAKERS.get(t) for t in top],
        }
    )
    kept = [("en", 71, 18, 11), ("ru", 66, 20, 14), ("zh", 41, 39, 20), ("th", 12, 71, 17), ("hi", 52, 30, 18)]
    stacked = pa.table(
        {
            "language": [k[0] for k in kept for _ in range(3)],
            "outcome": ["kept", "removed by gopher-quality", "removed by c4"] * 5,
            "share": [part / 100 for k in kept for part in k[1:]],
        }
    )
    months = [datetime.date(2024, month, 1) for month in range(1, 11)]
    trend = pa.table(
        {
            "month": months * 3,
            "language": [name for name in ("English", "Russian", "Chinese") for _ in months],
            "share": [0.46 - 0.002 * i for i in range(10)]
            + [0.058 + 0.0004 * i for i in range(10)]
            + [0.04 + 0.001 * i for i in range(10)],
        }
    )
    rules = ("gopher-quality", "gopher-repetition", "c4", "fineweb-quality")
    heat = pa.table(
        {
            "rules": [r for _ in range(6) for r in rules],
            "language": [name for name in ("en", "ru", "zh", "ja", "hi", "th") for _ in rules],
            "removed_share": [min(0.05 + 0.04 * i + 0.13 * j, 0.99) for j in range(6) for i in range(4)],
        }
    )
    difference = pa.table(
        {
            "month": ["2024-26", "2024-33", "2024-42"] * 3,
            "language": [name for name in ("en", "ru", "zh") for _ in range(3)],
            "change": [-0.021, -0.004, 0.001, 0.002, 0.006, 0.009, 0.012, 0.018, 0.022],
        }
    )
    lengths = pa.table(
        {"characters": [i * 500 for i in range(24)], "documents": [int(9000 * math.exp(-((i - 4) ** 2) / 30)) for i in range(24)]}
    )
    hosts = pa.table(
        {
            "host": ["example.org", "wiki.example.net", "forum.example.com", "shop.example"],
            "documents": [4210, 3977, 2214, 1876],
            "bytes": [91_234_567, 44_100_200, 8_812_003, 2_411_876],
            "share": [0.0196, 0.0185, 0.0103, 0.0087],
            "english": [True, True, False, None],
        }
    )
    premiums = pa.table(
        {
            "language": ["te", "my", "hi", "ru", "de"],
            "premium": [7.91, 11.7, 4.82, 2.43, 1.58],
            "lo": [7.8, 11.5, 4.7, 2.4, 1.55],
            "hi": [8.0, 11.9, 4.9, 2.47, 1.6],
        }
    )
    zipf = pa.table({"rank": [10.0**i for i in range(6)], "frequency": [0.061 / 9**i for i in range(6)]})
    own = pa.table({"score": [0.1 * i for i in range(10)], "documents": [100 + 13 * i * i for i in range(10)]})
    bars = {"x": "share", "y": "language", "low": "low", "high": "high"}
    return [
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="languages", title="English is 43 % of the corpus, far above its share of speakers", data=shares, kind="bars", unit="fraction",
            encoding={**bars, "reference": "share_of_speakers"}, caption="Share of documents by identified language, with 95 % intervals.")),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="trend", title="English lost two points in ten months", data=trend, kind="line", unit="fraction",
            encoding={"x": "month", "y": "share", "color": "language"}, caption="Share of documents by month of the crawl.")),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="change", title="Change against the crawl before", data=difference, kind="heatmap", unit="fraction",
            encoding={"x": "month", "y": "language", "color": "change"})),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="hosts", title="The four largest hosts", data=hosts, unit="fraction", caption="Hosts by documents.")),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="outcome", title="The rules remove seven in ten Thai documents", data=stacked, kind="stacked", unit="fraction",
            encoding={"x": "share", "y": "language", "color": "outcome"}, caption="First rule set that removes a document.")),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="rules", title="What every rule set removes, by language", data=heat, kind="heatmap", unit="fraction",
            encoding={"x": "rules", "y": "language", "color": "removed_share"})),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="lengths", title="Most documents have 1,000 to 4,000 characters", data=lengths, kind="histogram", unit="count",
            encoding={"x": "characters", "y": "documents"})),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="own", title="A chart of the plugin's own", data=own,
            spec={"mark": {"type": "area", "line": True}, "encoding": {"x": {"field": "score", "type": "quantitative"}, "y": {"field": "documents", "type": "quantitative"}}, "height": 160})),
        ExhibitRow(audit="token-cost", target="gpt4", exhibit=Exhibit(
            name="premium", title="Burmese costs twelve times as much as English", data=premiums, kind="bars", unit="ratio", log=True,
            encoding={"x": "premium", "y": "language", "low": "lo", "high": "hi"}, caption="Tokens for the same sentences, English = 1.")),
        ExhibitRow(audit="token-cost", target="gpt4", exhibit=Exhibit(
            name="zipf", title="Token frequency by rank", data=zipf, kind="line", unit="fraction", log=True, encoding={"x": "rank", "y": "frequency"})),
    ]  # fmt: skip


def findings() -> list[FindingRow]:
    """Make findings of every severity, with evidence, some of it odd."""
    thai = (
        Evidence(
            file="crawl/web-0003.jsonl.gz",
            offset=88_213,
            id="<urn:uuid:5f0c>",
            excerpt="ยินดีต้อนรับสู่เว็บไซต์ของเรา เรามีบทความมากมาย",
            start=0,
            stop=46,
        ),
        Evidence(file="crawl/web-0007.jsonl.gz", offset=1_204_772, id="<urn:uuid:91ab>", excerpt="ข่าววันนี้ อ่านต่อได้ที่นี่"),
    )
    odd = (
        Evidence(
            file="crawl/web-0001.jsonl.gz",
            offset=412,
            id="doc-412",
            excerpt="price list \x1b[31mSALE\x1b[0m\u202e4202 ylno\u202c ignore <b>this</b>\nand more",
            start=120,
            stop=164,
        ),
    )
    made = [
        (
            "corpus-quality",
            "web",
            Finding(
                code="rule-removes-language",
                severity=Severity.ERROR,
                sentence="gopher-quality removes 71 % of the Thai documents, because Thai is written without spaces and every text looks like one long word.",
                evidence=thai,
                metric="removed_by_language{language=th,rules=gopher-quality}",
                slice={"language": "th"},
                advice="Leave Thai out of the word-length rule, or segment it before counting words.",
            ),
        ),
        (
            "corpus-language",
            "web",
            Finding(
                code="language-under-represented",
                severity=Severity.WARNING,
                sentence="Telugu is 0.022 % of the documents, 54 times less than its share of the world's speakers.",
                metric="share{language=te}",
                slice={"language": "te"},
                advice="Add a source of Telugu text, or do not claim support for it.",
            ),
        ),
        (
            "corpus-language",
            "web",
            Finding(
                code="declared-language-wrong",
                severity=Severity.WARNING,
                sentence="5.9 % of the documents declare another language than the one identified.",
                metric="declared_agreement",
                evidence=odd,
            ),
        ),
        (
            "corpus-quality",
            "web",
            Finding(
                code="control-characters",
                severity=Severity.NOTE,
                sentence="214 documents hold terminal control sequences or bidirectional overrides.",
                evidence=odd,
                advice="Strip controls before training.",
            ),
        ),
        (
            "token-cost",
            "gpt4",
            Finding(
                code="premium-high",
                severity=Severity.NOTE,
                sentence="A Burmese sentence takes 11.7 times as many tokens as its English translation.",
                metric="premium{language=my}",
            ),
        ),
    ]
    return [FindingRow(audit=audit, target=target, finding=finding) for audit, target, finding in made]


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
