"""What a clause is about where it names no model: "it", "their flagship"; and what is only the object of a comparison, or the owner."""

from __future__ import annotations

import re

__all__ = ["goes_before", "held_against", "of_another", "of_its_own", "owns", "says_it"]

_HELD_AGAINST = re.compile(
    r"\b(?:than|unlike|versus|vs\.?|against|compared (?:to|with)|in contrast (?:to|with)|instead of|beats?|beat(?:s|ing)|outperform\w*"
    r"|surpass\w*|match(?:es|ing)?|rival(?:s|ing)?|compet(?:es?|ing) with|dwarf\w*|trail(?:s|ing)?|outscor\w*|overt\w+|exceed\w*"
    r"|edg(?:es?|ed|ing) out|tops|topped|topping"
    r"|outdo\w*|out(?:weigh|number|class|shin|strip|rank|grow)\w*|short of|resembl\w+"
    r"|(?<!model )(?<!models )like|times|twice|half|replac\w+|(?:successor"
    r"|predecessor|follow-?up|counterpart|sibling|cousin|competitor|heir) (?:of|to)"
    r"|as (?:\w+ ){1,3}?as|(?:half|third|quarter|fifth|sixth|eighth|tenth|fraction|multiple)s? of(?: the \w+ of)?)\s+"
    r"(?:(?:the|that of|those of|\d+(?:\.\d+)?[BM]|much|far|even|older|larger|smaller|bigger|newer|earlier|later"
    r"|giant|huge|mighty)\s+){0,4}$",
    re.I,
)
# another clause begins: what stands behind it is no subject of a figure before it
FAR, FARTHER = 3, 6  # words from a comma, or from the figure itself, to the name that it is of
_OTHER_CLAUSE = re.compile(r"\b(?:while|whereas|but|although|though|because|since|and (?:then|so))\b|[;:]|,\s+(?:and|so)\s", re.I)
_PART = r"(?:cache|weights|memory|V?RAM|state|context|vocabulary|training|heads?|layers?|blocks?|experts?|param\w*)"
# "512 KiB to the KV cache of", "128 dimensions of each head of"
_OF_PART = re.compile(
    rf"[\s)]*(?:(?:of|to|from|per|for|in|as|each|every|the|its|all|just|kv|fp\d+|bf16|int\d|attention|query)\s+){{0,5}}(?:{_PART}\s+)?"
    r"(?:for|in|of|with)\s+(?:the\s+)?$",
    re.I,
)
# "it took 300 billion tokens to train GPT-3"
_TO_DO = re.compile(
    r"[^,;:]{0,40}\b(?:to|for)\s+(?:(?:pre-?)?train|run|hold|store|serve|load|keep|fit|host|build|save|cache|process|deploy|make)(?:n?ing)?\s+"
    rf"(?:(?:the\s+)?(?:{_PART}\s+of\s+)?(?:the\s+)?)$",
    re.I,
)
_IS_IT = re.compile(r"[^,;:]{0,40}(?:\b(?:is|are|was|were|called|named|known as)|:)\s*$", re.I)  # "the model with 96 layers is GPT-3"
# a word that stands for a thing; not the "it" of "it takes 350 GB to", "it is possible to", "it is true that"
_IT = re.compile(
    r"\b(?:it|they)\b(?!\s+(?:takes?|took|needs?|requires?|costs?|would take)\s[^,;:]*?\bto\b|(?:['’]s|\s+(?:is|was|would be|becomes?))\s+"
    r"(?:(?:not|very|quite|too|so|also|\w+ly)\s+){0,2}(?:(?:im)?possible|easy|hard|difficult|(?:in)?feasible|tempting|enough|true|clear|fair"
    r"|known|well[-\s]known|wrong|safe|worth\w*|simple|trivial|common|remarkable|no \w+)\b)|^\W*(?:its|their)\b",
    re.I,
)
_MODEL = (
    r"(?:models?|networks?|systems?|flagship|newcomers?|LLMs?|transformers?|versions?|variants?|siblings?|successors?|predecessors?"
    r"|rivals?|contenders?|challengers?|competitors?|checkpoints?|one|releases?|designs?|baselines?|giants?|newbie|upstart|entrant)"
)
_UNNAMED = re.compile(
    rf"\b(?:the|an?|this|that|these|those|their|our|his|her|its|another|every|each|some|[\w\-]+['’]s)\s+(?:[\w\-]+\s+){{0,3}}?{_MODEL}\b",
    re.I,
)
# what may stand before the figure of a model that is yet to be named: nothing much, or what is put in front of the sentence
_FRONTED = re.compile(
    r"(?:.*[;:])?\W*(?:(?:with|at|in|on|by|after|having|using|trained|for|from|thanks to|because|since|\w{2,}ed"
    r"|built|made|fed|given|despite|of|to(?!\s+\d)|as|when|if|once|over"
    r"|under|within|without|it|there|here|then|today|only|\w+ing)\b.*"
    r"|(?:(?:the|an?|all|its|about|around|roughly|some|nearly|almost|only|just|exactly|over|under|up to|more|less|fewer|than"
    r"|full|fully|total|no|number|whole|other|those|these|approximately|altogether|original|and|so|but|well|between|[$€~≈]+)\s*){0,5})$",
    re.I | re.S,
)
_ANOTHER = re.compile(
    rf"\b(?:an?|another|one)\s+(?:[\w\-]+\s+){{0,2}}{_MODEL}\s+(?:of|with|that has|which has|having)\s+[^,;:]{{0,30}}$", re.I
)
# between a model and "a model with" that is itself: "GPT-3 is", "GPT-3,", "GPT-3 as"
_SAME = re.compile(r"['’]?s?\s*[,(:–—]?\s*(?:[^,;]{0,30}\b(?:is|was|as|remains?|became|being|are|were|like)\s+(?:\w+\s+){0,2})?", re.I)
_ONE_OF = re.compile(
    r"\b(?:second|third|fourth|next|other|another|smallest|smaller|last) of (?:which|them|these)\b"
    r"|\b(?:begins?|starts?|started)\s+(?:out\s+)?(?:at|with|from)\b",
    re.I,
)
# between a size, or "the largest model", and the name of the family or paper that it is of
_OWNS = re.compile(
    r"\s*(?:[-\s]?param\w*)?\s*(?:(?:model|one|network|version|variant|member|transformer|LLM|checkpoint|sibling|size)s?)?\s*"
    r"(?:(?:described|presented|reported|introduced|found|listed|shown|trained|released)\s+)?"
    r"(?:in|of|from|by|within|among)\s+(?:the\s+|its\s+|their\s+)?(?:[A-Z][\w\-]*['’]s\s+)?$"
)


def held_against(before: str) -> bool:
    """Tell by the words before a name whether another thing is held against it: "than", "beats", "as much compute as"."""
    return _HELD_AGAINST.search(before) is not None


def owns(between: str) -> bool:
    """Tell by the words between a size and a name whether the name is that of its family or paper: "the 13B model in the GPT-3 paper"."""
    return _OWNS.fullmatch(between) is not None


def of_another(between: str) -> bool:
    """Tell by the words between a model and a figure that another model has come up: "came a model of", "the second of which"."""
    found = _ANOTHER.search(between)
    return _ONE_OF.search(between) is not None or (found is not None and _SAME.fullmatch(between[: found.start()]) is None)


def says_it(text: str, at: int) -> int | None:
    """Return where the last "it" or "they" before a place stands, or "its" that begins the sentence; none where there is none."""
    found = [match.start() for match in _IT.finditer(text, 0, at)]
    return found[-1] if found else None


def of_its_own(text: str, at: int) -> bool:
    """Tell whether the words before a figure say whose it is without a name: "it has", "their new model, with"."""
    return says_it(text, at) is not None or _UNNAMED.search(text[:at]) is not None


def goes_before(text: str, start: int, end: int, name: int, *, back: bool) -> bool:
    """Tell whether a figure may be of a model that is named only behind it: not in another clause, and not where it has a subject.

    `back`: earlier sentences name a model that "its" may be of; else it is that of the name to come.
    """
    between = text[end:name]
    told = _UNNAMED.search(between)
    if _OF_PART.fullmatch(between) or _TO_DO.fullmatch(between) or _IS_IT.fullmatch(between):
        return True
    if _OTHER_CLAUSE.search(between) or held_against(text[:name]) or (told is not None and between[told.end() :].strip()):
        return False
    if len(between.rpartition(",")[2].split()) > (FAR if "," in between else FARTHER):
        return False
    led = text[:start] if back else re.sub(r"^(\W*)(?:its|their)\b", r"\1", text[:start], flags=re.I)
    return (not of_its_own(led, len(led)) and _FRONTED.match(led) is not None) or (
        re.match(r"^\W*an?\s", text, re.I) is not None and between.strip() == ","
    )
