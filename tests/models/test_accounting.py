"""What answers cost, and where the figures come from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fmaudit.errors import ModelError
from fmaudit.models.accounting import EnergyMeter, Price, blended_price, find_price, rapl_joules, usage_document
from fmaudit.models.base import Usage

CHEAP, DEAR = Price(0.1, 0.4, "USD", "a", "2026-01-01"), Price(2.0, 8.0, "USD", "b", "2026-02-01")


def test_the_price_of_a_route_is_the_sum_of_share_times_price() -> None:
    blended = blended_price({"cheap": 0.9, "dear": 0.1}, {"cheap": CHEAP, "dear": DEAR})
    assert blended.input == 0.1 * 0.9 + 2.0 * 0.1
    assert blended.output == 0.4 * 0.9 + 8.0 * 0.1
    assert blended.day == "2026-01-01"


@pytest.mark.parametrize(
    ("shares", "prices", "message"),
    [
        ({"cheap": 0.9}, {"cheap": CHEAP}, "add up to 1"),
        ({"cheap": 1.5, "dear": -0.5}, {"cheap": CHEAP, "dear": DEAR}, "add up to 1"),
        ({"cheap": 0.5, "other": 0.5}, {"cheap": CHEAP}, "no price of other"),
        ({"cheap": 0.5, "euro": 0.5}, {"cheap": CHEAP, "euro": Price(1, 1, "EUR", "c", "")}, "do not add up"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(shares: dict[str, float], prices: dict[str, Price], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        blended_price(shares, prices)


def test_a_model_takes_the_longest_fitting_row_and_audit_toml_goes_first() -> None:
    small, big = find_price("gpt-4o-mini-2024-07-18"), find_price("gpt-4o-2024-11-20")
    assert small is not None
    assert big is not None
    assert small.input < big.input
    assert small.source
    assert small.day
    assert find_price("gpt-4o", (1.0, 2.0)) == Price(1.0, 2.0, "USD", "audit.toml", "")
    assert find_price("hf:./my-own") is None


def test_a_price_older_than_ninety_days_is_stale() -> None:
    assert not CHEAP.stale(date(2026, 4, 1))
    assert CHEAP.stale(date(2026, 4, 2))


def test_money_is_tokens_times_price() -> None:
    usage = Usage()
    usage.prompt_tokens, usage.completion_tokens = 3_000_000, 500_000
    document = usage_document(usage, asked=1, cached=0, joules=None, joules_method="", price=DEAR, peak_flops=None)
    assert document["money"] == 3 * 2.0 + 0.5 * 8.0


def test_padding_speed_and_utilisation_follow_from_what_was_counted() -> None:
    usage = Usage()
    usage.computed_tokens, usage.padding_tokens, usage.seconds, usage.flops = 1200, 200, 2.0, 4e9
    document = usage_document(usage, asked=1, cached=0, joules=5.0, joules_method="x", price=None, peak_flops=1e10)
    assert (document["padding_ratio"], document["tokens_per_second"], document["utilisation"]) == (1.2, 500.0, 0.2)


def test_energy_counters_of_all_packages_are_added_and_parts_of_a_package_are_not(tmp_path: Path) -> None:
    for name, joules in (("intel-rapl:0", 3), ("intel-rapl:1", 4), ("intel-rapl:0:0", 100)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{joules}000000\n")
    assert rapl_joules(tmp_path) == 7.0
    assert rapl_joules(tmp_path / "none") is None


def test_without_a_meter_energy_is_an_estimate_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fmaudit.models.accounting.rapl_joules", lambda: None)
    meter = EnergyMeter()
    meter.start()
    sum(i * i for i in range(300_000))
    joules, method = meter.stop()
    assert joules is not None
    assert joules > 0
    assert "estimated" in method
    helped, _ = meter.stop(helper_seconds=50.0)
    assert helped is not None
    assert 500.0 < helped < 510.0  # ten watts a core, also of the processes that helped
