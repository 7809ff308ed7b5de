"""Metrics of a made audit, and the figures behind them."""

from __future__ import annotations

import math

from fmaudit.records import Interval, Metric, MetricStatus, full_name
from fmaudit.report.document import MetricRow

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
