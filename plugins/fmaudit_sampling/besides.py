"""What stands beside the number that an answer tells: reasons, checks, parts, other units, other things, other years."""

from __future__ import annotations

import re

from fmaudit_sampling.asked import UNITS, Asked, thing_hits
from fmaudit_sampling.digits import CURRENCY, NUMBER, SPOKEN
from fmaudit_sampling.phrases import CONTRAST, HEARSAY

__all__ = ["CONCLUDES", "EQUALS", "MONTH", "YEARS", "apart", "shared", "trimmed"]

EQUALS = re.compile(
    r"(?<![<>!=])=(?!=)|\bequals\b|\bis equal to\b|\bgives us\b|≈"
    r"|(?<=[\d%])\s+(?:is|are|makes?|ist|sind|macht|ergibt|font|fait|son)\s+(?=[$€£]?\d)"
)
# what a sentence concludes with, and where its number then stands: behind the word, or else before it
CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|consequently|leaving|leaves|giving|gives|makes|making|make(?=\s+\d)|comes to|amounts to|results? in"
    r"|which (?:is|means|gives|makes)|in total|total(?:s|ing)?|altogether|in all|overall|finally|that is|(?:to |we |you )?gets?|yields?"
    r"|also|insgesamt|folglich|somit|bleiben|donc|ainsi|au total|reste|por lo tanto|entonces|en total|quedan|portanto|então|no total"
    r"|restam|quindi|dunque|in totale|dus|zatem|więc|итого|значит|следовательно|всего|остал\w+|поэтому)\b|所以|因此|总共|一共|共|还剩"
    r"|よって|したがって|合計|全部で|따라서|그러므로|총|ดังนั้น|\bi\.e\.|তাই|মোট|కాబట్టి|మొత్తం",
    re.IGNORECASE,
)
MONTH = (
    r"(?:jan(?:uar|uary|vier|eiro)?|enero|feb(?:ruar|ruary|rero)?|février|fevereiro|märz|mar(?:ch|s|zo|ço)?|apr(?:il|ile)?|avril|abril"
    r"|ma[iy]|maio|mayo|maggio|jun[ie]?|juin|junio|junho|giugno|jul[iy]?|juillet|julio|julho|luglio|aug(?:ust)?|août|agosto"
    r"|sept?(?:ember)?|septembre|septiembre|setembro|settembre|o[ck]t(?:ober)?|octobre|octubre|outubro|ottobre|nov(?:ember)?|novembre"
    r"|noviembre|novembro|de[cz](?:ember)?|décembre|diciembre|dezembro|dicembre)\b\.?"
)
YEARS = re.compile(r"(?<![\w.,])(?<![.,]\d)(?:1\d{3}|20\d{2})(?!\d|[.,]\d|\s?(?:%|°|km\b|m\b))|(?<!\d)(?:1\d{3}|20\d{2})(?=年)")
# the reason that follows a number, or a check of it
REASON = re.compile(
    r"[\s,;(—–，；（-]\s*(?:\b(?:because|since|given that|seeing that|weil|parce que|puisque|porque|ya que|já que|dado que|perché|poiché"
    r"|omdat|ponieważ|gdyż|потому что|так как|поскольку|тому що|оскільки|çünkü)\b|因为|因為|なぜなら|왜냐하면)"
    r"|[,;(—–]\s*(?:as|for|denn|da|car|pues|pois|want|bo|ведь|бо)\b(?=[^;]*(?:=|\d))"
    r"|,\s*(?:which|that) (?:is|are)\s+(?=[^=]*\d\s*[×*·+/x-]\s*[$€£]?\d[^=]*$)"
    r"|[,;(—–:]\s*(?:(?:to |as a |you can |we can |quick )?(?:double[- ])?(?:check|verify|verification|proof)|probe|comprobación"
    r"|vérification)\b",
    re.IGNORECASE,
)
PROOF = re.compile(rf"(?:{EQUALS.pattern})\s*(?:{NUMBER.pattern})\s*[:—–](?=[^:]*=)")
# parts of what was told, and what is told beside it
PARTS = re.compile(
    r"[,;(—–]?\s*(?:\b(?:including|included|inclusive of|of which|of whom|of these|made up of|consisting of|comprising|arranged in"
    r"|divided into|split into|grouped in(?:to)?|plus(?=\s+\d)|along with|as well as|in addition to|not counting|excluding|davon|darunter"
    r"|einschliesslich|einschließlich|aufgeteilt in|dont|y compris|répartis? en|inclu(?:idos|idas|yendo|indo|sive|ídos|ídas)"
    r"|de los cuales|de las cuales|dos quais|das quais|di cui|compresi|inclusi|waarvan|inclusief|w tym|включая|в том числе|из них|включно"
    r"|dahil)\b|包括|其中|包含|そのうち|このうち|중에)",
    re.IGNORECASE,
)
ASIDES = re.compile(
    r"[,;(—–]\s*(?:although|though|even though|while|whereas|in contrast to|unlike|compared (?:to|with)|but not|obwohl|während|wobei"
    r"|bien que|alors que|tandis que|aunque|mientras|embora|enquanto|sebbene|mentre|terwijl|hoewel|chociaż|podczas gdy|хотя|тогда как"
    r"|в отличие от|虽然|而)(?!\w)",
    re.IGNORECASE,
)
LISTED = re.compile(r":\s+(?=\S)")
LABEL = re.compile(r"\W*(?:[^\W\d]+\s+){0,2}\d+\s*$")  # "Day 1": what a colon then introduces is no part of it
BRACKETS = re.compile(r"\((?!\s*=)[^()]*\)|\[(?!\s*=)[^\[\]]*\]")
# "built in 1961": what is told of the subject on the way
PARTICIPLE = (
    r"(?:\w{2,}ed|built|begun|born|written|found(?:ed)?|made|known|won|held|set|sunk|lost|given|taken|drawn|fought|erbaut|gebaut"
    r"|gegründet|geboren|construite?s?|fondée?s?|née?s?|construid[oa]s?|fundad[oa]s?|nacid[oa]s?|построенн\w+|основанн\w+)"
)
ON_THE_WAY = re.compile(
    rf",\s+(?:\w+ly\s+)?{PARTICIPLE}\s+[^,;:]*\d[^,;:]*,|^\W*{PARTICIPLE}\s+(?:in|on|since|from|by|en|im|am|в)\b[^,;:]*\d[^,;:]*,",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\s*(?:" + "|".join(rf"(?P<{name}>{words}(?!\w))" for name, (_, words) in UNITS.items()) + ")", re.IGNORECASE)
IRREGULAR = {
    "begin": "began begun", "fall": "fell fallen", "sink": "sank sunk", "win": "won", "write": "wrote written", "build": "built",
    "become": "became", "find": "found", "come": "came", "take": "took taken", "give": "gave given", "fight": "fought", "die": "died death",
    "found": "founded", "break": "broke broken", "make": "made", "hold": "held", "lose": "lost", "born": "birth", "fly": "flew flown",
    "leave": "left", "meet": "met", "draw": "drew drawn", "sing": "sang", "rise": "rose", "sign": "signed",
}  # fmt: skip


UNTIL = re.compile(rf"[,;]\s+(?:and\s+)?(?={CONCLUDES.pattern})|[;)]\s", re.IGNORECASE)
ALSO = re.compile(r"[\s,(]*(?:which is|that is|that's|i\.e\.|or|das sind|also|es decir|c'est-à-dire|≈|=|about|soit)?\s*$", re.IGNORECASE)


def trimmed(part: str, asked: Asked) -> str:
    """Take from a sentence what stands beside its number, where a number is left: see `PARTS`, `ASIDES`, `REASON` and the others."""
    text = part
    for cut in (_bracketed, _heard, _proved, _reasoned, _parted):
        text = cut(text)
    for judged in (_listed, _passed, _converted, _contrasted):
        text = judged(text, asked)
    return text


def apart(parts: list[str]) -> list[str]:
    """Leave years alone of the numbers of some sentences, and sentences with a year; all where there is none."""
    if not any(map(YEARS.search, parts)):
        return parts
    return [NUMBER.sub(lambda hit: hit.group() if YEARS.search(hit.string, hit.start(), hit.end() + 1) else " ", part) for part in parts]


def shared(part: str, about: frozenset[str]) -> int:
    """How many words of the question a sentence has, endings and irregular forms aside."""
    words = set(re.findall(r"\w{3,}", part.casefold()))
    return sum(
        any(word.startswith((one, *IRREGULAR.get(one, "").split())) or (len(word) > 3 and one.startswith(word)) for word in words)
        for one in about
    )


def _counts(text: str) -> bool:
    """Whether a text holds a number, in digits or words."""
    return NUMBER.search(text) is not None or any(hit.group().strip().casefold() != "one" for hit in SPOKEN.finditer(text))


def _until(text: str, start: int) -> int:
    """Where what begins at a place ends: at the next conclusion of its sentence, or with it."""
    hit = UNTIL.search(text, start)
    return hit.start() if hit else len(text)


def _cut(text: str, mark: re.Pattern[str]) -> str:
    """Cut what a mark begins behind the first number."""
    for hit in mark.finditer(text):
        if _counts(text[: hit.start()]):
            return f"{text[: hit.start()]} {text[_until(text, hit.end()) :]}"
    return text


def _bracketed(text: str) -> str:
    cleaned = BRACKETS.sub(" ", text)
    return cleaned if _counts(cleaned) else text


def _heard(text: str) -> str:
    """Leave out what others are said to think, where a "but" follows."""
    but = CONTRAST.search(text)
    return text[but.end() :] if but and HEARSAY.search(text, 0, but.start()) and _counts(text[but.end() :]) else text


def _proved(text: str) -> str:
    hit = PROOF.search(text)
    return text[: hit.end() - 1] if hit else text


def _reasoned(text: str) -> str:
    return _cut(text, REASON)


def _parted(text: str) -> str:
    return _cut(text, PARTS)


def _listed(text: str, asked: Asked) -> str:
    """Cut the parts behind a colon, where one number stands before it and nothing is worked out behind."""
    for hit in LISTED.finditer(text):
        head, tail = text[: hit.start()], text[hit.end() :]
        if (
            len(NUMBER.findall(head)) + len(SPOKEN.findall(head)) == 1
            and NUMBER.search(tail)
            and not (LABEL.match(head) and not _money(head))
        ):
            worked = EQUALS.search(tail) or (CONCLUDES.search(tail) and not thing_hits(head, asked))
            return text if worked else head
    return text


def _money(text: str) -> bool:
    return any(letter in text for letter in CURRENCY)


def _passed(text: str, asked: Asked) -> str:
    """Leave out what is told on the way ("built in 1961"); where the question asks for just that, all else."""
    for hit in ON_THE_WAY.finditer(text):
        if shared(hit.group(), frozenset(word for word in asked.words if re.fullmatch(PARTICIPLE, word))):
            return hit.group()
    cleaned = ON_THE_WAY.sub(" ", text)
    return cleaned if _counts(cleaned) else text


def _converted(text: str, asked: Asked) -> str:
    """Take out what is told in another unit: than the one asked for, or else than the first of its dimension."""
    told = [(hit, unit) for hit in NUMBER.finditer(text) if (unit := _UNIT.match(text, hit.end()))]
    names = [unit.lastgroup or "" for _, unit in told]
    if len(set(names)) < 2:
        return text
    wanted: dict[str, str] = {}
    for name in names:
        dimension = UNITS[name][0]
        wanted[dimension] = name if name == asked.unit else wanted.get(dimension, name)
    for hit, unit in reversed(told):
        if wanted[UNITS[unit.lastgroup or ""][0]] != unit.lastgroup:
            text = f"{ALSO.sub('', text[: hit.start()])} {text[unit.end() :]}"
    return text


def _contrasted(text: str, asked: Asked) -> str:
    """Cut an aside ("although a newborn has 270"); where more of the question's words stand in it, the rest instead."""
    for hit in ASIDES.finditer(text):
        head, tail = text[: hit.start()], text[hit.end() :]
        if not _counts(head):
            continue
        if NUMBER.search(tail) and shared(tail, _others(asked)) > shared(head, _others(asked)):
            return tail
        return f"{head} {text[_until(text, hit.end()) :]}"
    return text


def _others(asked: Asked) -> frozenset[str]:
    """The words of the question but for the thing that is counted."""
    return frozenset(word for word in asked.words if not any(word.startswith(one) for one in asked.thing))
