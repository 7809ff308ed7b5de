"""How much the outer form of a prompt decides: accuracy over formats that keep its meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fmaudit import Asker, Capability, Case, ConfigError, Finding, Interval, Metric, Row, Severity, Suite, results, stats
from fmaudit_sampling.answers import CORRECT, EMPTY, UNREAD
from fmaudit_sampling.choices import CHOICES, Format, choose, load_choices, load_formats, shown
from fmaudit_sampling.questions import QUESTIONS, fewer, fingerprint, load_questions
from fmaudit_sampling.sampled import read
from fmaudit_sampling.showing import cut_short, rightly, sliced, told, unread_answers

__all__ = ["FormatSpread", "Spread", "quartiles_of", "spread_of"]

Floats = npt.NDArray[np.float64]
ALPHA = 0.05
BLOCK = 1_000_000  # shuffled answers held together
WIDE = 0.1  # lower bound of the spread from which it is more than a note


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far accuracies lie apart; `by_chance` is what formats that make no difference would show, `p_value` the chance of as much."""

    value: float
    interval: Interval
    by_chance: float
    p_value: float


class FormatSpread(Suite):
    """Asks the same questions in ten or more formats, greedily."""

    name: ClassVar[str] = "format"
    title: ClassVar[str] = "Prompt formats"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE})
    headlines: ClassVar[tuple[str, ...]] = ("format_spread", "format_accuracy")

    def cases(self) -> Iterable[Case]:
        """Name the questions."""
        _ = self._formats  # a format that there is not is to be said before anything is asked
        for item in self._items:
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question in every format."""
        one = self._choice if self.params.format.mode == "choice" else self._open
        return await asyncio.gather(*(one(case.data, form, asker) for form in self._formats))

    async def _open(self, item: Mapping[str, Any], form: Format, asker: Asker) -> Row:
        prompt = form.open.replace("{question}", item["prompt"])
        tokens = min(self.params.max_new_tokens, self.params.answer_tokens)
        (answer,) = await asker.say(prompt, temperature=0.0, max_new_tokens=tokens)
        said = read(item, answer.text)
        finish = "cut" if answer.finish == "length" and said.open else answer.finish
        shared = _common(item, form, prompt)
        right = None if said.label in (EMPTY, UNREAD) else said.label == CORRECT
        return Row(
            **shared, response=answer.text, label=said.label, correct=right, evidence=said.form, finish=finish,
            tokens=len(answer.token_ids) or None,
        )  # fmt: skip

    async def _choice(self, item: Mapping[str, Any], form: Format, asker: Asker) -> Row:
        found = await choose(asker, item["prompt"], item["options"], form)
        prompt = shown(item["prompt"], item["options"], form)
        return Row(**_common(item, form, prompt), response=found.text, correct=found.place == item["answer"],
                   label=UNREAD if found.place is None else "", confidence=found.confidence, finish=found.finish)  # fmt: skip

    def measure(self, rows: results.Rows) -> results.Results:
        """Give every format's accuracy, their spread, median and quartiles, and each format against the median one."""
        minimum, asked = self.params.minimum_items, rows
        rows = rows if self.params.format.mode == "choice" else told(rows)
        by_format = {form: {row["item"]: bool(row["correct"]) for row in part} for form, part in results.groups(rows, "condition").items()}
        yield results.rate("format_accuracy", [bool(row["correct"]) for row in rows], [row["item"] for row in rows], minimum=minimum)
        yield from sliced(rows, lambda part, slice_: [_accuracy(part, slice_, minimum)], rightly)
        shared = sorted(set.intersection(*(set(hits) for hits in by_format.values()))) if by_format else []
        readable = [item for item, part in results.by_item(rows).items() if any(row["label"] != UNREAD for row in part)]
        if lacks := _lacks(len(shared), len(readable), len(by_format), max(2, minimum)):
            yield results.insufficient("format_spread", "fraction", {}, len(shared), lacks)
            yield from self._lost(asked)
            return
        by_format = {form: {item: hits[item] for item in shared} for form, hits in by_format.items()}
        table = np.array([[float(hits[item]) for hits in by_format.values()] for item in shared])
        accuracies = dict(zip(by_format, table.mean(axis=0).tolist(), strict=True))
        per_format = list(_by_format(by_format, minimum, len({row["item"] for row in asked}) - len(shared)))
        yield from per_format
        found, quartiles = spread_of(table), quartiles_of(table)
        yield _median(table)
        yield _spread_metric("format_interquartile_range", quartiles, table, "third less first quartile of the accuracies")
        yield _spread_metric("format_spread", found, table, "largest less smallest accuracy")
        reference = _median_format(accuracies)
        compared = list(_against(by_format, reference, minimum))
        yield from (metric for metric, _, _ in compared)
        yield from _finding(found, len(shared), accuracies, reference, [(form, q) for metric, form, q in compared])
        yield from self._lost(asked)
        caption = "Accuracy on the same questions in formats that keep their meaning, with 95 % intervals."
        yield from results.bars(
            "accuracy-by-format", "Accuracy by format", sorted(((m.slice["format"], m) for m in per_format), key=_by_value), caption
        )

    def _lost(self, rows: results.Rows) -> results.Results:
        """Count answers that were cut off, and choices that name no option."""
        minimum = self.params.minimum_items
        if self.params.format.mode == "choice":
            unread, items = [row["label"] == UNREAD for row in rows], [row["item"] for row in rows]
            metric = results.rate("format_unread_rate", unread, items, minimum=minimum, note="choices that name no option count as wrong")
            yield from results.warned(metric, "choices name no option", then="they count as wrong")
        else:
            yield from unread_answers(self.name, rows, minimum)
            what = "they were read as they stand"
            yield from results.truncated("format_truncated_rate", rows, minimum, what, cut=cut_short)

    def fingerprint(self) -> str:
        """Name the files of items and formats."""
        choice = self.params.format.mode == "choice"
        source = fingerprint(self.params.choices, CHOICES) if choice else fingerprint(self.params.questions, QUESTIONS)
        return f"{source} {load_formats()}"

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        limit = fewer(self.params.limit, self.params.format.items)
        if self.params.format.mode == "choice":
            return load_choices(self.params.choices, limit)
        return load_questions(self.params.questions, limit, answerable=True)

    @cached_property
    def _formats(self) -> tuple[Format, ...]:
        formats = load_formats()
        wanted = self.params.format.formats or tuple(form.id for form in formats)
        unknown = sorted(set(wanted) - {form.id for form in formats})
        if unknown:
            hint = f"there are {', '.join(form.id for form in formats)}"
            raise ConfigError(f"audit.sampling-consistency.format.formats: there is no format {unknown[0]!r}", hint=hint)
        return tuple(form for form in formats if form.id in wanted)


def _lacks(shared: int, readable: int, formats: int, minimum: int) -> str:
    """Say what a spread lacks; nothing where it lacks nothing."""
    if formats < 2:
        return "a spread takes two formats or more" + (", and one was asked" if formats else "")
    if shared < minimum:
        return f"{shared} items were answered in all of {formats} formats, and {minimum} are needed"
    return f"{readable} items got an answer that names an option, and {minimum} are needed" if readable < minimum else ""


def spread_of(table: Floats, *, draws: int = 1000, seed: int = 0) -> Spread:
    """Give the spread of accuracy over formats, `table` [items, formats] being 1 where an answer is right.

    The test shuffles every item's answers among the formats. The largest of several noisy accuracies is too large, so the interval is
    that of all differences at once: with the 95 % quantile of the largest standardised difference over bootstraps of the items (as
    Westfall and Young 1993 adjust), it runs from the largest lower to the largest upper end, and covers at least as often as it says.
    """
    return _shuffled(table, _range, _all_differences, draws, seed)


def quartiles_of(table: Floats, *, draws: int = 1000, seed: int = 0) -> Spread:
    """Give the interquartile range of accuracy over formats, with the test of `spread_of`.

    Chance moves formats apart and never together, so no resampling around the value holds a true 0. But where no difference of two
    formats is off by more than some reach, neither is the range of their quartiles: the interval has the reach of all differences at once.
    """
    return _shuffled(table, _quartile_range, _all_quartiles, draws, seed)


def _shuffled(
    table: Floats, statistic: Callable[[Floats], Floats], bound: Callable[[Floats, Floats], Interval], draws: int, seed: int
) -> Spread:
    """Evaluate a statistic of the formats' accuracies and test it by shuffling; `bound` makes its interval of resamples of the items."""
    rng = np.random.default_rng(seed)
    value, items = float(statistic(table.mean(axis=0))), len(table)
    null = np.concatenate([statistic(_shuffled_means(table, size, rng)) for size in _batches(draws, table.size)])
    p_value = (int((null >= value - 1e-12).sum()) + 1) / (draws + 1)
    interval = bound(table, rng.multinomial(items, np.full(items, 1.0 / items), draws) / items)
    return Spread(value=value, interval=interval, by_chance=float(null.mean()), p_value=p_value)


def _all_quartiles(table: Floats, weights: Floats) -> Interval:
    """Bound the interquartile range by the 95 % quantile of the largest error of a difference; `weights` as in `_all_differences`."""
    means = table.mean(axis=0)
    reach = max(float(np.quantile(_range(weights @ table - means), 0.95)), stats.zero_success_upper(len(table)))
    value = float(_quartile_range(means))
    return Interval(max(0.0, value - reach), min(1.0, value + reach), 0.95, "simultaneous bootstrap of all differences, by item")


def _all_differences(table: Floats, weights: Floats) -> Interval:
    """Bound the largest difference of two columns by simultaneous intervals; `weights` [draws, items] resample the items."""
    first, second = np.triu_indices(table.shape[1], 1)
    differences = table[:, first] - table[:, second]
    means = differences.mean(axis=0)
    errors = np.maximum(differences.std(axis=0, ddof=1) / np.sqrt(len(table)), 1.0 / len(table))
    largest = (np.abs(weights @ differences - means) / errors).max(axis=1)
    reach = float(np.quantile(largest, 0.95)) * errors
    low, high = float((np.abs(means) - reach).max()), float((np.abs(means) + reach).max())
    return Interval(max(0.0, low), min(1.0, high), 0.95, "simultaneous bootstrap of all differences, by item")


def _shuffled_means(table: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Give the accuracies [draws, formats] of tables whose answers are shuffled among the formats, item by item."""
    return np.asarray(rng.permuted(np.broadcast_to(table, (draws, *table.shape)), axis=2).mean(axis=1))


def _batches(draws: int, cells: int) -> list[int]:
    step = max(1, BLOCK // cells)
    return [min(step, draws - start) for start in range(0, draws, step)]


def _range(accuracies: Floats) -> Floats:
    return np.asarray(accuracies.max(axis=-1) - accuracies.min(axis=-1))


def _quartile_range(accuracies: Floats) -> Floats:
    first, third = np.quantile(accuracies, [0.25, 0.75], axis=-1)
    return np.asarray(third - first)


def _common(item: Mapping[str, Any], form: Format, prompt: str) -> dict[str, Any]:
    return {
        "item": item["id"], "kind": item["type"], "condition": form.id, "language": item["language"], "stratum": item["stratum"],
        "prompt": prompt,
    }  # fmt: skip


def _accuracy(rows: Sequence[Mapping[str, Any]], slice_: Mapping[str, str], minimum: int) -> Metric:
    hits, items = [bool(row["correct"]) for row in rows], [row["item"] for row in rows]
    return results.rate("format_accuracy", hits, items, minimum=minimum, slice_=slice_)


def _by_format(by_format: Mapping[str, Mapping[str, bool]], minimum: int, without: int) -> Iterator[Metric]:
    """Give every format's accuracy on the questions that could be read in all formats, so that formats can be compared."""
    others = f"without {without} other{'s' if without > 1 else ''}"
    note = f"on the questions whose answers can be read in all formats, {others}" if without else ""
    for form, hits in by_format.items():
        yield results.rate("format_accuracy", list(hits.values()), list(hits), minimum=minimum, slice_={"format": form}, note=note)


def _median_format(accuracies: Mapping[str, float]) -> str:
    middle = float(np.median(list(accuracies.values())))
    return min(accuracies, key=lambda form: (abs(accuracies[form] - middle), form))


def _by_value(labelled: tuple[str, Metric]) -> tuple[float, str]:
    return (-(labelled[1].value or 0.0), labelled[0])


def _median(table: Floats) -> Metric:
    """Give the median of the formats' accuracies, with a bootstrap over items."""
    n = len(table)
    middle = stats.bootstrap_clusters(table, lambda totals: np.median(totals, axis=-1) / n, method="percentile")
    return results.given("format_median_accuracy", middle, "fraction", note=f"of {table.shape[1]} formats")


def _spread_metric(name: str, found: Spread, table: Floats, words: str) -> Metric:
    note = (
        f"{words} of {table.shape[1]} formats; {found.by_chance:.3f} by chance, "
        f"{results.chance_words('p', found.p_value)} by shuffling formats"
    )
    return Metric(name=name, value=found.value, unit="fraction", n=table.size, n_clusters=len(table), interval=found.interval,
                  method=found.interval.method, note=note)  # fmt: skip


def _against(by_format: Mapping[str, Mapping[str, bool]], reference: str, minimum: int) -> Iterator[tuple[Metric, str, float]]:
    """Compare every format with the median one on the same questions; the note gives the q-value of the family."""
    made = []
    for form, hits in by_format.items():
        if form != reference:
            metric, test = results.paired_difference(
                "format_difference", hits, by_format[reference], minimum=minimum, slice_={"format": form}, note=f"less {reference!r}"
            )
            if test is not None:
                made.append((metric, form, test.p_value))
    for (metric, form, _), q in zip(made, stats.benjamini_hochberg([p for _, _, p in made]), strict=True):
        yield replace(metric, note=f"{metric.note}; {results.chance_words('q', q)}"), form, q


def _finding(
    found: Spread, questions: int, accuracies: Mapping[str, float], reference: str, compared: Sequence[tuple[str, float]]
) -> Iterator[Finding]:
    if found.p_value >= ALPHA:
        return
    best, worst = max(accuracies, key=lambda form: accuracies[form]), min(accuracies, key=lambda form: accuracies[form])
    apart = [form for form, q in compared if q < ALPHA]
    which = f" {len(apart)} of {len(compared)} formats differ from {reference!r}: {', '.join(apart[:5])}." if apart else ""
    yield Finding(
        code="format-spread", severity=Severity.WARNING if found.interval.low >= WIDE else Severity.NOTE, metric="format_spread",
        sentence=(
            f"On the same {questions} questions, the form of the prompt alone moves accuracy from "
            f"{results.percent(accuracies[worst])} ({worst!r}) to {results.percent(accuracies[best])} ({best!r}): a spread of "
            f"{results.points(found.value)}, of which {results.points(found.by_chance)} would come by chance "
            f"({results.chance_words('p', found.p_value)}).{which}"
        ),
        advice="State the format with every accuracy, and compare models over several formats, not one.",
    )  # fmt: skip
