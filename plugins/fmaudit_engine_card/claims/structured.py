"""Claims in TOML or as plain tables: each row names a kind, a subject, a value, and the conditions under which it is claimed."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from fmaudit import ConfigError
from fmaudit import facts as hardware
from fmaudit_engine_card.claims import entities, facts
from fmaudit_engine_card.claims.checking import check
from fmaudit_engine_card.claims.conditions import CONDITION_UNITS, UNITS, USES, read_value
from fmaudit_engine_card.claims.kinds import CHECKS
from fmaudit_engine_card.claims.quantities import Quantity
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["UNITS", "check_table", "check_toml", "claim_of_row"]

# read from prose only: their conditions have no names
_PROSE = {"token-price", "size-ratio", "growth-between", "product", "flops-per-parameter", "zero-successes", "scaling-trend"}
_SAME = {"model": "subject", "quantity": "kind"}  # what people write first
_INSTEAD = {"tokens": "context", "context": "tokens", "parameters": "size", "size": "parameters"}
_WITHOUT_VALUE = {"fits", "growth-power", "growth-factor", "maker", "training-balance"}
_QUANTITIES = ("context", "tokens", "devices", "time", "rate", "utilisation", "peak", "hours", "flops", "size", "memory", "batch")
_PLAIN = ("text", "source", "tolerance", "kind", "subject", "value", "denied")
_NAMED = (
    "device",
    "precision",
    "tokenizer",
    "language",
    "reference",
    "maker",
    "year",
    "into",
    "out",
    "power",
    "over",
    "watts",
    "price",
    "parameters",
    "flat_out",
)
_NUMBERS = {
    "optimal-parameters": ("tokens", "flops"),
    "token-bill": ("tokens", "price"),
    "optimal-tokens": ("parameters",),
    "device-energy": ("hours", "watts"),
}


def check_toml(text: str, where: str = "the claims") -> list[Verdict]:
    """Check the `[[claim]]` tables of a TOML text. Raises ConfigError for what is no TOML, an unknown kind or an unknown condition."""
    try:
        rows = tomllib.loads(text).get("claim", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}", hint="write claims as [[claim]] tables with kind, subject and value") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(
            f"{where}: claims are [[claim]] tables", hint='for example: [[claim]] kind = "parameters", subject = "GPT-3", value = "175B"'
        )
    return check_table(rows, where)


def check_table(rows: Iterable[Mapping[str, Any]], where: str = "the claims") -> list[Verdict]:
    """Check claims given as rows: kind, subject, value ("175B", "7-8 months" or a number), conditions, tolerance (0.05 is 5 %), source."""
    return [check(claim_of_row(row, f"{where}, claim {i}")) for i, row in enumerate(rows, 1)]


def claim_of_row(row: Mapping[str, Any], where: str = "the claim") -> Claim:
    """Turn a row into a claim. Raises ConfigError, naming the nearest right word, for what is not known."""
    row = {(_SAME[name] if name in _SAME and _SAME[name] not in row else name): value for name, value in row.items()}
    kind = str(row.get("kind", ""))
    if kind not in CHECKS or kind in _PROSE:
        raise ConfigError(f"{where}: no kind {kind!r}", hint=_nearest(kind, set(CHECKS) - _PROSE))
    unknown = sorted(set(row) - {*_PLAIN, *_QUANTITIES, *_NAMED})
    if unknown:
        raise ConfigError(f"{where}: no condition {unknown[0]!r}", hint=_nearest(unknown[0], [*_PLAIN, *_QUANTITIES, *_NAMED]))
    _refuse_unused(row, kind, where)
    given = _given(row, kind, where)
    value = None if kind in _WITHOUT_VALUE else _value(row, kind, where)
    text = str(row.get("text") or " ".join(str(part) for part in (row.get("subject", ""), kind, row.get("value", "")) if part != ""))
    claim = Claim(
        kind,
        str(row.get("subject", "")),
        value,
        given,
        text,
        (0, len(text)),
        bool(row.get("denied", False)),
        source=str(row.get("source", "")),
    )
    _complete(claim, where)
    return claim


def _refuse_unused(row: Mapping[str, Any], kind: str, where: str) -> None:
    """Refuse a condition that the kind's arithmetic does not use, and a size or tokens beside a subject whose own would be used."""
    uses = USES.get(kind, set())
    unused = sorted(set(row) - uses - set(_PLAIN))
    if unused:
        instead = _INSTEAD.get(unused[0], "")
        known = f"it uses {', '.join(sorted(uses))}" if uses else "it uses none"
        hint = f"did you mean {instead!r}?" if instead in uses else known
        raise ConfigError(f"{where}: a claim of {kind} does not use {unused[0]!r}", hint=hint)
    if kind == "tokens-per-parameter" and "subject" in row and uses & set(row):
        raise ConfigError(f"{where}: give a subject, or size and tokens", hint="those of the subject would be used")


def _value(row: Mapping[str, Any], kind: str, where: str) -> Quantity:
    if "value" not in row:
        raise ConfigError(f"{where}: a claim of {kind} has a value", hint='such as value = "175B"')
    quantity = read_value(row["value"], UNITS[kind], f"{where}: value")
    tolerance = row.get("tolerance")
    if tolerance is None:
        return quantity
    room = float(tolerance) * abs(quantity.value)
    return Quantity(quantity.text, 0, 0, quantity.value, quantity.value - room, quantity.value + room, quantity.unit)


def _given(row: Mapping[str, Any], kind: str, where: str) -> dict[str, Any]:
    numbers = _NUMBERS.get(kind, ())
    given: dict[str, Any] = dict.fromkeys(("model", "device", "precision", "tokenizer", "width", *_QUANTITIES))
    for name in _QUANTITIES:
        if name in row:
            quantity = read_value(row[name], CONDITION_UNITS[name], f"{where}: {name}")
            given[name] = quantity.value if name in numbers else quantity
    given |= {name: row[name] for name in ("year", "into", "out", "power", "maker", "watts", "price", "over") if name in row}
    if "parameters" in row:
        given["parameters"] = read_value(row["parameters"], "parameters", f"{where}: parameters").value
    given |= {
        "flat_out": bool(row.get("flat_out", False)),
        "text": "",
        "part": False,
        "strong": False,
        "stated": "watts" in row,
        "reference": row.get("reference", "English"),
    }
    if "device" in row:
        given["device"] = hardware.find_device(str(row["device"]))
    if "precision" in row:
        given["precision"] = given["width"] = _named(
            entities.precision_mentions(str(row["precision"])), "precision", row["precision"], where
        )
    if "tokenizer" in row:
        given["tokenizer"] = _named(entities.tokenizer_mentions(str(row["tokenizer"])), "tokenizer", row["tokenizer"], where)
    return given | _subject(row, kind, where)


def _subject(row: Mapping[str, Any], kind: str, where: str) -> dict[str, Any]:
    """Find the model, language or thing that the subject names."""
    subject = str(row.get("subject", ""))
    if kind in {"maker", "year"}:
        return {"origin": _named(entities.origin_mentions(subject), "thing with a known maker", subject, where)}
    if kind in {"crawl-share", "representation"}:
        return {"language": _named(entities.language_mentions(subject), "language", subject, where)}
    if kind == "premium":
        return {"language": _named(entities.language_mentions(subject), "language", subject, where).name}
    if kind in {"device-peak", "device-memory"}:
        precision = entities.precision_mentions(str(row.get("precision", "")))
        return {
            "device": hardware.find_device(subject),
            "precision": precision[0].thing[0] if precision else None,
            "sparse": False,
            "dense": False,
        }
    mentions = entities.model_mentions(subject)
    model = mentions[0].thing if mentions else None
    if model is None and subject and kind in _OF_A_MODEL:
        names = [model.name for model in facts.models()]
        raise ConfigError(f"{where}: no model {subject!r} in the table", hint=_nearest(subject, names))
    found: dict[str, Any] = {"model": model}
    if kind == "optimal-tokens" and model is not None and "parameters" not in row:
        found["parameters"] = model.active or model.parameters
    return found


_OF_A_MODEL = {
    "parameters",
    "active-parameters",
    "layers",
    "attention-layers",
    "intermediate",
    "hidden",
    "heads",
    "head-size",
    "kv-heads",
    "vocabulary",
    "experts",
    "experts-used",
    "context-window",
    "kv-memory",
    "kv-per-token",
    "training-tokens",
    "over-training",
    "training-balance",
    "training-energy",
    "training-emissions",
    "device-hours",
}
_NEEDED = {
    "fits": (("model", "size"), ("memory", "device")),
    "training-time": (("devices",),),
    "rental-cost": (("rate",), ("hours", "devices"), ("hours", "time")),
    "growth-power": (("power",),),
    "growth-factor": (("into",), ("out",)),
    "maker": (("maker",),),
    "token-bill": (("tokens",), ("price",)),
    "electricity-share": (("year",),),
    "electricity": (("year",),),
    "optimal-tokens": (("parameters",),),
    "optimal-parameters": (("tokens", "flops"),),
    "device-energy": (("hours",), ("watts",)),
    "tokens-per-parameter": (("model", "size"), ("model", "tokens")),
    "weights-memory": (("model", "size"),),
    "training-memory": (("model", "size"),),
    "training-flops": (("model", "size"), ("model", "tokens")),
    "token-flops": (("model", "size"),),
    "training-balance": (("over",),),
}


def _complete(claim: Claim, where: str) -> None:
    for names in (*_NEEDED.get(claim.kind, ()), *((("model",),) if claim.kind in _OF_A_MODEL else ())):
        if all(claim.given.get(name) is None for name in names):
            raise ConfigError(
                f"{where}: a claim of {claim.kind} needs {' or '.join('subject' if name == 'model' else name for name in names)}"
            )


def _named(mentions: list[entities.Mention], what: str, name: Any, where: str) -> Any:
    if not mentions:
        raise ConfigError(f"{where}: no {what} {name!r} is known")
    return mentions[0].thing


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.4)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names))}"
