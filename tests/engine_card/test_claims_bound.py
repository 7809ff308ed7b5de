"""Whose a figure is, in which precision, of which run, and what it is a multiple of: the true sentence beside the false one."""

from __future__ import annotations

import pytest

from fmaudit_engine_card.claims import Verdict, check_claims


def check(expected: str, text: str) -> None:
    """Expect "holds" (nothing wrong, something right), "wrong" (something is), or "not wrong"."""
    found = {verdict.status for verdict in check_claims(text)}
    if expected == "wrong":
        assert "wrong" in found
    else:
        assert "wrong" not in found
        assert expected != "holds" or found & {"holds", "holds-under"}


TOKENS_A_PARAMETER = [
    ("not wrong", "Falcon-7B saw 214 tokens per parameter."),
    ("not wrong", "Yi-34B saw 88 tokens per parameter."),
    ("not wrong", "StableLM 3B: 4T tokens, 1,330 tokens per parameter."),
    ("not wrong", "The largest model saw 3,000 tokens per parameter."),
    ("not wrong", "Their 3B model got 1,333 tokens per parameter, 66 times the compute-optimal ratio."),
    ("not wrong", "Qwen3-8B was trained at 4,500 tokens per parameter, far past the Chinchilla optimum."),
    ("not wrong", "Chinchilla's successor was trained at 300 tokens per parameter."),
    ("holds", "GPT-3 got 1.7 tokens per parameter."),
    ("wrong", "GPT-3 got 17 tokens per parameter."),
    ("not wrong", "GPT-3 was undertrained by a factor of twelve compared with the Chinchilla rule of 20 tokens per parameter."),
    ("holds", "Llama 2 7B exceeds the Chinchilla ratio of 20 tokens per parameter by a factor of 15."),
    ("holds", "Gopher, with 1.07 tokens per parameter, is far below the 20 tokens per parameter of the Chinchilla rule."),
    ("holds", "With 1,868 tokens per parameter, Llama 3 8B is far from the compute-optimal 20."),
    ("wrong", "With 186 tokens per parameter, Llama 3 8B is far from the compute-optimal 20."),
    ("holds", "Llama 2 7B uses 15 times the 20 tokens per parameter that are optimal."),
    ("wrong", "The Chinchilla-optimal ratio is 200 tokens per parameter."),
    ("wrong", "Chinchilla recommends 2 tokens per parameter."),
    ("holds", "Chinchilla recommends roughly 20 tokens per parameter."),
    ("wrong", "A compute-optimal model sees 55 tokens per parameter."),
    ("wrong", "BLOOM was trained on 20 tokens per parameter, as the Chinchilla rule demands."),
    ("holds", "The 20-token-per-parameter rule would give Llama 2 7B only 135 billion tokens."),
    ("wrong", "Following the 20 tokens per parameter rule, Llama 2 13B would need 2.6 trillion tokens."),
]


@pytest.mark.parametrize(("expected", "text"), TOKENS_A_PARAMETER)
def test_tokens_a_parameter(expected: str, text: str) -> None:
    """Of a model that no table knows nothing is said, and the rule's 20 is told from a model's own ratio."""
    check(expected, text)


OVER_TRAINING = [
    ("not wrong", "Llama 2 7B is 10 times faster than Chinchilla."),
    ("not wrong", "Gopher is four times larger than Chinchilla, and GPT-3 is 2.5 times larger."),
    ("not wrong", "Falcon 40B is 3 times slower than Chinchilla."),
    ("not wrong", "Llama 2 7B is overtrained and ten times cheaper than GPT-3."),
    ("not wrong", "BLOOM used 4 times fewer tokens than Chinchilla."),
    ("not wrong", "Training Gopher was 5 times more expensive than Chinchilla."),
    ("holds", "Llama 3 8B was trained 93 times past the Chinchilla optimum."),
    ("wrong", "Llama 3 8B was trained 9 times past the Chinchilla optimum."),
    ("wrong", "Llama 2 7B saw 50 times the Chinchilla-optimal amount of data."),
]


@pytest.mark.parametrize(("expected", "text"), OVER_TRAINING)
def test_over_training(expected: str, text: str) -> None:
    """A factor is that of tokens over the optimum only where it is said to be."""
    check(expected, text)


PRECISIONS = [
    ("holds", "Llama 2 70B needs 138 GB in fp16, 69 GB in int8, and 35 GB in int4."),
    ("holds", "In fp16 a 7B model takes 14 GB, in int8 7 GB."),
    ("holds", "A 175B model in fp32 needs 700 GB, in fp16 350 GB."),
    ("holds", "Going from fp16 to 4-bit, Llama 2 70B shrinks from 138 GB to 35 GB."),
    ("wrong", "Going from bf16 to int8, GPT-3's weights shrink from 175 GB to 87 GB."),
    ("holds", "Quantised to int4, Llama 2 13B drops from 26 GB to 6.5 GB."),
    ("holds", "Int4 quantisation cuts the 26 GB of Llama 2 13B to 6.5 GB."),
    ("wrong", "Llama 2 13B takes 52 GB in fp32, 13 GB in bf16 and 6.5 GB in int4."),
    ("wrong", "In bf16 a 13B model weighs 13 GB, in int8 13 GB."),
    ("wrong", "A 70B model needs 280 GB (fp16), 140 GB (int8) or 35 GB (int4)."),
    ("holds", "A 70B model needs 280 GB (fp32), 140 GB (fp16) or 35 GB (int4)."),
    ("holds", "In fp16, int8 and int4, Llama 2 7B takes 13.5 GB, 6.7 GB and 3.4 GB."),
    ("wrong", "In fp16, int8 and int4, Llama 2 7B takes 6.7 GB, 13.5 GB and 3.4 GB."),
    ("not wrong", "Instead of 14.5 GB, Mistral 7B needs 3.6 GB in int4."),
    ("not wrong", "Mistral 7B takes 14.5 GB and in int8 7.2 GB."),
    ("not wrong", "A 7B model is 14 GB at fp16, and half that, 7 GB, at int8."),
    ("not wrong", "The 16-bit version of a 13B model takes 26 GB compared with the 4-bit version's 6.5 GB."),
    ("not wrong", "Loading a 7B model in fp32 needs 28 GB of RAM before it is cast down to 14 GB."),
    ("not wrong", "bf16 doubles the 70 GB of int8 to 140 GB for a 70B model."),
    ("not wrong", "GPT-3 needs 350 GB in fp16, ten times the 35 GB of a 70B model in int4."),
    ("wrong", "Llama 2 70B takes 138 GB of memory when loaded in int8."),
    ("holds", "Llama 2 70B takes 138 GB of memory when loaded in bf16 and 69 GB when quantised to int8."),
]


@pytest.mark.parametrize(("expected", "text"), PRECISIONS)
def test_precisions(expected: str, text: str) -> None:
    """Of several sizes and several precisions each size has its own."""
    check(expected, text)


FITTING = [
    ("holds", "A 70B model quantised to 4 bits fits in 35 GB."),
    ("holds", "A 13B model in fp16 fits in 26 GB."),
    ("holds", "A 7B model in bf16 fits on a 14 GB GPU."),
    ("wrong", "A 70B model in fp16 fits in 70 GB."),
    ("wrong", "A 70B model quantised to 4 bits fits in 24 GB."),
    ("wrong", "A 13B model in fp16 fits on a 16 GB GPU."),
]


@pytest.mark.parametrize(("expected", "text"), FITTING)
def test_fitting(expected: str, text: str) -> None:
    """Exactly the weights is no contradiction, less is."""
    check(expected, text)


SIZES_COMPARED = [
    ("not wrong", "GQA makes Llama 3 8B's KV cache four times smaller than Llama 2 7B's."),
    ("not wrong", "Llama 3 8B's vocabulary is four times larger than Llama 2 7B's."),
    ("not wrong", "GPT-3's training compute is 3 times larger than Llama 2 7B's."),
    ("not wrong", "While GPT-2 had 1.5B parameters, its successor GPT-3 was more than 100 times bigger at 175B, and PaLM reached 540B."),
    ("holds", "Chinchilla is 2.5 times smaller than GPT-3 and 7.5 times smaller than the 530B MT-NLG."),
    ("wrong", "Chinchilla is 4 times smaller than Gopher and 77 times smaller than PaLM."),
    ("holds", "GPT-3 is 117 times larger than GPT-2's 1.5 billion parameters."),
    ("wrong", "PaLM is 36 times larger than GPT-2's 1.5 billion parameters."),
    ("holds", "GPT-3 is over 100 times larger than GPT-2."),
    ("holds", "GPT-3 is 2.5 times larger than Chinchilla."),
    ("wrong", "GPT-3 is 5 times larger than Chinchilla."),
    ("not wrong", "Mixtral is 2x faster than Llama 2 70B, which is ten times larger than Llama 2 7B."),
    ("not wrong", "Its successor, Yi-34B, is 5 times larger than Llama 2 7B."),
]


@pytest.mark.parametrize(("expected", "text"), SIZES_COMPARED)
def test_sizes_compared(expected: str, text: str) -> None:
    """Models are compared in size only where they are what is compared, with the one behind "than"."""
    check(expected, text)


USE_AND_TRAINING = [
    ("not wrong", "Serving a billion tokens with a 7B model takes about 1.4e19 FLOPs."),
    ("not wrong", "Summarising 100 billion tokens with a 7B model costs 1.4e21 FLOPs."),
    ("not wrong", "Translating 10 billion tokens with a 13B model takes 2.6e20 FLOPs."),
    ("not wrong", "A 7B model needs 1.4e22 FLOPs for 1T tokens."),
    ("holds", "A 7B model needs 4.2e22 FLOPs for 1T tokens."),
    ("wrong", "A 7B model needs 4.2e24 FLOPs for 1T tokens."),
    ("wrong", "Training a 7B model on 1T tokens takes 1.4e22 FLOPs."),
    ("holds", "Training a 7B model on 1T tokens takes 4.2e22 FLOPs."),
]


@pytest.mark.parametrize(("expected", "text"), USE_AND_TRAINING)
def test_use_and_training(expected: str, text: str) -> None:
    """Operations of using a model are not those of training it."""
    check(expected, text)


ANOTHER_RUN = [
    ("not wrong", "A 1B model needs 1.2e20 FLOPs. Training the 70B model on 512 H100 GPUs takes about a month."),
    ("not wrong", "The small run used 1.2e20 FLOPs on 8 A100s. The large model was trained on 512 H100s and took 30 days."),
    ("not wrong", "We paid for 8 A100s at $2 per hour. PaLM's training took 2 months."),
    ("not wrong", "A first run used 5e19 FLOPs. The next run was trained on 1,000 H100s and took two months."),
    ("wrong", "Training takes 3.14e23 FLOPs. On 1,024 A100s in bf16 at 45 % MFU this takes 3 months."),
    ("holds", "Training takes 3.14e23 FLOPs. On 1,024 A100s in bf16 at 45 % MFU this takes 25 days."),
    ("wrong", "DeepSeek-V3 took 2.788M H800 hours. On 2,048 GPUs this is 5 days."),
    ("holds", "DeepSeek-V3 took 2.788M H800 hours. On 2,048 GPUs this is 57 days."),
    ("not wrong", "DeepSeek-V3 took 2.788M H800 hours. A second run on 2,048 GPUs took 5 days."),
]


@pytest.mark.parametrize(("expected", "text"), ANOTHER_RUN)
def test_another_run(expected: str, text: str) -> None:
    """What was said of one run is no condition of another."""
    check(expected, text)


IN_ORDER = [
    ("holds", "GPT-3 and PaLM have 175B and 540B parameters, respectively."),
    ("wrong", "GPT-3 and Chinchilla have 175B and 540B parameters, respectively."),
    ("holds", "Llama 2 7B, 13B and 70B have 32, 40 and 80 layers."),
    ("wrong", "Llama 2 7B, 13B and 70B have 32, 40 and 8 query heads, respectively."),
    ("holds", "Llama 2 7B and 13B have 6.7B and 13B parameters."),
    ("not wrong", "Llama 2 7B and 70B have 32, 40 and 80 layers."),
    ("not wrong", "GPT-3 and PaLM have 540B and 175B parameters."),
    ("not wrong", "Llama 2 7B, Falcon-7B and Llama 2 70B have 32, 32 and 80 layers."),
    ("holds", "Chinchilla, Gopher and PaLM were trained on 1.4T, 300B and 780B tokens, respectively."),
    ("wrong", "Chinchilla, Gopher and GPT-3 were trained on 1.4T, 300B and 900B tokens, respectively."),
    ("holds", "We compared Mistral 7B with Llama 2 13B. In fp16 their weights take 14.5 GB and 26 GB, respectively."),
    ("wrong", "We compared Llama 2 7B with Llama 2 70B. In bf16 their weights take 13.5 GB and 69 GB, respectively."),
    ("not wrong", "We use Llama 2 7B and Llama 2 70B. They have 8 KV heads."),
    ("not wrong", "We use Llama 2 70B and Llama 2 7B. It has 80 layers."),
    ("holds", "We compared GPT-3 with BLOOM. The former has 175B parameters, the latter has 176B parameters."),
    ("wrong", "We compared GPT-3 with Gopher. The former has 280B parameters."),
    ("not wrong", "Both Llama 2 7B and Llama 3 8B have 32 layers."),
    ("wrong", "Both Llama 2 7B and Llama 3 8B have 48 layers."),
    ("holds", "A 7B model, a 13B model and a 70B model need 14 GB, 26 GB and 140 GB in fp16."),
    ("not wrong", "A 7B model and a 70B model need 14 GB, 26 GB and 140 GB."),
    ("wrong", "A 7B model and a 70B model need 14 GB and 70 GB in fp16, respectively."),
]


@pytest.mark.parametrize(("expected", "text"), IN_ORDER)
def test_in_order(expected: str, text: str) -> None:
    """Lists of models and of figures go in the same order; lists of unequal length bind nothing."""
    check(expected, text)


OTHER_MODELS = [
    ("holds", "Unlike Llama 2 70B, which uses grouped-query attention, the 7B model needs 512 KiB of KV cache per token."),
    ("holds", "Unlike Llama 2 70B, the 7B model has 32 KV heads."),
    ("wrong", "Unlike Llama 2 70B, the 7B model has 8 KV heads."),
    ("not wrong", "Unlike Mixtral 8x7B, the 7B model has 7.2B parameters."),
    ("holds", "Llama 3 comes in two sizes. The 8B has 32 layers, and the 70B has 80 layers."),
    ("wrong", "Llama 3 comes in two sizes. The 8B has 32 layers, and the 70B has 96 layers."),
    ("not wrong", "Mixtral 8x7B is a mixture of experts. Its dense sibling has 7.2 billion parameters."),
    ("not wrong", "Llama 2 7B's predecessor was trained on 1 trillion tokens."),
    ("not wrong", "GPT-3 is old. Its successor has 1.8 trillion parameters."),
    ("holds", "GPT-3, the successor of GPT-2, has 175B parameters."),
    ("wrong", "GPT-3, the successor of GPT-2, has 75B parameters."),
    ("holds", "Llama 3 8B's predecessor, Llama 2 7B, has 6.7B parameters."),
    ("wrong", "Llama 3 8B's predecessor, Llama 2 7B, has 16.7B parameters."),
    ("not wrong", "Compared with Llama 2 7B, Falcon-11B has 60 layers."),
    ("wrong", "Compared with Falcon-11B, Llama 2 7B has 60 layers."),
    ("not wrong", "Phi-4 beats Llama 2 70B with just 14 billion parameters."),
    ("not wrong", "Llama 2 7B is small. Falcon-11B is larger: it has 11 billion parameters."),
]


@pytest.mark.parametrize(("expected", "text"), OTHER_MODELS)
def test_other_models(expected: str, text: str) -> None:
    """A member named by its size, kin, and names of no table are not the model beside them."""
    check(expected, text)


SPARSITY = [
    ("wrong", "An H100 SXM delivers 1,979 TFLOPS in BF16 without sparsity."),
    ("wrong", "The H100 reaches 3,958 TFLOPS in FP8 without sparsity."),
    ("wrong", "No sparsity: the H100 does 1979 TFLOPS in bf16."),
    ("wrong", "The A100 delivers 624 TFLOPS of dense BF16."),
    ("wrong", "The H100 offers 3,958 dense TFLOPS in FP8."),
    ("holds", "The A100 delivers 312 TFLOPS in BF16 without sparsity."),
    ("holds", "With sparsity, an H100 peaks at 1,979 TFLOP/s in bf16."),
    ("wrong", "With sparsity, an H100 peaks at 989 TFLOP/s in bf16."),
    ("wrong", "Sparsity aside, the A100 does 624 TFLOP/s in BF16."),
    ("holds", "The H100 does 989 TFLOP/s dense and 1,979 TFLOP/s sparse in BF16."),
    ("not wrong", "The A100's 624 TFLOPS in BF16 need sparsity; without it there are 312 TFLOPS."),
]


@pytest.mark.parametrize(("expected", "text"), SPARSITY)
def test_sparsity(expected: str, text: str) -> None:
    """A peak without sparsity is the dense one."""
    check(expected, text)


THOUSANDS = [
    ("wrong", "Training GPT-3 consumed 1,287 GWh."),
    ("holds", "Training GPT-3 consumed 1,287 MWh."),
    ("holds", "Training GPT-3 consumed 1,287 GWh. Mistral-7B has 7,24 billion parameters."),
    ("wrong", "Training BLOOM emitted 24,700 tonnes of CO2."),
]


@pytest.mark.parametrize(("expected", "text"), THOUSANDS)
def test_thousands(expected: str, text: str) -> None:
    """A comma between thousands stays one, unless the text writes decimals so."""
    check(expected, text)


HEADINGS = [
    ("wrong", "# Why we chose it\nMixtral 8x7B has 56B parameters."),
    ("wrong", "**Our reasons**\nMixtral 8x7B has 56B parameters."),
    ("wrong", "Our reasons\n-----------\nMixtral 8x7B has 56B parameters."),
    ("wrong", "# Llama 2 7B\nIt has 13 billion parameters."),
    ("holds", "# Llama 2 7B\nIt has 6.7 billion parameters."),
]


@pytest.mark.parametrize(("expected", "text"), HEADINGS)
def test_headings(expected: str, text: str) -> None:
    """A heading is a sentence of its own."""
    check(expected, text)


TRAPS = [
    ("holds", "BLOOM (176B) needs 352 GB in bf16, and Falcon 40B needs 80 GB."),
    ("not wrong", "Between them, GPT-3 and Gopher have 455B parameters."),
    ("not wrong", "Together, Llama 2 7B and 13B hold 20 billion parameters."),
    ("not wrong", "OPT-175B matches GPT-3 in size, 175B parameters, but was trained on 180B tokens."),
    ("wrong", "Mixtral 8x22B has 32 layers."),
    ("not wrong", "The average Llama 2 model has 30B parameters."),
    ("not wrong", "Llama 2 70B needs 140 GB, plus 10 GB of KV cache, in fp16."),
    ("not wrong", "In fp32 it is twice the 14 GB that a 7B model takes in fp16."),
    ("not wrong", "Llama 2 70B in fp16 does not fit in 80 GB, but in int8 it does."),
    ("wrong", "Llama 2 70B in fp16 fits in 80 GB."),
    ("not wrong", "With 20 tokens per parameter as a guide, GPT-3 fell short with its 1.7 tokens per parameter."),
    ("not wrong", "Twenty tokens per parameter are what GPT-3 lacked."),
    ("not wrong", "No model, not even Llama 3 8B, needs 20 tokens per parameter."),
    ("not wrong", "Training on 20 tokens per parameter took Llama 2 7B's team two days."),
    ("not wrong", "The H100 PCIe does 756 TFLOPS of dense BF16, the SXM 989 TFLOPS."),
    ("not wrong", "Two H100s deliver 1,979 TFLOPS in dense BF16."),
    ("not wrong", "An H100 delivers 3.2 times the 312 TFLOPS of an A100 in BF16."),
    ("not wrong", "The smaller run took 5 days on 8 H100s, a larger one with 1e22 FLOPs a month."),
    ("not wrong", "Llama 2 70B took 1.72 million GPU hours and the 7B 184,320 GPU hours."),
    ("not wrong", "BERT-base and BERT-large have 110M and 340M parameters and 12 and 24 layers."),
    ("wrong", "BERT-base and BERT-large have 110M and 340M parameters and 12 and 48 layers, respectively."),
    ("not wrong", "Llama 4 Scout has 109B parameters."),
    ("not wrong", "DeepSeek-V3.1 has 685B parameters."),
    ("not wrong", "GPT-4.5 has 12 trillion parameters."),
    ("not wrong", "Qwen2.5-14B has 48 layers, Qwen2.5-7B 28."),
    ("not wrong", "PaLM 2 was trained on 3.6T tokens."),
    ("not wrong", "Mixtral-8x7B-Instruct needs 93 GB in fp16 and its GPTQ version 24 GB."),
    ("wrong", "PaLM was trained on 3.6T tokens."),
    ("wrong", "The H100 PCIe does 989 TFLOPS of dense BF16."),
    ("wrong", "The Llama 2 model has 30B parameters."),
    ("wrong", "Llama 2 70B took 184,320 GPU hours."),
]


@pytest.mark.parametrize(("expected", "text"), TRAPS)
def test_traps(expected: str, text: str) -> None:
    """Sums of several, averages, later versions, other versions of a device, and what is lacked or exceeded are nobody's own figure."""
    check(expected, text)


def only(text: str) -> Verdict:
    (verdict,) = check_claims(text)
    return verdict


def test_what_would_save_a_wrong_figure_is_named_with_it() -> None:
    assert "comma stands before decimals" in only("Training GPT-3 consumed 1,287 GWh.").assumption
    assert "with sparsity" in only("The A100 delivers 624 TFLOPS in BF16 without sparsity.").assumption
    assert "use is meant" in only("A 7B model needs 1.4e22 FLOPs for 1T tokens.").assumption


def test_where_it_stays_open_whose_a_figure_is_the_reason_says_so() -> None:
    verdicts = check_claims("Llama 2 7B and 70B have 32, 40 and 80 layers.")
    assert {verdict.status for verdict in verdicts} == {"unverifiable"}
    assert all("stays open" in verdict.reason for verdict in verdicts)
    assert "no model is named" in only("Falcon-7B saw 214 tokens per parameter.").reason


def test_sizes_are_told_in_the_unit_they_were_claimed_in() -> None:
    assert only("GPT-3's weights take 350 GB in half precision.").reason == "350 GB fits 349.2 GB"
    assert "12.55 GiB" in only("Llama 2 7B takes 12.55 GiB in fp16.").reason
