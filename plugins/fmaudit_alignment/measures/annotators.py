"""How far people who give labels to the same answers agree, who labels otherwise than the others, and which items they are split on.

For ratings on an ordered scale see `fmaudit_alignment.disagreement`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fmaudit import Finding, Metric, Severity, StatisticsError, results, stats

__all__ = [
    "Effect",
    "agreement",
    "cohen_kappa",
    "contested",
    "divided",
    "effects",
    "fleiss_kappa",
    "krippendorff_alpha",
    "measure_annotators",
]

Table = Sequence[Mapping[str, str]]  # one mapping per item: annotator -> label; who did not label an item is not in it
Floats = NDArray[np.float64]
DRAWS = 2000
CAMP, ENOUGH = 2, 5  # labels of the smaller camp, and of the item, that make people divided: one voice among three is one voice


@dataclass(frozen=True, slots=True)
class Effect:
    """How often each annotator (or group) gives a label, the largest difference, and the chance of such differences by luck alone."""

    label: str
    rates: Mapping[str, float]
    spread: float
    p_value: float


# -- agreement -----------------------------------------------------------------------------------------------------


def agreement(table: Table) -> stats.Estimate:
    """Share of equal labels among all pairs of labels of the same item, each item with two labels or more counted by its pairs.

    The interval is clustered by item. Raises StatisticsError where fewer than two items have two labels.
    """
    counts = [Counter(item.values()) for item in table if len(item) > 1]
    equal = [sum(n * (n - 1) // 2 for n in count.values()) for count in counts]
    return stats.clustered_proportion(equal, [_pairs(sum(count.values())) for count in counts])


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> stats.Estimate:
    """Agreement of two annotators beyond what their own rates give by chance (Cohen 1960), with a bootstrap interval over items.

    (p_o - p_e) / (1 - p_e); 1 where both always give the same one label.
    """
    labels = sorted({*first, *second})
    place = {label: i for i, label in enumerate(labels)}
    k = len(labels)
    cells = np.zeros(k * k)
    np.add.at(cells, [place[a] * k + place[b] for a, b in zip(first, second, strict=True)], 1.0)

    def kappa(flat: Floats) -> Any:
        grid = flat.reshape(*flat.shape[:-1], k, k)
        total = grid.sum(axis=(-2, -1))
        observed = np.trace(grid, axis1=-2, axis2=-1) / total
        expected = (grid.sum(axis=-1) * grid.sum(axis=-2)).sum(axis=-1) / total**2
        return _beyond(observed, expected)

    return stats.bootstrap_counts([cells], kappa, draws=DRAWS)


def fleiss_kappa(table: Table) -> stats.Estimate:
    """Agreement beyond chance of any annotators, equally many per item (Fleiss 1971), with a bootstrap interval over items.

    Items may have had different annotators. Raises StatisticsError where the numbers of labels differ.
    """
    counts, _ = _counted(table)
    raters = counts.sum(axis=1)
    if len(set(raters)) != 1 or raters[0] < 2:
        raise StatisticsError("Fleiss' kappa takes equally many labels, two or more, for every item", hint="use krippendorff_alpha")
    alike = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    sums = np.column_stack([np.ones(len(counts)), alike, counts])

    def kappa(totals: Floats) -> Any:
        shares = totals[..., 2:] / totals[..., 2:].sum(axis=-1, keepdims=True)
        return _beyond(totals[..., 1] / totals[..., 0], (shares**2).sum(axis=-1))

    return stats.bootstrap_clusters(sums, kappa, draws=DRAWS)


def krippendorff_alpha(table: Table, scale: Literal["nominal", "interval"] = "nominal") -> stats.Estimate:
    """1 less observed over expected disagreement (Krippendorff 2004), labels may be missing; bootstrap interval over items.

    On the scale "interval" labels are numbers and count by their squared distance. 1 where there is one label only.
    """
    counts, labels = _counted([item for item in table if len(item) > 1])
    k = len(labels)
    size = counts.sum(axis=1)
    values = np.array([float(label) for label in labels]) if scale == "interval" else np.arange(k, dtype=np.float64)
    distance = (values[:, None] - values[None, :]) ** 2 if scale == "interval" else 1.0 - np.eye(k)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(k)
    within = (pairs * distance).sum(axis=(1, 2)) / (size - 1.0)
    sums = np.column_stack([within, counts])

    def alpha(totals: Floats) -> Any:
        given = totals[..., 1:]
        n = given.sum(axis=-1)
        expected = np.einsum("...i,ij,...j->...", given, distance, given) / (n - 1.0)
        return _beyond(1.0 - totals[..., 0] / n, 1.0 - expected / n)

    return stats.bootstrap_clusters(sums, alpha, draws=DRAWS)


def _beyond(observed: Any, expected: Any) -> Any:
    """(observed - expected) / (1 - expected), 1 where chance alone gives full agreement."""
    rest = 1.0 - np.asarray(expected, dtype=np.float64)
    certain = rest < 1e-12
    return np.where(certain, 1.0, (np.asarray(observed) - expected) / np.where(certain, 1.0, rest))


def _counted(table: Table) -> tuple[Floats, list[str]]:
    """Count labels: items x labels."""
    labels = sorted({label for item in table for label in item.values()})
    return np.array([[sum(given == label for given in item.values()) for label in labels] for item in table], dtype=np.float64), labels


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


# -- who labels otherwise ------------------------------------------------------------------------------------------


def effects(table: Table, groups: Mapping[str, str] | None = None, *, draws: int = DRAWS, seed: int = 0) -> list[Effect]:
    """Test for every label whether some annotators, or groups of them, give it more often than others do to the same items.

    Labels are shuffled among those who labelled an item; p = (hits + 1) / (draws + 1) for the variance of the rates weighted by size.
    A group of few annotators cannot be told from these few: what differs may be one of them.
    """
    kept = [item for item in table if len(item) > 1]
    item_of = np.repeat(np.arange(len(kept)), [len(item) for item in kept])
    who = [(groups or {}).get(name, name) for item in kept for name in item]
    names = sorted(set(who))
    if len(names) < 2:
        return []
    place = np.array([names.index(name) for name in who])
    given = np.array([label for item in kept for label in item.values()])
    rng = np.random.default_rng(seed)
    orders = [np.lexsort((rng.random(len(given)), item_of)) for _ in range(draws)]
    return [_effect(str(label), given == label, place, names, orders) for label in np.unique(given)]


def _effect(label: str, hit: NDArray[np.bool_], place: NDArray[np.int64], names: list[str], orders: list[NDArray[np.int64]]) -> Effect:
    size = np.bincount(place, minlength=len(names))

    def rates(hits: NDArray[np.bool_]) -> Floats:
        return np.bincount(place, weights=hits, minlength=len(names)) / size

    def variance(hits: NDArray[np.bool_]) -> float:
        return float((size * (rates(hits) - hits.mean()) ** 2).sum())

    found, seen = rates(hit), variance(hit)
    beyond = sum(variance(hit[order]) >= seen - 1e-9 for order in orders)
    by_name = {name: float(rate) for name, rate in zip(names, found, strict=True)}
    return Effect(label, by_name, float(found.max() - found.min()), (beyond + 1) / (len(orders) + 1))


# -- contested items -----------------------------------------------------------------------------------------------


def contested(item: Mapping[str, str]) -> float:
    """Entropy of an item's labels in bits: 0 where all agree, 1 where two camps are even."""
    return float(stats.entropy(list(Counter(item.values()).values())))


def divided(item: Mapping[str, str]) -> bool | None:
    """Say whether people are divided on an item: two or more of them hold another label than most do; None for under five labels."""
    if len(item) < ENOUGH:
        return None
    camps = sorted(Counter(item.values()).values())
    return len(camps) > 1 and camps[-2] >= CAMP


# -- together ------------------------------------------------------------------------------------------------------


def measure_annotators(
    table: Table, minimum: int = 10, groups: Mapping[str, str] | None = None, *, types: Sequence[str] = ()
) -> results.Results:
    """Give agreement, alpha, kappa and each label's annotator effect, with a finding for every label that q at most 0.05 says differs.

    `groups` puts annotators together (annotator -> group); `types` names the kind of each item, for agreement and alpha by type.
    """
    able = [item for item in table if len(item) > 1]
    if len(able) < max(2, minimum):
        note = f"{len(able)} items have two labels or more, {max(2, minimum)} are needed"
        yield results.insufficient("annotator_agreement", "fraction", {}, len(able), note)
        return
    yield from _agreed(able, {})
    yield from _kappa(able)
    for type_, part in _by_type(table, types, max(2, minimum)):
        yield from _agreed(part, {"type": type_})
    yield _divided(able, minimum)
    found = effects(able, groups)
    for effect, q in zip(found, stats.benjamini_hochberg([effect.p_value for effect in found]), strict=True):
        yield from _told(effect, q, len(able), "groups" if groups else "annotators")


def _agreed(items: Table, slice_: Mapping[str, str]) -> results.Results:
    note = "equal labels among all pairs of labels of one item"
    yield results.given("annotator_agreement", agreement(items), "fraction", slice_, note=note)
    note = "Krippendorff's alpha, nominal; 1 full agreement, 0 chance"
    yield _beyond_chance("annotator_alpha", krippendorff_alpha(items), items, slice_, note)


def _kappa(items: Table) -> results.Results:
    """Cohen's kappa for two annotators who labelled every item, Fleiss' for equally many labels of each; else none."""
    names = sorted({name for item in items for name in item})
    if len(names) == 2:
        first, second = ([item[name] for item in items] for name in names)
        note = f"Cohen's kappa of {names[0]} and {names[1]}"
        yield _beyond_chance("annotator_kappa", cohen_kappa(first, second), items, {}, note)
    elif len({len(item) for item in items}) == 1:
        yield _beyond_chance("annotator_kappa", fleiss_kappa(items), items, {}, f"Fleiss' kappa, {len(items[0])} labels an item")


def _beyond_chance(name: str, found: stats.Estimate, items: Table, slice_: Mapping[str, str], note: str) -> Metric:
    """Give a coefficient of agreement; resampling cannot tell how sure one is that comes out the same whatever items are drawn."""
    labels = {label for item in items for label in item.values()}
    if len(labels) == 1:
        alike = f"{note}; all labels are alike ({min(labels)}): chance alone agrees as much"
        return results.undefined(name, "ratio", slice_, len(items), alike)
    metric = results.given(name, found, "ratio", slice_, note=note)
    if found.interval.low < found.interval.high:
        return metric
    why = "it is the same whatever items are drawn, as where all agree or one person gives one label only, so it has no interval"
    return replace(metric, interval=None, method="counted", note=f"{note}; {why}")


def _by_type(table: Table, types: Sequence[str], minimum: int) -> list[tuple[str, list[Mapping[str, str]]]]:
    """Part the items with two labels by type; types of too few items are left out."""
    parts: dict[str, list[Mapping[str, str]]] = {}
    for item, type_ in zip(table, types, strict=True) if types else ():
        if len(item) > 1 and type_:
            parts.setdefault(type_, []).append(item)
    return [(type_, part) for type_, part in sorted(parts.items()) if len(part) >= minimum and len(parts) > 1]


def _divided(items: Table, minimum: int) -> Metric:
    """The share of items that people are divided on, of those with enough labels to tell."""
    known = [told for told in map(divided, items) if told is not None]
    note = f"items with {ENOUGH} labels or more on which two or more people stand against the rest"
    if len(known) < minimum:
        few = f"{len(known)} items have {ENOUGH} labels or more, {minimum} are needed: with fewer one person alone makes a camp"
        return results.insufficient("annotator_divided_rate", "fraction", {}, len(known), few)
    return results.rate("annotator_divided_rate", known, note=note)


def _told(effect: Effect, q: float, n: int, who: str) -> results.Results:
    ranked = [f"{name} {results.percent(rate)}" for name, rate in sorted(effect.rates.items(), key=lambda pair: -pair[1])]
    chances = f"{results.chance_words('p', effect.p_value)}, {results.chance_words('q', q)}"
    yield Metric(
        name="annotator_spread", value=effect.spread, unit="fraction", n=n, slice={"label": effect.label}, method="counted",
        note=f"{', '.join(ranked)}; labels shuffled within items: {chances}; an exact figure of these labels",
    )  # fmt: skip
    if q <= 0.05:
        yield Finding(
            code="annotators-differ", severity=Severity.WARNING, metric=f"annotator_spread{{label={effect.label}}}",
            slice={"label": effect.label},
            sentence=f"The {who} differ in how often they say {effect.label!r} of the same {n} items: from {ranked[-1]} to {ranked[0]} "
            f"({results.chance_words('q', q)}).",
            advice="Give rates by annotator or group beside the mean: the mean hides whose judgement it is.",
        )  # fmt: skip
