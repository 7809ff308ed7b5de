"""Judges checks: a limit on a metric's interval (or value) passes, fails, or cannot be decided."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from fmaudit.config import CheckSettings
from fmaudit.judge.baseline import Baseline, judge_change, limits_change
from fmaudit.records import MetricStatus, Verdict, VerdictStatus
from fmaudit.store.results import MetricRow

__all__ = ["judge_checks", "normal_name", "unknown_metrics"]

_WITHOUT = Baseline()


def judge_checks(checks: Sequence[CheckSettings], metrics: Sequence[MetricRow], baseline: Baseline = _WITHOUT) -> list[Verdict]:
    """Judge every check against every target that has its metric, changes against the baseline; in the order of the checks."""
    return [verdict for check in checks for verdict in _judge(check, metrics, baseline)]


def unknown_metrics(verdicts: Sequence[Verdict], metrics: Sequence[MetricRow]) -> list[Verdict]:
    """Return the verdicts on metrics that no audit produced: a mistyped name would otherwise never be checked."""
    known = {(row.name, target) for row in metrics for target in ("", row.target)}
    return [verdict for verdict in verdicts if (normal_name(verdict.metric), verdict.target) not in known]


def _judge(check: CheckSettings, metrics: Sequence[MetricRow], baseline: Baseline) -> list[Verdict]:
    name = normal_name(check.metric)
    rows = [row for row in metrics if row.name == name and check.target in ("", row.target)]
    if not rows:
        return [_not_measured(check, metrics)]
    return [_verdict(check, row, baseline) for row in rows]


def _not_measured(check: CheckSettings, metrics: Sequence[MetricRow]) -> Verdict:
    names, name = sorted({row.name for row in metrics}), normal_name(check.metric)
    elsewhere = sorted({row.target for row in metrics if row.name == name})
    close = difflib.get_close_matches(name, names, 1)
    reason = "no audit measured this metric" + (f" on {check.target!r}" if check.target else "")
    reason += f"; it was measured on {', '.join(elsewhere)}" if elsewhere else f"; did you mean {close[0]!r}?" if close else ""
    return Verdict(check=_text(check), metric=check.metric, target=check.target, status=VerdictStatus.NOT_MEASURED, reason=reason)


def _verdict(check: CheckSettings, row: MetricRow, baseline: Baseline) -> Verdict:
    metric = row.metric
    interval = metric.interval if check.on == "interval" else None
    low = interval.low if interval else metric.value
    high = interval.high if interval else metric.value
    limited = check.min is not None or check.max is not None
    if metric.status is not MetricStatus.OK or metric.value is None or low is None or high is None:
        status, reason = VerdictStatus.NOT_MEASURED, f"the metric is {metric.status}: {metric.note or 'no value'}"
    elif not limits_change(check):
        status, reason = _against(check, low, high)
    elif not limited:
        status, reason = judge_change(check, row, baseline)
    else:
        status, reason = _both(_against(check, low, high), judge_change(check, row, baseline))
    if limited and check.on == "value" and metric.interval:
        reason += "; the value is judged, not its interval"
    return Verdict(
        check=_text(check), metric=row.name, target=row.target, status=status, reason=reason, value=metric.value, low=low, high=high
    )


def _both(limits: tuple[VerdictStatus, str], change: tuple[VerdictStatus, str]) -> tuple[VerdictStatus, str]:
    """Join what the limits and the change say: what fails stays failed, but nothing passes half judged."""
    order = (VerdictStatus.FAIL, VerdictStatus.INCONCLUSIVE, VerdictStatus.NOT_MEASURED, VerdictStatus.PASS)
    return min(limits[0], change[0], key=order.index), f"{limits[1]}; {change[1]}"


def _against(check: CheckSettings, low: float, high: float) -> tuple[VerdictStatus, str]:
    """Fail only when the whole interval lies beyond a limit, pass only when all of it lies within."""
    exact = low == high
    if check.max is not None and low > check.max:
        return VerdictStatus.FAIL, f"{'' if exact else 'even the lower bound '}{low:.4g} is above {check.max:g}"
    if check.min is not None and high < check.min:
        return VerdictStatus.FAIL, f"{'' if exact else 'even the upper bound '}{high:.4g} is below {check.min:g}"
    if check.max is not None and high > check.max:
        return VerdictStatus.INCONCLUSIVE, f"the interval {low:.4g} to {high:.4g} reaches above {check.max:g}"
    if check.min is not None and low < check.min:
        return VerdictStatus.INCONCLUSIVE, f"the interval {low:.4g} to {high:.4g} reaches below {check.min:g}"
    return VerdictStatus.PASS, f"{low:.4g}{'' if exact else f' to {high:.4g}'} lies within the limits"


def _text(check: CheckSettings) -> str:
    limits = (
        (">=", check.min), ("<=", check.max), ("change <=", check.max_change), ("rise <=", check.max_rise), ("fall <=", check.max_fall),
    )  # fmt: skip
    return f"{check.metric} {' and '.join(f'{sign} {limit:g}' for sign, limit in limits if limit is not None)}"


def normal_name(name: str) -> str:
    """Bring a metric's name into canonical form: no blanks, slice keys sorted."""
    base, brace, rest = name.strip().partition("{")
    if not brace:
        return base
    pairs = sorted(pair.strip().replace(" = ", "=") for pair in rest.rstrip("}").split(",") if pair.strip())
    return f"{base.strip()}{{{','.join(pairs)}}}"
