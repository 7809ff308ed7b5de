"""There and back again: what is left of the words of address when a sentence is translated into English and back?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from fmaudit import (
    Asker,
    Case,
    Completion,
    ConfigError,
    Finding,
    ItemSource,
    Metric,
    RequestError,
    Row,
    Severity,
    Suite,
    file_sha256,
    load_items,
    results,
    spread,
    stats,
)
from fmaudit_sampling.address import TERMS, Address, address, copied, terms_in
from fmaudit_sampling.showing import details, empty_answers

__all__ = ["RoundTrip"]

ITEMS = Path(__file__).parents[1] / "data" / "round_trip.jsonl"
FIELDS = {"text": ("sentence", "prompt"), "language": (), "terms": (), "forms": (), "stratum": ()}
UNTRANSLATED, EMPTY, KEPT, PARTLY, LOST = "untranslated", "empty", "kept", "partly", "lost"
NONE = "(none)"
LEAST = 32  # tokens: a translation in fewer is none
ASKED = "Translate this sentence from {source} into {target}. Reply with the translation only.\n\n{text}"
SURELY = 0.9  # a language is warned of where less than this is kept for sure
MOST = 0.5  # a collapse is more than this share of other terms turned into one, for sure


class RoundTrip(Suite):
    """Asks for a translation into English and back, and counts the terms of address that come back; English says "you" for many."""

    name: ClassVar[str] = "round-trip"
    title: ClassVar[str] = "Terms of address after translation and back"
    headlines: ClassVar[tuple[str, ...]] = ("round_trip_terms_kept",)

    @property
    def settings(self) -> ItemSource:
        """The suite's own parameters."""
        return self.params.round_trip  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the sentences."""
        return [Case(id=item["id"], data=item) for item in spread(self._items, self.params.limit, "language")]

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Let the model translate the sentence, then its own translation, each with its most probable words."""
        item = case.data
        known = address(item["language"], item["terms"], item["forms"])
        there, room_there = await _translated(asker, known.name, "English", item["text"])
        english = there.text.strip()
        back, room_back = await _translated(asker, "English", known.name, english)
        found = terms_in(back.text, known)
        kept = [term for term in item["terms"] if term in found]
        share = len(kept) / len(item["terms"])
        label = {1.0: KEPT, 0.0: LOST}.get(share, PARTLY) if any(map(str.isalnum, back.text)) else EMPTY
        label = UNTRANSLATED if copied(item["text"], english) else label
        nothing = label in (UNTRANSLATED, EMPTY)
        more = {"terms": item["terms"], "found": sorted(found), "english": english}
        if (room := min(room_there, room_back)) < self.params.max_new_tokens:
            more["room"] = room
        return [
            Row(
                item=case.id, condition="round-trip", language=item["language"], stratum=item["stratum"], prompt=item["text"],
                response=back.text, label=label, correct=None if nothing else share == 1.0,
                value=None if nothing else share, evidence=english, detail=json.dumps(more, ensure_ascii=False),
                finish="length" if "length" in (there.finish, back.finish) else back.finish,
            )
        ]  # fmt: skip

    def measure(self, rows: results.Rows) -> results.Results:
        """Give the share of terms kept, how many different ones are left, what they turn into, and a collapse into one of them."""
        minimum = self.params.minimum_items
        there = [row for row in rows if row["label"] != UNTRANSLATED]
        translated = [row for row in there if row["label"] != EMPTY]
        languages = results.groups(translated, "language")
        yield _kept(translated, minimum, {})
        kept = [_kept(part, minimum, {"language": language}) for language, part in languages.items()]
        yield from kept
        for stratum, part in results.groups(translated, "stratum").items():
            yield _kept(part, minimum, {"stratum": stratum})
        for language, part in languages.items():
            yield _distinct(part, language)
            yield from _collapse(part, language, minimum)
        for metric in kept:
            yield from _lost(metric, languages[metric.slice["language"]])
        yield from _untranslated(rows, minimum)
        yield from empty_answers(self.name, there, minimum)
        what = f"the terms written by then were counted{_shortened(rows)}"
        yield from results.truncated("round_trip_truncated_rate", rows, minimum, what)
        labelled = [(address(metric.slice["language"]).name, metric) for metric in kept]
        yield from results.bars("round-trip-kept", "Terms of address that come back from English", labelled, "Whiskers: 95 % intervals.")
        yield from _turned(translated)

    def fingerprint(self) -> str:
        """Name the files of sentences and terms."""
        return f"{file_sha256(self.settings.items or ITEMS)} {file_sha256(TERMS)}"

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        path = self.settings.items or ITEMS
        return [_item(raw, f"{path}: item {raw['id']}") for raw in load_items(self.settings, ITEMS, FIELDS, ("forms", "stratum"))]


async def _translated(asker: Asker, source: str, target: str, text: str) -> tuple[Completion, int]:
    """Let the model translate, in half as many tokens as long as its window does not hold them; also give how many it had.

    Raises RequestError where it does not hold LEAST either.
    """
    tokens = asker.params.max_new_tokens
    while True:
        try:
            (answer,) = await asker.say(ASKED.format(source=source, target=target, text=text), temperature=0.0, max_new_tokens=tokens)
        except RequestError as error:
            if not str(error).startswith("too-long") or tokens // 2 < LEAST:
                raise
            tokens //= 2
        else:
            return answer, tokens


def _shortened(rows: results.Rows) -> str:
    """Say how many sentences left less room for their translations than was asked for; nothing where none did."""
    rooms = [room for row in rows if (room := details(row).get("room"))]
    told = f"; the model's window left room for fewer tokens in {len(rooms)} of {len(rows)} sentences"
    return f"{told}, {min(rooms)} at least" if rooms else ""


def _item(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Bring an item into one form. Raises ConfigError where its text has not the terms that it names."""
    given, forms = raw["terms"], raw.get("forms") or {}
    terms = given.split() if isinstance(given, str) else given
    if not isinstance(terms, list) or not terms or not isinstance(forms, dict):
        raise ConfigError(f"{where}: terms must be a list of words, forms an object of lists", hint='"terms": ["chú", "cháu"]')
    item = {"id": raw["id"], "text": str(raw["text"]), "language": str(raw["language"]), "terms": list(dict.fromkeys(map(str, terms))),
            "forms": forms, "stratum": str(raw.get("stratum") or "")}  # fmt: skip
    missing = set(item["terms"]) - terms_in(item["text"], address(item["language"], item["terms"], forms))
    if missing:
        raise ConfigError(
            f"{where}: its text has no form of {sorted(missing)[0]!r}", hint="name the form in the item: forms = {term: [form]}"
        )
    return item


def _pairs(rows: results.Rows) -> Iterator[tuple[str, str, frozenset[str], frozenset[str]]]:
    """Give (item, term, terms of the sentence, terms that came back) for every term of every sentence."""
    for row in rows:
        more = details(row)
        for term in more["terms"]:
            yield row["item"], term, frozenset(more["terms"]), frozenset(more["found"])


def _kept(rows: results.Rows, minimum: int, slice_: Mapping[str, str]) -> Metric:
    pairs = list(_pairs(rows))
    hits, items = [term in found for _, term, _, found in pairs], [item for item, *_ in pairs]
    commonest = Counter(term for _, term, _, _ in pairs).most_common(1)
    note = "share of the terms of address in the sentences that are in what came back"
    if commonest and "language" in slice_:
        term, count = commonest[0]
        note += f"; a model that always writes {term!r} would keep {results.percent(count / len(pairs))}"
    return results.rate("round_trip_terms_kept", hits, items, minimum=minimum, slice_=slice_, note=note)


def _distinct(rows: results.Rows, language: str) -> Metric:
    pairs = list(_pairs(rows))
    before, after = {term for _, term, _, _ in pairs}, {term for _, term, _, found in pairs if term in found}
    return Metric(
        name="round_trip_distinct_terms", value=float(len(after)), unit="count", n=len(before), slice={"language": language},
        method="counted", note=f"of {len(before)} different terms, those that came back at least once; counted exactly",
    )  # fmt: skip


def _collapse(rows: results.Rows, language: str, minimum: int) -> results.Results:
    """Give how often other terms turn into the one that intrudes most, over the sentences that do not have it."""
    known: Address = address(language)
    shares = _intruders(rows, known, minimum)
    if not shares:
        return
    worst = max(shares, key=lambda term: (sum(shares[term]) / len(shares[term]), sum(shares[term])))
    note = f"share of sentences without {worst!r} that come back with it, the term that intrudes most"
    if not any(shares[worst]):
        note = f"no sentence comes back with a term that it did not have; counted for {worst!r}"
    metric = _of_many("round_trip_collapse", shares[worst], len(shares), {"language": language}, minimum, note)
    yield metric
    if metric.interval is not None and metric.value is not None and metric.interval.low > MOST:
        yield Finding(
            code="address-collapses", severity=Severity.WARNING, metric=f"round_trip_collapse{{language={language}}}",
            slice={"language": language},
            sentence=f"Translated into English and back, {results.percent(metric.value)} of {metric.n} {known.name} sentences with other "
            f"terms of address come back with {worst!r} ({results.span(metric.interval, results.percent)}, which allows for "
            f"{_terms(len(shares))} looked at).",
            advice="Do not pivot through English where it matters who speaks to whom; say it in the prompt, or translate directly.",
        )  # fmt: skip


def _intruders(rows: results.Rows, known: Address, minimum: int) -> dict[str, list[bool]]:
    """Give, for every term, whether each sentence without it comes back with it; terms with few such sentences only where all are so."""
    told = [details(row) for row in rows]
    terms = sorted({term for more in told for term in more["found"]} | set(known.terms))
    hits = {term: [term in more["found"] for more in told if term not in more["terms"]] for term in terms}
    return {term: found for term, found in hits.items() if len(found) >= minimum} or {term: found for term, found in hits.items() if found}


def _of_many(name: str, hits: Sequence[bool], looked_at: int, slice_: Mapping[str, str], minimum: int, note: str) -> Metric:
    """Make the largest of several shares a metric: picked by looking, it has an interval for all that were looked at (Bonferroni)."""
    metric = results.rate(name, hits, minimum=minimum, slice_=slice_, note=note)
    if metric.interval is None or looked_at == 1:
        return metric
    level = metric.interval.level
    wide = replace(stats.proportion(sum(hits), len(hits), 1.0 - (1.0 - level) / looked_at), level=level)
    method = f"{wide.method}, Bonferroni over {_terms(looked_at)}"
    told = f"{note}; picked by looking at {_terms(looked_at)}, so it reads too high, and the interval is of all of them at once"
    return replace(metric, interval=replace(wide, method=method), method=method, note=told)


def _terms(count: int) -> str:
    return f"{count} term{'s' if count > 1 else ''}"


def _lost(metric: Metric, rows: results.Rows) -> results.Results:
    if metric.value is None or metric.interval is None or metric.interval.high >= SURELY:
        return
    language = metric.slice["language"]
    silent = sum(not details(row)["found"] for row in rows)
    yield Finding(
        code="address-lost", severity=Severity.WARNING, metric=f"round_trip_terms_kept{{language={language}}}", slice=dict(metric.slice),
        sentence=f"Of {metric.n} {address(language).name} terms of address, {results.percent(1 - metric.value)} are not in what comes back "
        f"from English (kept: {results.span(metric.interval, results.percent)}); {silent} of {len(rows)} sentences come back with none.",
        advice="Check answers in this language for the form of address, above all where the model may think in English.",
    )  # fmt: skip


def _untranslated(rows: results.Rows, minimum: int) -> results.Results:
    note = "translations into English that have half the words of the sentence, or none at all; left out of all else"
    metric = results.rate("round_trip_untranslated_rate", [row["label"] == UNTRANSLATED for row in rows], minimum=minimum, note=note)
    yield metric
    if metric.interval is not None and metric.interval.low > 1 - SURELY:
        yield Finding(
            code="not-translated", severity=Severity.WARNING, metric="round_trip_untranslated_rate",
            sentence=f"{results.percent(metric.value or 0.0)} of {metric.n} sentences were not translated into English at all.",
            advice="Read some answers: the model may not follow the request, or not know the language.",
        )  # fmt: skip


def _turned(rows: results.Rows) -> results.Results:
    """Show what every term turns into: itself, other terms, or none."""
    counts: Counter[tuple[str, str, str]] = Counter()
    languages = {row["item"]: row["language"] for row in rows}
    for item, term, given, found in _pairs(rows):
        into: Sequence[str] = [term] if term in found else sorted(found - given) or sorted(found) or [NONE]
        counts.update((languages[item], term, other) for other in into)
    if counts:
        found_rows = [{"language": one[0], "term": one[1], "came back as": one[2], "times": n} for one, n in sorted(counts.items())]
        caption = "A term that is gone is shown with the terms that are new in its sentence, else with those that are left, or as (none)."
        yield results.table("round-trip-terms", "What the terms of address turn into", found_rows, caption)
