"""Claims about data for a size: tokens seen, the Chinchilla optimum of tokens and of parameters, over- and under-training."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import Scenario, judge, show, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import OTHER_WORK, Check, claim_of, generic_size, model_of, statement, undisclosed
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.scale.optimum import DEFAULT_FIT, find_fit, optimum, optimum_for_parameters, overtraining

__all__ = ["CHECKS", "OPTIMAL", "TRAINED", "other_tokens", "read", "unknown_tokens"]

OPTIMAL = (
    r"optim\w+|chinchilla(?!\s+(?:was|is|has|had|saw|used|70B))|rule of thumb|scaling law|\b20[:-]1\b|twenty[-\s]to[-\s]one"
    r"|should (?:see|be|get|have|use)|ideal\w*|balanced"
)
TRAINED = r"train\w*|saw\b|seen\b|sees?\b|fed\b|pre-?train\w*|learn\w*|read\b|consumed|ingested|digested|went through"
_CHINCHILLA = (
    r"chinchilla['’]?s?[-\s]+(?:\w+[-\s]+)?(?:optim|rule|ratio|amount|recommend|prescri|point|recipe|budget|suggest|advi|call|law|number"
    r"|figure|ask|want)"
)
# behind a factor, what it is a multiple of; before it, what it is the measure of
_OVER_AFTER = re.compile(rf"[^.;:]{{0,60}}?(?:over-?train|optim|{_CHINCHILLA}|\b(?:past|beyond) (?:its|the|what)\b)", re.I)
_OVER_BEFORE = re.compile(r"over-?train(?:ed|ing|s)?\s+(?:it\s+)?(?:by\s+)?(?:a factor of\s+)?(?:\w+\s+){0,2}$", re.I)
# a factor of something else
_OTHER_FACTOR = re.compile(
    r"\s*(?:as\s+)?(?:faster|slower|cheaper|smaller|larger|bigger|better|worse|fewer|less|longer|shorter|heavier|lighter|higher|lower"
    r"|as (?:fast|slow|cheap|large|big|small|expensive)|(?:more|less) (?:expensive|efficient|accurate|capable|powerful|popular|compute"
    r"|param|examples|memory))\b",
    re.I,
)
_OPTIMAL_BEFORE = r"optim\w+[^,.;:=]{0,45}$"
_NEEDS = r"\b(?:should|would (?:need|want|have needed|call for)|needs?|requires?|calls? for|ought to|wants?|deserves?)\b"
_RULE = "hoffmann-2022-20-per-parameter"
_PRINTED = "hoffmann-2022-fit3"


def read(reading: Reading) -> Iterator[Claim]:
    """Find claims of tokens, ratios and optima."""
    optimal = reading.has(OPTIMAL)
    for quantity in reading.free("tokens"):
        if quantity.value >= 1e8:
            yield from _tokens(reading, quantity, optimal)
    if optimal:
        yield from _parameters(reading)
    for quantity in reading.free("times"):
        model, assumed = model_of(reading, quantity.start)
        if model is not None and _is_over(reading, quantity):
            yield claim_of(reading, "over-training", quantity, model.name, assumed, model=model)
    yield from _qualities(reading)


def _is_over(reading: Reading, quantity: Quantity) -> bool:
    """Tell whether a factor is that of tokens over the optimum."""
    behind = reading.text[quantity.end :]
    if _OTHER_FACTOR.match(behind):
        return False
    return bool(_OVER_AFTER.match(behind) or _OVER_BEFORE.search(reading.text[: quantity.start]))


def _tokens(reading: Reading, quantity: Quantity, optimal: bool) -> Iterator[Claim]:
    size = generic_size(reading) or (next(reading.free("parameters"), None) if not reading.models else None)
    mention = reading.model_for(quantity.start)
    if size is not None and optimal and mention is None and not any(q.unit in {"flop", "seconds"} for q in reading.quantities):
        yield claim_of(reading, "optimal-tokens", quantity, f"a model of {size.text.strip()}", parameters=size.value)
        return
    model, assumed = model_of(reading, quantity.start, remember=reading.has(TRAINED))
    if model is None or size is not None:
        return
    if reading.has(OTHER_WORK + r"|\bepochs\b(?! (?:of|over) (?:\w+ )?data)") or _is_condition(reading):
        return
    before = reading.text[: quantity.start]
    should = re.search(_OPTIMAL_BEFORE, before, re.I) or (optimal and re.search(_NEEDS + r"[^,.;:]{0,40}$", before, re.I))
    should = should or (reading.has(rf"{OPTIMAL}|\brule\b") and re.search(r"\bwould\b(?!\s+have been)[^,;:]{0,60}$", before, re.I))
    if should and model.parameters:
        yield claim_of(reading, "optimal-tokens", quantity, model.name, assumed, parameters=model.active or model.parameters)
    elif (reading.has(TRAINED) or _is_training_set(reading, quantity)) and not reading.has(r"fine-?tun|context|window"):
        yield claim_of(reading, "training-tokens", quantity, model.name, assumed, model=model)


def _is_condition(reading: Reading) -> bool:
    """Tell "training it on 100B tokens takes 4e21 FLOPs", where the tokens are supposed, from a report of what was done."""
    result = any(quantity.unit in {"flop", "seconds", "usd", "device-hours", "kwh", "kg"} for quantity in reading.quantities)
    return (
        result
        and reading.has(r"\b(?:training|to train|train)\b")
        and not reading.has(r"\b(?:was|were|been|is) (?:pre-?)?trained\b|\bsaw\b|\bseen\b|\bfed\b")
    )


def _is_training_set(reading: Reading, quantity: Quantity) -> bool:
    """Tell a bare count beside a model ("Chinchilla: 70B parameters, 1.4T tokens") from tokens that are served or paid."""
    served = (
        r"per (?:day|week|month|year)|a (?:day|week|month|year)|daily|monthly|serv\w+|generat\w+|process\w*|pric\w+|\$|cost|stock|crawl"
    )
    return quantity.value >= 1e11 and bool(reading.models) and not reading.has(served)


def _parameters(reading: Reading) -> Iterator[Claim]:
    """Find the best size for a number of tokens or a compute: "the optimum for 1.4T tokens is 70B parameters"."""
    tokens = next((q for q in reading.free("tokens") if q.value >= 1e8), None)
    flops = next((q for q in reading.free("flop") if q.value >= 1e18), None)
    if reading.models or generic_size(reading):
        return
    for quantity in reading.free("parameters"):
        if tokens is not None and quantity.start > tokens.start:
            yield claim_of(reading, "optimal-parameters", quantity, f"the optimum for {tokens.text}", tokens=tokens.value)
        elif flops is not None:
            yield claim_of(reading, "optimal-parameters", quantity, f"the optimum for {flops.text}", flops=flops.value)


def _qualities(reading: Reading) -> Iterator[Claim]:
    match = re.search(r"\b(?:heavily |badly |far |strongly |severely |massively )?(over|under)-?trained\b", reading.text, re.I)
    if match is None or not reading.models or any(True for _ in reading.free("times")):
        return
    model, _ = model_of(reading, match.start())
    if model is not None:
        yield statement(
            reading,
            "training-balance",
            model.name,
            match,
            model=model,
            over=match.group(1).lower() == "over",
            strong=len(match.group(0).split()) > 1,
        )


def other_tokens(model: Model, factor: float) -> Iterator[Scenario]:
    """Yield the other count of tokens, times a factor, that may be meant: with repetitions, or within what sources give."""
    seen, low = model.seen, model.number("tokens_low")
    if seen is None or (seen == model.tokens and low is None):
        return
    repeated = seen != model.tokens
    note = f"repetitions count: {show(model.tokens or 0, 'tokens')} gone over about {seen / (model.tokens or seen):.0f} times"
    first = (low or seen) * factor
    yield Scenario(
        first, f"{low or seen:.4g} to {seen:.4g} tokens x {factor:.3g}", note if repeated else "", high=seen * factor if low else None
    )


def unknown_tokens(model: Model) -> str:
    """Say why the tokens of a model are not known."""
    return (
        undisclosed(model, "the training data")
        if model.undisclosed
        else f"the tokens that {model.name} was trained on were not published, or are not at hand"
    )


def check_tokens(claim: Claim) -> Verdict:
    """Compare with the tokens that were published."""
    model: Model = claim.given["model"]
    if model.tokens is None:
        return unverifiable(claim, unknown_tokens(model), model.source)
    rows = [Scenario(model.tokens, f"{model.name}: {show(model.tokens, 'tokens')}, as published"), *other_tokens(model, 1.0)]
    return judge(claim, rows, slack=0.04, source=model.source, unit="tokens")


def check_optimal_tokens(claim: Claim) -> Verdict:
    """Compare with 20 tokens a parameter and with the refit for this size."""
    count: float = claim.given["parameters"]
    refit, printed = optimum_for_parameters(count), optimum_for_parameters(count, _PRINTED)
    rows = [
        Scenario(20.0 * count, f"20 x {count:.4g} parameters = {show(20.0 * count, 'tokens')}"),
        Scenario(
            refit.tokens, f"{DEFAULT_FIT}: {refit.ratio:.3g} x {count:.4g} = {show(refit.tokens, 'tokens')}", f"the refit {DEFAULT_FIT}"
        ),
        Scenario(
            printed.tokens,
            f"{_PRINTED}: {printed.ratio:.3g} a parameter",
            f"the fit {_PRINTED} is taken as printed, which contradicts its own paper",
            plausible=False,
        ),
    ]
    return judge(claim, rows, slack=0.10, source=find_fit(_RULE).source, unit="tokens")


def check_optimal_parameters(claim: Claim) -> Verdict:
    """Compare with tokens / 20, or with the optimum of the compute."""
    if claim.given.get("flops"):
        flops = claim.given["flops"]
        rule, refit = optimum(flops, _RULE), optimum(flops)
        rows = [
            Scenario(rule.parameters, f"sqrt({flops:.3g} / (6 x 20)) = {show(rule.parameters, 'parameters')}"),
            Scenario(refit.parameters, f"{DEFAULT_FIT}: {show(refit.parameters, 'parameters')}", f"the refit {DEFAULT_FIT}"),
        ]
    else:
        count = claim.given["tokens"] / 20.0
        rows = [Scenario(count, f"{claim.given['tokens']:.4g} tokens / 20 = {show(count, 'parameters')}")]
    return judge(claim, rows, slack=0.10, source=find_fit(_RULE).source, unit="parameters")


def check_over(claim: Claim) -> Verdict:
    """Compare with the run's tokens a parameter over 20, and over the optimum for its compute."""
    model: Model = claim.given["model"]
    if model.parameters is None or model.tokens is None:
        return unverifiable(claim, unknown_tokens(model), model.source)
    ratio = model.tokens / model.parameters
    refit = overtraining(model.active or model.parameters, model.tokens)
    rows = [
        Scenario(ratio / 20.0, f"{model.tokens:.4g} / {model.parameters:.4g} = {ratio:,.4g} tokens a parameter; / 20 = {ratio / 20:.3g}"),
        Scenario(
            refit.factor,
            f"{refit.ratio:,.4g} / {refit.optimal_ratio:.3g} = {refit.factor:.3g}",
            f"the optimum for the run's compute by {DEFAULT_FIT}",
        ),
        Scenario(ratio, f"{ratio:,.4g} tokens a parameter", "tokens a parameter are meant, not a multiple of the optimum", plausible=False),
    ]
    return judge(claim, rows, slack=0.06, source=model.source, unit="times")


def check_balance(claim: Claim) -> Verdict:
    """Hold "over-trained" and "under-trained" against 20 tokens a parameter."""
    model: Model = claim.given["model"]
    if model.parameters is None or model.tokens is None:
        return unverifiable(claim, unknown_tokens(model), model.source)
    factor = model.tokens / (model.active or model.parameters) / 20.0
    text = f"{model.tokens:.4g} / {model.active or model.parameters:.4g} = {factor * 20:.4g} tokens a parameter, {factor:.3g} times 20"
    over = claim.given["over"]
    if (factor > 1.5) if over else (factor < 0.67):
        return verdict(claim, "holds", text, f"{factor:.3g} times the 20 tokens a parameter of the training optimum", "", model.source)
    if (factor < 1.0) if over else (factor > 1.5):
        return verdict(claim, "wrong", text, f"{factor:.3g} times the 20 tokens a parameter of the training optimum", "", model.source)
    return verdict(claim, "unverifiable", text, "near the optimum, where the word says little", "", model.source)


CHECKS: dict[str, Check] = {
    "training-tokens": check_tokens,
    "optimal-tokens": check_optimal_tokens,
    "optimal-parameters": check_optimal_parameters,
    "over-training": check_over,
    "training-balance": check_balance,
}
