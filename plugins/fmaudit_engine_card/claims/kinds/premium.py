"""Claims about what a language costs in tokens: premiums, and pairs of counts for the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims.facts import Premium, premiums
from fmaudit_engine_card.claims.judging import Scenario, judge, unverifiable
from fmaudit_engine_card.claims.kinds.base import Check, claim_of
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_COST = r"tokens?\b|expensive|\bcosts?\b|\bprice|\bdear|\bpay|\bcheap|longer"
TEXTS = 0.15  # a premium moves by this much from one kind of text to another
_FOR_EACH = re.compile(r"\b(?:for|per|against) (?:every|each|one|a single)?\s*(?:token of English|English token|token in English)\b", re.I)
_WORDS = re.compile(r"\b(twice|double|three times|triple|half)\b", re.I)


def read(reading: Reading) -> Iterator[Claim]:
    """Find how many times the tokens, or the money, a language takes."""
    others = [mention.thing.name for mention in reading.languages if mention.thing.name != "English"]
    if not reading.has(_COST) or reading.has(r"common\s?crawl|pages|speakers|data ?set|train(?:ed|ing) on"):
        return
    tokenizer = _tokenizer(reading)
    if (match := _FOR_EACH.search(reading.text)) and others:
        quantity = next((q for q in reading.free("tokens") if q.end <= match.start() and q.value < 1000), None)
        if quantity is not None:
            made = replace(quantity, unit="times")
            yield claim_of(reading, "premium", made, others[0], language=others[0], reference="English", tokenizer=tokenizer)
            return
    pair = _pair(reading)
    if pair is not None and others and len(reading.languages) >= 2:
        first, second = pair
        yield _counted(reading, first, second, tokenizer)
        return
    for quantity in _multiples(reading):
        if re.match(r"\s*(?:times\s+)?(?:cheaper|fewer|less|shorter)\b", reading.text[quantity.end :], re.I) and quantity.low > 0:
            quantity = replace(quantity, value=1 / quantity.value, low=1 / quantity.high, high=1 / quantity.low)
        language = others[0] if others else ""
        reference = others[1] if len(others) > 1 and "English" not in {m.thing.name for m in reading.languages} else "English"
        if language or reading.has(r"other languages|some languages|non-English|languages?\b.*English|English.*languages"):
            yield claim_of(
                reading, "premium", quantity, language or "other languages", language=language, reference=reference, tokenizer=tokenizer
            )


def _multiples(reading: Reading) -> Iterator[Quantity]:
    found = [q for q in reading.free("times", "") if q.unit == "times" or re.fullmatch(r"twice|thrice", q.text, re.I)]
    if found:
        yield found[0]
        return
    match = _WORDS.search(reading.text)
    if match:
        value = {"twice": 2.0, "double": 2.0, "three times": 3.0, "triple": 3.0, "half": 0.5}[match.group(1).lower()]
        yield Quantity(match.group(0), match.start(), match.end(), value, value * 0.85, value * 1.15, "times")


def _tokenizer(reading: Reading) -> Premium | None:
    """Return the tokenizer named: the most exact name, so that "GPT-4's cl100k" is cl100k."""
    if reading.tokenizers:
        found: Premium = max(
            reading.tokenizers,
            key=lambda mention: (
                mention.thing.tokenizer.lower() in reading.text[mention.start : mention.end].lower(),
                mention.end - mention.start,
            ),
        ).thing
        return found
    return None


def _pair(reading: Reading) -> tuple[Quantity, Quantity] | None:
    counts = [
        q
        for q in reading.quantities
        if q.unit in {"tokens", ""} and 1 <= q.value < 1e6 and not q.scale and (q.unit or reading.near(q, r"tokens", 40, 30))
    ]
    counts = [q for q in counts if not 1950 <= q.value <= 2100]
    return (counts[0], counts[1]) if len(counts) == 2 else None


def _counted(reading: Reading, first: Quantity, second: Quantity, tokenizer: Premium | None) -> Claim:
    """Turn two counts of the same text into a premium: each belongs to the language nearest to it."""
    names = _languages_of(reading, first, second)
    base, other = (first, second) if names[id(first)] == "English" or names[id(second)] != "English" else (second, first)
    value = replace(
        other,
        text=f"{other.text.strip()} against {base.text.strip()}",
        value=other.value / base.value,
        low=other.low / base.high,
        high=other.high / base.low,
        unit="times",
    )
    made = claim_of(reading, "premium", other, names[id(other)], language=names[id(other)], reference=names[id(base)], tokenizer=tokenizer)
    return replace(made, value=value)


def _languages_of(reading: Reading, first: Quantity, second: Quantity) -> dict[int, str]:
    """Return the language of each count: two languages and two counts go in the same order; else the nearest language."""
    order = list(dict.fromkeys(mention.thing.name for mention in reading.languages))
    if len(order) == 2:
        return {id(first): order[0], id(second): order[1]}
    names = {
        id(q): min(reading.languages, key=lambda m: min(abs(m.start - q.end), abs(q.start - m.end))).thing.name for q in (first, second)
    }
    if names[id(first)] == names[id(second)]:
        names[id(second)] = next(m.thing.name for m in reversed(reading.languages) if m.thing.name != names[id(first)])
    return names


def check_premium(claim: Claim) -> Verdict:
    """Compare with the premium over parallel text; it hangs on the tokenizer, and a little on the text."""
    tokenizer: Premium | None = claim.given["tokenizer"]
    language, reference = claim.given["language"], claim.given["reference"]
    tables = [tokenizer] if tokenizer else list(premiums())
    rows = []
    for table in tables:
        if language and language not in table.values:
            continue
        top = language or max(table.values, key=lambda name: table.values[name])
        below = table.values.get(reference) if reference != "English" else 1.0
        if below is None:
            continue
        value = table.values[top] / below
        text = f"{table.tokenizer}: {top} {table.values[top]:g}" + (
            f" / {reference} {below:g} = {value:.3g}" if below != 1.0 else " x the tokens of English"
        )
        name = f"the tokenizer is {table.tokenizer}" + (f" (of {table.of})" if table.of else "")
        rows.append(Scenario(value, text, "" if tokenizer else name))
    if not rows:
        return unverifiable(claim, f"no premium of {language or 'such a language'} is at hand", premiums()[0].source)
    rows.sort(key=lambda row: not row.assumption.startswith("the tokenizer is cl100k"))  # the one most figures were made with
    stale = (
        ""
        if tokenizer
        else "newer tokenizers take far fewer tokens for such languages: with o200k (GPT-4o) Burmese is 3.18 x, not 11.7 x"
        if language == "Burmese"
        else ""
    )
    return judge(
        claim,
        rows,
        slack=TEXTS,
        source=premiums()[0].source,
        note=stale,
        unit="times",
        why="the text's own ratio differs from parallel text by far more than texts do",
    )


CHECKS: dict[str, Check] = {"premium": check_premium}
