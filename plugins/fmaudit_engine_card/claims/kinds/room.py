"""What a figure of bytes is of: weights, the cache, both, a device's memory, what is left of it, data, or a training run."""

from __future__ import annotations

import re

from fmaudit_engine_card.claims.parts import is_rest
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading

__all__ = ["CACHE", "OF_LENGTH", "is_per_token", "is_training", "things_of"]

CACHE = r"\bkv\b|kv[-\s]?cache|keys?[-\s/]*(?:and[-\s])?values?|\bcach(?:e[sd]?|ing)\b"
_NOUNS = {
    "cache": CACHE,
    "weights": r"\bweights?\b|\bparameters?\b|\bcheckpoints?\b",
    "sum": r"\b(?:in all|in total|all told|altogether|together|overall|total|sum)\b",
    "other": r"\b(?:activations?|optimi[sz]ers?|gradients?|overheads?|buffers?)\b",
}
_ANY_NOUN = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _NOUNS.items()), re.I)
# behind a figure, with no verb, comma or "and" between: "16 GB for the weights", "2.1 GB of fp16 KV cache"
_BEHIND = re.compile(
    r"\s*(?:(?:of|for|in|at|to|worth of)\s+)?(?:(?!(?:and|plus|with|while|which|that|takes?|adds?|needs?|is|are|against|but"
    r"|as|than|much)\b)\w[\w.\-]*\s+){0,5}?"
    rf"(?:{_ANY_NOUN.pattern})|\s*,?\s*(?P<all>in all|in total|all told|altogether|together)\b",
    re.I,
)
_BESIDE = re.compile(r"\b(?:with|including|plus|and|besides|beside|counting|without|excluding|for)\s+(?:\S+\s+){0,3}$", re.I)
_TRAINS = re.compile(
    r"\bfine-?tun(?:e|es|ing)\b|(?<!after )(?<!before )(?<!since )\b(?:pre-?)?training\b(?!\s+(?:data|sets?|tokens?|corpus"
    r"|text|costs?|run))"
    r"|\bto (?:pre-?)?train\b|\bAdam\w*|\boptimi[sz]er|\bgradients?\b",
    re.I,
)
_VERB = re.compile(
    r"\b(?:takes?|took|needs?|needed|requires?|uses?|used|occup\w+|consum\w+|weighs?|fills?|eats?|swallows?|costs?|comes? to|amounts? to"
    r"|stored in|is|are|=)\s+(?:(?!than\b)\w+\s+){0,3}$|['’]s\s+$",
    re.I,
)
_MACHINE = r"(?:cards?|GPUs?|accelerators?|devices?|nodes?|servers?|machines?|box(?:es)?|hosts?|systems?|laptops?|phones?|desktops?)"
_OF_MACHINE = re.compile(
    rf"\b{_MACHINE}\s*\(\s*$|\b{_MACHINE}\s+(?:with|has|have|of|offers?|provides?|brings?|(?:(?:which|that) )?(?:has"
    rf"|have))\s+(?:\w+\s+){{0,3}}$",
    re.I,
)
_OWNED = re.compile(r"\s*(?:\(\s*|(?:with|has|have|of|offers?|provides?|brings?)\s+(?:\w+\s+){0,3})$", re.I)
_WHOLE = re.compile(r"\d\s?[GT]i?B\s+(?:out\s+)?of\s+(?:(?:the|its|their|an?|\S+['’]s)\s+)*$", re.I)
_ENOUGH = re.compile(r"\b(?:too (?:\w+) for|not enough for|beyond)\s+(?:(?:the|a|an|its|about|some)\s+)*$", re.I)
_IN_MEMORY = re.compile(r"\s*(?:of\s+)?(?:\w+\s+)?(?:V?RAM|memory|HBM\d?e?)\b", re.I)
_DATA = re.compile(
    r"\s*(?:of\s+)?(?:(?!weights?\b|memory\b)[\w\-]+\s+){0,2}(?:text|data(?!\s*type)|corpus|corpora|data ?sets?|dumps?|tokens)\b"
    r"|\s*,?\s*of (?:web )?text\b",
    re.I,
)
_DATA_BEFORE = re.compile(r"\b(?:text|data(?!\s*type)|corpus|data ?set|crawl|filtered|scraped|compressed)\b[^;:.]{0,60}$", re.I)
OF_LENGTH = r"[-\s]+(?:long\s+)?(?:prompts?|contexts?|sequences?|documents?|conversations?|inputs?)\b"
_TOKEN = (
    r"(?:(?:additional|new|more|extra|further|single|generated|processed|output|input|context|cached)\s+)?"
    r"token\b(?!\s*(?:embed|table|limit|id))"
)
# bytes of one token ("320 KiB per token", "each token takes ..."), or of a prompt of so many ("a 4k prompt costs ...")
_PER_TOKEN = re.compile(rf"per[-\s]{_TOKEN}|\b(?:a|one)\s+{_TOKEN}|\b(?:each|every)\s+(?:[\w.\-]+\s+){{0,4}}?{_TOKEN}|/\s?token\b", re.I)
_RIGHT_BEHIND = re.compile(
    rf"(?:\s+(?:in|at|with|of)\s+(?:fp|bf|int|float)\d+)?(?:(?!\band\b|\bbut\b)[^,;.:\d]){{0,40}}?(?:{_PER_TOKEN.pattern})", re.I
)
_PROMPT = re.compile(
    rf"\d\s?[kKM]?(?:[-\s]tokens?)?{OF_LENGTH}"
    rf"|(?:\d[\d,.]*\s?[kKM]?|hundred|thousand|million)\s+tokens\s+(?:cost|take|need|occupy|fill|require|eat|use)"
    rf"|(?:prompt|context|sequence|document|conversation|input)s? of (?:\w+ )?\d",
    re.I,
)
_WITH = re.compile(r"\b(?:with|at|for|over|in|on|from|using|under|to\s+\w+)\s+(?:(?:a|an|the|its|full|whole|\w+ing)\s+){0,2}$", re.I)
_READS = re.compile(r"\b(?:read|load|mov|stream|transfer|fetch|touch|shuffl|pull)(?:s|es|ed|ing)?\b", re.I)  # the weights, for every token
# what a token is made with is all that the model holds
_MADE = re.compile(
    rf"\b(?:to\s+(?:\w+\s+)?)?(?:generat|produc|predict|output|sampl|decod|emit|writ)\w*\s+(?:an?|one|each|every)\s+{_TOKEN}", re.I
)
LEAST = 1024.0  # bytes; fewer are of one parameter or value
SAME = 0.02  # how far a memory is from the product of devices and theirs


def things_of(reading: Reading, quantity: Quantity) -> tuple[str, ...]:
    """Return what a figure of bytes may be of, likeliest first: "weights", "cache", "sum", "training"; nothing where of none."""
    before, after = reading.text[: quantity.start], reading.text[quantity.end :]
    if (
        quantity.high < LEAST
        or is_rest(reading.text, quantity)
        or _is_of_devices(reading, quantity)
        or _DATA.match(after)
        or _DATA_BEFORE.search(before)
    ):
        return ()
    behind = _BEHIND.match(after)
    noun = "sum" if behind and behind.group("all") else behind.lastgroup if behind else None
    found = (str(noun),) if noun else _of_clause(reading, quantity)
    if "other" in found:
        return ()
    if is_training(reading.text) and not noun and "cache" not in found:
        return ("training",)
    return found


def is_per_token(reading: Reading, quantity: Quantity, *, named: bool = True) -> bool:
    """Tell the bytes of one token from those of a prompt: the cue behind the figure, else the last one before it, decides.

    `named`: a noun says that it is the cache's; then a cue farther behind decides as well.
    """
    text = _MADE.sub(lambda match: " " * len(match.group()), reading.text)
    if _RIGHT_BEHIND.match(text, quantity.end):
        return True
    others = {q.end for q in reading.quantities if q.unit not in {"bytes", ""}}  # "26 GFLOPs per token and 26 GB"
    cues = [
        (m.start(), kind)
        for kind, pattern in ((True, _PER_TOKEN), (False, _PROMPT))
        for m in pattern.finditer(text, 0, quantity.start)
        if not (kind and m.start() - 1 in others)
    ]
    return max(cues)[1] if cues else named and bool(_PER_TOKEN.search(text[quantity.end : quantity.end + 60]))


def _of_tokens(reading: Reading, quantity: Quantity) -> tuple[str, ...]:
    """Return what bytes of a token or a prompt are of, where no noun tells: the cache, or what is read or held for it as well."""
    clause = re.split(r"[;:]|\b(?:while|whereas|but)\b", reading.text[: quantity.start])[-1]
    cue = _PROMPT.search(clause)
    if is_per_token(reading, quantity, named=False):
        return ("cache", "weights") if _READS.search(reading.text) else ("cache",)
    if cue is not None:  # "with a context of 4,096 tokens" the weights are there as well
        return ("weights", "sum", "cache") if _WITH.search(clause[: cue.start()]) else ("cache", "weights", "sum")
    return ("weights", "sum", "cache") if _PROMPT.search(reading.text, quantity.end) else ()


def is_training(text: str) -> bool:
    """Tell whether a text speaks of training a model, which takes more than its weights."""
    return _TRAINS.search(text) is not None


def _of_clause(reading: Reading, quantity: Quantity) -> tuple[str, ...]:
    """Return what a figure is of by the last noun before it, else as the figure before; several where that stays open."""
    sizes = [q for i, q in enumerate(reading.quantities) if q.unit == "bytes" and i not in reading.roles and q.end <= quantity.start]
    told = _BEHIND.match(reading.text, sizes[-1].end) if sizes else None
    first = (told.end() if told else sizes[-1].end) if sizes else 0
    named = any(first <= m.start < quantity.start for m in reading.models)
    nouns = list(_ANY_NOUN.finditer(reading.text, first, quantity.start))
    if not nouns:
        if sizes and not named and (carried := things_of(reading, sizes[-1])):
            return carried if carried != ("training",) else ()
        return _of_tokens(reading, quantity) or (("weights", "sum", "cache") if reading.has(CACHE) else ("weights",))
    noun = nouns[-1]
    model = next((m for m in reading.models if noun.end() <= m.start < quantity.start), None)
    owner = model is None or re.search(r"\b(?:of|for|in|at|by|to|with)\s+(?:\w+\s+)?$", reading.text[noun.end() : model.start], re.I)
    beside = _BESIDE.search(reading.text[: noun.start()])
    if (
        not owner
        or beside
        or (len(nouns) > 1 and re.fullmatch(r"\s*(?:and|plus|\+)\s*(?:\w+\s+)?", reading.text[nouns[-2].end() : noun.start()]))
    ):
        return ("cache", "weights", "sum") if reading.has(CACHE) else ("weights",)
    return (str(noun.lastgroup),)


def _is_of_devices(reading: Reading, quantity: Quantity) -> bool:
    """Tell the memory of devices: in brackets behind them, what they have, a whole with its part, or their number times theirs."""
    before = reading.text[: quantity.start]
    if (
        _WHOLE.search(before)
        or _OF_MACHINE.search(before)
        or re.match(r"\s+of\s+(?:\w+\s+){0,2}" + _MACHINE, reading.text[quantity.end :], re.I)
    ):
        return True
    if _ENOUGH.search(before) or (re.search(r"\bwith\s+(?:\w+\s+)?$", before, re.I) and _IN_MEMORY.match(reading.text, quantity.end)):
        return True
    if any(m.end <= quantity.start and _OWNED.fullmatch(re.sub(r"^s\b", "", before[m.end :])) for m in reading.devices):
        return True
    if any(
        re.fullmatch(r"\s+of\s+(?:\w+\s+){0,2}", reading.text[quantity.end : m.start]) for m in reading.devices if m.start >= quantity.end
    ):
        return True
    return _VERB.search(before) is None and any(abs(quantity.value / have - 1.0) <= SAME for have in _memories(reading))


def _memories(reading: Reading) -> list[float]:
    """Return what the devices of a sentence have together: their number times the memory that is said or known of them."""
    each = [q.value for i, q in enumerate(reading.quantities) if reading.roles.get(i) == "memory"]
    each += [1e9 * (m.thing.memory_gb or 0.0) for m in reading.devices]
    many = [q.value for q in reading.quantities if q.unit == "" and 1 <= q.value <= 1e6 and not q.scale] or [1.0]
    return [count * memory for count in many for memory in each if count * memory > 0.0]
