"""Models that a text names by less than their name ("the 7B model" of a family), and names of models that no table knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.entities import Mention
from fmaudit_engine_card.claims.facts import Model
from fmaudit_engine_card.claims.versions import extreme

__all__ = ["KIN", "member_mentions", "owner_mentions", "stranger_mentions"]

# what stands to a model as another of its kin, and so is not itself
KIN = (
    r"\b(?:siblings?|successors?|predecessors?|cousins?|counterparts?|relatives?|descendants?|brothers?|sisters?|competitors?|rivals?"
    r"|follow-?ups?|forerunners?|precursors?|forebears?|ancestors?|offshoots?|namesakes?|heirs?)\b"
)
_SIZE = r"(\d+(?:\.\d+)?[BM])"
_NO_COUNT = r"(?!\w|\.\d|\s*(?:-\s?)?(?:param|tokens?\b|weights|words|pages|dollars|of\b))"
# "the 7B model", "the smaller 7B", "the mighty 70B stacks"; not "the 7B mark", "the 7B Mistral", "the 7B model of Mistral"
_BY_SIZE = re.compile(
    rf"\b(?:the|its|their)\s+(?:(?!of\b|and\b|first\b|last\b|other\b|in\b|to\b|for\b|with\b|than\b)[a-z]+\s+){{0,3}}({_SIZE}){_NO_COUNT}"
    r"(?!\s+(?:mark|barrier|range|class|scale|threshold|level|limit|line|parameters?|(?-i:[A-Z])))"
    r"(?:(?:[-\s]parameter)?\s+(?:model|one|version|variant|member|sibling|checkpoint)s?\s+(?:of|from|by)\s+(?=(?P<of>(?-i:[A-Z]))))?",
    re.I,
)
_EXTREME = re.compile(
    r"\b(?:the|its|their)\s+(?:(largest|biggest|greatest|top|full)|smallest|tiniest)\s+"
    r"(?:model|member|version|variant|one|size|sibling|checkpoint|release)\b(?!\s+(?:ever|yet|that|which|we|they|on earth|in the world))",
    re.I,
)
_NEXT = re.compile(rf"\s*(?:,\s*(?:and|or|&)?|and|or|&|/|to|versus|vs\.?)\s*(?:the\s+)?{_SIZE}{_NO_COUNT}(?!\s*[-–]\s*\d)", re.I)
_COMMON = (
    r"The|An?|In|With|At|For|Our|My|This|That|These|Those|All|Both|Each|Every|On|From|Of|To|By|While|Unlike|Training|Only|About|Its|Their"
    r"|Even|Most|Some|No|Any|One|Two|Three|Roughly|Nearly|Around|Over|Under|If|When|As|So|And|Or|But|Than|Versus|Then|Thus|Hence|Figure"
    r"|Table|Section|Chapter|Full|Half|Running|Serving|Loading|Storing|Quanti[sz]ed|Quanti[sz]ing|Fine-?tuning|Both|Dense|Model|Models"
    r"|Compared|Take|Given|Say|Has|Have|Is|GPU|GPUs|TPU|TPUs|MoE|LLM|LLMs|KV|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Between|Despite|Parameters|Params|Tokens|Weights|Memory|Total|Size|Active|Chinchilla|Meta|Google|Microsoft"
    r"|OpenAI|DeepMind|Anthropic|NVIDIA|Nvidia|Mistral AI|Alibaba"
)
# a name with a size ("Falcon-7B", "OLMo-2-7B", "StableLM 3B"), with a version ("Qwen3", "Phi-4", "GPT-6"), or of capitals ("XX-YYY")
_STRANGER = re.compile(
    rf"\b(?!(?:{_COMMON})\b)(?:(?i:the)\s+)?(?:"
    r"[A-Z][A-Za-z]{1,20}[\w.]{0,8}(?:[-\s](?:\d+(?:\.\d+)?|v\d|[A-Z]\w{0,8}))?[-\s]\d+(?:\.\d+)?[BM]\b(?:-\w+)?"
    r"|(?=[A-Za-z]{0,20}[a-z])(?!TPU|MoE|PCIe|Gen|Top|Eq|Fig|Tab)[A-Z][A-Za-z]{1,20}-?[Vv]?\d+(?:\.\d+)?(?:-\w{1,12}){0,3}\b|GPT-\d\w*"
    r"|(?!CC-|KV-|GPU-|TPU-|CPU-|RAM-)[A-Z]{2,12}-[A-Z]{2,12}[A-Za-z]{0,12}\b)"
)


def member_mentions(text: str, found: Sequence[Mention], before: Iterable[Model] = ()) -> list[Mention]:
    """Find members of a family by their size alone: next to one that is named ("Llama 2 7B, 13B and 70B"), or as "the 7B model".

    `before` are models of earlier sentences, whose families count where the text itself names none with such a member.
    """
    made = list(_continued(text, found))
    known = [*found, *made]
    for match in _BY_SIZE.finditer(text):
        if any(mention.start < match.end(1) and match.start(1) < mention.end for mention in known):
            continue
        if match.group("of"):  # "the 7B model of Mistral": of that, whoever else is named
            members = _of_size(match.group(2), (mention.thing for mention in known if mention.start == match.end()))
        else:
            members = _of_size(match.group(2), (mention.thing for mention in known)) or _of_size(match.group(2), before)
        if len(members) == 1:
            made.append(Mention(members[0], match.start(1), match.end(1)))
    return sorted([*made, *_by_extreme(text, known, before)], key=lambda mention: mention.start)


def _by_extreme(text: str, known: Sequence[Mention], before: Iterable[Model]) -> Iterator[Mention]:
    """Find "the largest model" of the one family that is named before it; of nothing where the table cannot tell which that is."""
    for match in _EXTREME.finditer(text):
        if any(mention.start < match.end() and match.start() < mention.end for mention in known):
            continue
        named = {mention.thing.name: mention.thing for mention in known if mention.end <= match.start()} or {m.name: m for m in before}
        families = {model.family or model.name for model in named.values()}
        if len(families) == 1 and all(model.name == (model.family or model.name) for model in named.values()):
            yield Mention(extreme(next(iter(named.values())), match.group(1) is not None), match.start(), match.end())


def _continued(text: str, found: Sequence[Mention]) -> Iterator[Mention]:
    for mention in found:
        at = mention.end
        while match := _NEXT.match(text, at):
            members = _of_size(match.group(1), [mention.thing])
            if not members or any(other.start < match.end() and match.start(1) < other.end for other in found):
                break
            yield Mention(members[0], match.start(1), match.end())
            at = match.end()


def _of_size(size: str, models: Iterable[Model]) -> list[Model]:
    """Return the members of the models' families that bear a size in their name."""
    families = {model.family for model in models if model.family}
    sized = [model for model in facts.models() if re.search(rf"(?<![\d.x×]){re.escape(size)}$", model.name, re.I)]
    own = [model for model in sized if model.family in families]
    return own or [model for model in sized if any(model.family.startswith(f"{family}.") for family in families)]


def stranger_mentions(text: str, known: Iterable[tuple[int, int]]) -> list[Mention]:
    """Find names that look like those of models and lie in none of the spans already known; they stand for no thing."""
    spans = list(known)
    found = (Mention(None, match.start(), match.end()) for match in _STRANGER.finditer(text))
    return [mention for mention in found if not any(start < mention.end and mention.start < end for start, end in spans)]


# "Qwen's tokenizer", "Yi's 60 layers": what belongs to a name is not of the next model
_OWNER = re.compile(
    r"\b(?!(?:It|That|This|What|Who|Here|There|Let|Today|Yesterday|One|He|She|Nobody|Everyone|Everybody|Moore)['’])([A-Z][\w.\-]*)['’]s?\s+(?=[a-z\d])"
)


def owner_mentions(text: str, known: Iterable[tuple[int, int]], models: Sequence[Mention], makers: Sequence[Mention]) -> list[Mention]:
    """Find capitalised owners that no table knows; of makers only those before the first model. What a known model follows owns nothing."""
    spans = list(known)
    if makers and models:
        spans += [(maker.start, maker.end) for maker in makers if any(model.end <= maker.start for model in models)]
    return [
        Mention(None, match.start(), match.end(1))
        for match in _OWNER.finditer(text)
        if not any(start < match.end(1) and match.start() < end for start, end in spans)
        and not any(
            model.start - match.end() >= 0 and re.fullmatch(r"(?:[a-z]+\s+){0,3}", text[match.end() : model.start]) for model in models
        )
    ]
