"""Claims that are sums: products written out, operations for a parameter and token, and what zero successes leave open."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims.figures import FIGURE, read_figure
from fmaudit_engine_card.claims.judging import RULE, Scenario, judge, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, claim_of
from fmaudit_engine_card.claims.kinds.inference import LEAST_WORK
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_TIMES = re.compile(r"[^=+÷/<>;:.,()\d]{0,24}?(?:[×*·]|\bx\b)[^=+÷/<>;:,()\d]{0,8}", re.I)
_EQUALS = re.compile(
    r"[^=+÷/<>;:,()\d]{0,24}?(?:=|≈|~=|\bequals\b|\bis\b|\bmakes\b|\bgives\b)\s*(?:about |roughly |around )?[~≈]?\s*(?:US)?[$€£]?\s*", re.I
)
_NONE_OF = re.compile(r"(?<![\w.])(?:0|zero|none|no)\s*(?:/|out of|of)\s*(?:the\s+|its\s+|all\s+)?", re.I)
_BOUND = (
    r"as high as|up to|upper|at most|below|under|less than|lower than|rule[sd]? out|exclude|cannot|could|might|may|prove|true"
    r"|confiden|consistent"
)
_EACH_PARAMETER = r"(?:\bper|\b(?:each|every|a|an|one)|/)\s*(?:\w+\s+)?(?:param(?:eter)?|weight)\b"
_EACH_TOKEN = r"(?:\bper|\b(?:each|every|a|an|one|single)|/)\s*(?:\w+\s+)?token\b|\btraining\b|\binference\b|\b(?:forward|backward) pass"
_SMALLER = r"\b(?:per|each|every) (?:\w+ )?(?:layer|block|head|expert|bit|byte)\b"
# what a product may be off by where a unit was changed on the way: hours of a day, seconds, bits, per cent, powers of 1,000 and 1,024
_CONVERSIONS = (7, 8, 12, 24, 30, 60, 100, 365, 720, 730, 1000, 1024, 3600, 8760, 86400, 1e6, 2**20, 1e9, 2**30, 1e12, 2**40, 1e15, 1e18)


def read(reading: Reading) -> Iterator[Claim]:
    """Find sums; a product is only read where no other kind knows its figure."""
    for quantity in reading.free("flop/parameter"):
        work = _work_of(reading, quantity)
        yield claim_of(reading, "flops-per-parameter", quantity, work or "a pass", work=work)
    for quantity in reading.free("flop"):
        if quantity.value < LEAST_WORK and reading.has(_EACH_PARAMETER) and reading.has(_EACH_TOKEN) and not reading.has(_SMALLER):
            work = _work_of(reading, quantity)
            yield claim_of(reading, "flops-per-parameter", quantity, work or "a pass", work=work)
    yield from _zeros(reading)
    yield from _products(reading)


_WORK = (
    ("forward and backward", r"forward and (?:the )?backward|forward \+ backward"),
    ("the backward pass", r"backward"),
    ("inference", r"inference|generat|decod|forward|serv"),
    ("training", r"train"),
)


def _work_of(reading: Reading, quantity: Quantity) -> str:
    """Return what the operations are done for; what is said of another figure behind a comma does not count."""
    rest = re.match(r"[^,;]*", reading.text[quantity.end :])
    end = quantity.end + (rest.end() if rest else 0)
    said = reading.text[:end] if any(other.start >= end for other in reading.quantities) else reading.text
    return next((name for name, cue in _WORK if re.search(cue, said, re.I)), "")


def _zeros(reading: Reading) -> Iterator[Claim]:
    match = _NONE_OF.search(reading.text)
    number = FIGURE.match(reading.text[match.end() :]) if match else None
    if match is None or number is None or not reading.has(_BOUND):
        return
    tried = read_figure(number)
    for quantity in reading.free("percent"):
        if quantity.start > match.end() + tried.end and 1 <= tried.value <= 1e6 and tried.value == int(tried.value):
            made = claim_of(reading, "zero-successes", quantity, f"0 of {tried.value:g}", tried=int(tried.value))
            yield replace(made, denied=False)  # "cannot rule out 40 %" names the bound, it does not deny it


def _products(reading: Reading) -> Iterator[Claim]:
    """Read "256 GPUs x 30 days x 24 h x $2 = $368,640": figures with a sign of multiplication between each two, and the result."""
    text = reading.text
    figures = [match for match in FIGURE.finditer(text) if match.start() >= reading.sentence.lead]
    chain: list[re.Match[str]] = []
    for match in figures:
        between = text[chain[-1].end() : match.start()] if chain else ""
        if chain and len(chain) > 1 and _EQUALS.fullmatch(between):
            factors = [_value(text, row) for row in chain]
            quantity = next((q for q in reading.quantities if q.start <= match.start() < q.end and not q.ranged), None)
            if quantity is not None:
                shown = " x ".join(f"{value:g}" for value in factors)
                yield claim_of(reading, "product", quantity, shown, factors=tuple(factors), result=_value(text, match), shown=shown)
            chain = []
        elif chain and _TIMES.fullmatch(between):
            chain.append(match)
        else:
            chain = [match]


def _value(text: str, match: re.Match[str]) -> float:
    figure = read_figure(match)
    return figure.value / 100.0 if text[figure.end : figure.end + 2].strip().startswith("%") else figure.value


def check_product(claim: Claim) -> Verdict:
    """Multiply; a result that differs by what changes a unit cannot be judged without knowing the units."""
    product, result = math.prod(claim.given["factors"]), claim.given["result"]
    assert claim.value is not None, "a result has a value"
    text = f"{claim.given['shown']} = {product:,.6g}"
    room = 0.5 * (claim.value.high - claim.value.low) / abs(claim.value.value) if claim.value.value else 0.0
    if product and abs(result / product - 1.0) <= max(room, 0.02):
        return verdict(claim, "holds", text, f"the product is {product:,.6g}", "", "arithmetic")
    ratio = max(result / product, product / result) if product and result else 0.0
    if not ratio or any(abs(ratio / factor - 1.0) < 0.03 for factor in _CONVERSIONS):
        return unverifiable(
            claim, f"the product is {product:,.6g}; the rest may be a change of units that is not written out", "arithmetic"
        )
    return verdict(claim, "wrong", text, f"{claim.value.text.strip()} is claimed, the product is {product:,.6g}", "", "arithmetic")


def check_work(claim: Claim) -> Verdict:
    """Compare with two operations forward, four backward, six in all for a parameter and token."""
    known = {"training": 6.0, "forward and backward": 6.0, "inference": 2.0, "the backward pass": 4.0}
    said = claim.given["work"]
    rows = [
        Scenario(value, f"{name}: {value:g} FLOP a parameter and token", "" if name == said else f"{name} is meant")
        for name, value in known.items()
        if not said or name == said
    ]
    if said in {"training", "forward and backward"}:
        rows.append(Scenario(8.0, "8 with a second forward pass", "activations are computed a second time to save memory"))
    if said == "inference":
        rows.append(Scenario(1.0, "1 multiply-add", "a multiplication with its addition is counted as one"))
    return judge(claim, rows, slack=RULE, source="6 N D: Kaplan et al. 2020, section 2.1", unit="FLOP a parameter and token")


def check_zero(claim: Claim) -> Verdict:
    """Compare with the upper end of the Clopper-Pearson interval for no success, two-sided, one-sided, and by the rule of three."""
    from fmaudit import stats

    tried: int = claim.given["tried"]
    assert claim.value is not None, "a bound has a value"
    upper = 100.0 * stats.clopper_pearson(0, tried).high
    one_sided = 100.0 * (1.0 - 0.05 ** (1.0 / tried))
    exact = replace(claim.value, bound="", low=min(claim.value.low, claim.value.value), high=max(claim.value.high, claim.value.value))
    rows = [
        Scenario(upper, f"0 of {tried}: 95 % interval (Clopper-Pearson) from 0 to {upper:.3g} %"),
        Scenario(one_sided, f"one-sided 95 %: 1 - 0.05^(1/{tried}) = {one_sided:.3g} %", "a one-sided bound is meant"),
        Scenario(min(100.0, 300.0 / tried), f"3 / {tried} = {min(100.0, 300.0 / tried):.3g} %", "the rule of three is meant"),
    ]
    made = judge(replace(claim, value=exact), rows, slack=0.02, source="Clopper and Pearson 1934", unit="percent")
    if made.status == "wrong" and exact.value > 0.9 * min(upper, one_sided):
        return unverifiable(claim, f"{made.reason}; another level of confidence may be meant", "Clopper and Pearson 1934")
    return made


CHECKS: dict[str, Check] = {"flops-per-parameter": check_work, "zero-successes": check_zero, "product": check_product}
