"""The architecture's numbers as metrics: exact, so none has an interval."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from fmaudit import Metric, humane, results
from fmaudit_engine_card.scale.facts import stale_devices

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.card import Card

__all__ = ["figures"]

UNLIMITED = "no limit: the state does not grow with the text"


def figures(card: Card) -> Iterator[Metric]:
    """Yield size, state, operations and what fits."""
    yield from _size(card)
    yield from _state(card)
    yield from _operations(card)
    yield from _fits(card)
    yield from _training(card)


def exact(name: str, value: float, unit: str = "count", method: str = "", note: str = "", **slice_: str) -> Metric:
    """Make a metric of a number that is not estimated; whole numbers stand in the note to the last digit."""
    words = f"exactly {value:,}" if isinstance(value, int) else "exact"
    return Metric(name=name, value=value, unit=unit, n=1, slice=slice_, method=method, note=f"{words}; {note}" if note else words)


def _size(card: Card) -> Iterator[Metric]:
    profile = card.profile
    yield exact("parameters", profile.parameters, method="sum over the modules", note="tied ones once" if profile.tied else "")
    for module, count in profile.by_module.items():
        yield exact("module_parameters", count, module=module, method="from the configuration")
    sparse = profile.active_parameters != profile.parameters
    note = "of the experts, those a token is sent to" if sparse else "all of them: there are no experts to choose from"
    yield exact("active_parameters", profile.active_parameters, method="sum over what a token meets", note=note)
    vocabulary = profile.by_module.get("embedding", 0) + profile.by_module.get("head", 0)
    yield exact("vocabulary_share", vocabulary / profile.parameters, "fraction", "(embedding + head) / parameters")
    from fmaudit_engine_card.architecture.fits import precision, weights_at

    for kind in card.settings.precisions:
        mixed = "; embedding, head and norms stay in 16 bits" if precision(kind).dense < precision(kind).rest else ""
        yield exact(
            "weights", weights_at(profile, precision(kind)), "bytes", f"parameters x {precision(kind).dense:g} bytes{mixed}", precision=kind
        )


def _state(card: Card) -> Iterator[Metric]:
    profile, width = card.profile, card.settings.state_width
    method = f"keys and values of all layers, {width:g} bytes each" if profile.attends else f"recurrent state, {width:g} bytes a value"
    yield exact("state_bytes_per_token", profile.state_bytes_per_token(width), "bytes", method)
    for tokens in card.settings.contexts:
        yield exact("state_bytes", profile.state_bytes(tokens, width), "bytes", method, tokens=str(tokens))
    constant = profile.cache_bytes(0, width)
    if constant:
        yield exact("constant_bytes", constant, "bytes", "recurrent states and the inputs of convolutions, whatever the length")
    if profile.attends:
        saved = profile.full_state_bytes_per_token(width) / profile.state_bytes_per_token(width)
        yield exact("state_saving", saved, "ratio", "bytes a token with a key and a value for every query head / bytes a token")


def _operations(card: Card) -> Iterator[Metric]:
    profile = card.profile
    yield exact("flops_per_token", profile.linear_flops(1), method="2 inputs outputs of every matrix a token meets; attention comes on top")
    for tokens in card.settings.contexts:
        whole, attention = profile.flops(tokens), profile.attention_flops(tokens)
        slice_ = {"tokens": str(tokens)}
        yield exact("flops", whole, method="one pass over all tokens, logits at each; every pair of attention counted", **slice_)
        yield exact(
            "attention_share", attention / whole if whole else 0.0, "fraction", "attention between tokens / all operations", **slice_
        )
        yield exact("doubling", profile.flops(2 * tokens) / whole, "ratio", "operations of twice the tokens / operations", **slice_)
    if card.crossover is None:
        yield results.undefined("crossover_tokens", "count", {}, 1, "attention between tokens never computes more than the rest")
    else:
        yield exact("crossover_tokens", card.crossover, method="the length at which attention between tokens computes as much as all else")


def _fits(card: Card) -> Iterator[Metric]:
    ends = f"; the configuration ends at {card.profile.context:,}" if card.profile.context else ""
    for fit in card.fits:
        slice_ = {"device": fit.device, "precision": fit.precision}
        state = f"state ({fit.state_width * 8:g} bits a value)"
        how = f"memory less {humane.share(card.settings.reserve)}, weights, {state} and activations (estimated)"
        estimate = partial(Metric, unit="count", n=1, slice=slice_, method=how)
        old = stale_devices([fit.device], card.day)
        aged = (f"; {fit.note}" if fit.note else "") + (f"; {old}" if old else "")
        yield estimate(name="largest_batch", value=fit.largest_batch, note=f"sequences of {fit.tokens:,} tokens{aged}")
        if fit.longest is None:
            yield results.undefined("longest_context", "count", slice_, 1, UNLIMITED)
        else:
            yield estimate(name="longest_context", value=fit.longest, note=f"tokens, batch {fit.batch}{ends}{aged}")


def _training(card: Card) -> Iterator[Metric]:
    """Yield what it took to train, where audit.toml says on how many tokens."""
    tokens = card.settings.training_tokens.get(card.target)
    if tokens is None:
        return
    from fmaudit_engine_card.scale.training import training_flops

    active, total = card.profile.active_parameters, card.profile.parameters
    of = "active parameters" if active != total else "parameters"
    yield Metric(
        name="training_flops", value=training_flops(active, tokens), unit="count", n=1, method=f"6 x {of} x tokens",
        note=f"on {tokens:g} tokens, without the attention term",
    )  # fmt: skip
    yield Metric(
        name="tokens_per_parameter", value=tokens / total, unit="ratio", n=1, method="training tokens / parameters",
        note="about 20 is compute-optimal by Hoffmann et al. 2022; more makes a small model better, not training cheaper"
        + (f"; of all parameters, {tokens / active:,.0f} for each that a token meets" if active != total else ""),
    )  # fmt: skip
