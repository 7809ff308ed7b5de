"""Claims about using a model: operations for a token, prices, the bill for tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit import facts as hardware
from fmaudit_engine_card.claims.judging import RULE, Scenario, judge, unverifiable
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, model_of, size_of
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_TOKEN = (
    r"per (?:generated |output |new |single )?token|(?:each|every|one|a|single) (?:generated |new |output "
    r"|further )?token|/\s?token|forward pass|inference"
)

LEAST_WORK = 1e6  # operations; a figure below it is of one parameter, or of something smaller than a model


def read(reading: Reading) -> Iterator[Claim]:
    """Find operations for a token and prices."""
    for quantity in reading.free("flop"):
        if quantity.value < LEAST_WORK:
            continue
        model, assumed = model_of(reading, quantity.start)
        size = size_of(reading, quantity.start) or (next(reading.free("parameters"), None) if model is None else None)
        if (model or size) and reading.near(quantity, _TOKEN, 100, 60) and quantity.value < 1e17:
            name = model.name if model else f"a model of {size.text.strip()}" if size else ""
            yield claim_of(reading, "token-flops", quantity, name, assumed, model=model, size=size)
    yield from _counted_as_rate(reading)
    tokens = next((q for q in reading.quantities if q.unit == "tokens"), None)
    price = next((q for q in reading.quantities if q.unit == "usd/Mtoken"), None)
    for quantity in reading.free("usd"):
        if tokens is not None and price is not None:
            yield claim_of(reading, "token-bill", quantity, f"{tokens.text} at {price.text}", tokens=tokens.value, price=price.value)
    for quantity in reading.free("usd/Mtoken"):
        if reading.models and not any(q.unit == "usd" for q in reading.quantities):
            mention = reading.model_for(quantity.start)
            name = reading.text[mention.start : mention.end].lower().replace(" ", "-") if mention else ""
            output = reading.near(quantity, r"output|generated|completion|answer", 40, 30)
            yield claim_of(
                reading, "token-price", quantity, name, name=name, output=output, input=reading.near(quantity, r"input|prompt", 40, 30)
            )


def _counted_as_rate(reading: Reading) -> Iterator[Claim]:
    """Read "350 TFLOPs" for one token as a count, though the same letters name a rate."""
    for quantity in reading.quantities:
        if quantity.unit != "flop/s" or reading.devices or re.search(r"/\s?s|per sec|ps$", quantity.text):
            continue
        model, assumed = model_of(reading, quantity.start)
        size = size_of(reading, quantity.start)
        if (model or size) and reading.near(quantity, _TOKEN, 100, 60):
            name = model.name if model else f"a model of {size.text.strip()}" if size else ""
            yield claim_of(reading, "token-flops", replace(quantity, unit="flop"), name, assumed, model=model, size=size)


def check_token_flops(claim: Claim) -> Verdict:
    """Compare with 2 N of the parameters that meet a token."""
    model, size = claim.given["model"], claim.given["size"]
    count = size.value if size is not None else model.active if model is not None else None
    if count is None:
        return unverifiable(claim, "the parameters that meet a token are not at hand", model.source if model else "")
    rows = [
        Scenario(2.0 * count, f"2 x {count:.4g} parameters = {2 * count:.3g} FLOP a token"),
        Scenario(count, f"{count:.4g} multiply-adds a token", "a multiplication with its addition is counted as one"),
    ]
    source = f"2 N a token: Kaplan et al. 2020{'; ' + model.source if model else ''}"
    return judge(claim, rows, slack=RULE, source=source, note="attention over a long context comes on top", unit="flop")


def check_bill(claim: Claim) -> Verdict:
    """Multiply tokens by the price."""
    value = claim.given["tokens"] / 1e6 * claim.given["price"]
    return judge(
        claim,
        [Scenario(value, f"{claim.given['tokens']:,.0f} / 1,000,000 x ${claim.given['price']:g} = ${value:,.2f}")],
        slack=0.02,
        source="arithmetic",
        unit="usd",
    )


def check_price(claim: Claim) -> Verdict:
    """Compare with the table of prices; they change, so another price is never called wrong."""
    price = hardware.find_price(claim.given["name"])
    if price is None:
        return unverifiable(claim, f"no price of {claim.given['name']} is in the table")
    rows = [] if claim.given["output"] else [Scenario(price.input, f"${price.input:g} for a million input tokens on {price.day}")]
    rows += [] if claim.given["input"] else [Scenario(price.output, f"${price.output:g} for a million output tokens on {price.day}")]
    made = judge(claim, rows, slack=0.01, source=price.source, unit="")
    return (
        made if made.status == "holds" else unverifiable(claim, f"{made.reason}; prices change, the table is of {price.day}", price.source)
    )


CHECKS: dict[str, Check] = {"token-flops": check_token_flops, "token-bill": check_bill, "token-price": check_price}
