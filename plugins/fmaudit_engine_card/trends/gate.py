"""Did quantisation, pruning or distillation change the model: flips, McNemar and divergence, before against after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fmaudit import ConfigError, Interval, StatisticsError, stats
from fmaudit_engine_card.trends.tables import Source, Table, column, read_table

__all__ = ["Answers", "Decision", "Gate", "Measure", "divergence", "gate", "gate_tables", "score_drift"]

Decision = Literal["pass", "fail", "inconclusive"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of the change with its interval, the limit it was held against, and what that decides."""

    name: str
    value: float
    interval: Interval
    limit: float | None
    decision: Decision | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The verdict over all limits (the worst of them), the measures, McNemar's p-value and the change that n could have shown."""

    decision: Decision
    measures: tuple[Measure, ...]
    p_value: float | None
    detectable: float | None
    n: int
    only_before: int  # right before, wrong after
    only_after: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said to each case, in the same order for both models: whether it was right, and (optionally) the answer itself."""

    right: Sequence[bool] | None = None
    answer: Sequence[str] | None = None


def gate(
    before: Answers,
    after: Answers,
    *,
    max_drop: float | None = None,
    max_flips: float | None = None,
    drift: Measure | None = None,
    level: float = 0.95,
) -> Gate:
    """Compare a model with its compressed or distilled self on the same cases.

    `accuracy` is after minus before with McNemar's exact p-value and Bonett and Price's interval; `flips` is the share of cases whose
    answer changed (whose correctness changed, where there are no answers), with Wilson's interval: a model can keep its accuracy and
    still be another one (Dutta et al. 2024, Accuracy is not all you need). A limit passes when the whole interval keeps it, fails when
    the whole interval breaks it, and is inconclusive between. `drift` is a measure of `divergence` or `score_drift`. Without limits
    the decision is "pass" only for what is identical, else "inconclusive". Raises StatisticsError for cases that do not match, and
    for a limit on what was not measured: `max_drop` without `right`.
    """
    measures: list[Measure] = []
    p_value, detectable, only = None, None, (0, 0)
    n = _same_cases(before, after)
    _check_limits(max_drop=max_drop, max_flips=max_flips)
    if max_drop is not None and before.right is None:
        raise StatisticsError("max_drop limits accuracy, and these answers are not marked", hint="give `right`, or leave max_drop out")
    if before.right is not None and after.right is not None:
        was, now = np.asarray(before.right, dtype=bool), np.asarray(after.right, dtype=bool)
        test = stats.compare_paired(now, was, level=level)
        only = int((was & ~now).sum()), int((now & ~was).sum())
        p_value, detectable = test.p_value, stats.mde_paired_proportions(n, max(test.discordant, 1) / n)
        limit = None if max_drop is None else -max_drop
        measures.append(
            Measure(name="accuracy", value=test.difference, interval=test.interval, limit=limit, decision=_at_least(test.interval, limit))
        )
    changed = _changed(before, after)
    interval = stats.proportion(changed, n, level)
    measures.append(Measure(name="flips", value=changed / n, interval=interval, limit=max_flips, decision=_at_most(interval, max_flips)))
    measures += [drift] if drift is not None else []
    unchanged = changed == 0 and (drift is None or drift.value == 0.0)
    return Gate(
        decision=_worst([m.decision for m in measures], unchanged), measures=tuple(measures), p_value=p_value, detectable=detectable, n=n,
        only_before=only[0], only_after=only[1],
    )  # fmt: skip


def divergence(before: Sequence[ArrayLike], after: Sequence[ArrayLike], *, limit: float | None = None, level: float = 0.95) -> Measure:
    """Return the mean Kullback-Leibler divergence of after from before, in nats a position, over whole distributions.

    Each entry is one case: positions x vocabulary, logits or log-probabilities (a constant a row does not matter). KL(before || after)
    is computed exactly at every position; the interval is clustered by case. Identical logits give exactly 0.
    """
    if len(before) != len(after) or not before:
        raise StatisticsError(f"{len(before)} and {len(after)} cases are not the same ones")
    cases = [
        _kl(np.atleast_2d(np.asarray(p, dtype=np.float64)), np.atleast_2d(np.asarray(q, dtype=np.float64)))
        for p, q in zip(before, after, strict=True)
    ]
    return _per_position("kl", cases, limit, level, "KL(before || after), whole distributions, nats a position")


def score_drift(
    before: Sequence[ArrayLike], after: Sequence[ArrayLike], *, drawn_from_before: bool, limit: float | None = None, level: float = 0.95
) -> Measure:
    """Return the mean log-probability a token loses, in nats, from both models' scores of the same tokens (one entry a case).

    Where the texts were drawn from the model before, this is an unbiased estimate of KL(before || after); on other texts it is
    the rise of their cross-entropy, which can be negative. The interval is clustered by case.
    """
    if len(before) != len(after) or not before:
        raise StatisticsError(f"{len(before)} and {len(after)} cases are not the same ones")
    cases = []
    for place, (p, q) in enumerate(zip(before, after, strict=True), 1):
        first, second = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
        if first.shape != second.shape or first.ndim != 1:
            raise StatisticsError(
                f"case {place} has scores of {first.shape} and {second.shape} tokens", hint="both models must score the same tokens"
            )
        cases.append(first - second)
    note = "KL(before || after) from its own samples" if drawn_from_before else "rise of cross-entropy on these texts, not a KL"
    return _per_position("kl" if drawn_from_before else "cross_entropy", cases, limit, level, f"{note}, nats a token")


def gate_tables(
    before: Source,
    after: Source,
    *,
    max_drop: float | None = None,
    max_flips: float | None = None,
    max_drift: float | None = None,
    drawn_from_before: bool = False,
    level: float = 0.95,
) -> Gate:
    """Run `gate` on two tables of responses, matched by `id` (and `sample` where there is one).

    Columns, of which both tables need `correct` or `answer` (also `completion`, `response`): correct (0 or 1, true or false), answer,
    and logprobs (a list of the scores of the same tokens). Raises ConfigError for repeated or unmatched ids and missing columns, and
    for `max_drift` where a table has no logprobs.
    """
    first, second = _by_id(read_table(before), "before"), _by_id(read_table(after), "after")
    if first.keys() != second.keys():
        alone = sorted(first.keys() ^ second.keys(), key=str)
        raise ConfigError(f"{len(alone)} cases are in one table only, the first is {alone[0]}", hint="a gate compares the same cases")
    keys = sorted(first, key=str)
    tables = [first[key] for key in keys], [second[key] for key in keys]
    answers = [Answers(_right(rows), _texts(rows)) for rows in tables]
    logprobs = [_scores(rows) for rows in tables]
    drift = None
    _check_limits(max_drift=max_drift)
    if max_drift is not None and None in logprobs:
        raise ConfigError("max_drift takes a column logprobs in every row of both tables", hint="add it, or leave max_drift out")
    if logprobs[0] is not None and logprobs[1] is not None:
        drift = score_drift(logprobs[0], logprobs[1], drawn_from_before=drawn_from_before, limit=max_drift, level=level)
    return gate(answers[0], answers[1], max_drop=max_drop, max_flips=max_flips, drift=drift, level=level)


def _kl(p_logits: Floats, q_logits: Floats) -> Floats:
    """Return KL(p || q) of every row, in nats; equal rows give 0, a token that only p has gives infinity."""
    from scipy.special import log_softmax

    if p_logits.shape != q_logits.shape:
        raise StatisticsError(f"distributions of {p_logits.shape} and {q_logits.shape} cannot be compared")
    p, q = log_softmax(p_logits, axis=-1), log_softmax(q_logits, axis=-1)
    with np.errstate(invalid="ignore"):
        terms = np.where(np.isneginf(p), 0.0, np.exp(p) * (p - q))
    total: Floats = terms.sum(axis=-1)
    return np.maximum(total, 0.0)


def _per_position(name: str, cases: list[Floats], limit: float | None, level: float, note: str) -> Measure:
    broken = next((place for place, case in enumerate(cases, 1) if not (case > -math.inf).all()), None)
    if broken is not None:  # not a number is not above it either
        raise StatisticsError(f"case {broken} has scores that are not numbers, or drawn tokens that were impossible before")
    if not all(np.isfinite(case).all() for case in cases):
        value = math.inf
        interval = Interval(0.0, math.inf, level, "undefined")
        return Measure(
            name=name,
            value=value,
            interval=interval,
            limit=limit,
            decision=None if limit is None else "fail",
            note=f"{note}; a token became impossible",
        )
    if len(cases) < 2:
        estimate: Any = stats.mean(cases[0], level=level)
    else:
        estimate = stats.clustered_ratio([math.fsum(case.tolist()) for case in cases], [len(case) for case in cases], level=level)
    return Measure(
        name=name, value=estimate.value, interval=estimate.interval, limit=limit, decision=_at_most(estimate.interval, limit), note=note
    )


def _check_limits(**limits: float | None) -> None:
    for name, limit in limits.items():
        if limit is not None and not limit >= 0.0:
            raise StatisticsError(f"{name} is {limit}: a limit lies at 0 or above", hint="0.02 allows two points")


def _same_cases(before: Answers, after: Answers) -> int:
    sides = [side for side in (before.right, before.answer, after.right, after.answer) if side is not None]
    if (before.right is None) != (after.right is None) or (before.answer is None) != (after.answer is None) or not sides:
        raise StatisticsError("both models need outcomes, or both need answers", hint="give `right`, `answer`, or both, for each")
    if len({len(side) for side in sides}) != 1 or not len(sides[0]):
        raise StatisticsError(f"columns of {sorted({len(side) for side in sides})} cases are not the same ones")
    return len(sides[0])


def _changed(before: Answers, after: Answers) -> int:
    was, now = (before.answer, after.answer) if before.answer is not None else (before.right, after.right)
    return sum(a != b for a, b in zip(was or (), now or (), strict=True))


def _at_most(interval: Interval, limit: float | None) -> Decision | None:
    if limit is None:
        return None
    return "pass" if interval.high <= limit else ("fail" if interval.low > limit else "inconclusive")


def _at_least(interval: Interval, limit: float | None) -> Decision | None:
    if limit is None:
        return None
    return "pass" if interval.low >= limit else ("fail" if interval.high < limit else "inconclusive")


def _worst(decisions: Sequence[Decision | None], unchanged: bool) -> Decision:
    """Return the worst decision; without any limit, "pass" only where nothing changed."""
    made = [decision for decision in decisions if decision is not None]
    if not made:
        return "pass" if unchanged else "inconclusive"
    return next(decision for decision in ("fail", "inconclusive", "pass") if decision in made)


def _by_id(rows: Table, which: str) -> dict[tuple[str, str], dict[str, Any]]:
    name, sample = column(rows, "id", "case", "case_id"), column(rows, "sample", "sample_index")
    if name is None:
        raise ConfigError(f"the table {which} has no column id in every row", hint=f"it has {', '.join(map(str, rows[0]))}")
    keyed = {(str(row[name]), str(row[sample]) if sample else ""): row for row in rows}
    if len(keyed) != len(rows):
        raise ConfigError(f"the table {which} repeats an id", hint="add a column `sample`, or keep one row a case")
    return keyed


def _scores(rows: Table) -> list[Any] | None:
    name = column(rows, "logprobs", "token_logprobs")
    return None if name is None else [row[name] for row in rows]


def _right(rows: Table) -> list[bool] | None:
    name = column(rows, "correct", "right", "is_correct")
    return None if name is None else [_truth(row[name]) for row in rows]


def _truth(value: Any) -> bool:
    spoken = str(value).strip().lower()
    if spoken in ("1", "1.0", "true", "yes"):
        return True
    if spoken in ("0", "0.0", "false", "no"):
        return False
    raise ConfigError(f"{value!r} is neither right nor wrong", hint="write 1 or 0, true or false")


def _texts(rows: Table) -> list[str] | None:
    name = column(rows, "answer", "completion", "response", "prediction")
    return None if name is None else [str(row[name]) for row in rows]
