"""The claim checker: quantities, verdicts that follow the numbers, denials and questions, spans, files, and silence on plain prose."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmaudit import ConfigError
from fmaudit_engine_card.claims import check_claims, check_table, check_toml, to_json, to_markdown, to_toml
from fmaudit_engine_card.claims.__main__ import main
from fmaudit_engine_card.claims.kinds import CHECKS
from fmaudit_engine_card.claims.quantities import find_quantities
from fmaudit_engine_card.claims.structured import _PROSE, UNITS
from fmaudit_engine_card.claims.units import DAY, MONTH

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3.14e23 FLOPs", "flop", 3.14e23),
        ("3.14 × 10^23 FLOP", "flop", 3.14e23),
        ("3,640 petaflop/s-days", "flop", 3640e15 * DAY),
        ("seven to eight months", "seconds", 7.5 * MONTH),
        ("a week", "", None),
        ("in a week", "seconds", 7 * DAY),
        ("2–3 billion pages", "pages", 2.5e9),
        ("$5.576 million", "usd", 5.576e6),
        ("$2/GPU-hour", "usd/hour", 2.0),
        ("$2.50 per million tokens", "usd/Mtoken", 2.5),
        ("1.7 million A100 GPU-hours", "device-hours", 1.7e6),
        ("312 TFLOP/s", "flop/s", 312e12),
        ("16 GiB", "bytes", 16 * 2**30),
        ("552 tonnes of CO2", "kg", 552e3),
        ("1,287 MWh", "kwh", 1.287e6),
        ("twenty tokens per parameter", "tokens/parameter", 20.0),
        ("two thirds of the pages", "percent", 200 / 3),
        ("70B parameters", "parameters", 70e9),
        ("four times", "times", 4.0),
    ],
)
def test_quantities_are_read_in_base_units(text: str, unit: str, value: float | None) -> None:
    found = find_quantities(text)
    assert [q.unit for q in found] == ([] if value is None else [unit])
    assert [q.value for q in found] == pytest.approx([] if value is None else [value])


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("56 tokens", 56.4, 56.6),
        ("56.0 tokens", 56.04, 56.2),
        ("about 50 tokens", 46, 40),
        ("nearly 50 tokens", 46, 54),
        ("more than 50 tokens", 500, 40),
        ("fewer than 50 tokens", 3, 60),
        ("between 4 and 20 tokens", 19, 25),
        ("128K tokens", 131_072, 140_000),
        ("16 GB", 16 * 2**30, 20e9),
    ],
)
def test_a_figure_stands_for_what_its_digits_and_hedges_leave_open(text: str, inside: float, outside: float) -> None:
    quantity = find_quantities(text)[0]
    assert quantity.admits(inside)
    assert not quantity.admits(outside)


NAMES_ARE_NO_QUANTITIES = "Llama-2-7B, GPT-3.5, H100, o200k, fp16 and Mixtral 8x7B"


def test_figures_inside_names_are_no_quantities() -> None:
    assert check_claims(NAMES_ARE_NO_QUANTITIES) == []


@pytest.mark.parametrize(
    ("sentence", "true"),
    [
        ("Mixtral 8x7B has {}B parameters.", 46.7),
        ("Llama 2 70B has {} layers.", 80),
        ("Llama 2 7B has a hidden size of {}.", 4096),
        ("At 4,096 tokens the KV cache of Llama 2 7B takes {} GiB in fp16.", 2.0),
        ("At 256K tokens the KV cache of Jamba takes {} GiB in fp16.", 4.0),
        ("The weights of a 70B model take {} GB in bf16.", 140),
        ("Training GPT-3 took {}e23 FLOPs.", 3.14),
        ("256 H100s at 40 % MFU in bf16 train GPT-3 in {} days.", 36),
        ("100,000 GPU-hours at $2 per hour cost ${},000.", 200),
        ("A compute-optimal 70B model needs {}T tokens.", 1.4),
        ("Llama 3 8B was trained at {} tokens per parameter.", 1868),
        ("English is {} % of Common Crawl.", 43.4),
        ("Data centres used {} % of the world's electricity in 2024.", 1.5),
        ("Training GPT-3 emitted {} tonnes of CO2.", 552),
        ("With cl100k Burmese takes {} times the tokens of English.", 11.7),
        ("Data centres will use {} TWh of electricity in 2030.", 945),
        ("A dense 7B model takes {} GFLOPs per token.", 14),
        ("Mixtral 8x7B uses {}B active parameters.", 12.9),
    ],
)
def test_the_verdict_follows_the_number_not_the_sentence(sentence: str, true: float) -> None:
    said = {factor: check_claims(sentence.format(f"{true * factor:.6g}")) for factor in (1.0, 2.6, 0.35)}
    assert [verdict.status for verdict in said[1.0]] == ["holds"]
    assert [verdict.status for verdict in said[2.6]] == ["wrong"]
    assert [verdict.status for verdict in said[0.35]] == ["wrong"]


def test_mixtral_is_not_eight_times_seven_and_the_reason_says_why() -> None:
    (verdict,) = check_claims("Mixtral 8x7B has 56B parameters.")
    assert verdict.status == "wrong"
    assert "46,702,792,704" in verdict.arithmetic
    assert "only the feed-forward experts" in verdict.reason


def test_another_wrong_count_of_mixtral_is_not_explained_by_that_sum() -> None:
    (verdict,) = check_claims("Mixtral 8x7B has 70B parameters.")
    assert verdict.status == "wrong"
    assert "feed-forward" not in verdict.reason


def test_seven_months_on_256_h100s_rest_on_the_rate_of_a_precision_nobody_trains_in() -> None:
    (verdict,) = check_claims("256 H100s running flat out take 7–8 months to train GPT-3.")
    assert verdict.status == "wrong"
    assert "14.3 days" in verdict.arithmetic
    assert "35.9 days" in verdict.reason
    assert "float32" in verdict.assumption


def test_with_the_rate_stated_the_arithmetic_of_the_months_holds() -> None:
    (verdict,) = check_claims("At 60 TFLOP/s each and 100 % utilisation, 256 GPUs take 236 days for 3.15e23 FLOPs.")
    assert verdict.status == "holds"


def test_the_cost_that_goes_round_is_wrong_flat_out_and_right_at_seventy_percent_of_its_own_rate() -> None:
    assert [v.status for v in check_claims("256 H100s for 236.6 days at $2 per hour cost $4.15 million.")] == ["wrong"]
    assert [v.status for v in check_claims("256 H100s for 236.6 days at $2 per hour cost $2.91 million.")] == ["holds"]
    assert [v.status for v in check_claims("Training GPT-3 on H100s in bf16 at 40 % MFU costs $441,000 at $2 per hour.")] == ["holds"]


def test_without_a_subject_only_a_figure_that_goes_round_is_judged() -> None:
    assert [v.status for v in check_claims("256 H100s take 7–8 months.")] == ["wrong"]
    (other,) = check_claims("300 H100s take 5 months.")
    assert other.status == "unverifiable"
    assert "what is trained" in other.reason


def test_four_times_the_compute_is_said_to_be_the_attention_term() -> None:
    (verdict,) = check_claims("Doubling the context quadruples the compute.")
    assert (verdict.status, verdict.kind) == ("holds-under", "growth-factor")
    assert "attention term" in verdict.assumption
    assert [v.status for v in check_claims("Doubling the context multiplies the compute by 16 times.")] == ["wrong"]


def test_an_unstated_precision_is_named_as_the_assumption() -> None:
    (verdict,) = check_claims("Llama 2 7B takes 6.7 GB of memory.")
    assert (verdict.status, verdict.assumption) == ("holds-under", "8-bit weights")


def test_a_size_that_was_never_published_cannot_be_checked() -> None:
    (verdict,) = check_claims("GPT-4 has 1.8 trillion parameters.")
    assert verdict.status == "unverifiable"
    assert "never published" in verdict.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Does Mixtral 8x7B have 56B parameters?", ["unverifiable"]),
        ("It is a myth that Mixtral 8x7B has 56B parameters.", ["unverifiable"]),
        ("Mixtral 8x7B does not have 56B parameters.", ["holds"]),
        ("Mixtral 8x7B does not have 46.7B parameters.", ["unverifiable"]),
        ("Mixtral 8x7B has 46.7B parameters, not 56B.", ["holds", "holds"]),
        ("A 70B model in fp16 does not fit on a 24 GB GPU.", ["holds"]),
    ],
)
def test_what_is_asked_or_denied_is_never_called_wrong(text: str, expected: list[str]) -> None:
    assert [verdict.status for verdict in check_claims(text)] == expected


def test_a_sentence_with_several_claims_gives_several_verdicts_with_their_spans() -> None:
    text = "Some words first.\n\nGPT-3 has 175 billion parameters and\nwas trained on 900 billion tokens."
    verdicts = check_claims(text)
    assert [(text[slice(*v.span)], v.status) for v in verdicts] == [("175 billion parameters", "holds"), ("900 billion tokens", "wrong")]


def test_the_subject_may_stand_in_the_sentence_before() -> None:
    verdicts = check_claims("Chinchilla is a model of DeepMind. It has 70 billion parameters. It was trained on 3 trillion tokens.")
    assert [v.status for v in verdicts][-2:] == ["holds", "wrong"]
    assert "taken from the sentence before" in verdicts[-1].reason


def test_another_paragraph_does_not_lend_its_subject() -> None:
    assert [v.kind for v in check_claims("We like GPT-3.\n\nIt has 3 billion parameters.")] == []


def test_a_table_is_read_by_its_rows_and_headers() -> None:
    text = (
        "| model | parameters (B) | context | KV cache at 256K in fp16 (GiB) |\n|---|---|---|---|\n| "
        "Jamba | 52 | 256K | 40 |\n| GPT-2 | 1.3 | 1024 | |\n"
    )
    got = {(v.subject, v.kind): v.status for v in check_claims(text)}
    assert got[("Jamba", "parameters")] == "holds"
    assert got[("Jamba", "kv-memory")] == "wrong"
    assert got[("GPT-2", "parameters")] == "wrong"


def test_code_and_addresses_are_not_read() -> None:
    assert (
        check_claims("```\nGPT-3 has 9B parameters.\n```\nSee `GPT-3 has 9B parameters` and https://example.org/GPT-3-has-9B-parameters")
        == []
    )


@pytest.mark.parametrize(
    "page",
    sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", *ROOT.glob("plugins/fmaudit_[!e]*/README.md")]),
    ids=lambda page: page.parent.name + page.stem,
)
def test_pages_that_claim_nothing_of_the_kind_give_no_certain_verdict(page: Path) -> None:
    assert [v for v in check_claims(page.read_text("utf-8")) if v.status == "wrong"] == []


def test_everyday_prose_gives_nothing() -> None:
    text = """In 2024 our team of 12 read 3,000 pages in 7 months and spent $4 million. About 46 % of us speak English, 6 % Russian.
    The building has 32 layers of paint, 8 heads of cattle and 175 billion ants. Doubling the recipe doubles the cost. It takes two
    hours by train; 256 people waited. Data were collected from 20 schools. The model railway is 2 m long."""
    assert check_claims(text) == []


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="0123456789.,-–%$ kKMBTxe^ GPT-3 Llama H100 tokens parameters months FLOPs $/hour not? |\n", max_size=120))
def test_no_text_breaks_the_checker_and_every_span_lies_in_it(text: str) -> None:
    for verdict in check_claims(text + " GPT-3 H100s parameters"):
        assert 0 <= verdict.span[0] <= verdict.span[1] <= len(text) + 23
        assert verdict.reason


def test_structured_claims_get_the_verdicts_of_prose() -> None:
    verdicts = check_toml("""
        [[claim]]
        kind = "parameters"
        subject = "Mixtral 8x7B"
        value = "56B"
        [[claim]]
        kind = "training-time"
        subject = "GPT-3"
        value = "36 days"
        devices = 256
        device = "H100"
        precision = "bf16"
        utilisation = "40 %"
        [[claim]]
        kind = "crawl-share"
        subject = "English"
        value = 45
        tolerance = 0.05
        [[claim]]
        kind = "maker"
        subject = "inverse scaling"
        maker = "Anthropic"
        [[claim]]
        kind = "fits"
        size = "70B"
        memory = "24 GB"
        precision = "int4"
    """)
    assert [v.status for v in verdicts] == ["wrong", "holds", "holds", "wrong", "wrong"]


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ({"kind": "parametres", "subject": "GPT-3", "value": 1}, "parameters"),
        ({"kind": "parameters", "subject": "GTP-3", "value": 1}, "GPT-3"),
        ({"kind": "parameters", "subject": "GPT-3", "value": "many"}, "prose"),
        ({"kind": "parameters", "subject": "GPT-3"}, "value"),
        ({"kind": "parameters", "subject": "GPT-3", "value": "3 GB"}, "bytes"),
        ({"kind": "parameters", "subject": "GPT-3", "value": 1, "contxt": 5}, "context"),
        ({"kind": "training-time", "subject": "GPT-3", "value": "3 days"}, "devices"),
        ({"kind": "fits", "size": "7B"}, "memory"),
        ({"kind": "premium", "subject": "Klingon", "value": 3}, "Klingon"),
    ],
)
def test_a_mistake_in_a_structured_claim_is_named_with_the_way_out(row: dict[str, object], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        check_table([row])


def test_every_kind_with_a_value_has_a_unit() -> None:
    assert set(CHECKS) - set(UNITS) == {"fits", "growth-power", "growth-factor", "maker", "training-balance", *_PROSE}


def test_verdicts_are_written_as_markdown_json_and_toml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = check_claims('Mixtral 8x7B has "56B" parameters. GPT-3 has 175B <b>parameters</b>.')
    assert [row["status"] for row in json.loads(to_json(verdicts))] == [v.status for v in verdicts]
    assert [row["reason"] for row in tomllib.loads(to_toml(verdicts))["verdict"]] == [v.reason for v in verdicts]
    assert "<b>" not in to_markdown(verdicts).replace("\\<b\\>", "")
    file = tmp_path / "claims.md"
    file.write_text("Mixtral 8x7B has 56B parameters.", "utf-8")
    assert main([str(file), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["status"] == "wrong"
    with pytest.raises(ConfigError, match="cannot be read"):
        main([str(tmp_path / "none.md")])


def test_importing_the_checker_loads_nothing_heavy() -> None:
    code = (
        "import sys, fmaudit_engine_card.claims as c; c.check_claims('GPT-3 has 175B parameters.'); "
        "print(sorted({'torch','numpy','scipy','duckdb','transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_text_in_one_endless_line_takes_time_in_proportion() -> None:
    assert len(check_claims("GPT-3 has 3B parameters and " * 200)) >= 190  # a cut may fall into a claim
    assert check_claims("|a" * 20_000 + " " * 20_000 + "`" * 20_000 + "1,000," * 5_000) == []


def test_toml_given_as_a_text_is_read_as_toml() -> None:
    (verdict,) = check_claims('[[claim]]\nmodel = "Mixtral-8x7B"\nquantity = "parameters"\nvalue = 56e9\n')
    assert verdict.status == "wrong"
    with pytest.raises(ConfigError, match="token-price"):
        check_table([{"kind": "token-price", "subject": "GPT-4", "value": 1}])
