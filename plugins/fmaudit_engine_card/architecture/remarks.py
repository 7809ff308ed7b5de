"""What a person should know of an architecture before choosing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fmaudit import Finding, Severity, humane
from fmaudit_engine_card.scale.facts import stale_devices

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.card import Card
    from fmaudit_engine_card.architecture.fits import Fit

__all__ = ["remarks"]


def remarks(card: Card) -> Iterator[Finding]:
    """Yield the findings, the gravest first."""
    yield from _counts_differ(card)
    yield from _nowhere(card)
    yield from _state_outgrows(card)
    yield from _mostly_vocabulary(card)
    yield from _experts(card)


def _counts_differ(card: Card) -> Iterator[Finding]:
    counted, said = card.counted, card.profile.parameters
    if counted is not None and counted != said:
        yield Finding(
            code="counts-differ", severity=Severity.WARNING, metric="parameters",
            sentence=f"The model that was built has {counted:,} parameters, and its configuration accounts for {said:,}.",
            advice="The card's other numbers may be off by as much: the configuration has a part that this family does not usually have.",
        )  # fmt: skip


def _nowhere(card: Card) -> Iterator[Finding]:
    """Say that a model fits no device in 16 bits (or the first precision asked about), how many it takes, and where it does fit."""
    kinds = card.settings.precisions
    kind = next((kind for kind in kinds if kind in ("bfloat16", "float16")), kinds[0])
    fits = [fit for fit in card.fits if fit.precision == kind]
    if not fits or any(fit.fits for fit in fits):
        return
    best = max(fits, key=lambda fit: fit.usable)
    others = [other for other in kinds if any(fit.fits for fit in card.fits if fit.precision == other)]
    elsewhere = f"it does in {' and '.join(others)}" if others else "nor in any other precision asked about"
    yield Finding(
        code="fits-nowhere", severity=Severity.NOTE if others else Severity.WARNING, slice={"precision": kind},
        sentence=f"In {kind} it needs {humane.size(best.needed)} for {best.batch} x {best.tokens:,} tokens and fits none of the devices "
        f"asked about ({best.devices_needed} x {best.device} would hold it); {elsewhere}.",
        metric=f"largest_batch{{device={best.device},precision={kind}}}", advice=" ".join(_ways_out(card, best, others)),
    )  # fmt: skip


def _ways_out(card: Card, best: Fit, others: Sequence[str]) -> Iterator[str]:
    """Say what can be done about a model that fits nowhere, and which of the facts behind that are old."""
    if others:
        yield f"Serve it in {' or '.join(others)}, or cut it over {best.devices_needed} x {best.device}."
    else:
        yield f"Cut it over {best.devices_needed} x {best.device}, or ask about devices with more memory (devices in [audit.engine-card])."
    stored = card.profile.plan.stored
    if stored:
        yield f"Its weights are stored quantised ({stored}): look at the precision of as many bits."
    old = stale_devices(card.settings.devices, card.day)
    if old:
        yield f"What a device holds is taken from {old}."


def _state_outgrows(card: Card) -> Iterator[Finding]:
    """Say from which of the lengths, within its longest context, one sequence takes more memory than the weights."""
    profile, width = card.profile, card.settings.state_width
    weights = profile.weights_bytes(2)
    possible = [tokens for tokens in card.settings.contexts if profile.context is None or tokens <= profile.context]
    beyond = [tokens for tokens in possible if profile.state_bytes(tokens, width) > weights]
    if beyond:
        first = beyond[0]
        yield Finding(
            code="state-outgrows-weights", severity=Severity.NOTE, metric=f"state_bytes{{tokens={first}}}",
            sentence=f"At {first:,} tokens the state of one sequence ({humane.size(profile.state_bytes(first, width))}) is larger than "
            f"the weights in 16 bits ({humane.size(weights)}).",
            advice="Models with fewer key-value heads, latent attention, windows or state-space layers hold less.",
        )  # fmt: skip


def _mostly_vocabulary(card: Card) -> Iterator[Finding]:
    modules, whole = card.profile.by_module, card.profile.parameters
    share = (modules.get("embedding", 0) + modules.get("head", 0)) / whole
    if share > card.settings.vocabulary_share:
        yield Finding(
            code="mostly-vocabulary", severity=Severity.NOTE, metric="vocabulary_share",
            sentence=f"{humane.share(share)} of the parameters are tables of {card.profile.vocabulary:,} tokens"
            f"{', shared by input and output' if card.profile.tied else ''}: without them it has {humane.compact(whole * (1 - share))}.",
        )  # fmt: skip


def _experts(card: Card) -> Iterator[Finding]:
    active, whole = card.profile.active_parameters, card.profile.parameters
    if active < whole:
        yield Finding(
            code="sparse", severity=Severity.NOTE, metric="active_parameters",
            sentence=f"It takes the memory of {humane.compact(whole)} parameters and, for a token, the compute of "
            f"{humane.compact(active)}.",
        )  # fmt: skip
