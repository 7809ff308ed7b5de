"""Claims about growth with the length of the input: of attention, of the whole compute, of the cache, of a recurrent state."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from fmaudit_engine_card.claims import facts
from fmaudit_engine_card.claims.judging import Scenario, judge, unverifiable, verdict
from fmaudit_engine_card.claims.kinds.base import Check, statement
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.reading import Reading
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["CHECKS", "read"]

_LENGTH = r"(?:context|sequence|input|prompt|number of tokens|token count|length|window|document|text|history)"
_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:\s?[x×]|[-\s]?fold|\s+times)"
_FACTORS = (
    (r"doubl(?:e|es|ed|ing)|twice|twofold|two times|2\s?[x×]|[x×]\s?2\b", 2.0),
    (r"tripl(?:e|es|ed|ing)|three times|threefold|3\s?[x×]|thrice", 3.0),
    (r"quadrupl(?:e|es|ed|ing)|four times|fourfold|4\s?[x×]|[x×]\s?4\b", 4.0),
    (r"halv(?:e|es|ed|ing)|half", 0.5),
    (r"(?:a|one) quarter|quarters", 0.25),
    (r"five times|fivefold|5\s?[x×]", 5.0),
    (r"six times|sixfold|6\s?[x×]", 6.0),
    (r"(?:eight times|eightfold|8\s?[x×])", 8.0),
    (r"nine times|ninefold|9\s?[x×]", 9.0),
    (r"ten times|tenfold|10\s?[x×]", 10.0),
    (r"sixteen times|16\s?[x×]|16 times", 16.0),
    (r"(?:a )?hundred(?:fold| times)|100\s?[x×]|100 times", 100.0),
    (r"unchanged|the same|constant|not? (?:change|affect)|untouched", 1.0),
)
_ANY = "|".join([_NUMBER, *(words for words, _ in _FACTORS)])
_OUT = r"compute|cost|flops?|work|operations|expensive|attention|memory|cache|size|price|time|state|calculation|arithmetic"
_ATTENTION = r"attention(?:'s)?|score matrix|quadratic term|q ?k"
_CACHE = r"\bkv\b|\bcach(?:e[sd]?|ing)\b|keys?[-\s/]*(?:and[-\s])?values?"
_RECURRENT = r"\bRNNs?\b|recurrent|\bLSTMs?\b|\bGRUs?\b|\bSSMs?\b|state[-\s]space|\bMamba\b|\bS4\b|\bRWKV\b|\bH3\b"
_CONSTANT = (
    r"constant|(?:same|fixed)[-\s]size[ds]?|(?:keeps?|stays?|remains?|is|of|has|have)\s+(?:a |an |the )?(?:same"
    r"|fixed|constant|bounded)|does(?:n['’]t| not) (?:grow|depend|change|increase)|independent of|regardless of"
    r"|no matter how|however (?:long|many|much)|never grows|unchanged|keeps? its size|(?:stays?|remains?|is|keeps?) flat\b"
)
_MEMORY = r"memory|state|cache|size|footprint|storage"
_LINEAR = r"linear(?:ly)?\b|proportional(?:ly)?\b|in (?:direct )?proportion|O\(\s*[nNTL]\s*\)"
_QUADRATIC = r"quadratic(?:ally)?\b|square of|squared\b|O\(\s*[nNTL]\s*(?:\^|\*\*)?\s*[2²]\s*\)"
_EXPONENTIAL = r"exponential(?:ly)?\b|cubic(?:ally)?\b|O\(\s*[nNTL]\s*(?:\^|\*\*)?\s*[3³]\s*\)"
_CLAUSE = re.compile(r"\b(?:when|whenever|if|as|once|while|for|with|per|after|by)\b", re.I)
_GROWS = r"grow|scal|increas|rise|depend|quadratic in|linear in|complexity|cost|proportional|O\("
_LONG = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)


def read(reading: Reading) -> Iterator[Claim]:
    """Find what is said to grow, by what factor or with what power of the length."""
    about = _subject(reading)
    if not about or reading.has(r"\b(?:parameters?|training data|layers|width|vocabulary|batch)\b[^,;]{0,30}(?:doubl|tripl|quadrupl)"):
        return
    power = _power(reading, about)
    factors = _factors(reading)
    if power is not None and (factors is None or power == 0.0):  # "quadratic: 10x the length costs 100x" is judged by its figures
        yield _made(reading, "growth-power", about, power=power)
        return
    if factors is not None:
        yield _made(reading, "growth-factor", about, into=factors[0], out=factors[1])


def _made(reading: Reading, kind: str, about: str, **given: float) -> Claim:
    made = statement(reading, kind, about, None, **given)
    denied = made.denied and not re.search(_CONSTANT, reading.text, re.I) and not reading.has(r"no matter|not only|not just")
    return replace(made, denied=denied)


def _subject(reading: Reading) -> str:
    """Return what grows: "state" of a recurrent model, "cache", "attention", or "compute" of a whole model."""
    if reading.has(_RECURRENT) and reading.has(_MEMORY) and reading.has(_CONSTANT) and not reading.has(r"attention|transformer"):
        return "state"
    if not reading.has(_LENGTH + r"|\bdocuments?\b|\btokens?\b|quadratic|O\("):
        return ""
    if reading.has(_RECURRENT) and not reading.has(r"attention|transformer"):
        return "state" if reading.has(_MEMORY) else "recurrent compute" if reading.has(_OUT + r"|scale") else ""
    if reading.has(_CACHE):
        return "cache"
    if reading.has(_ATTENTION) and not reading.has(r"attention heads?\b"):
        return "attention memory" if reading.has(r"\bmemory\b") and not reading.has(r"compute|flops?|cost") else "attention"
    if reading.has(r"transformers?\b.*\bmemory|\bmemory\b.*\btransformers?\b"):
        return "cache"
    return "compute" if reading.has(r"compute|flops?|\bcosts?\b|\bwork\b|operations|expensive|computation") else ""


def _power(reading: Reading, about: str) -> float | None:
    """Return the power of the length that is claimed: 0, 1, 2, or more (3)."""
    if about in {"state", "cache"} and reading.has(_CONSTANT) and not reading.has(r"constant factor"):
        return 0.0
    if not reading.has(_GROWS) or not reading.has(_LENGTH + r"|tokens?\b|O\(|long\b"):
        return None
    if (
        about == "state"
        and reading.has(r"(?:grow|increas|ris|expand|swell)\w*\s+(?:along |in step )?(?:with|as)\b")
        and not reading.has(_QUADRATIC)
    ):
        return 1.0
    for pattern, power in ((_EXPONENTIAL, 3.0), (_QUADRATIC, 2.0), (_LINEAR, 1.0)):
        if reading.has(pattern):
            return (
                None if pattern == _LINEAR and reading.has(r"linear (?:attention|layers?|projection|model|algebra|regression)") else power
            )
    return None


def _factors(reading: Reading) -> tuple[float, float] | None:
    """Return by what factor the length changes and by what factor the rest is said to."""
    found = [(match, _factor(match.group(0))) for match in re.finditer(rf"(?<![\w.]){'(?:' + _ANY + ')'}(?!\w)", reading.text, re.I)]
    if len(found) != 2:
        return None
    (first, one), (second, two) = found
    owner = _of_length(reading.text, first, second)
    into, out = (one, two) if owner is first else (two, one)
    return None if owner is None or into == 1.0 else (into, out)


def _of_length(text: str, first: re.Match[str], second: re.Match[str]) -> re.Match[str] | None:
    """Return which of two factors is that of the length: "doubling the context quadruples", "fourfold when the length doubles"."""
    words = list(re.finditer(_LENGTH, text, re.I))
    for word in words:
        if first.end() <= word.start() and word.end() <= second.start():
            return second if _CLAUSE.search(text[first.end() : word.start()]) else first
    if any(word.end() <= first.start() for word in words):
        return first
    return second if any(second.end() <= word.start() for word in words) else None


def _factor(words: str) -> float:
    if re.fullmatch(_NUMBER, words, re.I):
        return float(re.sub(r"[^\d.]", "", words))
    return next(factor for known, factor in _FACTORS if re.fullmatch(known, words, re.I))


def check_power(claim: Claim) -> Verdict:
    """Compare the power with that of the profile's formulas, by doubling the length."""
    power: float = claim.given["power"]
    about = claim.subject
    if about == "attention memory":
        return unverifiable(
            claim,
            (
                "the memory of attention is quadratic where the matrix of scores is stored and linear where it is computed "
                "in tiles; the text does not say which"
            ),
        )
    measured, arithmetic, source = _measured(about)
    words = {0.0: "constant", 1.0: "linear", 2.0: "quadratic", 3.0: "more than quadratic"}
    if about == "compute":
        return _whole(claim, 2.0, 2.0**power)
    said = (
        f"{about} is said to be {words[power]} in the length; doubling it multiplies it by {2**measured:.3g}, "
        f"so it is {words[round(measured)]}"
    )
    return verdict(claim, "holds" if abs(power - measured) < 0.02 else "wrong", arithmetic, said, "", source)


def _measured(about: str) -> tuple[float, str, str]:
    """Return the power of the length in a profile that stands for its kind, with the arithmetic."""
    if about in {"state", "recurrent compute"}:
        engine = facts.reference("mamba-2.8b")
        one, two = (engine.state_bytes(8192), engine.state_bytes(16384)) if about == "state" else (engine.flops(8192), engine.flops(16384))
        name = "Mamba-2.8B"
    else:
        engine, name = facts.reference("llama-2-7b"), "Llama 2 7B"
        one, two = (
            (engine.state_bytes(8192), engine.state_bytes(16384))
            if about == "cache"
            else (engine.attention_flops(8192), engine.attention_flops(16384))
        )
    return math.log2(two / one), f"{name}: {one:,} at 8,192 tokens, {two:,} at 16,384: x {two / one:.4g}", f"profile of {name}"


def check_factor(claim: Claim) -> Verdict:
    """Compare a pair of factors with the power that the part of the model has."""
    into, out = claim.given["into"], claim.given["out"]
    if claim.subject == "compute":
        return _whole(claim, into, out)
    measured, arithmetic, source = _measured("attention" if claim.subject == "attention memory" else claim.subject)
    expected = into**measured
    text = f"{arithmetic}; so {into:g} x the length gives {into:g}^{measured:.3g} = {expected:.4g} x"
    fits = abs(out / expected - 1.0) < 0.05
    return verdict(claim, "holds" if fits else "wrong", text, f"{claim.subject}: {expected:.4g} x, claimed {out:g} x", "", source)


def _whole(claim: Claim, into: float, out: float) -> Verdict:
    """Judge a factor of the whole compute: attention's part goes with the square, the rest with the length, so it depends on the length."""
    engine = facts.reference("llama-2-7b")
    ratios = {tokens: engine.flops(int(tokens * into)) / engine.flops(tokens) for tokens in _LONG}
    shown = ", ".join(f"{ratios[tokens]:.2f} at {tokens:,}" for tokens in (1024, 4096, 32768, 131072))
    arithmetic = f"attention scores: {into:g}^2 = {into**2:g} x; the other products: {into:g} x; all of Llama 2 7B: {shown} tokens"
    claimed = Quantity(f"{out:g} x", 0, 0, out, out * 0.94, out * 1.06, "times")
    rows = [
        Scenario(into**2, arithmetic, "only the attention term is meant, not the whole model"),
        Scenario(into, arithmetic, "the context is short, so that the matrix products outweigh attention"),
        Scenario(
            min(ratios.values()),
            arithmetic,
            "the context is about as long as makes attention and the other products equal",
            high=max(ratios.values()),
        ),
    ]
    return judge(replace(claim, value=claimed), rows, slack=0.0, source="profile of Llama 2 7B: flops and attention_flops", unit="times")


CHECKS: dict[str, Check] = {"growth-power": check_power, "growth-factor": check_factor}
