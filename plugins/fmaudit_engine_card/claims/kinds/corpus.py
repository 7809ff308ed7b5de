"""Claims about data: a language's share of Common Crawl, its size, the stock of text and when it is used up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fmaudit_engine_card.claims.facts import Language, crawl
from fmaudit_engine_card.claims.judging import Scenario, judge, show, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, claim_of
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.stock import public_text

__all__ = ["CHECKS", "read"]

_CRAWL = r"common\s?crawl|\bCC\b|\bcrawl(?:ed)?\b"
_STOCK = r"stock|public|human|exists?\b|available|internet|whole web|world['’]s text|in total|ever written|left"
_USED_UP = r"run(?:s|ning)? out|ran out|used up|use up|exhaust\w*|deplet\w*|dry up|no (?:more|new) (?:\w+ )?(?:text|data)"
_LESS = r"under-?represent\w*|representation|share of (?:the )?speakers|share of (?:the )?(?:world['’]s )?population|people who speak"
MOVES = 0.03  # a share moves by this much from one crawl to the next, as a share of itself


def read(reading: Reading) -> Iterator[Claim]:
    """Find claims about the web's text."""
    about_crawl = reading.has(_CRAWL)
    for quantity in reading.free("percent"):
        language = _language(reading, quantity)
        people = reading.near(quantity, r"of (?:all |the )?(?:world|people|population|speakers|humans|humanity)", 0, 45)
        if about_crawl and language and not people and not reading.has(r"train(?:ed|ing) (?:data|mix|set|on)"):
            yield claim_of(reading, "crawl-share", quantity, language.name, language=language)
    for quantity in reading.free("times", ""):
        language = _language(reading, quantity)
        if (
            language
            and language.speakers
            and reading.has(_LESS)
            and quantity.value > 1
            and (quantity.unit or reading.near(quantity, r"factor of|ratio", 20, 5))
        ):
            yield claim_of(reading, "representation", quantity, language.name, language=language)
    for quantity in reading.free("pages"):
        if (
            about_crawl
            and reading.has(
                r"month|each crawl|per crawl|every crawl|a crawl|snapshot|one crawl|(?:each|every|per|a"
                r"|one)\s+(?:\w+\s+){0,2}(?:release|edition|archive|dump)"
            )
            and quantity.value >= 1e6
        ):
            yield claim_of(reading, "crawl-pages", quantity, "Common Crawl")
    yield from _stock(reading)


def _language(reading: Reading, quantity: Quantity) -> Language | None:
    if not reading.languages:
        return None
    before = [
        mention
        for mention in reading.languages
        if mention.end <= quantity.start and re.search(r"[;]|\bwhile\b|\bwhereas\b", reading.text[mention.end : quantity.start]) is None
    ]
    after = [mention for mention in reading.languages if mention.start >= quantity.end]
    leads = re.match(
        r"\s*(?:of\s+(?:the\s+)?(?:\w+\s+){0,4}(?:is|are|was|were)\s+(?:in\s+)?|(?:is|are)\s+(?:in\s+)?|in\s+|\()",
        reading.text[quantity.end :],
        re.I,
    )
    if after and leads and after[0].start - quantity.end <= leads.end() + 2:
        found: Language = after[0].thing
        return found
    chosen: Language = (before[-1] if before else after[0]).thing
    return chosen


def _stock(reading: Reading) -> Iterator[Claim]:
    if reading.models or reading.roles:
        return
    for quantity in reading.free("tokens", ""):
        named = quantity.unit == "tokens" or (quantity.value >= 1e12 and reading.near(quantity, r"tokens", 40, 60))
        if (
            named
            and quantity.value >= 1e9
            and reading.has(r"\b(?:text|data|writing|internet|web)\b")
            and reading.has(_STOCK)
            and not reading.has(r"train(?:ed|s|ing)? (?:on|a|for|run)")
        ):
            yield claim_of(reading, "data-stock", quantity, "public human text")
    for quantity in [*reading.dates(), *_decades(reading)]:
        if _is_year(quantity) and reading.has(_USED_UP) and reading.has(r"\b(?:text|data|tokens|internet|web)\b"):
            yield claim_of(reading, "used-up", quantity, "public human text")


def _decades(reading: Reading) -> Iterator[Quantity]:
    """Read "the late 2020s" as years."""
    for match in re.finditer(r"(?:\b(early|mid|late)[-\s]+)?\b((?:19|20)\d0)s\b", reading.text, re.I):
        first = float(match.group(2))
        low, high = {"early": (0.0, 3.0), "mid": (4.0, 6.0), "late": (7.0, 9.0)}.get((match.group(1) or "").lower(), (0.0, 9.0))
        yield Quantity(
            match.group(0), match.start(), match.end(), first + 0.5 * (low + high), first + low - 0.5, first + high + 0.5, ranged=True
        )


def _is_year(quantity: Quantity) -> bool:
    return (1950 <= quantity.value <= 2100 and not quantity.scale and quantity.value == int(quantity.value)) or (
        quantity.ranged and 1950 <= quantity.low <= 2100
    )


def check_share(claim: Claim) -> Verdict:
    """Compare with the share in a recent snapshot, then with the older one that primers quote."""
    language: Language = claim.given["language"]
    known = crawl()
    now = Scenario(language.share, f"{language.name}: {language.share:.4g} % of the pages of {known['snapshot']}")
    rows = [now]
    source = f"{known['source']} ({known['day']})"
    if language.earlier is not None:
        low, high = sorted((language.share, language.earlier))
        text = f"{language.earlier:.4g} % in {known['earlier']}, {language.share:.4g} % in {known['snapshot']}"
        rows += [
            Scenario(language.earlier, text, f"the older figure is meant, of {known['earlier']} ({known['earlier_source']})"),
            Scenario(low, text, "a crawl between the two is meant", high=high),
        ]
    return judge(claim, rows, slack=MOVES, source=source, note="labels are those of CLD2, shares are of pages", unit="percent")


def check_representation(claim: Claim) -> Verdict:
    """Compare with the share of speakers over the share of pages."""
    language: Language = claim.given["language"]
    known = crawl()
    people, share = language.speakers or 0.0, language.share
    ratio = people / known["world"] * 100.0 / share
    rows = [
        Scenario(
            ratio, f"({people / 1e6:g}M / {known['world'] / 1e9:g}B people = {people / known['world']:.3%}) / {share:.4g} % = {ratio:,.4g}"
        )
    ]
    if language.speakers_earlier and language.earlier:
        older = language.speakers_earlier / known["world"] * 100.0 / language.earlier
        rows.append(
            Scenario(
                older,
                (f"({language.speakers_earlier / 1e6:g}M / {known['world'] / 1e9:g}B people) / {language.earlier:.4g} % = {older:,.4g}"),
                (f"older counts are meant: {language.speakers_earlier / 1e6:g}M speakers and the snapshot of {known['earlier_source']}"),
            )
        )
    return judge(claim, rows, slack=0.05, source=f"{known['source']}; {known['speakers_source']}", unit="times")


def check_pages(claim: Claim) -> Verdict:
    """Compare with the sizes of recent crawls."""
    known = crawl()
    rows = [
        Scenario(known["pages"], f"{known['snapshot']}: {show(known['pages'], 'pages')}"),
        Scenario(
            known["pages_low"],
            f"crawls of 2023 and 2024: {show(known['pages_low'], 'pages')} to {show(known['pages_high'], 'pages')}",
            "another month is meant",
            high=known["pages_high"],
        ),
    ]
    return judge(claim, rows, slack=0.05, source=f"{known['source']}; {known['pages_source']}", unit="pages")


def check_stock(claim: Claim) -> Verdict:
    """Compare with the estimate, then with its interval."""
    stock = public_text()
    rows = [
        Scenario(stock.tokens, stock.sentence),
        Scenario(
            stock.interval.low, stock.sentence, f"the estimate's {stock.interval.level:.0%} interval is meant", high=stock.interval.high
        ),
    ]
    return judge(claim, rows, slack=0.1, source=f"{stock.source} ({stock.day})", unit="tokens")


def check_used_up(claim: Claim) -> Verdict:
    """Compare with the years the estimate's authors expect; another year of the future cannot be checked."""
    stock = public_text()
    assert claim.value is not None, "a year has a value"
    low, high = stock.used_up.low, stock.used_up.high
    first, last = (claim.value.low + 0.5, claim.value.high - 0.5)
    source = f"{stock.source} ({stock.day})"
    if first >= low - 1 and last <= high + 1:
        return verdict(
            claim,
            "holds",
            stock.sentence,
            f"within {low:.0f} to {high:.0f}, the {stock.used_up.level:.0%} interval of the projection",
            "",
            source,
        )
    if last < low - 1:
        reason = f"the projection begins in {low:.0f}, and no published run came near the stock of {show(stock.tokens, 'tokens')} by then"
        return verdict(claim, "wrong", stock.sentence, reason, "", source)
    return unverifiable(
        claim,
        f"outside {low:.0f} to {high:.0f}, the {stock.used_up.level:.0%} interval of the projection, which leaves other years open",
        source,
    )


CHECKS: dict[str, Check] = {
    "crawl-share": check_share,
    "representation": check_representation,
    "crawl-pages": check_pages,
    "data-stock": check_stock,
    "used-up": check_used_up,
}
