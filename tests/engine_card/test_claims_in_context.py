"""What is easily misread: number formats, conditions, comparisons, whose figure it is, and what is only remembered."""

from __future__ import annotations

import pytest

from fmaudit_engine_card.claims import check_claims


def status(text: str) -> list[str]:
    return [verdict.status for verdict in check_claims(text)]


@pytest.mark.parametrize(
    ("american", "european"),
    [
        ("Mistral-7B has 7.24 billion parameters.", "Mistral-7B has 7,24 billion parameters."),
        ("Mistral-7B: 7,241,732,096 parameters.", "Mistral-7B: 7.241.732.096 parameters."),
        ("English is 43.4 % of Common Crawl.", "English is 43,4 % of Common Crawl."),
    ],
)
def test_figures_may_be_written_as_in_europe(american: str, european: str) -> None:
    assert status(american) == status(european) == ["holds"]


def test_a_figure_that_is_right_as_the_other_half_of_the_world_reads_it_is_not_called_wrong() -> None:
    (verdict,) = check_claims("Training Llama 2 emitted 539.000 kg of CO2.")
    assert (verdict.status, verdict.assumption) == ("holds-under", "the point stands between thousands")
    assert status("Training Llama 2 emitted 12.000 kg of CO2.") == ["wrong"]


def test_an_arrow_is_no_sign_of_more_than() -> None:
    assert status("Mixtral 8x7B -> 13B active parameters") == ["holds"]
    assert status("Mixtral 8x7B -> 4B active parameters") == ["wrong"]


def test_what_stands_in_a_condition_is_not_claimed() -> None:
    assert status("If Llama-2-7B had 13B parameters, it would be slower.") == []
    assert status("Contrary to its name, Mixtral 8x7B does not have 56B parameters.") == ["holds"]


def test_a_rate_that_is_reached_needs_no_utilisation_and_one_that_is_possible_does() -> None:
    assert status("3.14e23 FLOPs on 256 GPUs sustaining 60 TFLOP/s each takes 237 days.") == ["holds"]
    assert status("At peak BF16 throughput, 256 H100s would redo GPT-3's training in about two weeks.") == ["holds"]
    assert status("256 A100s train GPT-3 in 57 days.") == ["unverifiable"]


def test_the_ends_of_a_familys_range_are_those_of_its_members() -> None:
    assert status("The Llama 2 family spans 7 to 70 billion parameters.") == ["holds"]
    assert status("The Llama 2 family ranges from 13B to 175B parameters.") == ["wrong"]


def test_layers_that_attend_are_counted_apart() -> None:
    assert status("Jamba uses attention in all of its 32 layers.") == ["wrong"]
    assert status("Only 4 of Jamba's 32 layers are attention layers.") == ["holds", "holds"]
    assert status("Mamba-2.8B has 64 attention layers.") == ["wrong"]


@pytest.mark.parametrize(
    "text",
    [
        "Mistral 7B beats Llama 2 13B although it has only 7.24 billion parameters.",
        "Llama 3.1 405B took 3.8 × 10^25 FLOPs, over a hundred times GPT-3's budget.",
        "Jamba's cache at 256K tokens takes an eighth of Mixtral's: 4 GB instead of 32 GB.",
        "GPT-3 Small had 125 million parameters.",
        "LoRA adds only 4.2 million parameters to Llama 2 7B.",
        "RoPE scaling extends Llama 2 7B to 32K tokens of context.",
        "Our fine-tune of Llama 2 7B took 3 hours on 1 A100.",
        "Per generated token, attention cost grows linearly with the context.",
        "Data-centre electricity use rose by 12 % in 2024.",
        "German and Russian together make up about 11 % of Common Crawl.",
    ],
)
def test_a_true_figure_beside_another_thing_is_not_called_wrong(text: str) -> None:
    assert "wrong" not in status(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-3 is about 26 times as large as Llama-2-7B.", "holds"),
        ("GPT-3 is a hundred times bigger than Llama-2-7B.", "wrong"),
        ("Going from 4K to 8K tokens, Llama-2-7B's forward FLOPs grow 2.2×.", "holds"),
        ("Inference takes about 2 FLOPs per parameter per token.", "holds"),
        ("Training costs around 2 FLOPs per parameter and token.", "wrong"),
        ("256 GPUs × 30 days × 24 h × $2 = $368,640", "holds"),
        ("6 × 70e9 × 1.4e12 = 5.88e22", "wrong"),
        ("256 GPUs x 30 days x $2 = $368,640", "unverifiable"),
        ("0 of 6 problems solved: the true rate could still be as high as 46 %.", "holds"),
        ("0/6 solved: we cannot exclude a true rate of 39 %.", "holds-under"),
        ("On TruthfulQA, larger GPT-3 models are less truthful than smaller ones.", "holds"),
        ("On TruthfulQA, larger GPT-3 models are more truthful.", "wrong"),
        ("On TruthfulQA, larger Llama 2 models are more truthful.", "unverifiable"),
    ],
)
def test_comparisons_sums_and_trends_are_worked_out(text: str, expected: str) -> None:
    assert expected in status(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Doubling the context quadruples attention compute.", "holds"),
        ("Attention cost goes up fourfold when the sequence length doubles.", "holds"),
        ("Quadrupling the context doubles the attention FLOPs.", "wrong"),
        ("Attention compute grows 16x as the context grows 4x.", "holds"),
        ("100x the context costs 10,000x the attention FLOPs.", "holds"),
    ],
)
def test_of_two_factors_the_one_of_the_length_is_told_from_the_other(text: str, expected: str) -> None:
    assert status(text) == [expected]


def test_nothing_near_a_row_recalled_from_memory_is_called_wrong_and_far_from_it_is() -> None:
    (near,) = check_claims("PaLM was trained on 700B tokens.")
    assert near.status == "unverifiable"
    assert "from memory" in near.reason
    assert status("PaLM was trained on 7.8T tokens.") == ["wrong"]
    assert status("AlphaFold was developed by OpenAI.") == ["unverifiable"]
    assert status("DPO was published in 2009.") == ["wrong"]


def test_what_rests_on_a_recalled_figure_names_the_source_that_was_not_opened_again() -> None:
    (right,) = check_claims("PaLM was trained on 780B tokens.")
    assert right.status == "holds"
    assert "as Chowdhery et al. 2022" in right.reason
    assert "not opened again" in right.reason
    (other,) = check_claims("Llama 3.1 405B has 126 layers.")  # a field of its row that was read
    assert "not opened again" not in other.reason


def test_a_run_that_the_text_gives_in_full_rests_on_no_recalled_figure() -> None:
    (verdict,) = check_claims("A 540B PaLM on 780B tokens takes 2.5e24 FLOP to train.")
    assert verdict.status == "holds"


def test_a_recalled_figure_is_marked_where_it_is_shown_with_one_note() -> None:
    from fmaudit_engine_card.claims.showing import to_json, to_markdown, to_toml

    verdicts = check_claims("PaLM was trained on 780B tokens. Gopher has 280B parameters.")
    page = to_markdown(verdicts)
    assert all("(recalled)" in verdict.arithmetic for verdict in verdicts)
    assert page.count("written down from memory of its source") == 1
    assert "(recalled)" in to_json(verdicts)
    assert to_toml(verdicts).count("written down from memory of its source") == 1
    assert "recalled" not in to_markdown(check_claims("Llama 2 7B has 6.74B parameters."))


def test_tokens_seen_and_different_tokens_are_both_right_and_named() -> None:
    assert status("phi-1 was trained on 7B tokens.") == ["holds"]
    (verdict,) = check_claims("phi-1 was trained on 51B tokens.")
    assert verdict.status == "holds-under"
    assert "about 8 times" in verdict.assumption
    assert status("Training phi-1 took 4.2e20 FLOPs.") == ["holds"]
    assert status("phi-1 was trained on 500B tokens.") == ["wrong"]
