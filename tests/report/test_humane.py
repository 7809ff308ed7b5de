"""Numbers for people: as many digits as the interval supports, and never so few that they mislead."""

from __future__ import annotations

import pytest

from fmaudit.report.humane import number


@pytest.mark.parametrize(
    ("value", "low", "high", "shown", "interval"),
    [
        (0.419, 0.147, 0.752, "42\u00a0%", "15–75"),
        (0.7843, 0.55, 0.95, "78\u00a0%", "55–95"),
        (0.4342, 0.431, 0.438, "43.4\u00a0%", "43.1–43.8"),
        (0.05, 0.001, 0.4, "5.0\u00a0%", "0.1–40"),
        (0.00012, 0.0, 0.3, "0.012\u00a0%", "0–30"),
        (0.0, 0.0, 0.37, "0\u00a0%", "0–37"),
        (1.0, 0.63, 1.0, "100\u00a0%", "63–100"),
        (0.00022, 0.00018, 0.00027, "0.022\u00a0%", "0.018–0.027"),
    ],
)
def test_percentages(value: float, low: float, high: float, shown: str, interval: str) -> None:
    found = number(value, "fraction", low, high)
    assert (found.value, found.interval) == (shown, interval)


@pytest.mark.parametrize(
    ("value", "low", "high", "shown", "interval"),
    [
        (54.3, 12.0, 260.0, "54", "12–260"),
        (12_345.0, 11_000.0, 14_000.0, "12,000", "11,000–14,000"),
        (2.345, 2.3, 2.4, "2.35", "2.30–2.40"),
    ],
)
def test_other_numbers(value: float, low: float, high: float, shown: str, interval: str) -> None:
    found = number(value, "ratio", low, high)
    assert (found.value, found.interval) == (shown, interval)


def test_what_no_unit_can_hold_is_a_power_of_ten() -> None:
    assert number(7.227e23, "count").value.replace("\u00a0", " ") == "7.23 × 10²³"
    assert number(2e12, "count").value.replace("\u00a0", " ") == "2 T"
