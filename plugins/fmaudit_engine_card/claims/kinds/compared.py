"""Claims that compare: how many times as large one model is as another, and what a longer input costs a given model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import EXACT, Scenario, judge, show, unverifiable
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, family_members, undisclosed
from fmaudit_engine_card.claims.quantities import Quantity, find_quantities
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_LARGER = re.compile(
    r"\s*(?:times\s+)?(?:as (?:large|big|many param\w*|heavy)|larger|bigger|more param\w*|the (?:size|param\w*|weights|param\w* count))\b",
    re.I,
)
_SMALLER = re.compile(r"\s*(?:times\s+)?(?:smaller|fewer param\w*|as small)\b", re.I)
# from there to the model it is held against, which has to stand right behind
_THAN = re.compile(
    r"\s+(?:(?:in|by) (?:total |terms of )?\w+(?: count)?\s+)?(?:than|as|of|that of)\s+(?:(?:the|its|\w+['’]s)\s+)?"
    r"(?:(?:dense|original)\s+)?(?:\d+(?:\.\d+)?[BM][-\s](?:parameter\s+)?)?",
    re.I,
)
# what else than a model may be larger
_OTHER_THING = re.compile(
    r"\bcach|\bKV\b|memory|\bcompute|tokens?\b|\btrain|\bdata\b|data ?set|\bcosts?\b|budget|\bwindow|\bcontext|vocab|footprint|energy"
    r"|emi(?:t|ss)|FLOP|hidden|\blayers?\b|\bheads?\b|\bstates?\b|speed|corpus|\bprice|carbon|\bbill\b|CO2|electric|throughput|latency|\bloss\b|\bbatch"
    r"|\bteam\b|\bembedding|\bexperts?\b",
    re.I,
)
_LENGTH = r"(\d[\d.,]*\s?[KkM]?)(?![\w%])"
_FROM_TO = re.compile(rf"\bfrom\s+{_LENGTH}(?:[-\s]?tokens?)?\s+to\s+{_LENGTH}", re.I)
_WORDS = {"double": 2.0, "triple": 3.0, "quadruple": 4.0}
_FACTOR = re.compile(r"\b(doubl|tripl|quadrupl)(?:e[sd]?|ing)\b", re.I)
_WHOLE = r"\b(?:whole|entire|overall|total|all of|forward pass|full model|end[-\s]to[-\s]end)\b"
_GROWN = r"flops?|compute|expensive|\bcosts?\b|operations|\bwork\b|forward|attention|\bcache\b|\bKV\b"


def read(reading: Reading) -> Iterator[Claim]:
    """Find ratios of sizes, and factors between two lengths."""
    yield from _sizes(reading)
    yield from _lengths(reading)


def _sizes(reading: Reading) -> Iterator[Claim]:
    for quantity in reading.free("times", ""):
        if quantity.unit == "" and not re.match(r"twice|thrice", quantity.text, re.I):
            continue
        after = reading.text[quantity.end :]
        match = _LARGER.match(after) or _SMALLER.match(after)
        one, two = reading.model_for(quantity.start), _held_against(reading, quantity.end + match.end()) if match else None
        if match is None or one is None or two is None or one.end > quantity.start or _is_of_other_thing(reading, one, quantity, two):
            continue
        size = _count_behind(reading, two)
        smaller = _SMALLER.match(after) is not None
        large, small = (two, one) if smaller else (one, two)
        said = {"one_size": size if smaller else None, "other_size": None if smaller else size}
        names = f"{large.thing.name} against {small.thing.name}"
        yield claim_of(reading, "size-ratio", quantity, names, (), model=large.thing, other=small.thing, sizes=said)


def _held_against(reading: Reading, at: int) -> Mention | None:
    """Return the model right behind "larger than"."""
    mention = next((mention for mention in reading.models if mention.start >= at), None)
    return mention if mention is not None and _THAN.fullmatch(reading.text[at : mention.start]) else None


def _is_of_other_thing(reading: Reading, one: Mention, quantity: Quantity, two: Mention) -> bool:
    """Tell whether not the models are compared but their caches, costs, tokens: of one or the other, or in the clause before the factor."""
    between = re.sub(r",[^,]*,", " ", reading.text[one.end : quantity.start])
    clause = re.split(r"[;:]|,\s+(?:but|and|while|whereas)\b", reading.text[: one.start])[-1]
    owned = re.match(r"['’]s\s+(?!\d|(?:total |own )?(?:param|size|weights|count))|['’]s?\W*$", reading.text[two.end :])
    return bool(_OTHER_THING.search(between) or _OTHER_THING.search(clause) or owned)


def _count_behind(reading: Reading, mention: Mention) -> Quantity | None:
    """Return the parameters that the text itself gives of a model: "than GPT-2's 1.5 billion parameters"."""
    after = (q for q in reading.quantities if q.unit == "parameters" and q.start >= mention.end)
    return next((q for q in after if re.fullmatch(r"['’]s\s+(?:\w+\s+)?|\s+\(", reading.text[mention.end : q.start])), None)


def _lengths(reading: Reading) -> Iterator[Claim]:
    match = _FROM_TO.search(reading.text)
    if match is None or not reading.has(_GROWN):
        return
    first, last = (_tokens(match.group(i)) for i in (1, 2))
    factors = list(reading.free("times"))
    factor = factors[0] if factors else _spelled(reading, match)
    if first is None or last is None or not 16 <= first < last <= 1e8 or factor is None or len(factors) > 1:
        return  # with two factors one is that of the length, which growth.py reads
    about = "cache" if reading.has(r"\bcache\b|\bKV\b") else "attention" if reading.has(r"\battention\b") else "compute"
    model = reading.models[0].thing if reading.models else None
    whole = reading.has(_WHOLE)
    name = model.name if model else "a model"
    yield claim_of(reading, "growth-between", factor, f"{about} of {name}", model=model, about=about, first=first, last=last, whole=whole)


def _tokens(text: str) -> int | None:
    found = find_quantities(text.strip().replace("k", "K"))
    if len(found) != 1:
        return None
    return int(found[0].value / 1000 * 1024) if found[0].scale == "K" else int(found[0].value)


def _spelled(reading: Reading, lengths: re.Match[str]) -> Quantity | None:
    found = [match for match in _FACTOR.finditer(reading.text) if match.start() > lengths.end()]
    if len(found) != 1:
        return None
    value = next(factor for word, factor in _WORDS.items() if word.startswith(found[0].group(1).lower()))
    return Quantity(found[0].group(0), found[0].start(), found[0].end(), value, 0.97 * value, 1.03 * value, "times")


def check_ratio(claim: Claim) -> Verdict:
    """Compare with the quotient of the parameters, of those a token meets, or of the sizes in the names."""
    one, two = claim.given["model"], claim.given["other"]
    sizes = (claim.given["sizes"]["one_size"], claim.given["sizes"]["other_size"])
    for model, size in zip((one, two), sizes, strict=True):
        if size is None and model.undisclosed:
            return unverifiable(claim, undisclosed(model, "the number of parameters"), model.source)
        if size is None and not model.parameters and not family_members(model):
            return unverifiable(claim, f"no count of the parameters of {model.name} is at hand", model.source)
    rows = [
        Scenario(
            a / b,
            f"{show(a, 'parameters')} / {show(b, 'parameters')} = {a / b:.4g}",
            " and ".join(part for part in (first, second) if part),
        )
        for a, first in _counts(one, sizes[0])
        for b, second in _counts(two, sizes[1])
    ]
    names = [_in_name(model) for model in (one, two)]
    if names[0] and names[1]:
        rows.append(Scenario(names[0] / names[1], f"{names[0]:.3g} / {names[1]:.3g}", "the sizes of the names are meant"))
    if one.active and two.active and (one.active < 0.9 * one.parameters or two.active < 0.9 * two.parameters):
        value = one.active / two.active
        rows.append(Scenario(value, f"active: {one.active:.4g} / {two.active:.4g} = {value:.4g}", "only what meets a token is counted"))
    return judge(claim, rows, slack=5 * EXACT, source=f"{one.source}; {two.source}", unit="times")


def _counts(model: Model, said: Quantity | None) -> list[tuple[float, str]]:
    """Return the counts a name may stand for: what the text says of it, else each member of a family."""
    if said is not None:
        return [(said.value, "")]
    members = family_members(model)
    return [(other.parameters or 0.0, f"{other.name} is meant") for other in members] or [(model.parameters or 0.0, "")]


def _in_name(model: Model) -> float | None:
    match = re.search(r"(?<![\dx×.])(\d+(?:\.\d+)?)B\b", model.name)
    return float(match.group(1)) * 1e9 if match else model.published


def check_between(claim: Claim) -> Verdict:
    """Compare with the quotient of the profile's operations, or bytes, at the two lengths."""
    model: Model | None = claim.given["model"]
    if model is not None and model.engine is None:
        return unverifiable(claim, f"the configuration of {model.name} is not at hand", model.source)
    engine = model.engine if model is not None else facts.reference("llama-2-7b")
    name, about = model.name if model is not None else "Llama 2 7B", claim.given["about"]
    first, last = claim.given["first"], claim.given["last"]
    work = {"cache": engine.state_bytes, "attention": engine.attention_flops, "compute": engine.flops}[about]
    one, two = work(first), work(last)
    if not one:
        return unverifiable(claim, f"{name} has none of it", model.source if model else "")
    text = f"{about} of {name}: {two:,} at {last:,} / {one:,} at {first:,} = {two / one:.3g}"
    rows = [Scenario(two / one, text, "" if model is not None else f"a model like {name} is meant")]
    if about == "compute" and engine.attention_flops(first):
        value = engine.attention_flops(last) / engine.attention_flops(first)
        note = "only the attention term is meant, not the whole model"
        rows.append(Scenario(value, f"attention alone: {value:.3g}", note, plausible=not claim.given["whole"]))
    return judge(claim, rows, slack=0.05, source=model.source if model else "profile of Llama 2 7B", unit="times")


CHECKS: dict[str, Check] = {"size-ratio": check_ratio, "growth-between": check_between}
