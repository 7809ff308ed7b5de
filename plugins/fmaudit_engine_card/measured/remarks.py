"""What a person should know of the times before using them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fmaudit import Finding, Severity, humane
from fmaudit_engine_card.measured.fits import median
from fmaudit_engine_card.measured.trials import NO_CLOCK, SHORT_OF_TIME

if TYPE_CHECKING:
    from fmaudit_engine_card.measured.series import Measured

__all__ = ["remarks"]

LINEAR = 0.99
BUSY = 1.2  # clock / CPU time from which the machine is called busy, where one thread does the work
BEND = 0.2  # share of prefill from which attention is worth a sentence


def remarks(measured: Measured) -> Iterator[Finding]:
    """Yield the findings."""
    if measured.left_out:
        more = f"; and {len(measured.left_out) - 1} more" if len(measured.left_out) > 1 else ""
        yield Finding(
            code="not-timed", severity=Severity.NOTE, sentence=f"Not timed: {measured.left_out[0]}{more}.",
            advice=" ".join(_remedies(measured.left_out)),
        )  # fmt: skip
    if measured.points:
        yield from _bent(measured)
        yield from _not_linear(measured)
        yield from _relative(measured)


def _remedies(reasons: Sequence[str]) -> Iterator[str]:
    """Say what helps against the reasons for which something was not timed, each once."""
    clock = [reason for reason in reasons if reason.startswith(NO_CLOCK)]
    late = [reason for reason in reasons if reason.endswith(SHORT_OF_TIME)]
    if clock:
        yield "Name the model by hf:, demo: or openai: to time it, or leave measure = true out."
    if late:
        yield "Give it more seconds."
    if len(clock) + len(late) < len(reasons):
        yield "Give it lengths and batches that the model takes: prompt_lengths, new_tokens, batches."


def _not_linear(measured: Measured) -> Iterator[Finding]:
    fits = [line.r_squared for which in ("median", "fastest") if (line := measured.line(which)) is not None]
    fits = [value for value in fits if not math.isnan(value)]
    if fits and max(fits) < LINEAR:
        yield Finding(
            code="decoding-not-linear", severity=Severity.WARNING, metric="decode_linearity{of=fastest}",
            sentence=f"The time of a completion is no straight line in its tokens: R² is {max(fits):.4f}.",
            advice="Either the machine was busy, or a token costs more the later it comes: decode without a cache does.",
        )  # fmt: skip


def _bent(measured: Measured) -> Iterator[Finding]:
    curves, points = measured.parabolas(), measured.single("prefill")
    if not curves or not points:
        return
    last = points[-1]
    share, interval = median([curve.share(last.x) for curve in curves])
    if interval is not None and interval.low > BEND:
        yield Finding(
            code="attention-bends-time", severity=Severity.NOTE, metric=f"attention_time_share{{tokens={last.tokens}}}",
            sentence=f"At {last.tokens:,} tokens {humane.share(share)} of the time of a prompt grows with the square of its length.",
        )  # fmt: skip


def _relative(measured: Measured) -> Iterator[Finding]:
    """Say what the times can be compared with."""
    device = str(measured.machine["device"])
    if not device.startswith("cpu"):
        return
    last = max(measured.points, key=lambda point: point.middle()[0])
    wall, cpu = last.middle()[0], last.middle("cpu_seconds")[0]
    slow = f", and here the clock ran {wall / cpu:.1f} times as long as the work" if cpu > 0 and wall / cpu > BUSY else ""
    yield Finding(
        code="times-are-relative", severity=Severity.NOTE, metric="seconds_per_token",
        sentence=f"Timed on a CPU that other work may share{slow}: how times grow is meant, not what they are.",
        advice="Time it on the machine that will serve it.",
    )  # fmt: skip
