"""What a question asks for: the thing that is counted, a year, a unit, a sum."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from fmaudit_sampling.digits import NUMBER, readings
from fmaudit_sampling.naming import question_words

__all__ = ["NOTHING", "UNITS", "Asked", "thing_hits", "what_is_asked"]

# units that are told in one another's stead, by dimension; times are not, in which sums are done
UNITS = {
    "celsius": ("temperature", r"(?:°\s?C|degrees? (?:celsius|centigrade)|celsius|grad celsius|grados celsius|degrés celsius)"),
    "fahrenheit": ("temperature", r"(?:°\s?F|degrees? fahrenheit|fahrenheit|grad fahrenheit)"),
    "kelvin": ("temperature", r"(?:K|kelvins?)"),
    "metre": ("length", r"(?:m|met(?:re|er)s?|mètres?|metros?|metri|метр\w*)"),
    "kilometre": ("length", r"(?:km|kilomet(?:re|er)s?|kilomètres?|kilómetros?|километр\w*)"),
    "centimetre": ("length", r"(?:cm|centimet(?:re|er)s?)"),
    "foot": ("length", r"(?:ft|foot|feet)"),
    "mile": ("length", r"(?:mi|miles?)"),
    "inch": ("length", r"inch(?:es)?"),
    "kilogram": ("mass", r"(?:kg|kilo(?:gram)?(?:me)?s?)"),
    "pound": ("mass", r"(?:lbs?|pounds?)"),
}
_UNIT = {name: re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE) for name, (_, words) in UNITS.items()}

# what does not belong to the thing that is counted
_STOP = (
    "a an the and or of do does did are is was were be has have had can could will would should must may in on to into for from at with "
    "per there each any that which who its his her it they you we i make makes made live lives exist exists go goes not than as by about "
    "out so if but plus minus times left more less fewer total hat haben hatte ist sind war gibt es auf von der die das dem den ein eine "
    "und oder im am a ont y est sont dans du des et ou le la les un une tiene tienen hay son en del el los las y o tem têm há são em da "
    "do e os as ha hanno ci sono nel nella il lo gli heeft hebben zijn er van het de ma mają jest są w na и или в на у есть было имеет "
    "из с"
)
STOP = frozenset(_STOP.split())
COUNTS = re.compile(
    r"(?:\bhow many|\bwie ?viele?|\bcombien d(?:e |['’]\s?)|\bcuánt[oa]s|\bquant[oaie]s?|\bhoeveel|\bile|\bсколько|\bскільки|\bkaç"
    r"|\bnumber of|\banzahl (?:der|von|an)|\bnombre d(?:e |['’]\s?)|\bnúmero de|\bnumero di|\baantal|\bколичество)\s*",
    re.IGNORECASE,
)
COUNTED = re.compile(r"(?:多少|几|幾)\s*(?:个|個|颗|顆|名|位|条|條|只|隻|张|張|块|種|种|座|本|根|枚)?\s*([\u4e00-\u9fff]{1,3})")
QUANTITY = re.compile(
    r"\bwhat (?:is|are|was) the ([a-z]+ number|(?:[a-z]+ )?(?:weight|mass|age|height|length|population|speed|depth|distance)) of\b",
    re.IGNORECASE,
)
YEAR = re.compile(
    r"\b(?:which|what) (?:calendar )?year|\byear (?:did|was|were|saw|of)\b|\bthe year (?:in which|when|that|of)"
    r"|\bin (?:welchem|what|which) (?:jahr|year)|\bwelches jahr|\b(?:quelle|en quelle) année|\bqué año|\bque ano|\b(?:che|quale) anno"
    r"|\b(?:welk|in welk) jaar|\bktórym roku|\bкаком году|\bякому році|哪一?年|何年|몇 ?년|\bhangi yıl"
    r"|^\s*(?:when|wann|quand|cuándo|quando|когда|коли|wanneer|kiedy)\b",
    re.IGNORECASE,
)
TOTAL = re.compile(
    r"\b(?:total|altogether|in all|left|remain\w*|sum|insgesamt|übrig|zusammen|au total|en tout|reste\w*|en total|quedan?|no total|restam"
    r"|in totale|всего|остал\w*)\b|一共|总共|還剩|还剩|合計|全部で",
    re.IGNORECASE,
)
EACH = re.compile(r"\b(?:one|each|every|per|single|jede[rsmn]?|pro|chaque|cada|ogni|elke|каждый|каждая)\b", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
NEXT = re.compile(r"(?:\s+|(?<=[^\W\d_])-)?([^\W\d_]+(?:['’][^\W\d_]+)*)")
SHORT = 20  # words of a question that tells no story


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    `words`: what it is about. `thing`: beginnings of the words for what is counted ("member", "stat"). `quantity`: "atomic number".
    `unit`: a name of `UNITS`. `year`: whether it asks for a year. `total`: whether it asks what is left or altogether. `each`: whether it
    asks of one of many. `short`: whether it is one plain question and no story. `given`: the numbers that it gives.
    """

    words: frozenset[str] = frozenset()
    thing: tuple[str, ...] = ()
    quantity: str = ""
    unit: str = ""
    year: bool = False
    total: bool = False
    each: bool = False
    short: bool = False
    given: frozenset[float] = frozenset()

    @property
    def counts(self) -> bool:
        """Whether it says what its number is told with."""
        return bool(self.thing or self.quantity or self.unit)


NOTHING = Asked()


@lru_cache(maxsize=1024)
def what_is_asked(question: str) -> Asked:
    """Read a question; what it does not tell stays empty."""
    plain = unicodedata.normalize("NFKC", question)
    units = [name for name, pattern in _UNIT.items() if len(name) > 1 and _named_unit(pattern, plain)]
    quantity = QUANTITY.search(plain)
    return Asked(
        words=question_words(question), thing=_thing(plain), quantity=quantity.group(1).casefold() if quantity else "",
        unit=units[0] if units else "", year=YEAR.search(plain) is not None, total=TOTAL.search(plain) is not None,
        each=EACH.search(plain) is not None,
        short=len(plain.split()) <= SHORT and not re.search(r"[.!?。？！]\s*\S", plain.strip()),
        given=frozenset(value for hit in NUMBER.finditer(plain) for value in readings(hit.group())),
    )  # fmt: skip


def thing_hits(text: str, asked: Asked) -> list[tuple[float, ...]]:
    """Give the numbers that stand before the thing that is counted or the unit, or behind the quantity; those told most exactly."""
    ranked = [(_rank(text, hit, asked), readings(hit.group())) for hit in NUMBER.finditer(text)] if asked.counts else []
    best = max((rank for rank, _ in ranked), default=0)
    return [value for rank, value in ranked if rank == best] if best else []


def _rank(text: str, hit: re.Match[str], asked: Asked) -> int:
    """How exactly a number is that of the thing: words of the thing behind it, less the words between; 0 where it is not."""
    if asked.unit and (unit := _UNIT[asked.unit].search(text, hit.end(), hit.end() + 24)) and not text[hit.end() : unit.start()].strip():
        return 100
    if asked.quantity:
        return 1 if _behind(text[max(0, hit.start() - 80) : hit.start()].casefold(), asked.quantity) else 0
    place, between, matched = hit.end(), 0, 0
    for _ in range(3 + len(asked.thing)):
        word = NEXT.match(text, place)
        if word is None or (place == hit.end() and word.start() == word.start(1) and word.group(1)[0].isascii()):
            break  # "12m" is no thing, "32颗" is
        plain = word.group(1).casefold()
        if any(one in plain[:12] if _ideographs(one) else plain.startswith(one) for one in asked.thing):
            matched += 1
        elif matched or between == 2 or plain in STOP:
            break
        else:
            between += 1
        place = word.end()
    return 10 * matched - between if matched else 0


def _behind(before: str, quantity: str) -> bool:
    place = before.rfind(quantity)
    rest = before[place + len(quantity) :]
    return (
        place >= 0
        and re.fullmatch(r"\s*(?:of (?:\w+\s*){1,3})?(?:is|was|=|:|of)?\s*(?:about|around|roughly|approximately)?\s*", rest) is not None
    )


def _thing(question: str) -> tuple[str, ...]:
    if hit := COUNTED.search(question):
        return (hit.group(1)[:2],)
    hit = COUNTS.search(question)
    found: list[str] = []
    place = hit.end() if hit else len(question)
    while len(found) < 3 and (word := WORD.match(question, place)) and word.group().casefold() not in STOP:
        found.append(word.group().casefold())
        place = word.end() + (question[word.end() : word.end() + 1] == " ")
    return tuple(_stem(word) for word in found)


def _stem(word: str) -> str:
    """Cut the endings off a word that is counted: "states" to "stat", "зубов" to "зуб"."""
    if len(word) <= 4:
        return word.removesuffix("s")
    return word[: max(3, len(word) - 2)]


def _ideographs(word: str) -> bool:
    return word[:1] >= "\u4e00"


def _named_unit(pattern: re.Pattern[str], question: str) -> bool:
    """Whether a question names a unit in more than a letter or two, degrees aside."""
    return any(len(hit.group()) > 2 or hit.group().startswith("°") for hit in pattern.finditer(question))
