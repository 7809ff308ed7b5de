"""Claims about memory: the cache of keys and values, weights at a precision, what fits on a device, and how a state grows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.judging import EXACT, Scenario, judge, show, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, claim_of, generic_size, model_of, size_of, statement, undisclosed
from fmaudit_engine_card.claims.kinds.room import CACHE, OF_LENGTH, is_per_token, is_training, things_of
from fmaudit_engine_card.claims.kinds.states import check_training_memory
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict
from fmaudit_engine_card.claims.stances import denies_fit, only_hopes, unsure_denial
from fmaudit_engine_card.claims.widths import width_of

__all__ = ["CHECKS", "read"]

_MEMORY = (
    r"weights?|takes?|needs?|memory|v?ram\b|store|occup|requires?|size|load|disk|weighs|shrinks?|shrunk|becomes?"
    r"|down to|just|only|loaded|quanti[sz]ed|comes? to|amounts? to|is about|footprint"
)
_FITS = re.compile(
    r"\b(?:fits?|squeeze[sd]?|runs?|loads?)\b(?:[^.;]|\.(?=\d)){0,120}?"
    r"\b(?:on|onto|in(?!\s+(?:fp|bf|int|tf|float|nf|\d+[-\s]?bits?|half|full|mixed|single))|into|inside|within)\b",
    re.I,
)
_HOLDS = re.compile(
    r"\b(?:holds?|hosts?|accommodates?|(?:has|have) (?:plenty of |enough )?room (?:to spare |enough )?for|swallows?|(?:is"
    r"|are) enough (?:for|to (?:hold|run|serve|load))|runs?(?=[^.;]{0,40}\bin\s+(?:fp|bf|int|\d+[-\s]?bit))"
    r"|suffices? (?:for|to (?:hold|run|serve|load))|can take)\b",
    re.I,
)
# how few bits these words leave open: the weights may be rounded to one each, or lie elsewhere in part
_ROUNDED_OFF = re.compile(
    r"(?<!without )(?<!without any )(?<!no )(?<!un)(?<!non-)quanti[sz]|compress|squeez|shrunk|shrink|round(?:ed|ing)", re.I
)
_TRICKS = re.compile(
    r"(?<!without )(?<!no )(?<!without any )\b(?:tricks?|hacks?|wizardry|settings|patience"
    r"|efforts?|tweak\w*|cunning|manag(?:es?|ed|ing) to|offload\w*|stream(?:ed|ing)|swap\w*)\b",
    re.I,
)
LEAST_WIDTH = 0.125  # bytes
LEAST_SHARE = 1e-3  # of the weights; less is no claim of them
WIDTHS = (("16-bit weights", 2.0), ("8-bit weights", 1.0), ("4-bit weights", 0.5), ("32-bit weights", 4.0))
ROUNDED = 0.03  # how far a size by name is from the count
CACHE_WIDTHS = (("16-bit keys and values", 2.0), ("8-bit keys and values", 1.0), ("32-bit keys and values", 4.0))


def read(reading: Reading) -> Iterator[Claim]:
    """Find claims of bytes, of fitting, and of growth."""
    yield from _fits(reading)
    for quantity in reading.free("bytes"):
        model, assumed = model_of(reading, quantity.start)
        size = size_of(reading, quantity.start) or (next(reading.free("parameters"), None) if not reading.models else None)
        width = width_of(reading, quantity)
        given = {"model": model, "size": size, "width": width.pair, "other_widths": width.others, "batch": reading.role("batch")}
        name = model.name if model else f"a model of {size.text.strip()}" if size else ""
        kind = _kind(reading, quantity, width.pair is not None) if model or size else ""
        if kind:
            things = things_of(reading, quantity)
            yield claim_of(reading, kind, quantity, name, assumed, context=_context(reading, quantity), things=things, **given)


def _kind(reading: Reading, quantity: Quantity, stated: bool) -> str:
    """Return the kind of a figure of bytes by what it is of; `stated` tells that its precision is given."""
    things = things_of(reading, quantity)
    if "training" in things:
        return "training-memory"
    if "cache" in things and things[0] != "weights":
        return "kv-per-token" if is_per_token(reading, quantity) else "kv-memory"
    if things and (reading.has(CACHE) or reading.has(_MEMORY) or stated):
        spoken = not reading.has(r"\btext\b|data ?set|corpus|train(?:ed|ing) (?:on|data)|activations?|optimi[sz]er|gradient")
        return "weights-memory" if spoken and _fitting_phrase(reading) is None else ""
    return ""


def _only_width(reading: Reading) -> tuple[str, float] | None:
    names = {mention.thing for mention in reading.precisions}
    return names.pop() if len(names) == 1 else None


def _context(reading: Reading, claimed: Quantity) -> Quantity | None:
    """Return the length at which a cache is claimed: the nearest count of tokens, or a bare count where a length is spoken of."""
    lengths = [
        q for i, q in enumerate(reading.quantities) if reading.roles.get(i, "context") == "context" and q.unit == "tokens" and q.value >= 64
    ]
    bare = [
        q
        for i, q in enumerate(reading.quantities)
        if i not in reading.roles
        and q.unit == ""
        and 256 <= q.value <= 2e7
        and (
            q.scale in {"K", "M"}
            or re.search(r"(?:\bat|length(?: of)?|context(?: of)?|tokens?\s*=|T\s*=)\s*(?:about )?$", reading.text[: q.start])
            or re.match(OF_LENGTH, reading.text[q.end :], re.I)
        )
    ]
    rows = lengths or bare
    return min(rows, key=lambda q: abs(q.start - claimed.start)) if rows else None


def _fits(reading: Reading) -> Iterator[Claim]:
    match = _fitting_phrase(reading)
    if match is None:
        return
    model, assumed = model_of(reading, match.start())
    size = size_of(reading, match.start())
    memory = _room(reading, match.end())
    count = reading.role("devices")
    device = reading.devices[0].thing if reading.devices else None
    if (model is None and size is None) or (memory is None and device is None):
        return
    given = {
        "model": model,
        "size": size,
        "width": width_of(reading, memory).pair if memory else _only_width(reading),
        "memory": memory,
        "device": device,
        "devices": count or _spelled_count(reading),
    }
    made = statement(reading, "fits", model.name if model else f"a model of {size.text}" if size else "", match, **given)
    before, behind = reading.text[: match.start()], reading.text[match.end() :]
    denied = denies_fit(before, behind)
    hoped = "the text hopes for it, it does not claim it" if only_hopes(before) else ""
    asked = made.asked or hoped or ("" if denied else unsure_denial(before, behind))
    yield Claim(made.kind, made.subject, None, made.given, made.text, made.span, denied, asked, assumed)


def _room(reading: Reading, at: int) -> Quantity | None:
    """Return the memory that is said of the device behind "fits on"; none where a comma parts it from a device that stands before it."""
    memory = reading.role("memory") or next((q for q in reading.free("bytes") if 0 <= q.start - at <= 12), None)
    first = next((device for device in reading.devices if device.start >= at), None)
    elsewhere = memory and first and first.end < memory.start and re.search(r"[,;]", reading.text[first.end : memory.start])
    return None if elsewhere else memory


def _fitting_phrase(reading: Reading) -> re.Match[str] | None:
    """Return the words that say that a model fits: "fits on", or of a device named before the model that it "can hold" it."""
    if match := _FITS.search(reading.text):
        return match
    match = _HOLDS.search(reading.text)
    first = min((mention.start for mention in reading.devices), default=None)
    held = [mention.start for mention in reading.models] or [size.start for size in [generic_size(reading)] if size]
    return match if match and first is not None and held and first < match.start() < max(held) else None


def _spelled_count(reading: Reading) -> Quantity | None:
    """Return a count of devices that stands before their memory: "eight 80 GB H100s"."""
    memory = reading.role("memory")
    if memory is None:
        return None
    return next((q for q in reading.quantities if q.unit == "" and 0 < memory.start - q.end <= 3 and q.value >= 1), None)


def check_bytes(claim: Claim) -> Verdict:
    """Check a cache or weights; where the text leaves open which of them, or both, a figure is of, each that fits is named."""
    first = check_weights if claim.kind == "weights-memory" else _check_cache
    made = first(claim)
    things = [thing for thing in claim.given.get("things") or () if thing != ("weights" if first is check_weights else "cache")]
    if made.status in {"holds", "holds-under"} and not claim.denied:
        return made
    for thing in things:
        if claim.denied:
            return unverifiable(claim, "the text denies a size of memory and leaves open of what", made.source)
        again = {"weights": check_weights, "cache": _check_cache, "sum": _check_sum}[thing](claim)
        if again.status in {"holds", "holds-under"}:
            meant = {"weights": "the weights are meant", "cache": "the cache is meant", "sum": "weights and cache together are meant"}[
                thing
            ]
            return replace(again, status="holds-under", assumption="; ".join(part for part in (meant, again.assumption) if part))
        made = made if again.status == "wrong" else again
    return made


def _check_sum(claim: Claim) -> Verdict:
    """Compare with the weights and the cache at the length that is given, together."""
    model: Model | None = claim.given["model"]
    length, count = claim.given.get("context"), _parameters(claim)[0]
    if model is None or model.engine is None or length is None or count is None:
        return unverifiable(claim, "a length or a configuration is missing for the cache that is counted with the weights")
    batch, width = int((claim.given.get("batch") or _ONE).value), claim.given["width"]
    rows = [
        Scenario(count * size + row.value, f"{count * size / 1e9:,.4g} GB of weights + {row.arithmetic}", "" if width else name)
        for name, size in ([width] if width else WIDTHS)
        for row in _caches(model.engine, _lengths(length)[-1], batch, width or CACHE_WIDTHS[0])
    ]
    return judge(claim, rows, slack=ROUNDED, source=model.source, unit="bytes")


def _check_cache(claim: Claim) -> Verdict:
    """Compare with 2 x layers x key-value heads x head size x bytes a value x tokens, as the configuration has it."""
    model: Model | None = claim.given["model"]
    if model is None or model.engine is None:
        return unverifiable(claim, _missing(model, "the configuration that decides the cache"), model.source if model else "")
    length = claim.given.get("context")
    if claim.kind == "kv-memory" and length is None:
        return unverifiable(claim, "no length is given, and the cache grows with it", model.source)
    engine, batch = model.engine, int((claim.given.get("batch") or _ONE).value)
    lengths = _lengths(length) if length is not None else (1,)
    rows = [row for tokens in lengths for row in _caches(engine, tokens, batch, claim.given["width"])]
    if claim.kind == "kv-per-token" and length is not None:
        whole = [_relabel(row, "all tokens together are meant") for row in rows]
        rows = [*_caches(engine, 1, 1, claim.given["width"]), *whole]
    if claim.kind == "kv-memory" and "sliding_window" in engine.config and engine.config["sliding_window"]:
        full = facts.reference("mistral-7b-v0.2") if model.name == "Mistral 7B" else None
        rows += (
            []
            if full is None
            else [
                _relabel(row, "all tokens are kept, not only the sliding window")
                for row in _caches(full, lengths[-1], batch, claim.given["width"])
            ]
        )
    return judge(claim, rows, slack=0.03, source=model.source, why=_cache_why(engine), unit="bytes")


def _caches(engine: Any, tokens: int, batch: int, width: tuple[str, float] | None) -> Iterator[Scenario]:
    for name, size in [width] if width else CACHE_WIDTHS:
        value = engine.state_bytes(tokens, size, batch) if tokens > 1 else engine.state_bytes_per_token(size)
        per_token = engine.state_bytes_per_token(size)
        out = (
            f"{per_token:,} bytes a token x {tokens:,} tokens"
            if tokens > 1 and engine.state_bytes(tokens, size) == per_token * tokens
            else f"{tokens:,} tokens"
            if tokens > 1
            else "a token"
        )
        text = f"{out}{f' x {batch} sequences' if batch > 1 else ''} at {size:g} bytes a value = {value:,} bytes = {show(value, 'bytes')}"
        yield Scenario(float(value), text, "" if width else name)


def _relabel(row: Scenario, assumption: str) -> Scenario:
    return Scenario(row.value, row.arithmetic, f"{row.assumption}, {assumption}" if row.assumption else assumption)


def _cache_why(engine: Any) -> str:
    full, kept = engine.full_state_bytes_per_token(2), engine.state_bytes_per_token(2)
    return (
        f"heads share keys and values: {kept:,} bytes a token in 16 bits where one pair a head would be {full:,}"
        if kept and full > kept
        else ""
    )


def _lengths(length: Quantity) -> tuple[int, ...]:
    return (int(length.value), int(length.value / 1000 * 1024)) if length.scale in {"K", "k"} else (int(length.value),)


_ONE = Quantity("1", 0, 0, 1.0, 1.0, 1.0)


def _missing(model: Model | None, what: str) -> str:
    if model is None:
        return "no model is named that is known here"
    return undisclosed(model, "the architecture") if model.undisclosed else f"{what} of {model.name} is not at hand"


def _parameters(claim: Claim) -> tuple[float | None, str]:
    """Return the parameters of the model or of the size given, and the source."""
    model: Model | None = claim.given["model"]
    size: Quantity | None = claim.given["size"]
    if size is not None:
        return size.value, "bytes = parameters x bytes a parameter"
    return (model.parameters, model.source) if model else (None, "")


def check_weights(claim: Claim) -> Verdict:
    """Compare with parameters x bytes a value; without a precision, any usual one may be meant."""
    count, source = _parameters(claim)
    if count is None:
        return unverifiable(claim, _missing(claim.given["model"], "the number of parameters"), source)
    width = claim.given["width"]
    rows = [
        Scenario(
            count * size,
            (f"{count / 1e9:,.4g}B x {size:g} bytes = {show(count * size, 'bytes')} ({count * size / 1e9:,.4g} GB)"),
            "" if width else name,
        )
        for name, size in ([width] if width else WIDTHS)
    ]
    if width and width[1] <= 1.0:
        rows.append(
            Scenario(
                count * width[1] * 1.06,
                f"{count / 1e9:,.4g}B x {width[1]:g} bytes x 1.06",
                "scales and unquantised tables add some per cent",
                high=count * width[1] * 1.25,
            )
        )
    if claim.value is not None and claim.value.high < LEAST_SHARE * rows[0].value and claim.span != (0, len(claim.text)):
        least = show(LEAST_SHARE * rows[0].value, "bytes")
        return unverifiable(claim, f"less than {least} is no size of its weights: a token's or a part's may be meant", source)
    rounding = 0.06 if claim.given["size"] is not None else 0.03  # "a 7B model" is a size by name
    return judge(claim, rows, slack=rounding, source=source, unit="bytes")


def check_fits(claim: Claim) -> Verdict:
    """Compare weights with the memory of the devices; weights alone are the least that is needed."""
    count, source = _parameters(claim)
    memory = claim.given["memory"]
    device = claim.given["device"]
    number = (claim.given["devices"] or _ONE).value
    room = memory.value if memory else (device.memory_gb or 0) * 1e9
    if count is None or not room:
        return unverifiable(claim, "the size of the model or of the memory is not at hand", source)
    width = claim.given["width"]
    have = f"{number:g} x {room / 1e9:g} GB = {number * room / 1e9:g} GB"
    rows = [
        (name, count * size, f"{count / 1e9:,.4g}B x {size:g} bytes = {count * size / 1e9:,.4g} GB of weights against {have}")
        for name, size in ([width] if width else WIDTHS)
    ]
    source = f"{source}; {device.source}" if device else source
    slack = ROUNDED if claim.given["size"] is not None else EXACT  # "a 7B model" is a size by name
    made = _fitting(claim, rows, number * room, slack, bool(width), source)
    return made if width or claim.denied or made.status != "wrong" else _however_stored(claim, made, count, number * room)


def _however_stored(claim: Claim, made: Verdict, count: float, room: float) -> Verdict:
    """Leave open what fits nowhere at a usual precision, where the text speaks of tricks or of rounding without saying how far."""
    said = _TRICKS.search(claim.text) or (_ROUNDED_OFF.search(claim.text) if count * LEAST_WIDTH <= room else None)
    if said is None:
        return made
    told = f"{made.reason} at a usual precision; {said.group(0)!r} leaves open how they are stored"
    return replace(made, status="unverifiable", reason=told)


def _fitting(claim: Claim, rows: list[tuple[str, float, str]], room: float, slack: float, stated: bool, source: str) -> Verdict:
    fitting = [row for row in rows if row[1] <= room * (1.0 + slack)]
    if not fitting:
        least = min(rows, key=lambda row: row[1])
        return verdict(claim, "wrong", least[2], "the weights alone are more than the memory there is", "", source)
    name, need, text = fitting[0]
    if is_training(claim.text):
        return unverifiable(claim, "the weights would fit, but training takes several times their memory", source)
    tight = need > 0.85 * room
    if stated and not tight and not claim.denied:
        return verdict(
            claim, "holds", text, f"the weights leave {show(room - need, 'decimal-bytes')} for the cache and activations", "", source
        )
    assumption = " and ".join(
        part for part in ("" if stated else name, "next to nothing is left for the cache and activations" if tight else "") if part
    )
    return verdict(claim, "holds-under", text, "whether it fits hangs on what else must be held", assumption or "a short context", source)


CHECKS: dict[str, Check] = {
    "kv-memory": check_bytes,
    "kv-per-token": check_bytes,
    "weights-memory": check_bytes,
    "fits": check_fits,
    "training-memory": check_training_memory,
}
