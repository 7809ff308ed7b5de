"""Rows of structured claims: the units that people write are read, and nothing that a row says is passed over."""

from __future__ import annotations

import pytest

from fmaudit import ConfigError
from fmaudit_engine_card.claims import check_claims, check_table

RUN = {"kind": "training-time", "subject": "GPT-3", "devices": 1024, "device": "A100", "precision": "bfloat16"}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({**RUN, "value": "25 days", "utilisation": 0.45}, "holds"),
        ({**RUN, "value": "25 days", "utilisation": "45 %"}, "holds"),
        ({**RUN, "value": "60 days", "utilisation": 0.45}, "wrong"),
        ({"kind": "training-emissions", "subject": "GPT-3", "value": "552 t"}, "holds"),
        ({"kind": "training-emissions", "subject": "GPT-3", "value": "552t CO2e"}, "holds"),
        ({"kind": "training-emissions", "subject": "GPT-3", "value": "55 kt"}, "wrong"),
        ({"kind": "device-energy", "value": "700 kWh", "hours": 1000, "watts": 700}, "holds"),
        ({"kind": "weights-memory", "size": "7B", "value": "14 GB", "precision": "float16"}, "holds"),
        ({"kind": "training-flops", "size": 7e9, "tokens": 1e12, "value": 4.2e22}, "holds"),
        ({"kind": "crawl-share", "subject": "English", "value": "0.45 %"}, "wrong"),
    ],
)
def test_a_row_of_conditions_is_read_in_the_units_people_write(row: dict[str, object], status: str) -> None:
    assert [verdict.status for verdict in check_table([row])] == [status]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({**RUN, "value": 34}, "no unit"),
        ({"kind": "training-emissions", "subject": "GPT-3", "value": 552}, "552 tonnes"),
        ({"kind": "device-energy", "value": 504, "hours": 1000, "watts": 700}, "no unit"),
        ({"kind": "weights-memory", "size": "7B", "value": 14}, "14 GB"),
        ({"kind": "device-peak", "subject": "H100", "value": 989}, "TFLOP/s"),
        ({"kind": "crawl-share", "subject": "English", "value": 0.45}, "a share or per cent"),
        ({"kind": "weights-memory", "parameters": "7B", "value": "14 GB"}, "did you mean 'size'"),
        ({"kind": "training-flops", "parameters": 7e9, "tokens": 1e12, "value": "4.2e22"}, "did you mean 'size'"),
        ({"kind": "kv-memory", "subject": "Llama 2 7B", "tokens": 4096, "value": "2 GiB"}, "did you mean 'context'"),
        ({"kind": "parameters", "subject": "GPT-3", "value": "175B", "precision": "fp16"}, "does not use 'precision'"),
        ({"kind": "tokens-per-parameter", "subject": "GPT-3", "tokens": "2T", "value": 11}, "subject, or size"),
        ({"kind": "weights-memory", "size": "7B", "value": "14 GB in fp16"}, "not understood"),
    ],
)
def test_a_condition_or_a_number_that_would_be_passed_over_is_refused(row: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_table([row])


CLAIM = '[[claim]]\nkind = "parameters"\nsubject = "Mixtral 8x7B"\nvalue = "56B"\n'


@pytest.mark.parametrize("above", ["# a comment\n", "\n# one\n\n# two\n  ", 'title = "claims"\n# why\n'])
def test_toml_with_something_above_its_first_table_is_no_silent_pass(above: str) -> None:
    assert [verdict.status for verdict in check_claims(above + CLAIM)] == ["wrong"]


def test_prose_that_quotes_a_table_of_claims_stays_prose() -> None:
    text = f"Write claims so:\n\n{CLAIM}\nGPT-3 has 9B parameters."
    assert [verdict.status for verdict in check_claims(text)] == ["wrong"]
    assert check_claims(text)[0].subject == "GPT-3"
