"""What a figure is of: a year, one head, the weights or the cache, a device, a part, a member of a family, or nothing that is so."""

from __future__ import annotations

import pytest

from fmaudit_engine_card.claims import Verdict, check_claims, check_table


def only(text: str) -> Verdict:
    (verdict,) = check_claims(text)
    return verdict


def read(text: str) -> list[tuple[str, str, str]]:
    return [(verdict.kind, verdict.subject, verdict.status) for verdict in check_claims(text)]


def test_a_year_beside_a_window_is_none() -> None:
    assert read("In 2020 GPT-3 came with a context window of 2048 tokens.") == [("context-window", "GPT-3", "holds")]
    named = read("Mistral 7B (2023) handles a context window of up to 4096 tokens.")
    assert named == [("year", "Mistral 7B", "holds"), ("context-window", "Mistral 7B", "wrong")]


def test_dimensions_are_those_of_the_nearest_noun() -> None:
    assert ("head-size", "GPT-3", "holds") in read("GPT-3 has 96 heads of 128 dimensions each.")
    assert ("head-size", "GPT-3", "wrong") in read("GPT-3 has 96 heads of 64 dimensions.")
    assert ("hidden", "GPT-3", "wrong") in read("GPT-3 has a hidden state of 128 dimensions.")
    (row,) = check_table([{"kind": "head-size", "subject": "Llama 2 70B", "value": 128}])
    assert row.status == "holds"
    assert "8,192 dimensions / 64 heads" in row.arithmetic


def test_weights_and_cache_of_one_sentence_are_told_apart() -> None:
    text = "Llama 2 7B in fp16: weights 13.5 GB, KV cache at 4096 tokens {} GB."
    assert [kind for kind, _, _ in read(text.format("2.1"))] == ["weights-memory", "kv-memory"]
    assert [status for _, _, status in read(text.format("21"))] == ["holds", "wrong"]
    both = only("With its KV cache for 4096 tokens Llama 2 7B needs 15.6 GB in fp16.")
    assert (both.status, both.assumption) == ("holds-under", "weights and cache together are meant")


@pytest.mark.parametrize("of", ["(640 GB) is needed", "leaves 234 GB of the 640 GB free", "offers 640 GB"])
def test_the_memory_of_devices_and_what_is_left_of_it_are_no_weights(of: str) -> None:
    statuses = [verdict.status for verdict in check_claims(f"In FP8 Llama 3.1 405B occupies 406 GB, so that a node with eight cards {of}.")]
    assert statuses == ["holds"]


def test_training_takes_more_than_the_weights() -> None:
    short = only("Full fine-tuning of a 7B model with Adam in mixed precision takes 14 GB.")
    assert (short.kind, short.status) == ("training-memory", "wrong")
    enough = only("Training a 7B model with Adam in mixed precision takes 112 GB.")
    assert enough.status == "holds-under"
    assert "16 bytes a parameter (2 + 2 + 12)" in enough.assumption
    assert only("LoRA fine-tuning of a 7B model with Adam takes 18 GB.").status == "unverifiable"
    assert only("Fine-tuning Llama 2 7B takes 60 GB.").status == "unverifiable"


def test_a_superlative_or_a_size_in_brackets_names_a_member() -> None:
    assert read("The biggest GPT-2 has 48 layers.") == [("layers", "GPT-2 XL", "holds")]
    assert read("GPT-2 (1.5B) has 12 layers.") == [("layers", "GPT-2 XL", "wrong")]
    assert read("The smallest GPT-2 has 48 layers.") == [("layers", "GPT-2", "wrong")]
    assert check_claims("The second-largest GPT-2 has 36 layers.") == []
    assert check_claims("GPT-2 (774M) has 36 layers.") == []


def test_a_familys_bare_name_is_wrong_only_where_no_member_can_fit() -> None:
    larger = only("GPT-2 takes 6.2 GB in fp32.")
    assert (larger.status, larger.assumption) == ("holds-under", "GPT-2 XL is meant")
    assert only("GPT-2 has 36 layers.").status == "unverifiable"  # as its third size has
    assert only("GPT-2 has 60 layers.").status == "wrong"


def test_a_later_model_that_shares_a_row_keeps_its_name_and_only_what_is_known_of_it() -> None:
    turbo = only("GPT-4 Turbo has a context window of 128K tokens.")
    assert (turbo.subject, turbo.status) == ("GPT-4 Turbo", "unverifiable")


def test_what_is_inserted_behind_the_subject_is_not_spoken_of() -> None:
    assert read("BLOOM, the open answer to GPT-3, has 540 billion parameters.") == [("parameters", "BLOOM", "wrong")]
    assert read("Chinchilla (the successor of Gopher) has 70 billion parameters.") == [("parameters", "Chinchilla", "holds")]
    text = "In contrast to Gopher, the smaller Chinchilla, trained on 1.4 trillion tokens, has 70 billion parameters."
    assert {subject for _, subject, _ in read(text)} == {"Chinchilla"}


def test_a_list_takes_the_scale_of_its_last_figure() -> None:
    said = read("Gopher, Chinchilla and PaLM have 280, 70 and 540 billion parameters.")
    assert [row[1:] for row in said] == [("Gopher", "holds"), ("Chinchilla", "holds"), ("PaLM", "holds")]
    swapped = read("Gopher, Chinchilla and PaLM have 70, 280 and 540 billion parameters, respectively.")
    assert [status for _, _, status in swapped] == ["wrong", "wrong", "holds"]


@pytest.mark.parametrize(
    "text",
    [
        "Nobody should claim that Llama 3.1 405B fits on one H100.",
        "It would be wrong to say that GPT-3 has 300 billion parameters.",
        "The claim that GPT-3 has 100 trillion parameters is nonsense.",
        "If Llama 2 70B used multi-head attention, its fp16 cache would take 2.5 MiB per token.",
        "Half of GPT-3's 96 layers, 48 layers, attend sparsely.",
    ],
)
def test_what_is_doubted_supposed_or_a_part_is_not_called_wrong(text: str) -> None:
    assert "wrong" not in {verdict.status for verdict in check_claims(text)}


def test_what_cannot_fit_and_is_said_not_to_holds() -> None:
    assert only("GPT-3 in fp16 is far too big to fit on one A100.").status == "holds"
    assert only("An H200 with its 141 GB has room to spare for BLOOM in fp16.").status == "wrong"


def test_more_than_keeps_the_precision_that_is_said() -> None:
    assert only("In int4 Llama 2 70B needs more than 100 GB.").status == "wrong"
    assert only("In fp16 GPT-3 needs less than 200 GB.").status == "wrong"
    assert only("In int8 Llama 2 70B needs no more than 80 GB.").status == "holds"


def test_many_names_in_one_sentence_take_no_time() -> None:
    from time import perf_counter

    text = "GPT-3, " + ", ".join(f"the GPT-2 with {n} layers" for n in range(60)) + ", has 96 layers."
    before = perf_counter()
    check_claims(text)
    assert perf_counter() - before < 5.0


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("The H100 SXM has 80 GB of HBM3 and a memory bandwidth of 3.35 TB/s.", {"device-memory": "holds"}),
        ("The H200 offers 141 GB of memory with 4.8 TB/s of bandwidth.", {"device-memory": "holds"}),
        ("The H200 has 40 GB of memory, with 4.8 terabytes per second.", {"device-memory": "wrong"}),
        ("All 671B parameters of DeepSeek-V3 are active for each token.", {"active-parameters": "wrong"}),
        ("Mixtral 8x7B is sparse. Of its weights, 12.9 billion are active for a token.", {"active-parameters": "holds"}),
        ("All 47 billion parameters of Mixtral 8x7B are active for each token.", {"active-parameters": "wrong"}),
        ("All 70 billion parameters of Llama 2 70B are used for every token.", {"active-parameters": "holds"}),
        ("With 32 requests of 2,048 tokens each, the fp16 KV cache of Mistral 7B takes 8.6 GB.", {"kv-memory": "holds"}),
    ],
)
def test_rates_of_memory_whole_models_at_work_and_sequences_at_once(text: str, kinds: dict[str, str]) -> None:
    assert {verdict.kind: verdict.status for verdict in check_claims(text)} == kinds
