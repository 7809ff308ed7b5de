"""The times shown: measured points with the curves fitted through them, and what a batch brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fmaudit import Exhibit, humane
from fmaudit_engine_card.measured.fits import median

if TYPE_CHECKING:
    from fmaudit_engine_card.measured.series import Measured

__all__ = ["exhibits"]


def exhibits(measured: Measured) -> Iterator[Exhibit]:
    """Yield the exhibits in reading order."""
    yield from _prefill(measured)
    yield from _decode(measured)
    yield from _batches(measured)


def _prefill(measured: Measured) -> Iterator[Exhibit]:
    points, curve = measured.single("prefill"), measured.parabola()
    if curve is None:
        return
    straight = [
        {"tokens": point.tokens, "seconds": curve.start + curve.linear * point.x, "of": "fitted, without attention"} for point in points
    ]
    last = points[-1]
    share, drawn = median([each.share(last.x) for each in measured.parabolas() or [curve]])[0], curve.share(last.x)
    yield _lines(
        measured, "prefill", "prefill-time", "Time to read a prompt, by its length",
        [{"tokens": point.tokens, "seconds": curve.at(point.x), "of": "fitted"} for point in points] + straight,
        f"One prompt at a time, and the first token. The gap between the two fitted curves grows with the square of the length: "
        f"{humane.share(share)} of the time at {last.tokens:,} tokens, fitted round by round (median); "
        f"{humane.share(drawn)} between the curves drawn, which are fitted to the medians of each length.",
    )  # fmt: skip


def _decode(measured: Measured) -> Iterator[Exhibit]:
    points, line = measured.single("decode"), measured.line()
    if line is None:
        return
    best, slope = measured.line("fastest"), median([each.slope for each in measured.lines()] or [line.slope])[0]
    fastest = f"; fitted to the fastest round of each R² = {best.r_squared:.4f}" if best is not None else ""
    yield _lines(
        measured, "decode", "decode-time", "Time to write a completion, by its tokens",
        [{"tokens": point.tokens, "seconds": line.at(point.x), "of": "fitted"} for point in points],
        f"Each token waits for the one before: {humane.duration(slope)} a token, fitted round by round (median). The line drawn is "
        f"fitted to the medians of each length: {humane.duration(line.slope)} a token, R² = {line.r_squared:.4f}{fastest}.",
    )  # fmt: skip


def _lines(measured: Measured, phase: str, name: str, title: str, fitted: list[dict[str, object]], caption: str) -> Exhibit:
    import pyarrow as pa

    rows: list[dict[str, object]] = []
    for point in measured.single(phase):
        value, interval = point.middle()
        ends = (interval.low, interval.high) if interval is not None else (None, None)
        rows.append({"tokens": point.tokens, "seconds": value, "low": ends[0], "high": ends[1], "of": "measured"})
    rows += [{**row, "low": None, "high": None} for row in fitted]
    rounds = f" Medians of {measured.rounds} rounds on {measured.machine['device'] or 'a server'}."
    return Exhibit(
        name=name, title=title, data=pa.Table.from_pylist(rows), kind="line", unit="seconds",
        encoding={"x": "tokens", "y": "seconds", "low": "low", "high": "high", "color": "of"}, caption=caption + rounds,
    )  # fmt: skip


def _batches(measured: Measured) -> Iterator[Exhibit]:
    import pyarrow as pa

    rows = []
    for phase, verb in (("prefill", "read"), ("decode", "written")):
        alone = next((point for point in measured.batches(phase) if point.batch == 1), None)
        for point in measured.batches(phase):
            seconds = point.middle()[0]
            gain = f"{point.batch * alone.middle()[0] / seconds:.2g} x" if alone is not None else ""
            rate = f"{point.handled / seconds:,.0f}"
            rows.append({"at once": point.batch, "what": f"{point.tokens:,} tokens {verb}", "tokens a second": rate, "gain": gain})
    if rows:
        yield Exhibit(
            name="speed-by-batch", title="What a batch brings", data=pa.Table.from_pylist(rows),
            caption="Tokens of all sequences together; gain: against one sequence at a time.",
        )  # fmt: skip
