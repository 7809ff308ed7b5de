"""The architecture shown: facts, parameters by module, state and operations by length, and what fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fmaudit import Exhibit, humane
from fmaudit_engine_card.scale.facts import stale_devices

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.card import Card
    from fmaudit_engine_card.architecture.fits import Fit

__all__ = ["exhibits"]

LENGTHS = tuple(2**power for power in range(10, 21))  # 1,024 to 1,048,576, doubling


def exhibits(card: Card) -> Iterator[Exhibit]:
    """Yield the exhibits in reading order: what it is, where it fits, then what that comes from."""
    yield _facts(card)
    if card.fits:
        yield _fits(card)
    yield _modules(card)
    yield _state(card)
    yield _operations(card)


def _facts(card: Card) -> Exhibit:
    import pyarrow as pa

    profile, plan = card.profile, card.profile.plan
    told: list[tuple[str, str]] = [
        ("family", profile.family),
        ("parameters", f"{profile.parameters:,}"),
        ("parameters a token meets", f"{profile.active_parameters:,}"),
        ("blocks", f"{len(plan.encoder)} + {len(plan.layers)} (encoder + decoder)" if plan.encoder else str(len(plan.layers))),
        ("hidden size", f"{profile.hidden:,}"),
        ("vocabulary", f"{profile.vocabulary:,}, {'one table for input and output' if profile.tied else 'input and output apart'}"),
        ("attention", _attention(card)),
        ("longest context", f"{profile.context:,} tokens" if profile.context else "not said"),
        ("weights in 16 bits", f"{profile.weights_bytes(2):,} bytes, {humane.size(profile.weights_bytes(2))}"),
        ("state a token adds", f"{profile.state_bytes_per_token(card.settings.state_width):,} bytes"),
    ]
    if card.counted is not None:
        agrees = "the same" if card.counted == profile.parameters else f"{card.counted:,}"
        told.append(("counted on the model built", agrees))
    told += [("note", note) for note in profile.notes]
    return Exhibit(
        name="architecture", title="The architecture", data=pa.Table.from_pylist([{"fact": fact, "value": value} for fact, value in told]),
        caption="From the configuration alone, in whole numbers.",
    )  # fmt: skip


def _attention(card: Card) -> str:
    """Say what kind of attention it has, in which blocks, and how far it sees."""
    plan = card.profile.plan
    kept = [attends for layer in plan.layers for attends in layer.attends if attends.kept]
    if not kept:
        return "none: a recurrent state"
    saving = kept[0].kept_full / kept[0].kept
    kind = f"{plan.heads} query heads, {plan.kv_heads} key-value heads"
    if plan.heads == plan.kv_heads and saving > 1:
        kind = f"latent, {plan.heads} heads share {kept[0].kept} values a token"
    layers = sum(1 for layer in plan.layers if layer.attends)
    where = "" if layers == len(plan.layers) else f"; in {layers} of {len(plan.layers)} blocks"
    windows = [attends.window for attends in kept if attends.window is not None]
    sees = f"; {len(windows)} of {len(kept)} see {windows[0]:,} tokens" if windows else ""
    return kind + where + sees


def _modules(card: Card) -> Exhibit:
    import pyarrow as pa

    modules = card.profile.by_module
    rows = [
        {"module": module, "parameters": count, "share": count / card.profile.parameters}
        for module, count in sorted(modules.items(), key=lambda item: -item[1])
    ]
    tied = " The head is the embedding's table again and counts once." if card.profile.tied else ""
    return Exhibit(
        name="parameters-by-module", title="Parameters by module", data=pa.Table.from_pylist(rows), kind="bars",
        encoding={"x": "parameters", "y": "module"}, unit="count", caption=f"They add up to {card.profile.parameters:,}.{tied}",
    )  # fmt: skip


def _lengths(card: Card) -> tuple[int, ...]:
    """Choose lengths that double: 1,024 to 1,048,576, or around the longest context where that is shorter."""
    top = card.profile.context
    return LENGTHS if top is None or top >= LENGTHS[0] else tuple(top * 2**power // 64 or 1 for power in range(0, 11, 2))


def _state(card: Card) -> Exhibit:
    import pyarrow as pa

    profile, width = card.profile, card.settings.state_width
    rows = [
        {"tokens": humane.compact(tokens), "bytes": profile.cache_bytes(tokens, each), "of": f"state, {each * 8:g} bits a value"}
        for each in dict.fromkeys((4.0, 2.0, 1.0, width))
        for tokens in _lengths(card)
    ]
    rows += [{"tokens": humane.compact(tokens), "bytes": profile.weights_bytes(2), "of": "weights, 16 bits"} for tokens in _lengths(card)]
    added = profile.state_bytes_per_token(width)
    equal = f" At {width * 8:g} bits {profile.weights_bytes(2) // added:,} tokens take as much as the weights." if added else ""
    if any(attends.window for attends in profile.plan.attends()):
        equal = ""
    limit = f" The configuration ends at {profile.context:,} tokens." if profile.context else ""
    return Exhibit(
        name="state-by-length", title="Memory of one sequence by its length", data=pa.Table.from_pylist(rows), kind="line",
        encoding={"x": "tokens", "y": "bytes", "color": "of"}, unit="bytes", log=True,
        caption=f"All that one sequence holds, beside the weights.{equal}{limit}",
    )  # fmt: skip


def _operations(card: Card) -> Exhibit:
    import pyarrow as pa

    profile = card.profile
    top = profile.context or LENGTHS[-1] // 16
    rows = [
        {
            "length": humane.compact(tokens) + (", its longest" if tokens == profile.context else ""),
            "operations": operations / tokens,
            "of": of,
        }
        for tokens in (top // 64 or 1, top // 16 or 1, top // 4 or 1, top, 4 * top, 16 * top)
        for of, operations in (("matrices", profile.linear_flops(tokens)), ("attention between tokens", profile.attention_flops(tokens)))
    ]
    crossing = f" From {card.crossover:,} tokens on attention computes more than all else." if card.crossover else ""
    told = (
        "One pass over the whole text, every pair of tokens counted, divided by its tokens: only attention grows. Kernels that leave out "
        f"the masked half do half of it.{crossing}"
    )
    if not profile.attention_flops(1):
        told = "There is no attention between tokens: a token costs the same at any length."
    return Exhibit(
        name="operations-by-length", title="Operations a token costs, by the length of the text", data=pa.Table.from_pylist(rows),
        kind="stacked", encoding={"x": "operations", "y": "length", "color": "of"}, unit="count",
        caption=told,
    )  # fmt: skip


def _fits(card: Card) -> Exhibit:
    import pyarrow as pa

    settings, tokens = card.settings, max(fit.tokens for fit in card.fits)
    limit = f" Memory alone is looked at: the configuration ends at {card.profile.context:,} tokens." if card.profile.context else ""
    old = stale_devices((fit.device for fit in card.fits), card.day)
    aged = f" {old[0].upper()}{old[1:]}." if old else ""
    rows = []
    for device in dict.fromkeys(fit.device for fit in card.fits):
        mine = [fit for fit in card.fits if fit.device == device]
        rows.append({"device": f"{device}, {humane.size(mine[0].usable)}"} | {fit.precision: _verdict(fit) for fit in mine})
    return Exhibit(
        name="fits", title="Where it fits", data=pa.Table.from_pylist(rows),
        caption=f"{settings.batch} x {tokens:,} tokens; memory without the {humane.share(settings.reserve)} left to the runtime. Cells: "
        "the longest context at this batch or (x) the largest batch at this length; else how many devices it takes. "
        "Activations are estimated; int8 and int4 are of the matrices inside the blocks. "
        f"{_widths(card.fits)}{_lacking(card.fits)}{limit}{aged}",
    )  # fmt: skip


def _widths(fits: Sequence[Fit]) -> str:
    """Say in how many bits the state is held, beside which weights where that differs."""
    widths: dict[float, list[str]] = {}
    for fit in fits:
        widths.setdefault(fit.state_width, [])
        if fit.precision not in widths[fit.state_width]:
            widths[fit.state_width].append(fit.precision)
    told = [f"{width * 8:g} bits" + (f" beside {', '.join(kinds)}" if len(widths) > 1 else "") for width, kinds in widths.items()]
    return f"A value of the state takes {'; '.join(told)}."


def _lacking(fits: Sequence[Fit]) -> str:
    """Say which devices do not compute in which of the precisions, though these may fit."""
    lacking: dict[str, list[str]] = {}
    for fit in fits:
        if fit.note:
            lacking.setdefault(fit.device, []).append(fit.precision)
    return "".join(f" * The {device} does not compute in {' or '.join(kinds)}." for device, kinds in lacking.items())


def _verdict(fit: Fit) -> str:
    mark = "*" if fit.note else ""
    if not fit.fits:
        return f"no: {fit.devices_needed} needed{mark}"
    return f"yes: {'any length' if fit.longest is None else humane.compact(fit.longest)} or x{fit.largest_batch:,}{mark}"
