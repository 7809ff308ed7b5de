"""Whose a figure is where the clause has a subject without a name, what governs a denial, and how figures are printed."""

from __future__ import annotations

import re

import pytest

from fmaudit_engine_card.claims import check_claims
from fmaudit_engine_card.claims.facts import models, related
from fmaudit_engine_card.claims.subjects import held_against, of_another, owns


def read(text: str) -> list[tuple[str, str, str]]:
    return [(verdict.kind, verdict.subject, verdict.status) for verdict in check_claims(text)]


def test_it_stays_what_it_was_whatever_the_sentence_compares_it_with() -> None:
    text = "GPT-3 is old. It has {} layers, while Llama 2 70B has 80. It has {} heads."
    assert [row[1:] for row in read(text.format(96, 96))] == [("GPT-3", "holds"), ("GPT-3", "holds")]
    assert read(text.format(48, 96))[0] == ("layers", "GPT-3", "wrong")


@pytest.mark.parametrize("subject", ["The newcomer", "Their flagship", "A team's new model", "An ensemble", "Qwen's latest network"])
def test_a_subject_without_a_known_name_keeps_its_figures(subject: str) -> None:
    assert read(f"{subject} has 70 billion parameters and beats Gopher.") == []
    assert read(f"{subject}, with 40 layers, came long after GPT-3.") == []


def test_what_is_put_in_front_belongs_to_the_model_behind_the_comma() -> None:
    assert read("With 175 billion parameters, GPT-3 was huge.") == [("parameters", "GPT-3", "holds")]
    assert read("With 280 billion parameters, GPT-3 was huge.") == [("parameters", "GPT-3", "wrong")]


def test_a_family_has_the_sizes_of_its_later_release() -> None:
    (family,) = (model for model in models() if model.name == "Llama 3")
    assert [member.name for member in related(family)] == ["Llama 3 8B", "Llama 3 70B", "Llama 3.1 405B"]
    assert ("layers", "Llama 3.1 405B", "holds") in read("Llama 3's 405B model has 126 layers.")
    assert ("layers", "Llama 3.1 405B", "wrong") in read("Llama 3's 405B model has 96 layers.")
    assert read("Llama 2's 34B model has 48 layers.") == []


@pytest.mark.parametrize("end", ["", " without any quantisation", ", no question", ", which is not new"])
def test_only_a_word_that_governs_the_fit_denies_it(end: str) -> None:
    assert read(f"GPT-3 in fp16 fits on one H100{end}.") == [("fits", "GPT-3", "wrong")]
    assert read("GPT-3 in fp16 does not fit on one H100.") == [("fits", "GPT-3", "holds")]


def test_bytes_of_a_token_and_of_a_prompt_are_the_caches() -> None:
    assert read("Llama 2 70B takes 320 KiB per token in bf16.") == [("kv-per-token", "Llama 2 70B", "holds")]
    assert read("Llama 2 70B takes 640 KiB per token in bf16.") == [("kv-per-token", "Llama 2 70B", "wrong")]
    assert read("A 4k prompt costs Llama-2-7B 2.1 GB in fp16.") == [("kv-memory", "Llama 2 7B", "holds")]
    assert read("Llama 2 7B needs 13.5 GB in fp16 to generate a token.") == [("weights-memory", "Llama 2 7B", "holds")]


def test_operations_for_a_parameter_are_not_those_of_the_model() -> None:
    assert read("Every token costs GPT-3 two FLOPs per parameter.")[0][0::2] == ("flops-per-parameter", "holds-under")
    assert read("Every token costs GPT-3 twenty FLOPs per parameter.")[0][0::2] == ("flops-per-parameter", "wrong")


def test_what_nobody_stands_for_is_never_surely_wrong() -> None:
    for lead in ("Some say that", "Rumour has it that", "A blog claims that", "Reportedly,"):
        assert {row[2] for row in read(f"{lead} GPT-3 has 200 layers.")} <= {"unverifiable"}
    assert read("The paper says that GPT-3 has 200 layers.") == [("layers", "GPT-3", "wrong")]


def test_whole_numbers_and_equal_ends_are_printed_plainly() -> None:
    (hidden,) = check_claims("GPT-3 has a hidden size of 8,192.")
    assert "12,288" in hidden.reason
    for text in ("PaLM took 2.53e20 FLOPs to train.", "Three million tokens at $2 per million tokens cost $60."):
        for verdict in check_claims(text):
            assert re.search(r"(\S+ FLOP) to \1\b|\$\$|e\+0\d\b", f"{verdict.reason} {verdict.subject}") is None


def test_words_between_a_size_and_a_name() -> None:
    assert owns(" model in the ")
    assert not owns(" model beats ")
    assert held_against("as much compute as the ")
    assert not held_against("a model like ")
    assert of_another(" came a model of ")
    assert not of_another(" is a model of ")
