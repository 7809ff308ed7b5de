"""Exhibits of a made audit: every kind of chart, and a table."""

from __future__ import annotations

import datetime
import math

import pyarrow as pa
from made_metrics import DOCUMENTS, LANGUAGES, SPEAKERS, wilson

from fmaudit.records import Exhibit
from fmaudit.report.document import ExhibitRow

BARS = {"x": "share", "y": "language", "low": "low", "high": "high"}


def shares() -> pa.Table:
    top = list(LANGUAGES)[:14]
    ends = {language: wilson(share, DOCUMENTS, 35_767) for language, share in LANGUAGES.items()}
    return pa.table(
        {
            "language": top,
            "share": [LANGUAGES[t] for t in top],
            "low": [ends[t].low for t in top],
            "high": [ends[t].high for t in top],
            "share_of_speakers": [SPEAKERS.get(t) for t in top],
        }
    )


def stacked() -> pa.Table:
    kept = [("en", 71, 18, 11), ("ru", 66, 20, 14), ("zh", 41, 39, 20), ("th", 12, 71, 17), ("hi", 52, 30, 18)]
    return pa.table(
        {
            "language": [k[0] for k in kept for _ in range(3)],
            "outcome": ["kept", "removed by gopher-quality", "removed by c4"] * 5,
            "share": [part / 100 for k in kept for part in k[1:]],
        }
    )


def trend() -> pa.Table:
    months = [datetime.date(2024, month, 1) for month in range(1, 11)]
    return pa.table(
        {
            "month": months * 3,
            "language": [name for name in ("English", "Russian", "Chinese") for _ in months],
            "share": [0.46 - 0.002 * i for i in range(10)]
            + [0.058 + 0.0004 * i for i in range(10)]
            + [0.04 + 0.001 * i for i in range(10)],
        }
    )


def heat() -> pa.Table:
    rules = ("gopher-quality", "gopher-repetition", "c4", "fineweb-quality")
    return pa.table(
        {
            "rules": [r for _ in range(6) for r in rules],
            "language": [name for name in ("en", "ru", "zh", "ja", "hi", "th") for _ in rules],
            "removed_share": [min(0.05 + 0.04 * i + 0.13 * j, 0.99) for j in range(6) for i in range(4)],
        }
    )


def difference() -> pa.Table:
    return pa.table(
        {
            "month": ["2024-26", "2024-33", "2024-42"] * 3,
            "language": [name for name in ("en", "ru", "zh") for _ in range(3)],
            "change": [-0.021, -0.004, 0.001, 0.002, 0.006, 0.009, 0.012, 0.018, 0.022],
        }
    )


def lengths() -> pa.Table:
    return pa.table(
        {"characters": [i * 500 for i in range(24)], "documents": [int(9000 * math.exp(-((i - 4) ** 2) / 30)) for i in range(24)]}
    )


def hosts() -> pa.Table:
    return pa.table(
        {
            "host": ["example.org", "wiki.example.net", "forum.example.com", "shop.example"],
            "documents": [4210, 3977, 2214, 1876],
            "bytes": [91_234_567, 44_100_200, 8_812_003, 2_411_876],
            "share": [0.0196, 0.0185, 0.0103, 0.0087],
            "english": [True, True, False, None],
        }
    )


def premiums() -> pa.Table:
    return pa.table(
        {
            "language": ["te", "my", "hi", "ru", "de"],
            "premium": [7.91, 11.7, 4.82, 2.43, 1.58],
            "lo": [7.8, 11.5, 4.7, 2.4, 1.55],
            "hi": [8.0, 11.9, 4.9, 2.47, 1.6],
        }
    )


def zipf() -> pa.Table:
    return pa.table({"rank": [10.0**i for i in range(6)], "frequency": [0.061 / 9**i for i in range(6)]})


def own() -> pa.Table:
    return pa.table({"score": [0.1 * i for i in range(10)], "documents": [100 + 13 * i * i for i in range(10)]})


def language_exhibits() -> list[ExhibitRow]:
    return [
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="languages", title="English is 43 % of the corpus, far above its share of speakers", data=shares(), kind="bars", unit="fraction",
            encoding={**BARS, "reference": "share_of_speakers"}, caption="Share of documents by identified language, with 95 % intervals.")),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="trend", title="English lost two points in ten months", data=trend(), kind="line", unit="fraction",
            encoding={"x": "month", "y": "share", "color": "language"}, caption="Share of documents by month of the crawl.")),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="change", title="Change against the crawl before", data=difference(), kind="heatmap", unit="fraction",
            encoding={"x": "month", "y": "language", "color": "change"})),
        ExhibitRow(audit="corpus-language", target="web", exhibit=Exhibit(
            name="hosts", title="The four largest hosts", data=hosts(), unit="fraction", caption="Hosts by documents.")),
    ]  # fmt: skip


def quality_exhibits() -> list[ExhibitRow]:
    return [
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="outcome", title="The rules remove seven in ten Thai documents", data=stacked(), kind="stacked", unit="fraction",
            encoding={"x": "share", "y": "language", "color": "outcome"}, caption="First rule set that removes a document.")),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="rules", title="What every rule set removes, by language", data=heat(), kind="heatmap", unit="fraction",
            encoding={"x": "rules", "y": "language", "color": "removed_share"})),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="lengths", title="Most documents have 1,000 to 4,000 characters", data=lengths(), kind="histogram", unit="count",
            encoding={"x": "characters", "y": "documents"})),
        ExhibitRow(audit="corpus-quality", target="web", exhibit=Exhibit(
            name="own", title="A chart of the plugin's own", data=own(),
            spec={"mark": {"type": "area", "line": True}, "encoding": {"x": {"field": "score", "type": "quantitative"}, "y": {"field": "documents", "type": "quantitative"}}, "height": 160})),
    ]  # fmt: skip


def cost_exhibits() -> list[ExhibitRow]:
    return [
        ExhibitRow(audit="token-cost", target="gpt4", exhibit=Exhibit(
            name="premium", title="Burmese costs twelve times as much as English", data=premiums(), kind="bars", unit="ratio", log=True,
            encoding={"x": "premium", "y": "language", "low": "lo", "high": "hi"}, caption="Tokens for the same sentences, English = 1.")),
        ExhibitRow(audit="token-cost", target="gpt4", exhibit=Exhibit(
            name="zipf", title="Token frequency by rank", data=zipf(), kind="line", unit="fraction", log=True, encoding={"x": "rank", "y": "frequency"})),
    ]  # fmt: skip


def exhibits() -> list[ExhibitRow]:
    """Make one exhibit of every kind."""
    return [*language_exhibits(), *quality_exhibits(), *cost_exhibits()]
