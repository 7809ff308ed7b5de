"""Claims about tokens a parameter: those of a model, and those that the rule of the compute optimum asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import Scenario, judge, unverifiable
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, generic_size, model_of
from fmaudit_engine_card.claims.kinds.optimum import OPTIMAL, TRAINED, other_tokens, unknown_tokens
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.optimum import DEFAULT_FIT, find_fit, optimum

__all__ = ["CHECKS", "read"]

RULE = 20.0  # tokens a parameter
_RULE_NAME = "hoffmann-2022-20-per-parameter"
_PRINTED = "hoffmann-2022-fit3"
LARGE, SMALL = 6e23, 1e21  # compute of runs that the fits were made for

_WORD = (
    r"(?:optim\w+|rule|law|recommend\w*|suggest\w*|advi[sc]e\w*|prescri\w*|says?|should"
    r"|ideal\w*|(?:chinchilla|hoffmann|deepmind)(?:['’]s?)?(?:\s+et al\.?)?(?=[-\s]+(?:\w+[-\s]+){0,2}(?:optim|rule|ratio|law|recommend"
    r"|suggest|advi|prescri|says?|found|paper|point|heuristic|recipe|target)|\s*(?:about|around|roughly|some|of)?\s*$))"
)
# the figure is the rule's where such a word leads to it, or follows it as what it comes from
_LEADS = re.compile(rf"\b{_WORD}[^,.;:()—–]{{0,60}}$", re.I)
_FOLLOWS = re.compile(
    r"\s*(?:ratio\s+)?(?:(?:that|which|is|are|was|were|as|being|of|by|from|in|for|the|a|an|so-called|usual|famous|proposed|well-known|compute)"
    rf"[-\s]+){{0,4}}{_WORD}",
    re.I,
)
_DID = rf"\b(?:{TRAINED}|uses?\b|used\b|had\b|has\b|have\b|gets?\b|got\b|received\b|spent\b|took\b|at\b|with\b)"
_NEAR = 40  # characters


def read(reading: Reading) -> Iterator[Claim]:
    """Find tokens a parameter, also as "20 times as many tokens as parameters"."""
    for quantity in reading.free("tokens/parameter"):
        if reading.has("tokens?") and not _is_of_operations(reading, quantity):
            yield from _ratio(reading, quantity)
    for quantity in reading.free("times"):
        if re.match(r"\s*(?:times\s+)?as many (?:training )?tokens as (?:it has )?(?:model )?param", reading.text[quantity.end :], re.I):
            yield from _ratio(reading, replace(quantity, unit="tokens/parameter"))


def _is_of_operations(reading: Reading, quantity: Quantity) -> bool:
    """Tell a bare "two per parameter" behind a count of operations from tokens a parameter."""
    last = next((other for other in reversed(reading.quantities) if other.end <= quantity.start and other.unit), None)
    return "token" not in quantity.text and last is not None and last.unit.startswith("flop")


def _ratio(reading: Reading, quantity: Quantity) -> Iterator[Claim]:
    optimal = reading.has(OPTIMAL)
    mention = reading.model_for(quantity.start)
    model, assumed = model_of(reading, quantity.start) if mention or not optimal else (None, ())
    counts = _generic(reading)
    if _is_of_rule(reading, quantity, known=model is not None):
        yield claim_of(reading, "optimal-ratio", quantity, "the compute-optimal ratio", model=model)
    elif model is not None:
        admitted = quantity.admits(RULE, 0.05) and not _done_before(reading, quantity)
        yield claim_of(reading, "tokens-per-parameter", quantity, model.name, assumed, model=model, rule=admitted)
    elif counts is not None:
        name = f"{counts[0].text} against {counts[1].text}"
        yield claim_of(reading, "tokens-per-parameter", quantity, name, model=None, size=counts[0], tokens=counts[1])
    elif reading.has(_DID) and not reading.has(r"\bwe\b|\bour\b"):
        yield claim_of(reading, "tokens-per-parameter", quantity, "a model", model=None, size=None, tokens=None)


def _is_of_rule(reading: Reading, quantity: Quantity, *, known: bool) -> bool:
    """Tell whether a figure is the rule's: a word for it leads to the figure or follows it, and no model has done it in between."""
    text, start = reading.text, quantity.start
    leads = _LEADS.search(text[:start])
    names = [mention for mention in [*reading.models, *reading.strangers] if leads and leads.start() < mention.start < start]
    if leads is not None and not names and not (known and not quantity.admits(RULE, 0.3) and _done_before(reading, quantity)):
        return True
    if _FOLLOWS.match(text[quantity.end :]) and not _done_before(reading, quantity):
        return True
    near = reading.near(quantity, rf"\b{_WORD}", _NEAR, _NEAR) and quantity.admits(RULE, 0.05)
    alone = not (known or reading.models or reading.strangers) and reading.has(OPTIMAL)
    return (near or alone) and not _done_before(reading, quantity)


def _done_before(reading: Reading, quantity: Quantity) -> bool:
    """Tell whether the clause says before the figure that a model was trained, or has, so many."""
    clause = re.split(r"[,;:()—–]|\b(?:compared (?:to|with)|than|while|whereas|but)\b", reading.text[: quantity.start])[-1]
    if not re.search(rf"(?:{_DID}[^,;:\d]{{0,40}}|\b(?:is|was)\s+(?:(?:about|around|roughly|only|just|some|nearly)\s+)?)$", clause, re.I):
        return False
    names = [mention.start for mention in [*reading.models, *reading.strangers]]
    if any(quantity.start - len(clause) <= start < quantity.start for start in names):
        return True
    elsewhere = bool(names) and min(names) > quantity.start  # then who did it is not yet named
    return not elsewhere and not re.search(rf"\b{_WORD}", clause, re.I)


def _generic(reading: Reading) -> tuple[Quantity, Quantity] | None:
    """Return the size and the tokens that a sentence gives of a model without a name."""
    size = generic_size(reading) or next(reading.free("parameters"), None)
    tokens = next((q for q in reading.free("tokens") if q.value >= 1e8), None)
    return (size, tokens) if size and tokens else None


def check_ratio(claim: Claim) -> Verdict:
    """Compare with tokens / parameters of the model or of the numbers given."""
    model: Model | None = claim.given["model"]
    if model is not None:
        count, seen, source = model.parameters, model.tokens, model.source
        if count is None or seen is None:
            return unverifiable(claim, unknown_tokens(model), model.source)
    elif claim.given["size"] is None or claim.given["tokens"] is None:
        return unverifiable(claim, "no model is named whose size and training tokens are at hand")
    else:
        count, seen, source = claim.given["size"].value, claim.given["tokens"].value, "arithmetic"
    made = judge(claim, list(_ratios(model, count, seen)), slack=0.04, source=source)
    if made.status == "wrong" and claim.given.get("rule"):
        return replace(made, status="unverifiable", reason=f"{made.reason}; but the rule's 20 may be meant")
    return made


def _ratios(model: Model | None, count: float, seen: float) -> Iterator[Scenario]:
    yield Scenario(seen / count, f"{seen:.4g} tokens / {count:.4g} parameters = {seen / count:,.4g}")
    if model is None:
        return
    yield from other_tokens(model, 1.0 / count)
    if model.active is not None and model.active < 0.9 * count:
        text = f"{seen:.4g} / {model.active:.4g} active = {seen / model.active:,.4g}"
        yield Scenario(seen / model.active, text, "only active parameters are counted")


def check_optimal_ratio(claim: Claim) -> Verdict:
    """Compare with the rule of 20 and with the refit; the fit as first printed contradicts its own paper."""
    low, high = optimum(LARGE).ratio, optimum(SMALL).ratio
    printed = optimum(LARGE, _PRINTED)
    text = f"{DEFAULT_FIT}: {low:.3g} at {LARGE:.0e} FLOP, {high:.3g} at {SMALL:.0e}"
    as_printed = f"the fit {_PRINTED} is taken as printed, which contradicts its own paper"
    rows = [
        Scenario(RULE, "Chinchilla: 1.4e12 tokens / 70e9 parameters = 20"),
        Scenario(min(low, high), text, f"the refit {DEFAULT_FIT}", high=max(low, high)),
        Scenario(printed.ratio, f"{_PRINTED}: {printed.ratio:.3g} at {LARGE:.0e} FLOP", as_printed, plausible=False),
    ]
    made = judge(claim, rows, slack=0.05, source=find_fit(_RULE_NAME).source)
    model: Model | None = claim.given.get("model")
    own = model.tokens / model.parameters if model is not None and model.tokens and model.parameters else None
    if made.status == "wrong" and model is not None and own is not None and claim.value is not None and claim.value.admits(own, 0.04):
        return unverifiable(claim, f"{made.reason}; {model.name} itself had {own:,.4g}, which may be meant")
    return made


CHECKS: dict[str, Check] = {"tokens-per-parameter": check_ratio, "optimal-ratio": check_optimal_ratio}
