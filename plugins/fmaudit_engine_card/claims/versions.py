"""Finds models by name, and which of a family is meant: by a size or a word beside the name, or as the largest of it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.names import Mention, find, finder, key

__all__ = ["extreme", "model_mentions", "unknown_members"]

# single words that mean something else in lower case, or before these words, or in one of these phrases
_NOT_THE_MODEL = re.compile(
    (
        r"(?:['’]s)?[-\s]*(?:scaling\s+)?(?:optimal|optimum|scaling|rule|law|paper|ratio|point|study|curve|prescription"
        r"|recipe|heuristic|budget|style|number|figure|trained|quality|rules?|filters?|repetition|heuristics|classifier)"
    ),
    re.I,
)
# behind a name without a number, that of a later model: "PaLM 2 was", "Falcon 2's"
_VERSIONED = re.compile(r"\s\d(?:\.\d)?(?:['’]s|(?=\s+(?:is|was|has|had|uses?|used|saw|needs?|takes?|took|comes?|came|and|or)\b))")
_AS_A_RULE = re.compile(r"(?:following|according to|per|by|under|as per|after|with|obeying|based on)\s+$", re.I)
_WORD = (
    r"(?:[Ss]mall|[Mm]edium|[Ll]arge(?![-\s](?:language|scale|model))|XL|[Xx]l|Mini|[Nn]ano|Tiny|Micro|Lite|Code|Coder|Math|Vision|Guard)"
)
_AFTER_NAME = re.compile(
    rf"[-\s](?:({_WORD})\b|(\d+(?:\.\d+)?)([BM])\b)|\s\(({_WORD})\)"
    r"|(?:['’]s|s['’])\s(?:\w+\s)?(\d+(?:\.\d+)?)([BM])(?=(?:[-\s]param\w*)?\s(?:model|version|variant|one|member|sibling|checkpoint|network)\b)"
)
_SIZE_BEFORE = re.compile(r"\b[Tt]he\s+(\d+(?:\.\d+)?)([BM])[-\s](?:parameter\s+)?$")
_BRACKET = re.compile(r"\s?\((\d+(?:\.\d+)?)\s?(B|M|billion|million)(?:[-\s]+param\w*)?\)", re.I)
_MOST, _LEAST = r"largest|biggest|full|full-size|top|greatest", r"smallest|tiniest"
_NOUN = r"(?:members?|models?|versions?|variants?|checkpoints?|size|form|one|of|the|in|open|released|published|its)"
_EXTREME_BEFORE = re.compile(rf"\b((?:second|third|next)[-\s])?({_MOST}|{_LEAST})\s+(?:{_NOUN}\s+)*$", re.I)
_EXTREME_AFTER = re.compile(rf"(?:['’]s|s['’]|\s+in its|\s+at its)\s+(?:own\s+)?((?:second|third|next)[-\s])?({_MOST}|{_LEAST})\b", re.I)
_SCALE = {"b": 1e9, "billion": 1e9, "m": 1e6, "million": 1e6}
NEAR = 0.06  # how far a size in a name is from the count


def model_mentions(text: str) -> list[Mention]:
    """Find published models; of a family the member whose size stands beside its name ("the 70B Llama 2"), or the largest."""
    return [mention for mention in _mentions(text) if mention.thing is not None]


def unknown_members(text: str) -> list[Mention]:
    """Find names that begin like a known model's and are another's ("GPT-3 Small", "PaLM 62B", "PaLM 2"); they stand for no thing."""
    return [mention for mention in _mentions(text) if mention.thing is None]


def _mentions(text: str) -> list[Mention]:
    return [_settled(text, mention) for mention in find("model", text) if _is_model(text, mention)]


def _is_model(text: str, mention: Mention) -> bool:
    word = text[mention.start : mention.end]
    if word.isalpha() and not word[0].isupper():
        return False
    if word == "Chinchilla" and _AS_A_RULE.search(text[: mention.start]):
        return False
    return not (word.lower() in {"chinchilla", "gopher", "transformer"} and _NOT_THE_MODEL.match(text, mention.end))


def _settled(text: str, mention: Mention) -> Mention:
    """Return the mention of the member that is meant; of nothing where the table does not know it."""
    model: Model = mention.thing
    word = text[mention.start : mention.end]
    if model.undisclosed and key(word) != key(model.name) and not key(word).startswith(key(model.name) + "("):
        return replace(mention, thing=_namesake(model.name, word))
    if (named := _by_word(text, mention)) is not None:
        return named
    if _other_size(text, mention):
        return replace(mention, thing=None)
    members = _members(model)
    if len(members) < 2 or model.name != model.family:
        least = _EXTREME_BEFORE.search(text[: mention.start]) or _EXTREME_AFTER.match(text, mention.end)
        other = least and not re.fullmatch(_MOST, least.group(2), re.I) and model.name == (model.family or model.name)
        return replace(mention, thing=None) if other else mention
    if key(word) != key(model.name) and "sizes" in model.facts:  # "GPT-2 small", where "GPT-2" may be any size
        return replace(mention, thing=_single(model.name))
    return _extreme(text, mention) or _bracketed(text, mention) or _sized(text, mention)


def _members(model: Model) -> list[Model]:
    return [other for other in facts.models() if model.family and other.family == model.family and other.parameters is not None]


@cache
def _single(name: str) -> Model:
    """Return the model of a name as itself alone, not as the family that bears the name as well."""
    model = next(model for model in facts.models() if model.name == name)
    return replace(model, family="", facts={field: value for field, value in model.facts.items() if field != "sizes"})


@cache
def _namesake(name: str, word: str) -> Model:
    """Return a later or smaller model that shares the row of one whose figures were never published: only that is known of it."""
    model = next(model for model in facts.models() if model.name == name)
    return replace(
        model, name=word, facts={field: value for field, value in model.facts.items() if field not in {"context", "context_other"}}
    )


def _by_word(text: str, mention: Mention) -> Mention | None:
    """Return the member that a word behind the name tells ("GPT-2 (large)", "GPT-3 Small"): of nothing where no table has it."""
    after = _AFTER_NAME.match(text, mention.end)
    word = (after.group(1) or after.group(4)) if after else None
    if after is None or word is None:
        version = _VERSIONED.match(text, mention.end) is not None and text[mention.end - 1].isalpha()
        return replace(mention, thing=None) if version else None
    known = finder("model")[1].get(key(text[mention.start : mention.end] + word))
    if known is not None and "sizes" in known.facts:
        known = _single(known.name)
    return Mention(known, mention.start, after.end() if known is not None else mention.end)


def _other_size(text: str, mention: Mention) -> bool:
    """Tell a member of a size that the table does not know ("PaLM 62B") from the model whose name it begins with."""
    after = _AFTER_NAME.match(text, mention.end)
    before = _SIZE_BEFORE.search(text[: mention.start])
    said = (
        before.groups()
        if before
        else (after.group(2), after.group(3))
        if after and after.group(2)
        else after.groups()[-2:]
        if after
        else ()
    )
    if not said or not said[0] or re.search(r"\d[BbM]\b", text[mention.start : mention.end]):
        return False  # the name has a size, this is a figure said of it
    size = float(said[0]) * _SCALE[said[1].lower()]
    known = [mention.thing, *_members(mention.thing), *facts.related(mention.thing)]
    counts = [*(other.parameters for other in known), *mention.thing.facts.get("sizes", ())]
    return not any(count and abs(size / count - 1.0) < NEAR for count in counts)


def _extreme(text: str, mention: Mention) -> Mention | None:
    """Return the largest or smallest of a family where a superlative tells it; of nothing for the second, or where later kin differs."""
    found = _EXTREME_BEFORE.search(text[: mention.start]) or _EXTREME_AFTER.match(text, mention.end)
    if found is None:
        return None
    end = max(mention.end, found.end() if found.start() >= mention.end else 0)
    if found.group(1):
        return Mention(None, mention.start, end)
    choose = max if re.fullmatch(_MOST, found.group(2), re.I) else min
    return Mention(extreme(mention.thing, choose is max), mention.start, end)


def extreme(model: Model, largest: bool) -> Model | None:
    """Return the largest or smallest of the family that a model names; none where later kin differs, or where no smaller one is known."""
    choose = max if largest else min
    if model.name != model.family or len(_members(model)) < 2:
        return model if largest else None
    family = str(model.family)
    own = choose(_members(model), key=lambda model: float(model.parameters or 0.0))
    kin = [m for m in facts.models() if m.parameters is not None and (m.family == family or m.family.startswith(f"{family}."))]
    same = choose(kin, key=lambda model: float(model.parameters or 0.0)).parameters == own.parameters
    return (_single(own.name) if own.name == family else own) if same else None


def _bracketed(text: str, mention: Mention) -> Mention | None:
    """Return the member of a size in brackets behind the name: "GPT-2 (1.5B)"; of nothing where the table has none of it."""
    found = _BRACKET.match(text, mention.end)
    if found is None:
        return None
    size = float(found.group(1)) * _SCALE[found.group(2).lower()]
    near = [member for member in _members(mention.thing) if abs(size / float(member.parameters or 1.0) - 1.0) < NEAR]
    member = near[0] if near else None
    if member is not None and member.name == member.family:
        member = _single(member.name)
    return Mention(member, mention.start, found.end())


def _count(size: str) -> float:
    """Return the parameters of a size such as "124M"."""
    return float(size[:-1]) * _SCALE[size[-1].lower()]


def _sized(text: str, mention: Mention) -> Mention:
    """Take the member of a family whose size stands right beside its name."""
    model: Model = mention.thing
    members = {key(other.name).removeprefix(key(model.name)): other for other in _members(model) if other is not model}
    for other in facts.related(model):
        members.setdefault(key(other.name).removeprefix(key(other.family)), other)
    if "sizes" in model.facts:
        members |= {f"{round((other.parameters or 0.0) / 1e8) / 10:g}b": other for other in members.values()}
    after = re.match(r"(?:['’]s)?[\s(-]{1,2}(?:\w+\s+)?(\d+(?:\.\d+)?[BbM])\)?(?!\w)", text[mention.end :])
    before = re.search(r"(\d+(?:\.\d+)?[BbM])[-\s](?:parameter\s+)?$", text[: mention.start])
    if before and "sizes" in model.facts and abs(_count(before.group(1)) / float(model.parameters or 1.0) - 1.0) < NEAR:
        return Mention(_single(model.name), before.start(), mention.end)
    for match, start, end in (
        (after, mention.start, mention.end + (after.end() if after else 0)),
        (before, before.start() if before else 0, mention.end),
    ):
        if match and match.group(1).lower() in members and not ("sizes" in model.facts and match is after):
            return Mention(members[match.group(1).lower()], start, end)
    return mention
