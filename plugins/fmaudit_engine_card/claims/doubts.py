"""Words by which a sentence may speak of something else than the quantity it was read as; beside them nothing is called wrong."""

from __future__ import annotations

import re
from functools import lru_cache

from fmaudit_engine_card.claims.familiar import MOST, strange_words
from fmaudit_engine_card.claims.parts import share_before
from fmaudit_engine_card.claims.records import Claim
from fmaudit_engine_card.claims.stances import HEARSAY, unreal

__all__ = ["doubt", "unfamiliar"]

_OWN = r"(?:\b(?:we|our|ours|my)\b|(?-i:\bI\b(?!\.)))"
# a part of a model, a change to it, or another model made from it: no table holds their figures
_NOT_ITSELF = (
    r"fine-?tun|\bLoRA\b|\badapters?\b|\bdistill|\bprun(?:e[sd]?|ing)\b|trainable|\bfrozen\b|\bdraft\b|\bstudent\b"
    r"|(?<!largest )(?<!biggest )(?<!smallest )\bvariants?\b|\bderiv"
    r"|\bbased on\b|-based\b|\bbuilt on\b|\bmerged?\b|\bsliced?\b|\bstyle\b|\binspired\b|\breplica|\bclones?\b|\bvision\b|\bmultimodal\b"
    r"|(?:per|each|every|one|single|first|last|final|top|bottom|middle|upper|lower|early|late)\s+(?:\w+\s+)?(?:layer|block|expert"
    r"|head|matri)"
    r"|\bembeddings?\b|\bLM head\b|\boutput (?:layer|matrix)|\brouters?\b|\b(?:attention|MLP|feed-?forward) (?:param|weights"
    r"|layers? (?:has|have|hold|account))"
    r"|\bmore\b[^.;]{0,20}\bthan\b(?!\s*(?:about |around )?[$\d])|\bextra\b|\badditional\b|\bdifference\b|\b(?:sav"
    r"|spar)(?:es?|ed|ing)\b|\bavoid\w*"
    r"|\breduc\w+|\bremov\w+|\badd(?:s|ed|ing)\b|\bskip\w*"
)
_SHARED = (
    r"(?:per|each|every) (?:GPU|device|card|rank|node|(?:NVIDIA )?(?:[ABHVLT]\d{1,3}|MI\d|RTX|TPU))"
    r"|\b(?:each|every one) of (?:the |its |these |those |\w+ )*(?:GPU|device|card|rank|node|machine)"
    r"|\bshard|\bacross\b|\bsplit\b|\bspread\b|\bshare (?:it|them)\b|parallel"
    r"|(?<!without )(?<!without any )(?<!no )offload|\bCPU\b|\bdisk\b|\bswap"
)
_OTHER_ATTENTION = (
    r"per (?:\w+ )?token|each (?:\w+ )?(?:token|step)|generated token|decod|autoregress|incremental|sliding|window|sparse|\blocal\b"
    r"|\bblocks?\b|flash"
    r"|linear(?:i[sz]ed)? (?:attention|transformer)|\b(?:Long|Re|Per|Lin|Big|Conv)former|BigBird|Longformer|low-rank|kernel"
    r"|approximat|chunk|hybrid|"
    r"Mamba|state[-\s]space|\bSSMs?\b|RWKV|beyond|evict|compress|stream|\bsinks?\b|\bMLA\b|latent|retriev|paged|\bramp|with a fixed"
)
_DOUBTS = {
    "context-window": rf"extend|\bpush|stretch|scal(?:ing|ed)|interpolat|\bYaRN\b|\bfirst\b|truncat|{_OWN}|chunk|effective|sliding"
    rf"|\boutputs?\b|generat|prompts?\s+(?:of|takes?|uses?|has|with|is|fills?|occup)|\btests?|evaluat",
    "crawl-share": (
        r"filter|remov|\bdrop|\bkept?\b|\bkeeps?\b|\bafter\b|duplic|quality|\bspam|\badult|subset|domain|\bnews\b|\bgrew\b|\brose\b"
        r"|\bfell\b|up from|increas"
        r"|Wikipedia|\bamong\b|\bclean|toxic|translat|\bC4\b|FineWeb|\bhosts?\b|\bURLs?\b|\btogether\b|\bcombined\b|\bsum\b"
        r"|\bnon-\w+|\bmix\b|training set|English pages\b"
    ),
    "crawl-pages": r"\btotal\b|\bsince\b|cumulat|altogether|archives?\b|all crawls|history|so far|collected|over the years"
    r"|\bunique\b|\bnew\b",
    "data-stock": r"data ?sets?|corpus|corpora|FineWeb|Pajama|\bPile\b|Dolma|RefinedWeb|contains|collection|\bcode\b|GitHub|books"
    r"|Wikipedia|high-quality|multilingual|\bnews\b",
    "electricity-share": (
        r"\bby (?:about |around |some |roughly |nearly |almost |up to |only )?[\d.,]+\s?(?:%|per ?cent)|(?:%|per ?cent)\s+(?:more"
        r"|less|higher|lower|growth|rise|increase"
        r"|a year|per year|annual\w*|faster|renewable|of (?:its|their|that|the) (?:growth|increase))|a [\d.,]+\s?(?:%"
        r"|per ?cent) (?:rise|increase|growth|jump|cut)"
        r"|\bcooling\b|\bsav(?:es?|ing)\b|renewable|efficien|\bgoals?\b|\btarget"
    ),
    "training-emissions": r"production|\bserv\w+|inference|quer(?:y|ies)|a year\b|per year|annual|daily|a day\b|users|deploy|month"
    r"|embodied|manufactur|offset|\bsaved?\b|experiment|search",
    "device-peak": r"measur|achiev|sustain|attain|FlashAttention|kernel|cuBLAS|in practice|\breal|effective|actual|utili|\bMFU\b"
    r"|\bGEMM|observ|\bgot\b|average|CUTLASS|triton|" + _OWN,
    "token-flops": r"prefill|prompt|backward|\btrain|\bbatch|verif|draft|speculat",
    "training-cost": r"includ|\btotal\b|hardware|salar|\bstaff|research|failed|infrastructure|\bbuil[dt]|estimat|according"
    r"|\breport(?:ed|s)?\b|\bcloud\b|\bpower\b|electric",
    "training-flops": r"\bpart\b|\bso far\b|\bfraction\b|per (?:step|batch|iteration|day)|each (?:step|batch)|a day\b|\bsecond\b|" + _OWN,
    "optimal-ratio": r"inference|lifetime|deploy|over-?train|small(?:er)? models|modern|today|nowadays|beyond|\bpast\b"
    r"|data-constrained|repeat|\bMoE\b|sparse|recent|\blater\b|stud(?:y|ies)|found|" + _OWN,
    "fits": rf"{_SHARED}|layer by layer|\bpart(?:ly|ial)|\bmultiple\b|\bseveral\b|fine-?tun|distill|prun",
    "premium": r"\bwords\b|characters|\bspeech\b|romani|transliterat|speakers|phoneme|morphem",
}
for _kind in ("weights-memory", "kv-memory", "kv-per-token"):
    _DOUBTS[_kind] = (
        rf"{_NOT_ITSELF}|{_SHARED}|activations|optimi[sz]er|\btrain(?:ing)?\b|evict|compress|window"
        r"|\b(?:users|requests|prompts|conversations|clients)\b"
    )
for _kind in (
    "parameters",
    "active-parameters",
    "layers",
    "attention-layers",
    "heads",
    "kv-heads",
    "hidden",
    "intermediate",
    "vocabulary",
    "experts",
    "experts-used",
    "head-size",
):
    _DOUBTS[_kind] = _NOT_ITSELF
_DOUBTS["training-tokens"] = (
    r"\bepochs?\b|\bpasses\b|per (?:day|batch|step)|\bbatch|\banneal|\bhalf\b|\bcode\b|of which|\bsubset|long-context|\bstages?\b"
    r"|\bphases?\b"
    r"|\bfirst\b|\blast\b|\bhalfway\b|\bmidway\b|\bso far\b|\bby then\b|\bextra\b|\bmore\b|\bless\b|\bfewer\b|\bdraft\b"
    r"|\bbased on\b|\bbuilt on\b|-based\b"
)
_DOUBTS["tokens-per-parameter"] = r"\bactive\b|\bmore\b|\bless\b|\bfewer\b"
_DOUBTS["hidden"] = _NOT_ITSELF.replace(r"|\bembeddings?\b", "")
for _kind in ("kv-memory", "kv-per-token"):
    _DOUBTS[_kind] = _DOUBTS[_kind].replace(r"|\badd(?:s|ed|ing)\b", "")
_DOUBTS["training-energy"] = _DOUBTS["training-emissions"]
_DOUBTS["electricity"] = (
    r"\bby (?:about |around )?[\d.,]+\s?TWh|\bmore\b|\bless\b|\bAI\b|increase of|growth of|\brenewable|\bcooling\b|added?\b|additional"
)
_GROWTH = {
    "attention": _OTHER_ATTENTION,
    "attention memory": _OTHER_ATTENTION,
    "compute": _OTHER_ATTENTION,
    "cache": _OTHER_ATTENTION.replace(r"per (?:\w+ )?token|", ""),
    "state": r"\btrain|backprop|gradient|activation|\btime\b|attention|hybrid|\bweights\b|parameters|width|\bcache of\b",
    "recurrent compute": r"per (?:\w+ )?token|each (?:\w+ )?(?:token|step)|parallel|convolution|\bscan\b|attention|hybrid"
    r"|\blayers?\b|width",
}
# what is supposed or told of one's own work is no figure of the tables, whatever the kind; sums and rules stay what they are
_TOGETHER = r"\b(?:together|between them|combined|jointly|altogether|averages?|on average|mean|median|typical|sum of)\b"
_UNREAL = r"\b(?:would|should|could|might) have\b|\bhad it\b|\bwere it\b|\bideally\b|\bhypothetical"
_ARITHMETIC = {
    "rental-cost",
    "training-cost",
    "training-time",
    "product",
    "flops-per-parameter",
    "zero-successes",
    "optimal-tokens",
    "optimal-parameters",
    "optimal-ratio",
}
# figures of a model as a whole: not of a part of it, nor of what it would be otherwise
_WHOLE = {
    "weights-memory",
    "kv-memory",
    "kv-per-token",
    "training-tokens",
    *(kind for kind, words in _DOUBTS.items() if words == _NOT_ITSELF),
}
_WHOLE.add("hidden")
_COMPILED = {name: re.compile(words, re.I) for name, words in (_DOUBTS | _GROWTH).items()}
_ANY_KIND = re.compile(f"{_UNREAL}|{_TOGETHER}|{_OWN}|{HEARSAY}", re.I)


def doubt(claim: Claim) -> str:
    """Return the word that makes a claim's reading doubtful; nothing where there is none, as in claims from a table."""
    text = _sentence(claim)
    word = _word(claim.subject if claim.kind in {"growth-power", "growth-factor"} else claim.kind, text)
    if word or not text or claim.value is None or claim.kind not in _WHOLE:
        return word
    return unreal(claim.kind, text) or share_before(text, claim.value, claim.kind)


def unfamiliar(claim: Claim) -> tuple[str, ...]:
    """Return the words of a claim's sentence that no labelled one holds, where they are too many to be sure of its reading."""
    strange = strange_words(_sentence(claim))
    return strange if len(strange) > MOST else ()


def _sentence(claim: Claim) -> str:
    """Return the sentence that a claim was read from; nothing for one from a table."""
    return claim.text if claim.span[1] - claim.span[0] < len(claim.text) or claim.value is None else ""


@lru_cache(maxsize=64)  # a sentence with many claims is searched once
def _word(kind: str, text: str) -> str:
    pattern = _COMPILED.get(kind)
    found = pattern.search(text) if pattern is not None else None
    if found is None and kind not in _ARITHMETIC:
        found = _ANY_KIND.search(text)
    return found.group(0).strip() if found else ""
