"""Accuracy by language, the paired difference to the reference language, and what can not be claimed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fmaudit import Exhibit, Finding, Metric, Observations, Severity, stats
from fmaudit_domain_gap.benchmark.answers import contains_text
from fmaudit_domain_gap.benchmark.params import BenchmarkParams
from fmaudit_domain_gap.measures.results import Results, chance_words, insufficient, percent, span

__all__ = ["measure_benchmark"]

SHOWN = 60  # characters of an answer in an example


@dataclass(frozen=True, slots=True)
class _Gap:
    """Accuracy in the reference language less that in another, on the same items."""

    language: str
    test: Any
    detectable: float | None


def measure_benchmark(seen: Observations, params: BenchmarkParams) -> Results:
    """Yield accuracies, answered shares, gaps with their detectable effect, and findings."""
    rows = seen.sql(
        "SELECT item, language, coalesce(correct, false) AS correct, found IS NOT NULL AS answered, options "
        "FROM observations ORDER BY language, item"
    ).to_pylist()
    by_language: dict[str, dict[str, Any]] = {}
    for row in rows:
        by_language.setdefault(row["language"], {})[row["item"]] = row
    yield from _overall(rows, params)
    measured = [*_accuracies(by_language, params)]
    yield from measured
    if params.mode == "generate" and params.answers == "text":
        yield from _said_in_a_sentence(seen)
    gaps = _gaps(by_language, params)
    yield from _not_parallel(by_language, params)
    yield from _gap_results(gaps, by_language, params)
    yield from _exhibit([metric for metric in measured if isinstance(metric, Metric) and metric.name == "accuracy"], gaps)
    if seen.sql("SELECT 1 FROM observations WHERE builtin LIMIT 1").num_rows:
        sentence = "The model is one of the built-in ones: its accuracy shows how the audit works, and nothing else."
        yield Finding(code="builtin-model", severity=Severity.NOTE, sentence=sentence)


def _overall(rows: list[dict[str, Any]], params: BenchmarkParams) -> Results:
    items = {row["item"] for row in rows}
    if len(items) < max(2, params.minimum_items):
        yield insufficient("accuracy", "fraction", {}, len(items), f"{len(items)} items answered, and {params.minimum_items} are needed")
        return
    totals: dict[str, list[float]] = {}
    for row in rows:
        pair = totals.setdefault(row["item"], [0.0, 0.0])
        pair[0] += row["correct"]
        pair[1] += 1.0
    estimate = stats.clustered_proportion([pair[0] for pair in totals.values()], [pair[1] for pair in totals.values()])
    yield Metric(name="accuracy", value=estimate.value, unit="fraction", n=len(rows), n_clusters=len(items), interval=estimate.interval,
                 method=f"all languages; {estimate.interval.method} by item")  # fmt: skip


def _accuracies(by_language: dict[str, dict[str, Any]], params: BenchmarkParams) -> Results:
    for language, answers in by_language.items():
        n, slice_ = len(answers), {"language": language}
        if n < params.minimum_items:
            yield insufficient("accuracy", "fraction", slice_, n, f"{n} items answered, and {params.minimum_items} are needed")
            continue
        for name, hits in (("accuracy", _count(answers, "correct")), ("answered", _count(answers, "answered"))):
            interval = stats.proportion(hits, n)
            yield Metric(name=name, value=hits / n, unit="fraction", n=n, interval=interval, method=interval.method, slice=slice_)
        yield from _no_success(language, answers)
        yield from _chance(language, answers)


def _count(answers: dict[str, Any], column: str) -> int:
    return sum(bool(row[column]) for row in answers.values())


def _no_success(language: str, answers: dict[str, Any]) -> Results:
    """Say what 0 of k means."""
    if _count(answers, "correct"):
        return
    n, answered = len(answers), _count(answers, "answered")
    upper = stats.zero_success_upper(n)
    unread = "" if answered > n / 2 else f" In {n - answered} of them no answer was found at all: look at the responses first."
    yield Finding(
        code="zero-success", severity=Severity.WARNING, slice={"language": language}, metric=f"accuracy{{language={language}}}",
        sentence=f"0 of {n} items were solved in {language!r}; up to {percent(upper)} is still possible "
        f"(upper end of the exact 95% interval).{unread}",
        advice="Ask more items: the bound falls about as 3.7 / n.",
    )  # fmt: skip


def _said_in_a_sentence(seen: Observations) -> Results:
    """Say how many answers would be right if the right words were looked for in them."""
    rows = seen.sql("SELECT completion, gold FROM observations WHERE NOT coalesce(correct, false) ORDER BY language, item").to_pylist()
    held = [row for row in rows if contains_text(row["completion"] or "", row["gold"])]
    if not held:
        return
    examples = "; ".join(f"{_short(row['completion'])!r} for {row['gold']!r}" for row in held[:3])
    be = "answer contains the right one but is" if len(held) == 1 else "answers contain the right one but are"
    total = seen.sql("SELECT count(*) AS n FROM observations").to_pylist()[0]["n"]
    yield Finding(
        code="answer-in-a-sentence", severity=Severity.WARNING, metric="accuracy",
        sentence=f"{len(held)} of {total} {be} not equal to it, and so {'counts' if len(held) == 1 else 'count'} as wrong: {examples}.",
        advice='Set answers = "contains" where a sentence is an answer too.',
    )  # fmt: skip


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _not_parallel(by_language: dict[str, dict[str, Any]], params: BenchmarkParams) -> Results:
    """Name the languages that have no gap, for want of items that the reference language has too."""
    base, reference = by_language.get(params.reference_language), params.reference_language
    if base is None:
        return
    shared = {name: len(base.keys() & answers.keys()) for name, answers in by_language.items() if name != reference}
    few = {name: count for name, count in shared.items() if count < params.minimum_items}
    if not few:
        return
    if not any(few.values()):
        sentence = f"No item in {', '.join(few)} has the same id as one in {reference!r}: there is nothing to compare."
    else:
        listed = ", ".join(f"{name} ({count})" for name, count in few.items())
        sentence = f"Fewer than {params.minimum_items} items have the same id as one in {reference!r}, so no difference is given: {listed}."
    yield Finding(
        code="not-parallel", severity=Severity.WARNING, sentence=sentence,
        advice="Give the same question the same id in every language, and set id to the field that holds it.",
    )  # fmt: skip


def _chance(language: str, answers: dict[str, Any]) -> Results:
    """Compare with guessing, where there are options."""
    counts = [row["options"] for row in answers.values() if row["options"]]
    if len(counts) < len(answers):
        return
    chance = stats.exact_sum(1.0 / count for count in counts) / len(counts)
    yield Metric(name="chance", value=chance, unit="fraction", n=len(counts), method="mean of 1 / options", slice={"language": language},
                 note="known exactly: no interval")  # fmt: skip
    right = _count(answers, "correct")
    interval = stats.proportion(right, len(answers))
    if interval.low <= chance:
        yield Finding(
            code="no-better-than-chance", severity=Severity.WARNING, slice={"language": language},
            metric=f"accuracy{{language={language}}}",
            sentence=f"In {language!r} the model is not surely better than guessing: {percent(right / len(answers))} "
            f"({span(interval, percent)}) against {percent(chance)}.",
        )  # fmt: skip


def _gaps(by_language: dict[str, dict[str, Any]], params: BenchmarkParams) -> list[_Gap]:
    base = by_language.get(params.reference_language, {})
    tests = {}
    for language, answers in by_language.items():
        shared = sorted(base.keys() & answers.keys())
        if language == params.reference_language or len(shared) < params.minimum_items:
            continue
        tests[language] = stats.compare_paired([base[item]["correct"] for item in shared], [answers[item]["correct"] for item in shared])
    return [_Gap(language, test, _detectable_gap(test, len(tests))) for language, test in tests.items()]


def _detectable_gap(test: Any, tests: int) -> float | None:
    """Give the gap that would have been found among so many, each at its part of 5 %, as q-values ask of the smallest at least."""
    return stats.mde_paired_proportions(test.n, test.discordant / test.n, alpha=0.05 / tests) if test.discordant else None


def _gap_results(gaps: list[_Gap], by_language: dict[str, dict[str, Any]], params: BenchmarkParams) -> Results:
    if by_language and params.reference_language not in by_language:
        yield Finding(
            code="no-such-language", severity=Severity.WARNING, sentence=f"No item is in {params.reference_language!r}.",
            advice=f"Set reference_language to one of {', '.join(by_language)}.",
        )  # fmt: skip
    for gap, q_value in zip(gaps, stats.benjamini_hochberg([gap.test.p_value for gap in gaps]), strict=True):
        test, slice_ = gap.test, {"language": gap.language}
        yield Metric(name="gap", value=test.difference, unit="fraction", n=test.n, interval=test.interval, slice=slice_,
                     method=f"accuracy in {params.reference_language!r} less that here, same items; {test.interval.method}, {test.method}",
                     note=f"p = {test.p_value:.3g}, q = {q_value:.3g}, {test.discordant} discordant items")  # fmt: skip
        yield _detectable(gap)
        yield _finding(gap, q_value, params.reference_language)


def _detectable(gap: _Gap) -> Metric:
    slice_, n = {"language": gap.language}, gap.test.n
    if gap.detectable is None:
        differ = f"{gap.test.discordant} of {n} items are solved in one of the two languages only"
        note = f"{differ}: with so few, not even a gap as large as that would have been found"
        return insufficient("gap_detectable", "fraction", slice_, n, note)
    return Metric(name="gap_detectable", value=gap.detectable, unit="fraction", n=n, slice=slice_,
                  method="Connor 1987, power 80 %, at the discordance seen, 5 % shared out over the languages",
                  note="a property of the design: no interval")  # fmt: skip


def _finding(gap: _Gap, q_value: float, reference: str) -> Finding:
    test, metric, slice_ = gap.test, f"gap{{language={gap.language}}}", {"language": gap.language}
    if q_value <= 0.05 and (test.interval.low > 0.0 or test.interval.high < 0.0):
        worse = test.difference > 0
        return Finding(
            code="language-gap" if worse else "language-ahead", severity=Severity.WARNING if worse else Severity.NOTE, slice=slice_,
            metric=metric, sentence=f"The model is {'worse' if worse else 'better'} in {gap.language!r} than in {reference!r}: "
            f"accuracy is {'lower' if worse else 'higher'} by {_figures(test, 1.0 if worse else -1.0, q_value)}.",
        )  # fmt: skip
    figures = _figures(test, 1.0, q_value)
    seen = "nothing, for too few items differ" if gap.detectable is None else f"a gap of {_points(gap.detectable)}"
    return Finding(
        code="no-language-gap-seen",
        severity=Severity.NOTE,
        slice={"language": gap.language},
        metric=metric,
        sentence=f"No difference seen between {gap.language!r} and {reference!r}: {figures}. These items would have shown {seen}.",
    )


def _figures(test: Any, sign: float, q_value: float) -> str:
    ends = sorted((sign * test.interval.low, sign * test.interval.high))
    interval = f"{test.interval.level:.0%} interval {_points(ends[0])} to {_points(ends[1])}"
    return f"{_points(sign * test.difference)} ({interval}, {test.n} items, McNemar {chance_words('q', q_value)})"


def _points(value: float) -> str:
    return f"{value * 100:.1f} points"


def _exhibit(accuracies: list[Metric], gaps: list[_Gap]) -> Results:
    import pyarrow as pa

    known = {gap.language: gap for gap in gaps}
    rows = []
    for metric in accuracies:
        gap = known.get(metric.slice["language"])
        interval = metric.interval
        rows.append(
            {
                "language": metric.slice["language"],
                "accuracy": metric.value,
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
                "items": metric.n,
                "gap": gap.test.difference if gap else None,
                "gap low": gap.test.interval.low if gap else None,
                "gap high": gap.test.interval.high if gap else None,
            }
        )
    if rows:
        yield Exhibit(
            name="accuracy", title="Accuracy by language", data=pa.Table.from_pylist(rows), kind="bars",
            encoding={"x": "accuracy", "y": "language", "low": "low", "high": "high"}, unit="fraction",
        )  # fmt: skip
