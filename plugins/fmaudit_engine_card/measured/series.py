"""The rows of trials, grouped: what was timed at which length and batch, round by round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fmaudit_engine_card.measured.fits import Line, Parabola, fit_line, fit_parabola, median

if TYPE_CHECKING:
    from fmaudit import Interval
    from fmaudit_engine_card.architecture.profile import EngineProfile

__all__ = ["FEWEST", "Measured", "Point"]

FEWEST = 4  # lengths that a curve is fitted through
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One trial over all rounds."""

    phase: str
    tokens: int
    batch: int
    rows: tuple[Row, ...]

    @property
    def x(self) -> float:
        """Tokens as they really were: read, or written."""
        return float(sum(row["prompt_tokens" if self.phase == "prefill" else "new_tokens"] for row in self.rows) / len(self.rows))

    def middle(self, column: str = "seconds") -> tuple[float, Interval | None]:
        """Return the median over rounds of a column, and its interval."""
        return median([float(row[column]) for row in self.rows])

    @property
    def handled(self) -> float:
        """Tokens of all rows of the batch together that the trial is about."""
        return self.x * self.batch


@dataclass(frozen=True)
class Measured:
    """All trials of a model on one machine; `profile` is what its configuration says, where that is known, `day` the run's, ISO."""

    rows: tuple[Row, ...]
    profile: EngineProfile | None = None
    day: str = ""

    @classmethod
    def of(cls, rows: Iterable[Row], profile: EngineProfile | None = None, day: str = "") -> Measured:
        """Take the rows that belong to trials."""
        return cls(tuple(row for row in rows if row["kind"] in ("trial", "left-out", "machine")), profile, day)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every trial, by phase, batch and length."""
        groups: dict[tuple[str, int, int], list[Row]] = {}
        for row in self.rows:
            if row["kind"] == "trial":
                groups.setdefault((row["phase"], row["batch"], row["tokens"]), []).append(row)
        return tuple(Point(phase, tokens, batch, tuple(rows)) for (phase, batch, tokens), rows in sorted(groups.items()))

    @property
    def left_out(self) -> list[str]:
        """What was not timed, in words."""
        return [str(row["reason"]) for row in self.rows if row["kind"] == "left-out"]

    @cached_property
    def machine(self) -> Row:
        """The machine's own row."""
        return next((row for row in self.rows if row["kind"] == "machine"), {"peak_flops": None, "device": ""})

    @property
    def rounds(self) -> int:
        """How often each trial was repeated."""
        return max((len(point.rows) for point in self.points), default=0)

    def single(self, phase: str) -> list[Point]:
        """Return the trials of one sequence, by length."""
        return [point for point in self.points if point.phase == phase and point.batch == 1]

    def batches(self, phase: str) -> list[Point]:
        """Return the trials at the length that was tried with the most batches."""
        mine = [point for point in self.points if point.phase == phase]
        counts = {tokens: sum(point.tokens == tokens for point in mine) for tokens in sorted({point.tokens for point in mine})}
        base = max(counts, key=lambda tokens: counts[tokens], default=0)
        return [point for point in mine if point.tokens == base] if counts.get(base, 0) > 1 else []

    # -- curves ----------------------------------------------------------------------------------------------------

    def line(self, rounds: int | str = "median") -> Line | None:
        """Fit decoding: the "median" or the "fastest" round of each length, or one round alone; None of too few lengths."""
        xs, ys = self._curve("decode", rounds)
        return fit_line(xs, ys) if len(set(xs)) >= FEWEST else None

    def parabola(self, rounds: int | str = "median") -> Parabola | None:
        """Fit prefill likewise."""
        xs, ys = self._curve("prefill", rounds)
        return fit_parabola(xs, ys) if len(set(xs)) >= FEWEST and min(ys) > 0 else None

    def _curve(self, phase: str, rounds: int | str) -> tuple[list[float], list[float]]:
        points = self.single(phase)
        if rounds == "median":
            return [point.x for point in points], [point.middle()[0] for point in points]
        if rounds == "fastest":
            return [point.x for point in points], [min(float(row["seconds"]) for row in point.rows) for point in points]
        rows = [(point.x, row["seconds"]) for point in points for row in point.rows if row["round"] == rounds]
        return [x for x, _ in rows], [float(y) for _, y in rows]

    def lines(self) -> Iterator[Line]:
        """Yield the line of each round by itself."""
        yield from (line for number in range(self.rounds) if (line := self.line(number)) is not None)

    def parabolas(self) -> Sequence[Parabola]:
        """Return the parabola of each round by itself."""
        return [found for number in range(self.rounds) if (found := self.parabola(number)) is not None]

    # -- work ------------------------------------------------------------------------------------------------------

    def operations(self, point: Point) -> float | None:
        """Count the operations that a trial needs: logits of one position a prompt, attention without the masked half.

        None where the architecture is not known.
        """
        profile = self.profile
        if profile is None:
            return None
        read, written = (round(sum(row[name] for row in point.rows) / len(point.rows)) for name in ("prompt_tokens", "new_tokens"))
        head = sum(weight.active_flops for weight in profile.plan.weights() if weight.module == "head")
        steps = read + written - 1
        return float(point.batch * (profile.linear_flops(steps) - head * (read - 1) + profile.attention_flops(steps, causal=True)))
