"""Claims about a model's shape: blocks, hidden size, heads, vocabulary, experts, context window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import Scenario, judge, unverifiable
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, family_members, model_of, undisclosed
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_HIDDEN_BEFORE = (
    r"(?:hidden|embedding|model|residual)[-\s]?(?:stream )?(?:size|dimension(?:ality)?|width|state size)s?\W+(?:\w+\W+){0,2}$"
    r"|d_?model\W*(?:of|is|=)?\W*$|\b(?:width|hidden states?)(?: of| is)\W*$|(?:hidden|embedding|model) (?:size"
    r"|dimension(?:ality)?|width)[^.;,]{0,40}\b(?:is|was|of|=)\s*$"
)
_HIDDEN_AFTER = (
    r"\s*(?:as its |as the )?(?:hidden (?:size|dimension|units|state)|wide\b|[-\s]?(?:wide|dimensional) (?:hidden|residual|embed))"
)
_VOCABULARY = r"vocab\w*|\btokenizer\b|token types|distinct tokens"
_VOCABULARY_BEFORE = (
    r"(?:vocab\w*|token(?:iz|is)er)\W+(?:(?:size|of|is|has|have|with|holds?|contains?|counts?|comprises?|about"
    r"|around|roughly|some|exactly|only|just|a|consists?|knows?|to|are|the|was|has|total|lists?|up|=)\W+){0,5}$"
)
_VOCABULARY_AFTER = r"\s*(?:[-\s]?(?:token|word|entry|piece|subword|item)s?)?\s*(?:-\s?)?(?:in (?:its|the) |large |of )?(?:vocab\w*)"
_WINDOW = r"context|window|sequence length|maximum length|max(?:imum)? (?:input|prompt|position)|positions|at (?:a time|once)"
_ABLE = (
    r"support|handle|accept|window|limit|up to|maximum|length of|context (?:of|is|was|size)|-?(?:token )?context|at most|process|read|take"
)
_USED = r"(?:uses?|using|activat\w+|rout\w+|sends?|sent|selects?|picks?|choos\w+|top[-\s]?|consult\w*|works? on)\W+(?:\w+\W+){0,6}$"
_USED_AFTER = (
    r"\s*(?:of them|of these|out of)?\s*(?:experts?)?\s*(?:are |is )?(?:per token|for (?:each|every|any|a) token"
    r"|at a time|(?:is|are) active|active|used|on (?:each|every) token|handle|of them)"
)


# what makes a figure of dimensions that of one head: "heads of 128 dimensions", "128 dimensions per head"
_HEAD_BEFORE = (
    r"\bheads?\s+(?:(?!hidden|model|residual|embed|shar|split|divid|mak|form|add|cover|fill|sum|giv|yield|concat"
    r"|produc)\w[\w.\-]*\s+){0,6}$"
)
_HEAD_AFTER = r"\s*(?:,?\s*(?:per|for|in|of|to|a)\s*)?(?:(?:each|every|one|a|the|its|per|of|attention|query|\d+|key|value)\s+){0,4}heads?\b"
_HIDDEN_CUE = r"hidden|\bmodel\b|embed|residual|\bstates?\b|\bwidth|\bwide\b|d_?model"


_OF_LAYERS = r"\s*(?:out )?of (?:\w+['’]s |its |the |their |all )*\d+\s+(?:\w+\s+)?(?:layers|blocks)"
_INNER_BEFORE = (
    r"(?:intermediate|feed[-\s]?forward|FFN|MLP|inner)[-\s]?(?:layer |hidden |inner )?(?:size|dimension(?:ality)?|width)s?"
    r"\W+(?:(?:of|is|was|=|to|equals)\W+)?(?:\w+\W+)?$|d_?ff\W*(?:of|is|=)?\W*$"
)


def read(reading: Reading) -> Iterator[Claim]:
    """Find figures of a model's shape."""
    for quantity in reading.free("layers", "heads", "kv_heads", "dimensions", "entries", "experts", "tokens", "words", ""):
        kind = _kind(reading, quantity)
        if not kind:
            continue
        model, assumed = model_of(reading, quantity.start)
        also = "head-size" if kind == "hidden-or-head" else ""
        kind = kind.removesuffix("-or-head")
        if model is not None:
            stated = (
                replace(quantity, bound="", low=min(quantity.low, quantity.value))
                if kind == "context-window" and quantity.bound == "at-most"
                else quantity
            )
            yield claim_of(reading, kind, stated, model.name, assumed, model=model, also=also)  # "at most 1,024 tokens" is the limit itself


def _kind(reading: Reading, quantity: Quantity) -> str:
    before, after = reading.text[max(0, quantity.start - 60) : quantity.start], reading.text[quantity.end : quantity.end + 40]
    if quantity.unit == "layers":
        return "attention-layers" if _is_of_attention(quantity, before, after) else "layers"
    if quantity.unit == "heads":
        return quantity.unit
    if quantity.unit == "" and re.match(_OF_LAYERS, after, re.I) and quantity.value < 500:
        return "attention-layers" if _is_of_attention(quantity, before, after) else ""
    if quantity.unit in {"", "dimensions"} and re.search(_INNER_BEFORE, before, re.I) and 64 <= quantity.value <= 1e6:
        return "intermediate"
    if quantity.unit == "kv_heads":
        return "kv-heads"
    experts = _of_experts(reading, quantity, before, after)
    if experts is not None:
        return experts
    if quantity.unit == "dimensions":
        return _of_dimensions(reading, before, after)
    if re.search(_HIDDEN_BEFORE, before, re.I) or re.match(_HIDDEN_AFTER, after, re.I):
        return "hidden" if quantity.unit == "" else ""
    spoken = (
        re.search(_VOCABULARY_BEFORE, before, re.I)
        or re.match(_VOCABULARY_AFTER, after, re.I)
        or (quantity.unit == "entries" and reading.has(_VOCABULARY))
    )
    if quantity.unit in {"entries", "words", "tokens", ""} and spoken and 1000 <= quantity.value <= 2e6:
        return "vocabulary"
    if quantity.unit in {"tokens", ""} and 256 <= quantity.value <= 2e7 and _is_window(reading, quantity):
        return "context-window"
    return ""


def _of_dimensions(reading: Reading, before: str, after: str) -> str:
    """Return whether dimensions are those of a head, by the noun that is nearest, or of the hidden state."""
    if re.search(_HEAD_BEFORE, before, re.I) or (re.match(_HEAD_AFTER, after, re.I) and not re.search(_HIDDEN_BEFORE, before, re.I)):
        return "head-size"
    return "hidden" if not reading.has(r"\bheads?\b") or reading.has(_HIDDEN_CUE) else "hidden-or-head"


def _of_experts(reading: Reading, quantity: Quantity, before: str, after: str) -> str | None:
    """Return the kind of a figure that counts experts, "" where it gives their size, None where it is of something else."""
    if quantity.unit == "experts" and quantity.scale:  # "eight 22B experts" gives a size
        return ""
    if quantity.unit == "experts" and re.search(
        r"\d\s+(?:out )?of (?:its |the |their |all )?$|\b(?:one|two|three|four|six|eight) (?:out )?of (?:its |the |their |all )?$",
        before,
        re.I,
    ):
        return "experts"
    if quantity.unit == "" and re.match(
        r"\s*(?:out )?of (?:its |the |their |all )?(?:\d+|eight|sixteen)\s+(?:\w+\s+)?experts\b", after, re.I
    ):
        return "experts-used"
    if quantity.unit == "experts" or (
        quantity.unit == "" and quantity.value < 500 and _speaks_of_experts(reading, quantity, before, after)
    ):
        used = re.search(_USED, before, re.I) or re.match(_USED_AFTER, after, re.I)
        return "experts-used" if used else "experts"
    return None


def _is_of_attention(quantity: Quantity, before: str, after: str) -> bool:
    """Tell a count of the layers that attend from a count of all layers."""
    if re.search(r"\d\s+(?:out )?of (?:\w+['’]s |its |the |their |all )*$", before):  # the whole of "4 of its 32 layers"
        return False
    return bool(
        re.search(r"attention", quantity.text, re.I)
        or re.search(r"attention (?:in|on|at|to|for)\s+(?:(?:all|every|each|only|just|about|of|its|the)\s+)*$", before, re.I)
        or re.match(_OF_LAYERS + r"[^.;,]{0,30}attention", after, re.I)
        or re.match(r"\s*(?:are|is|use|do|of)\s+(?:\w+\s+)?attention", after, re.I)
    )


def _speaks_of_experts(reading: Reading, quantity: Quantity, before: str, after: str) -> bool:
    return quantity.scale == "" and bool(re.match(r"\s*of them\b", after, re.I) and re.search(r"experts", before, re.I))


def _is_window(reading: Reading, quantity: Quantity) -> bool:
    """Tell a model's limit from a length at which something else is said."""
    if any(other.unit in {"bytes", "times", "flop", "seconds", "usd"} for other in reading.quantities) or reading.has(
        r"quadrupl|doubl|cache|grow"
    ):
        return False
    return (
        reading.near(quantity, _WINDOW, 50, 30)
        and reading.near(quantity, _ABLE, 60, 30)
        and not reading.has(r"trained on|sliding|attention window")
    )


def _also_meant(claim: Claim, model: Model, key: str, value: float) -> Iterator[Scenario]:
    """Yield what else a count may be of: one head, the heads of keys and values, the experts that one token is sent to."""
    if claim.given.get("also") == "head-size" and (size := _head_size(model)):
        yield Scenario(size, f"{value:,.0f} / {model.count('heads'):,.0f} heads = {size:,.0f}", "the dimensions of one head are meant")
    if key == "heads" and (shared := model.count("kv_heads")) and re.search(r"\bkeys?\b|\bvalues?\b|\bKV\b", claim.text):
        yield Scenario(shared, f"{model.name}: kv_heads = {shared:g}", "the heads of keys and values are meant")
    if key == "experts" and (used := model.count("experts_used")):
        yield Scenario(used, f"{model.name}: {used:g} of {value:g} experts for a token", "the experts that one token is sent to are meant")


def check_count(claim: Claim) -> Verdict:
    """Compare with the configuration."""
    model: Model = claim.given["model"]
    key = {"kv-heads": "kv_heads", "experts-used": "experts_used"}.get(claim.kind, claim.kind)
    if model.undisclosed:
        return unverifiable(claim, undisclosed(model, "the architecture"), model.source)
    value = model.attention_layers if key == "attention-layers" else model.count(key)
    if value is None and key == "kv_heads":
        value = model.count("heads") if model.engine is not None else None
    if value is None:
        counts = {other.name: other.count(key) for other in family_members(model)}
        agreed = len(set(counts.values())) == 1
        rows = [
            Scenario(float(count), f"{name}: {key} = {count:g}", "" if agreed else f"{name} is meant")
            for name, count in counts.items()
            if count is not None
        ]
        if rows and key not in {"experts", "experts_used"}:
            return judge(claim, rows, slack=0.0, source=model.source, unit="")
        return unverifiable(claim, f"{key.replace('_', ' ')} of {model.name} is not at hand", model.source)
    rows = [Scenario(float(value), f"{model.name}: {key} = {value:,.0f}")]
    rows += _also_meant(claim, model, key, float(value))
    return judge(claim, rows, slack=0.02 if key == "vocabulary" else 0.001, source=model.source, unit="")


def _head_size(model: Model) -> float | None:
    """Return the dimensions of a query's head: of the configuration, else the hidden size over the heads."""
    said = model.engine.config.get("head_dim") if model.engine is not None else None
    hidden, heads = model.count("hidden"), model.count("heads")
    if said:
        return float(said)
    latent = model.engine is not None and any("rope_head_dim" in name for name in model.engine.config)
    return hidden / heads if hidden and heads and not latent and hidden % heads == 0 else None


def check_head_size(claim: Claim) -> Verdict:
    """Compare with the hidden size over the heads."""
    model: Model = claim.given["model"]
    size = _head_size(model)
    if size is None:
        return unverifiable(claim, f"the size of a head of {model.name} is not at hand", model.source)
    text = f"{model.name}: {model.count('hidden'):,.0f} dimensions / {model.count('heads'):,.0f} heads = {size:,.0f}"
    return judge(claim, [Scenario(size, text)], slack=0.001, source=model.source, unit="")


def check_window(claim: Claim) -> Verdict:
    """Compare with the context that was published; some families grew it later."""
    model: Model = claim.given["model"]
    window = model.number("context")
    if window is None:
        what = undisclosed(model, "the context window") if model.undisclosed else f"the context window of {model.name} is not at hand"
        return unverifiable(claim, what, model.source)
    rows = [Scenario(window, f"{model.name}: context = {window:,.0f} tokens")]
    if other := model.facts.get("context_other"):
        rows.append(Scenario(float(other["tokens"]), f"{other['tokens']:,} tokens", str(other["note"])))
    return judge(claim, rows, slack=0.025, source=model.source, unit="tokens")


_COUNTS = ("layers", "attention-layers", "intermediate", "hidden", "heads", "kv-heads", "vocabulary", "experts", "experts-used")
CHECKS: dict[str, Check] = {**dict.fromkeys(_COUNTS, check_count), "head-size": check_head_size, "context-window": check_window}
