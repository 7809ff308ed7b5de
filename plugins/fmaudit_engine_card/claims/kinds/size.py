"""Claims about how many parameters a model has, all of them and those a token meets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import EXACT, Scenario, judge, show, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, family_members, model_of, undisclosed
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

ENDS = 1.15  # sizes are rounded in names

_ACTIVE_BEFORE = (
    r"(?:activat\w+|active\b|uses?|using|engag\w+|touch\w*|meets?|visits?|(?:goes|passes) through|fir(?:es|ing)|runs?)(?:\s+(?:only"
    r"|about|around|roughly"
    r"|just|some|are|is|parameters|parameter count (?:is|of)|count (?:is|of)|to|of|at|on"
    r"|with))*\s*$"
)
_ALL_ACTIVE = r"[^.;,]{0,40}\b(?:are|is)\s+(?:\w+\s+)?(?:active|activated|used|engaged)\b"
_ACTIVE_AFTER = (
    r"\s*(?:of\s+(?:its|the|these|those|which|them)\s+)?(?:[\d.,]+\s*(?:B|T|billion|trillion)\s+)?(?:parameters"
    r"|params|weights)?\s*(?:are|is|being|get|that are|which are|will be)?\s*(?:actually "
    r"|only )?(?:activ\w+"
    r"|used|work\b|take part|participate|come into play|do any work|in use|at work|engaged"
    r"|per token|(?:for"
    r"|on|by|to) (?:each|every|any|a|one)(?: given| single)? token|at (?:a time|inference))"
)
_CUE = (
    r"param|weights|active|activat|billion|size|dense|\bmodel\b|\btotal\b|in all\b|altogether"
    r"|(?:quoted|advertised"
    r"|listed|cited|known|sold|marketed) (?:at|as)\b"
)
_IS = re.compile(
    (
        r"(?:\b(?:is|has|have|with|at|of|contains?|counts?|comprises?|totals?|weighs? in at"
        r"|packs?|boasts?|reach\w*"
        r"|comes? (?:in at|to)|=|makes?|holds?|get|gives?|adds? up to|amounts? to|a|the|its"
        r"|only|about|really|actually"
        r"|not|just|over|than|from|to|and)\s*|[=(:,|]\s*)$"
    ),
    re.I,
)


def read(reading: Reading) -> Iterator[Claim]:
    """Find counts of parameters said of a model."""
    for quantity in reading.free("parameters", ""):
        if (quantity.unit == "" and not _is_count(reading, quantity)) or _is_of_an_expert(reading, quantity):
            continue
        model, assumed = model_of(reading, quantity.start)
        if model is None or _says_optimum(reading):
            continue
        kind = "active-parameters" if _is_active(reading, quantity) else "parameters"
        yield claim_of(reading, kind, quantity, model.name, assumed, model=model)


def _is_count(reading: Reading, quantity: Quantity) -> bool:
    """Tell whether a bare "46.7B" counts parameters: a model is named, and the words around say so."""
    if quantity.scale == "" and quantity.value >= 1e7:  # "Llama-2-13B holds 13,015,864,320 weights, Llama-2-7B 6,738,415,616"
        beside = any(0 <= quantity.start - mention.end <= 3 for mention in reading.models)
        return beside and any(other.unit == "parameters" for other in reading.quantities)
    goes_on = "model" in reading.memory and (reading.has(r"\btotal\b|param|weights") or "counted" in reading.memory)
    if quantity.scale.lower() not in {"b", "t", "billion", "trillion", "bn"} or not (reading.models or goes_on):
        return False
    before, after = reading.text[: quantity.start], reading.text[quantity.end : quantity.end + 25]
    if re.match(r"\s*(?:tokens?|words?|pages?|dollars|FLOP|gpu|hours|downloads|users|people|bytes|characters)", after, re.I):
        return False
    if re.match(r"\s*(?:of|out of)\s+(?:its|the|those|these)?\s*(?:[\d.,]+\s?(?:B|T|billion|trillion)\b|param)", after, re.I):
        return True
    if _goes_on_about_other(reading, quantity):
        return False
    if re.match(_ACTIVE_AFTER, after, re.I) and reading.has(r"param|weights|activ"):
        return True
    if re.search(r"\bof which\s+(?:only |about |just |some )*$", before, re.I):
        return True
    if re.match(r"\s*(?:parameter\s+)?model\b", after, re.I) and re.search(
        r",\s+\w+(?:['’]s)?\s+(?:\w+\s+)?$", before
    ):  # "Gopher, DeepMind's 280B model"
        return True
    if _in_brackets(reading.text, quantity) and any(1 <= quantity.start - mention.end <= 2 for mention in reading.models):
        return True
    touching = any(0 <= quantity.start - mention.end <= 3 for mention in reading.models)
    told = bool(touching or _IS.search(before) or re.search(_ACTIVE_BEFORE, before, re.I))
    return (told and reading.has(_CUE)) or _equals(reading, quantity)


def _goes_on_about_other(reading: Reading, quantity: Quantity) -> bool:
    """Tell a bare figure that counts what the one before it counts, and not parameters: "366 billion tokens, of which 110 billion"."""
    last = next(
        (q for q in reversed(reading.quantities) if q.end <= quantity.start and q.unit and q.unit not in {"times", "percent"}), None
    )
    if last is None or last.unit not in {"tokens", "words", "pages", "usd", "flop"}:
        return False
    return (
        re.fullmatch(
            r"[^,;:]{0,40}[,;(]?\s*(?:(?:of (?:which|them|these)|but|and|about|some|only|just|roughly)\s+)*",
            reading.text[last.end : quantity.start],
        )
        is not None
    )


def _in_brackets(text: str, quantity: Quantity) -> bool:
    """Tell whether a figure stands alone in brackets, as the size does behind a name: "GPT-3 (175B)"."""
    return text[max(0, quantity.start - 1) : quantity.start] == "(" and text[quantity.end : quantity.end + 1] == ")"


def _is_of_an_expert(reading: Reading, quantity: Quantity) -> bool:
    """Tell the size of one expert, a part by name only, from that of the model."""
    each = re.match(r"\s*(?:each|apiece|per expert)\b", reading.text[quantity.end :], re.I)
    return bool(
        each
        or re.search(
            r"(?<!mixture of )(?<!mixture-of-)\bexperts?\s+(?:of|with|having)\s+(?:about\s+|roughly\s+)?$",
            reading.text[: quantity.start],
            re.I,
        )
    )


def _equals(reading: Reading, quantity: Quantity) -> bool:
    return (
        quantity.unit == ""
        and re.search(r"(?:is|has|=)\s+(?:really |actually |about |roughly |a |an )*$", reading.text[: quantity.start], re.I) is not None
        and not reading.has(r"tokens|dollar|hour|FLOP")
    )


def _is_active(reading: Reading, quantity: Quantity) -> bool:
    before, after = reading.text[max(0, quantity.start - 70) : quantity.start], reading.text[quantity.end : quantity.end + 60]
    if re.search(
        r"\d\s?(?:B|T|billion|trillion)\s+(?:out )?of (?:its |the |their |a total of )?$", before, re.I
    ):  # the second of "13B of 47B"
        return False
    if re.match(
        r"\s*(?:parameters\s+|params\s+)?(?:out )?of (?:its |the |their |a total of )?\d[\d.,]*\s?(?:B|T|billion|trillion)\b", after, re.I
    ):
        return True
    if re.match(r"active|activat", quantity.text.split()[-1] if " " in quantity.text else "", re.I) or re.search(
        r"\bactive\s+(?:param|weights)", quantity.text, re.I
    ):
        return True
    if re.match(r"\s*(?:\w+\s+)?,?\s*of (?:which|them|these|those)\s+(?:(?:about|only|just|some|roughly)\s+)?\d", after, re.I):
        return False  # the whole, whose active part follows
    if re.search(r"activat\w+\s+all\s+(?:of\s+)?(?:its|the|their)?\s*$", before, re.I):
        return True
    if re.search(r"\ball\s+(?:of\s+)?(?:its|the|their|\S+['’]s)?\s*$", before, re.I) and re.match(_ALL_ACTIVE, after, re.I):
        return True
    if re.search(r"\b(?:total(?: of)?|out of|of (?:its|the|their|a total of))\s*$", before, re.I):
        return False
    return bool(re.search(_ACTIVE_BEFORE, before, re.I) or re.match(_ACTIVE_AFTER, after, re.I))


def _says_optimum(reading: Reading) -> bool:
    return reading.has(r"compute[-\s]optimal|chinchilla[-\s](?:optimal|optimum|style)|should have (?:had|been)")


def check_parameters(claim: Claim) -> Verdict:
    """Compare with the count from the configuration, else with what was published."""
    model: Model = claim.given["model"]
    if model.undisclosed:
        return unverifiable(claim, undisclosed(model, "the number of parameters"), model.source)
    members = family_members(model)
    if members:
        return _check_family(claim, model, members)
    total = model.parameters
    if total is None:
        return unverifiable(claim, f"no count of the parameters of {model.name} is at hand", model.source)
    return judge(
        claim, list(_totals(model, total, claim.text)), slack=EXACT, source=model.source, why=_why(claim, model, total), unit="parameters"
    )


def _totals(model: Model, total: float, text: str) -> Iterator[Scenario]:
    yield Scenario(total, _counted(model, total))
    engine = model.engine
    if engine is not None:
        tables = {name: count for name, count in engine.by_module.items() if name in {"embedding", "head"}}
        rest = total - sum(tables.values())
        out = " - ".join(f"{count:,} {name}" for name, count in tables.items())
        yield Scenario(rest, f"{total:,.0f} - {out} = {rest:,.0f}", "the tables of tokens are not counted")
        for name, count in engine.by_module.items():
            if re.search(rf"\b{name.rstrip('s')}", text, re.I):
                yield Scenario(float(count), f"{name}: {count:,}", f"the {name} alone is meant")
    active = model.active
    if active is not None and active < 0.9 * total:
        yield Scenario(active, f"{active:,.0f} of {total:,.0f} meet a token", "only what meets one token is counted")


def _counted(model: Model, total: float) -> str:
    if model.engine is None:
        return f"{model.name}: {show(total, 'parameters')}, as published"
    parts = " + ".join(f"{count:,} {name}" for name, count in model.engine.by_module.items())
    return f"{model.name}: {parts} = {total:,.0f}"


def _why(claim: Claim, model: Model, total: float) -> str:
    """Explain the sum that goes wrong with experts: the name's product counts everything as often as there are experts."""
    named = re.search(r"(\d+)\s*[x×]\s*(\d+(?:\.\d+)?)B", model.name)
    assert claim.value is not None, "a count has a value"
    if named is None:
        return ""
    experts, size = int(named.group(1)), float(named.group(2)) * 1e9
    if not claim.value.admits(experts * size, EXACT):
        return ""
    return (
        f"{experts} x {size / 1e9:g}B = {experts * size / 1e9:g}B takes every part {experts} "
        f"times, but only the "
        f"feed-forward experts are there {experts} times: "
        f"attention, embeddings and norms are shared, which gives {show(total, 'parameters')}"
    )


def _check_family(claim: Claim, model: Model, members: list[Model]) -> Verdict:
    assert claim.value is not None, "a count has a value"
    sizes = {other.name: other.parameters or 0.0 for other in members}
    others = [size for size in model.facts.get("sizes", ()) if all(abs(size / known - 1.0) > EXACT for known in sizes.values() if known)]
    sizes |= {f"the one of {show(size, 'parameters')}": float(size) for size in others}
    written = ", ".join(f"{name} {show(size, 'parameters')}" for name, size in sizes.items())
    if claim.value.ranged:
        return _check_range(claim, model, sizes, written)
    rows = [
        Scenario(size, f"the family {model.name}: {written}", f"{name} of the family {model.name} is meant") for name, size in sizes.items()
    ]
    return judge(claim, rows, slack=EXACT, source=model.source, unit="parameters")


def _check_range(claim: Claim, model: Model, sizes: Mapping[str, float], written: str) -> Verdict:
    """Hold the ends of a range against the smallest and the largest member; the table need not hold every member between."""
    assert claim.value is not None, "a range has a value"
    least, most = min(sizes.values()), max(sizes.values())
    text = f"the family {model.name}: {written}"
    told = f"{claim.value.text.strip()} is said of {show(least, 'parameters')} to {show(most, 'parameters')}"
    ends = (1 / ENDS <= claim.value.low / least <= 1 + EXACT, 1 - EXACT <= claim.value.high / most <= ENDS)
    if all(ends):
        return verdict(claim, "holds", text, told, "", model.source)
    if claim.value.low < least / ENDS or claim.value.high > most * ENDS:
        return verdict(claim, "wrong", text, told, "", model.source)
    return verdict(claim, "unverifiable", text, f"{told}: a part of the family may be meant", "", model.source)


def check_active(claim: Claim) -> Verdict:
    """Compare with what meets one token."""
    model: Model = claim.given["model"]
    if model.undisclosed:
        return unverifiable(claim, undisclosed(model, "the number of parameters"), model.source)
    active, total = model.active, model.parameters
    if active is None or total is None:
        return unverifiable(claim, f"no count of the active parameters of {model.name} is at hand", model.source)
    rows = [Scenario(active, f"{model.name}: {show(active, 'parameters')} of {show(total, 'parameters')} meet a token")]
    if model.engine is not None and active != model.engine.active_parameters:
        counted = float(model.engine.active_parameters)
        rows.append(Scenario(counted, f"{counted:,.0f} by the configuration", "tables of tokens are counted whole"))
    note = "the experts a token is not sent to do not count; attention, embeddings and norms always do"
    return judge(claim, rows, slack=0.02, source=model.source, why=note, unit="parameters")


CHECKS: dict[str, Check] = {"parameters": check_parameters, "active-parameters": check_active}
