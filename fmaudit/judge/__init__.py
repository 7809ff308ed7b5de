"""Compares metrics with the user's checks, with their intervals."""

from fmaudit.judge.checks import judge_checks, unknown_metrics

__all__ = ["judge_checks", "unknown_metrics"]
