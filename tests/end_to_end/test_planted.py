"""The demo finds what was planted: every truth of sample_data/planted.json lies in its metric's interval, every document is named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import fmaudit

KEY: dict[str, Any] = json.loads((Path(__file__).parents[2] / "sample_data" / "planted.json").read_text(encoding="utf-8"))
ENTRIES: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in KEY["planted"]}
LABELLED = sorted(set(KEY["true_shares"]) & {name.removeprefix("share-") for name in ENTRIES})
PREFIX = "datatrove-0.10.1/"

Row = dict[str, Any]


def inside(metric: Row, truth: float) -> bool:
    if metric["low"] is None:
        return bool(metric["value"] == pytest.approx(truth, abs=1e-12))
    return bool(metric["low"] - 1e-12 <= truth <= metric["high"] + 1e-12)


def findings(run: fmaudit.Run) -> list[fmaudit.Finding]:
    return [row.finding for row in run.finding_rows()]


# --- the metrics ----------------------------------------------------------------------------------------------------


def test_the_demo_is_complete_and_no_check_fails(demo: fmaudit.Run) -> None:
    assert demo.exit_code == 0


@pytest.mark.parametrize("name", list(ENTRIES))
def test_the_truth_lies_in_the_interval(metrics: dict[str, Row], name: str) -> None:
    entry = ENTRIES[name]
    metric = metrics[entry["metric"]]
    assert (metric["status"], metric["unit"]) == ("ok", entry["unit"])
    assert inside(metric, entry["truth"]), (metric["value"], metric["low"], metric["high"], entry["truth"])


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry["by"] == "count"])
def test_what_is_counted_is_exact(metrics: dict[str, Row], name: str) -> None:
    entry = ENTRIES[name]
    metric = metrics[entry["metric"]]
    assert metric["value"] == pytest.approx(entry["truth"], abs=1e-12)
    assert metric["n"] == entry["n"]


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry["by"] == "model"])
def test_what_a_model_estimates_is_near_unless_the_key_says_why_not(metrics: dict[str, Row], name: str) -> None:
    entry = ENTRIES[name]
    distance = abs(metrics[entry["metric"]]["value"] - entry["truth"])
    near = distance <= max(2 / entry["n"], 0.3 * entry["truth"])
    assert near != ("caveat" in entry), (metrics[entry["metric"]]["value"], entry["truth"], entry.get("caveat"))


@pytest.mark.parametrize(("metric", "unit"), [("share_characters", "character_share"), ("share_bytes", "byte_share")])
@pytest.mark.parametrize("language", [language for language in LABELLED if language != "yo"])  # not one document is labelled so
def test_shares_by_size(metrics: dict[str, Row], metric: str, unit: str, language: str) -> None:
    assert inside(metrics[f"corpus-language.{metric}{{language={language}}}"], KEY["true_shares"][language][unit])


def test_corrected_shares_hold_the_truth_too(metrics: dict[str, Row]) -> None:
    corrected = {language: metrics.get(f"corpus-language.share_corrected{{language={language}}}") for language in LABELLED}
    given = {language: metric for language, metric in corrected.items() if metric is not None}
    assert len(given) >= 20
    for language, metric in given.items():
        assert metric["status"] == "ok"
        assert inside(metric, KEY["true_shares"][language]["document_share"]), (language, metric["low"], metric["high"])


def test_a_language_that_never_occurs_is_reported(metrics: dict[str, Row], demo: fmaudit.Run) -> None:
    assert metrics["corpus-language.share{language=mt}"]["value"] == 0.0
    unseen = {finding.slice.get("language") for finding in findings(demo) if finding.code == "language-unseen"}
    assert unseen == {"mt", "yo"}


@pytest.mark.parametrize("rule_set", ["gopher-quality", "gopher-repetition", "c4", "c4-no-terminal"])
def test_a_rule_set_for_english_that_drops_burmese_is_a_finding(demo: fmaudit.Run, rule_set: str) -> None:
    found = [finding.slice for finding in findings(demo) if finding.code == "rule-removes-language"]
    assert {"language": "my", "ruleset": PREFIX + rule_set} in found


# --- what no metric measures ----------------------------------------------------------------------------------------


def test_what_is_too_small_for_a_share_is_said_to_be(metrics: dict[str, Row]) -> None:
    emptied = [entry["name"].removeprefix("emptied-") for entry in KEY["not_measured"] if entry["name"].startswith("emptied-")]
    for language in emptied:
        assert metrics[f"corpus-quality.kept{{language={language},ruleset={PREFIX}gopher-quality}}"]["status"] == "insufficient"
    assert len(emptied) == 4


def test_languages_without_a_label_have_no_share(metrics: dict[str, Row]) -> None:
    unlabelled = [entry["name"].removeprefix("share-") for entry in KEY["not_measured"] if entry["name"].startswith("share-")]
    assert unlabelled == ["chr", "dz", "ha", "zu"]
    assert not [language for language in unlabelled if f"corpus-language.share{{language={language}}}" in metrics]


# --- the documents --------------------------------------------------------------------------------------------------


def is_zawgyi(row: Row) -> bool:
    return bool(row["encoding"]["zawgyi"] >= 2 and row["encoding"]["zawgyi"] > row["encoding"]["burmese_unicode"])


MARKS: dict[str, Callable[[Row], bool]] = {
    **{
        name: lambda row, kind=entry["metric"].split("=")[1].rstrip("}"): row["encoding"][kind] > 0
        for name, entry in ENTRIES.items()
        if entry["metric"].startswith("corpus-quality.affected")
    },
    "zawgyi": is_zawgyi,
    "no-evidence": lambda row: bool(row["language"]["no_evidence"]),
    "mixed": lambda row: bool(row["language"]["mixed"]),
    "low-score": lambda row: row["rules"]["metadata"]["first_reason"] == "score",
}


@pytest.mark.parametrize("name", MARKS)
def test_the_marked_documents_are_the_planted_ones(documents: list[Row], name: str) -> None:
    assert sorted(row["id"] for row in documents if MARKS[name](row)) == ENTRIES[name]["ids"]


def test_copies_are_the_planted_ones(documents: list[Row]) -> None:
    groups: dict[tuple[int, int], list[str]] = {}
    for row in documents:
        groups.setdefault((row["duplicates"]["high"], row["duplicates"]["low"]), []).append(row["id"])
    copied = [group for group in groups.values() if len(group) > 1]
    planted = ENTRIES["exact-copy"]["ids"]
    assert len(copied) == ENTRIES["copied-texts"]["truth"]
    assert sorted(name for group in copied for name in group if name.startswith("planted-")) == planted
    assert all(sum(name not in planted for name in group) == 1 for group in copied)
    assert sorted(max(copied, key=len)) == ENTRIES["most-copied-text"]["ids"]


def test_zawgyi_is_told_from_unicode(documents: list[Row]) -> None:
    burmese = [row for row in documents if row["encoding"]["burmese"] > 0]
    assert len(burmese) == ENTRIES["zawgyi"]["n"] >= 30
    assert {KEY["true_language"][row["id"]] for row in burmese} == {"my"}


def verdicts(rule_set: str) -> dict[int, str]:
    return {position: reason for reason, found in KEY["datatrove"]["first_reasons"][rule_set].items() for position in found}


@pytest.mark.parametrize("rule_set", KEY["datatrove"]["first_reasons"])
def test_every_first_reason_is_datatroves(documents: list[Row], rule_set: str) -> None:
    expected = verdicts(rule_set)
    assert len(documents) == KEY["documents"]
    for position, row in enumerate(documents):
        found = row["rules"][PREFIX + rule_set]
        assert found["first_reason"] == expected.get(position), (position, row["id"])
        assert found["kept"] == (position not in expected)
        assert found["reasons"][:1] == ([found["first_reason"]] if found["first_reason"] else [])


@pytest.mark.parametrize("rule_set", KEY["datatrove"]["cleaned"])
def test_cleaned_texts_are_datatroves(documents: list[Row], rule_set: str) -> None:
    cleaned = KEY["datatrove"]["cleaned"][rule_set]
    assert cleaned
    column = "c4_characters" if rule_set == "c4" else "c4nt_characters"
    for position, (sha256, characters) in cleaned.items():
        row = documents[int(position)]
        assert row["rules"][PREFIX + rule_set]["cleaned_sha256"] == sha256, row["id"]
        assert row["quality"][column] == characters, row["id"]


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if ".removed{" in entry["metric"]])
def test_planted_documents_are_among_those_the_rule_removes(documents: list[Row], name: str) -> None:
    rule, rule_set = ENTRIES[name]["metric"].split("{rule=")[1].rstrip("}").split(",ruleset=")
    removed = Counter(row["id"] for row in documents if row["rules"][rule_set]["first_reason"] == rule)
    assert not Counter(ENTRIES[name]["ids"]) - removed


def test_shared_lines_and_paragraphs_stand_in_the_exhibits(demo: fmaudit.Run) -> None:
    folder = demo.directory.exhibits
    index = {item["name"]: folder / item["file"] for item in json.loads((folder / "index.json").read_bytes())}
    paragraphs = [row["documents"] for row in pq.read_table(index["top-paragraphs"]).to_pylist()]
    lines = [row["documents"] for row in pq.read_table(index["top-lines"]).to_pylist()]
    assert not Counter([3, 4, 4]) - Counter(paragraphs)
    assert not Counter([3, 3, 4, 8]) - Counter(lines)
