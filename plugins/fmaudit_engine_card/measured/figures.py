"""What was timed, as metrics: medians of rounds, fitted curves, rates, memory and energy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fmaudit import Interval, Metric, MetricStatus, ModelError
from fmaudit_engine_card.measured.fits import median
from fmaudit_engine_card.measured.series import FEWEST
from fmaudit_engine_card.scale.facts import stale_devices

if TYPE_CHECKING:
    from fmaudit_engine_card.measured.series import Measured, Point

__all__ = ["figures"]

HOW = "median of rounds in shuffled order after a warm-up"
SLOPE = "slope of seconds against new tokens, fitted round by round"


def figures(measured: Measured) -> Iterator[Metric]:
    """Yield the metrics; nothing where nothing was timed."""
    for point in measured.points:
        slice_ = {"tokens": str(point.tokens), "batch": str(point.batch)}
        yield _of_rounds(f"{point.phase}_seconds", [row["seconds"] for row in point.rows], "seconds", HOW, **slice_)
    yield from _decoding(measured)
    yield from _prefill(measured)
    yield from _rates(measured)
    yield from _memory(measured)


def _of_rounds(name: str, values: Sequence[float], unit: str, method: str, note: str = "", **slice_: str) -> Metric:
    value, interval = median([float(value) for value in values])
    words = f"{len(values)} rounds"
    return Metric(
        name=name, value=value, unit=unit, n=len(values), interval=interval, method=method, slice=slice_,
        note=f"{words}; {note}" if note else words,
    )  # fmt: skip


def _decoding(measured: Measured) -> Iterator[Metric]:
    slopes = [line.slope for line in measured.lines()]
    if not slopes:
        if measured.rows:  # it was asked: the card says that it was, and why there is no number
            yield Metric(
                name="seconds_per_token", value=None, unit="seconds", n=0, status=MetricStatus.UNDEFINED, method=SLOPE,
                note=measured.left_out[0] if measured.left_out and not measured.points else f"fewer than {FEWEST} lengths were timed",
            )  # fmt: skip
        return
    yield _of_rounds("seconds_per_token", slopes, "seconds", SLOPE)
    points = len(measured.single("decode"))
    for which in ("median", "fastest"):
        line = measured.line(which)
        why = ": what the machine does beside only adds time" if which == "fastest" else ""
        note = f"{points} lengths, each the {which} of {measured.rounds} rounds{why}"
        if line is not None and not math.isnan(line.r_squared):
            yield Metric(
                name="decode_linearity", value=line.r_squared, unit="ratio", n=points, slice={"of": which},
                method="R^2 of seconds = start + slope x new tokens", note=note,
            )  # fmt: skip


def _prefill(measured: Measured) -> Iterator[Metric]:
    curves = measured.parabolas()
    if not curves:
        return
    method = "seconds = start + linear n + square n^2, none below 0, relative least squares, round by round"
    for point in measured.single("prefill"):
        yield _of_rounds(
            "attention_time_share", [curve.share(point.x) for curve in curves], "fraction", method,
            "the part that grows with the square of the length", tokens=str(point.tokens),
        )  # fmt: skip
    bends = [curve.bends_at for curve in curves]
    if all(bend is not None for bend in bends):
        yield _of_rounds(
            "bends_at", [bend for bend in bends if bend is not None], "count", f"linear / square of {method}",
            "tokens at which the squared part of prefill takes as long as the linear one",
        )  # fmt: skip
    else:
        flat = sum(bend is None for bend in bends)
        yield Metric(
            name="bends_at", value=None, unit="count", n=len(bends), status=MetricStatus.UNDEFINED, method=method,
            note=f"{flat} of {len(bends)} rounds show no part that grows with the square of the length",
        )  # fmt: skip


def _rates(measured: Measured) -> Iterator[Metric]:
    for phase in ("prefill", "decode"):
        singles = measured.single(phase)
        longest = max(singles, key=lambda point: point.x, default=None)
        batches = {point.batch: point for point in measured.batches(phase)}
        if longest is not None:
            batches.setdefault(1, longest)
        for batch, point in sorted(batches.items()):
            yield _of_rounds(
                "tokens_per_second", [point.handled / row["seconds"] for row in point.rows], "ratio", "tokens of all rows / seconds",
                f"{'prompts' if phase == 'prefill' else 'completions'} of {point.tokens:,} tokens", phase=phase, batch=str(batch),
            )  # fmt: skip
        if longest is not None:
            yield from _energy(longest)
            yield from _utilisation(measured, longest)


def _energy(point: Point) -> Iterator[Metric]:
    known = [row for row in point.rows if row["joules"] is not None]
    if known:
        note = f"joules; {known[0]['joules_method']}"
        yield _of_rounds(
            "joules_per_token", [row["joules"] / point.handled for row in known], "ratio", "joules / tokens", note, phase=point.phase
        )


def _utilisation(measured: Measured, point: Point) -> Iterator[Metric]:
    peak, work = measured.machine["peak_flops"], measured.operations(point)
    if not peak or work is None:
        return
    yield _of_rounds(
        "utilisation", [work / row["seconds"] / peak for row in point.rows], "fraction",
        "operations the model needs / seconds / what matrix products reach on this machine",
        f"{point.tokens:,} tokens, of {peak / 1e9:,.0f} GFLOP/s{_aged(measured)}", phase=point.phase,
    )  # fmt: skip


def _aged(measured: Measured) -> str:
    """Say that the rate is of an old table; a device that is in none, such as a CPU, had its rate measured."""
    try:
        old = stale_devices([str(measured.machine["device"] or "")], measured.day)
    except ModelError:
        return ""
    return f"; {old}" if old else ""


def _memory(measured: Measured) -> Iterator[Metric]:
    known = [point for point in measured.points if all(row["memory_bytes"] is not None for row in point.rows)]
    if not known:
        return
    largest = max(known, key=lambda point: max(row["memory_bytes"] for row in point.rows))
    peaks = sorted(float(row["memory_bytes"]) for row in largest.rows)
    gpu = "cuda" in str(measured.machine["device"]).lower() or not str(measured.machine["device"]).startswith("cpu")
    whose = "the GPU's allocator" if gpu else "this whole process, libraries included"
    interval = Interval(peaks[0], peaks[-1], 1.0, "least and most of the rounds") if len(peaks) > 1 else None
    yield Metric(
        name="peak_memory", value=peaks[-1], unit="bytes", n=len(peaks), interval=interval, method="the most held during a trial",
        note=f"{whose}; {largest.phase} of {largest.batch} x {largest.tokens:,} tokens",
    )  # fmt: skip
