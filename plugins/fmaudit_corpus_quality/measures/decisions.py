"""What each rule set keeps and removes: overall, by rule, by language, by host; and whom a rule was not made for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import Any

from fmaudit import Exhibit, Finding, Metric, Severity, stats
from fmaudit_corpus_quality.measures.cube import Cube
from fmaudit_corpus_quality.measures.scene import Scene, evidence, percent, percent_interval
from fmaudit_corpus_quality.rules import RuleSet

__all__ = ["by_language", "chance_at_most", "overall", "same_language", "slug"]

MOST = 0.5  # a rule that removes more than this of a language it was not made for is a finding
FALSE_DISCOVERY = 0.05


def overall(scene: Scene, cube: Cube) -> Iterator[Metric | Exhibit]:
    """Yield what the rule set keeps, what each rule removes first, breaks at all and removes alone, and how rules overlap."""
    name, reasons = cube.rule_set.name, cube.rule_set.reasons
    indices = range(len(reasons))
    documents, n = cube.sums([cube.n >= 0]), cube.documents
    yield from scene.shares("kept", cube.sums([cube.kept()]), documents, [{"ruleset": name}], observations=[n])
    yield from _characters(scene, cube)
    slices = [{"ruleset": name, "rule": reason} for reason in reasons]
    selections = {"removed": cube.first, "violates": cube.violates, "removed_only": cube.only}
    table: dict[str, list[Metric]] = {}
    for metric, select in selections.items():
        table[metric] = list(
            scene.shares(metric, cube.sums([select(i) for i in indices]), documents, slices, observations=[n] * len(reasons))
        )
        yield from table[metric]
    if n:
        yield _removal(cube.rule_set, table)
        yield from _overlap(cube)


def _characters(scene: Scene, cube: Cube) -> Iterator[Metric]:
    """Yield the share of the corpus's characters that is left, and what cleaning takes from kept documents."""
    slices, n = [{"ruleset": cube.rule_set.name}], cube.documents
    left, total = cube.sums([cube.kept()], cube.cleaned), cube.sums([cube.n >= 0], cube.characters)
    yield from scene.shares("kept_characters", left, total, slices, observations=[n])
    if cube.rule_set.cleaned:
        kept = cube.sums([cube.kept()], cube.characters)
        yield from scene.shares("text_lost", kept - left, kept, slices, observations=[int(cube.n[cube.kept()].sum())])


def _removal(rule_set: RuleSet, table: dict[str, list[Metric]]) -> Exhibit:
    import pyarrow as pa

    broken, first, alone = table["violates"], table["removed"], table["removed_only"]
    rows = [
        {
            "rule": reason,
            "breaks the rule": broken[i].value,
            "low": interval.low if (interval := broken[i].interval) else None,
            "high": interval.high if interval else None,
            "removed first": first[i].value,
            "removed by it alone": alone[i].value,
        }
        for i, reason in enumerate(rule_set.reasons)
    ]
    return Exhibit(
        name=f"rules-{slug(rule_set.name)}",
        title=f"Documents that break each rule of {rule_set.name}",
        data=pa.Table.from_pylist(rows),
        kind="bars",
        encoding={
            "x": "breaks the rule",
            "y": "rule",
            "low": "low",
            "high": "high",
            "reference": "removed by it alone",
            "also": "removed first",
        },
        caption="Bars: all documents that break the rule. Diamonds: documents that no other rule of the set would have removed.",
        unit="fraction",
    )


def _overlap(cube: Cube) -> Iterator[Exhibit]:
    import pyarrow as pa

    reasons, counted = cube.rule_set.reasons, cube.by_mask()
    rows = []
    for i, broken in enumerate(reasons):
        of = sum(n for mask, n in counted.items() if mask >> i & 1)
        for j, also in enumerate(reasons if of else ()):
            both = sum(n for mask, n in counted.items() if mask >> i & 1 and mask >> j & 1)
            rows.append({"of the documents that break": broken, "also break": also, "share": both / of})
    if len({row["also break"] for row in rows}) > 1:
        yield Exhibit(
            name=f"overlap-{slug(cube.rule_set.name)}",
            title=f"Which rules of {cube.rule_set.name} are broken together",
            data=pa.Table.from_pylist(rows),
            kind="heatmap",
            encoding={"x": "also break", "y": "of the documents that break", "color": "share"},
            unit="fraction",
        )


def by_language(scene: Scene, cube: Cube) -> Iterator[Metric | Finding | Exhibit]:
    """Yield what is kept and broken of every language, and name the languages that most of a rule set removes."""
    rows: list[dict[str, Any]] = []
    broken: list[Metric] = []
    for index, language in enumerate(cube.languages):
        part = cube.only_language(index)
        slice_ = {"ruleset": cube.rule_set.name, "language": language}
        documents, n = part.sums([part.n >= 0]), part.documents
        kept = next(scene.shares("kept", part.sums([part.kept()]), documents, [slice_], observations=[n]))
        yield kept
        if kept.value is None:
            continue
        slices = [{**slice_, "rule": reason} for reason in cube.rule_set.reasons]
        hits = part.sums([part.violates(i) for i in range(len(slices))])
        found = list(scene.shares("violates", hits, documents, slices, observations=[n] * len(slices)))
        yield from found
        broken += found
        rows += [{"language": language, "rule": metric.slice["rule"], "share": metric.value, "n": n} for metric in found]
    if rows:
        yield _heat_map(cube.rule_set, rows)
    yield from _not_made_for(scene, cube.rule_set, broken)


def _heat_map(rule_set: RuleSet, rows: list[dict[str, Any]]) -> Exhibit:
    import pyarrow as pa

    largest = sorted({(-row["n"], row["language"]) for row in rows})[:30]
    shown = {language for _, language in largest}
    return Exhibit(
        name=f"languages-{slug(rule_set.name)}",
        title=f"Documents of each language that break each rule of {rule_set.name}",
        data=pa.Table.from_pylist([row for row in rows if row["language"] in shown]),
        kind="heatmap",
        encoding={"x": "rule", "y": "language", "color": "share"},
        caption="The thirty languages with most documents." if len(rows) > len(shown) * len(rule_set.tests) else "",
        unit="fraction",
    )


def _not_made_for(scene: Scene, rule_set: RuleSet, broken: Sequence[Metric]) -> Iterator[Finding]:
    """Yield a finding for every language of which some rule surely removes most, one false discovery in twenty."""
    foreign = [metric for metric in broken if rule_set.made_for and not same_language(metric.slice["language"], rule_set.made_for[0])]
    chances = stats.benjamini_hochberg([chance_at_most(metric) for metric in foreign])
    sure = [m for m, q in zip(foreign, chances, strict=True) if q <= FALSE_DISCOVERY and m.interval is not None and m.interval.low > MOST]
    languages = sorted({metric.slice["language"] for metric in sure})
    places = _examples(scene, rule_set, sure) if sure else {}
    for language in languages:
        rules = sorted((m for m in sure if m.slice["language"] == language), key=lambda m: (-(m.value or 0.0), m.slice["rule"]))
        yield _finding(rule_set, language, rules, places.get(language, []))


def _finding(rule_set: RuleSet, language: str, rules: Sequence[Metric], places: Sequence[Any]) -> Finding:
    worst = rules[0]
    also = ", ".join(f"{m.slice['rule']} ({percent(m.value or 0.0)})" for m in rules[1:])
    sentence = (
        f"The rule {worst.slice['rule']} of {rule_set.name} removes {percent(worst.value or 0.0)} of the documents in {language!r} "
        f"({percent_interval(worst.interval)}, {worst.n:,} documents), and it was made for {rule_set.made_for[1]}"
    )
    sentence += f"; so do {also}." if also else "."
    parameters = sorted({rule.parameter for rule in rule_set.rules if rule.parameter and rule.reason in {m.slice["rule"] for m in rules}})
    advice = f"Do not apply {rule_set.name} to {language!r}, or set its own thresholds for it"
    advice += f" ({', '.join(parameters)} under [audit.corpus-quality.thresholds])." if parameters else "."
    slice_ = {"ruleset": rule_set.name, "rule": worst.slice["rule"], "language": language}
    metric = "violates{" + ",".join(f"{key}={slice_[key]}" for key in sorted(slice_)) + "}"
    return Finding(
        code="rule-removes-language",
        severity=Severity.WARNING,
        sentence=sentence,
        evidence=evidence(places),
        metric=metric,
        slice={"ruleset": rule_set.name, "language": language},
        advice=advice,
    )


def _examples(scene: Scene, rule_set: RuleSet, broken: Sequence[Metric]) -> dict[str, list[Any]]:
    """Find the first documents of each language that break one of the rules."""
    guilty = " OR ".join(test.violated() for test in rule_set.tests if test.reason in {metric.slice["rule"] for metric in broken})
    languages = sorted({metric.slice["language"] for metric in broken})
    table = scene.seen.sql(
        f"SELECT {scene.language} AS language, min({{'file': CAST(file AS VARCHAR), 'offset': \"offset\", 'id': id}}, 3) AS places "
        f"FROM documents WHERE ({guilty}) AND list_contains(?, {scene.language}) GROUP BY 1",
        [languages],
    )
    return {row["language"]: row["places"] for row in table.to_pylist()}


def chance_at_most(metric: Metric) -> float:
    """The chance of a share this large where the true one is `MOST`, at the effective sample size of the metric's interval.

    The lower end of a Wilson interval solves (share - low)^2 = z^2 low (1 - low) / n; at a share of 1, low^n = 2.5 %.
    """
    if metric.interval is None or metric.value is None or metric.value <= MOST or metric.interval.low <= 0.0:
        return 1.0
    share, low = metric.value, metric.interval.low
    if low >= share:  # a census
        return 0.0
    if share == 1.0:
        return float(MOST ** (math.log((1.0 - metric.interval.level) / 2) / math.log(low)))
    effective = NormalDist().inv_cdf(0.5 + metric.interval.level / 2) ** 2 * low * (1.0 - low) / (share - low) ** 2
    return NormalDist().cdf(-(share - MOST) * math.sqrt(effective / (MOST * (1.0 - MOST))))


def same_language(label: str, code: str) -> bool:
    """Tell whether a label such as `en`, `eng`, `eng_Latn` or `en-GB` means a language; unknown languages are nobody's."""
    head = label.replace("-", "_").split("_")[0].lower()
    return head in {code, {"en": "eng"}.get(code, code), "und", ""}


def slug(name: str) -> str:
    """Make a name for an exhibit's file."""
    return "".join(char if char.isalnum() or char in "-." else "-" for char in name)
