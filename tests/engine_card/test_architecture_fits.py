"""What fits where: weights, state and activations against memory, and what a checkpoint really holds."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from fmaudit import ModelError, facts, sample_data
from fmaudit_engine_card import EngineProfile, profile
from fmaudit_engine_card.architecture.fits import PRECISIONS
from fmaudit_engine_card.architecture.loading import read_config

GIB = 2**30


def test_llama_2_7b_fits_a_24_gb_card_in_16_bits_and_not_in_32() -> None:
    llama = profile("llama-2-7b")
    half, full = llama.fits("RTX 4090", "bf16"), llama.fits("NVIDIA GeForce RTX 4090", "float32")
    assert half.fits
    assert half.weights == 2 * 6_738_415_616
    assert half.state == 2 * GIB
    assert not full.fits
    assert full.devices_needed == 2
    assert full.weights == 4 * 6_738_415_616


def test_four_bits_shrink_the_matrices_of_the_blocks_alone() -> None:
    llama = profile("llama-2-7b")
    tables = 2 * 32_000 * 4096 + 65 * 4096
    assert llama.fits("H100", "int4").weights == (6_738_415_616 - tables) // 2 + 2 * tables
    assert llama.fits("H100", "int8").weights == (6_738_415_616 - tables) + 2 * tables


def test_positions_that_are_computed_at_once_are_shared_by_all_sequences() -> None:
    """Serving engines cap them for a step, not for a sequence: state, not activations, sets the batch."""
    llama = profile("llama-3-8b")
    fit = llama.fits("H100", tokens=4096)
    state = llama.cache_bytes(4096, 2)
    assert fit.largest_batch == pytest.approx((fit.usable - fit.weights) / state, rel=0.03)
    assert llama.fits("H100", tokens=4096, batch=64).activations < 1.6 * llama.fits("H100", tokens=4096).activations


@pytest.mark.parametrize("device", [0, -5, True, float("nan")])
def test_what_is_no_memory_is_refused(device: float) -> None:
    with pytest.raises(ModelError, match="is no device"):
        profile("llama-3-8b").fits(device)
    assert profile("llama-3-8b").fits(24e9).usable == int(24_000_000_000 * 0.9)


@pytest.mark.parametrize("name", ["llama-2-7b", "mixtral-8x7b", "mistral-7b-v0.1", "jamba-v0.1", "deepseek-v2"])
@pytest.mark.parametrize("device", ["RTX 4090", "H200", 8 * 80 * 10**9])
def test_the_largest_batch_and_the_longest_context_fit_and_one_more_does_not(name: str, device: str | int) -> None:
    found = profile(name)
    for precision in PRECISIONS:
        fit = found.fits(device, precision, 2000)
        for batch in (fit.largest_batch, fit.largest_batch + 1):
            assert batch == 0 or found.fits(device, precision, 2000, batch).fits == (batch <= fit.largest_batch)
        for tokens in (fit.longest, fit.longest + 1) if fit.longest is not None else ():
            assert tokens == 0 or found.fits(device, precision, tokens).fits == (tokens <= fit.longest)
        assert fit.fits == (fit.largest_batch >= 1)


def test_more_memory_never_fits_less() -> None:
    found = profile("llama-3-8b")
    batches = [found.fits(size * 10**9, "bfloat16").largest_batch for size in range(8, 200, 8)]
    assert batches == sorted(batches)
    assert batches[0] == 0 < batches[-1]


def test_memory_sets_no_limit_to_the_length_where_the_state_does_not_grow() -> None:
    assert profile("mamba-2.8b").fits("RTX 4090").longest is None
    assert profile("mamba-2.8b").fits(10**9).longest == 0


def test_two_devices_hold_what_one_does_not() -> None:
    llama = profile("llama-3-70b")
    assert not llama.fits("H100").fits
    assert llama.fits("H100", devices=2).fits
    assert llama.fits("H100").devices_needed == 2


def test_wrong_questions_are_refused() -> None:
    llama = profile("llama-2-7b")
    with pytest.raises(ModelError, match="no precision"):
        llama.fits("H100", "int3")
    with pytest.raises(ModelError, match="no facts"):
        llama.fits("a toaster")
    for name, wrong in (("batch", 0), ("tokens", 0), ("devices", 0), ("tokens", 1.5), ("batch", "2"), ("reserve", 1.0), ("state_bytes", 0)):
        with pytest.raises(ModelError, match=f"{name} is {wrong!r}") as caught:
            llama.fits("H100", **{name: wrong})  # type: ignore[arg-type]
        assert caught.value.hint


def test_a_cache_in_fewer_bits_leaves_room_for_a_longer_context() -> None:
    llama = profile("llama-2-7b")
    wide, narrow = llama.fits("RTX 4090"), llama.fits("RTX 4090", state_bytes=0.5)
    assert (wide.state_width, narrow.state_width) == (2, 0.5)
    assert narrow.state == wide.state // 4
    assert narrow.activations == wide.activations
    assert (narrow.longest or 0) > 3.9 * (wide.longest or 0)


def test_every_device_of_the_table_with_a_memory_can_be_asked_about() -> None:
    llama = profile("llama-2-7b")
    known = [device for device in facts.devices() if device.memory_bytes]
    assert len(known) >= 10
    assert all(llama.fits(device.name, "int4", 512).usable == int(device.memory_bytes * 0.9) for device in known if device.memory_bytes)


def test_activations_are_estimated_within_a_tenth_of_what_transformers_allocates() -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    trackers = pytest.importorskip("torch.distributed._tools.mem_tracker")
    from torch._subclasses.fake_tensor import FakeTensorMode

    values = {**read_config("llama-3-8b")[0], "num_hidden_layers": 2}
    found, tokens = profile(values), 1024
    config = transformers.LlamaConfig(**{key: value for key, value in values.items() if key not in ("model_type", "architectures")})
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16, attn_implementation="sdpa")
        ids = torch.zeros(1, tokens, dtype=torch.long)
        tracker = trackers.MemTracker()
        tracker.track_external(model, ids)
        with tracker:
            model(ids, use_cache=True, logits_to_keep=1)
        peak = next(iter(tracker.get_tracker_snapshot("peak").values()))["Total"]
    allocated = peak - found.weights_bytes(2) - found.cache_bytes(tokens)
    assert found.fits("H100", tokens=tokens).activations == pytest.approx(allocated, rel=0.1)


@pytest.mark.parametrize(("device", "kind"), [("V100", "bf16"), ("V100", "fp8"), ("Tesla T4", "bfloat16"), ("A100", "fp8")])
def test_a_precision_that_a_device_does_not_compute_in_is_said_to_fit_by_memory_alone(device: str, kind: str) -> None:
    llama = profile("llama-2-7b")
    with pytest.raises(ModelError, match="does not have"):
        facts.peak_rate(device, kind)
    assert "does not compute in" in llama.fits(device, kind).note
    assert not any(llama.fits(name, width).note for name, width in (("V100", "float16"), ("V100", "int8"), ("H100", "fp8"), (24e9, "bf16")))


# -- checkpoints ---------------------------------------------------------------------------------------------------

CONFIG: dict[str, Any] = {
    "model_type": "llama", "vocab_size": 20, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
    "tie_word_embeddings": True,
}  # fmt: skip
TENSORS: dict[str, tuple[str, list[int]]] = {
    "model.embed_tokens.weight": ("F16", [20, 8]),
    "model.layers.0.self_attn.q_proj.weight": ("F16", [8, 8]),
    "model.layers.0.self_attn.k_proj.weight": ("F16", [8, 8]),
    "model.layers.0.self_attn.v_proj.weight": ("F16", [8, 8]),
    "model.layers.0.self_attn.o_proj.weight": ("F16", [8, 8]),
    "model.layers.0.self_attn.rotary_emb.inv_freq": ("F32", [2]),
    "model.layers.0.mlp.gate_proj.weight": ("F16", [12, 8]),
    "model.layers.0.mlp.up_proj.weight": ("F16", [12, 8]),
    "model.layers.0.mlp.down_proj.weight": ("F16", [8, 12]),
    "model.layers.0.input_layernorm.weight": ("F16", [8]),
    "model.layers.0.post_attention_layernorm.weight": ("F16", [8]),
    "model.norm.weight": ("F16", [8]),
}


def _checkpoint(folder: Path, tensors: dict[str, tuple[str, list[int]]]) -> EngineProfile:
    """Write a checkpoint with the header of its tensors and no data, which nothing reads."""
    header = {name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 2]} for name, (dtype, shape) in tensors.items()}
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return profile(folder)


def test_a_checkpoint_that_holds_what_its_configuration_says_agrees(tmp_path: Path) -> None:
    found = _checkpoint(tmp_path, TENSORS)
    assert found.checkpoint is not None
    assert found.checkpoint.agrees
    assert found.checkpoint.parameters == found.parameters
    assert found.checkpoint.tensors == len(TENSORS) - 1  # without the table of angles


def test_a_checkpoint_with_another_mlp_says_where_it_differs(tmp_path: Path) -> None:
    found = _checkpoint(tmp_path, {**TENSORS, "model.layers.0.mlp.up_proj.weight": ("F16", [13, 8])})
    assert found.checkpoint is not None
    assert found.checkpoint.differences == ("mlp: 296 parameters in the checkpoint, 288 by the configuration",)


def test_a_tied_head_that_was_saved_is_told_as_such(tmp_path: Path) -> None:
    found = _checkpoint(tmp_path, {**TENSORS, "lm_head.weight": ("F16", [20, 8])})
    assert found.checkpoint is not None
    assert "tied head" in found.checkpoint.differences[0]


def test_packed_weights_are_not_counted_from_their_shapes(tmp_path: Path) -> None:
    found = _checkpoint(tmp_path, {**TENSORS, "model.layers.0.mlp.up_proj.qweight": ("I32", [1, 8])})
    assert found.checkpoint is not None
    assert "quantised" in found.checkpoint.differences[0]


def test_a_broken_checkpoint_is_refused(tmp_path: Path) -> None:
    _checkpoint(tmp_path, TENSORS)
    for content in (b"", b"\xff" * 20, struct.pack("<Q", 4) + b"nope", struct.pack("<Q", 6) + b'{"a":1'):
        (tmp_path / "model.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match="no safetensors file"):
            profile(tmp_path)


@pytest.mark.parametrize("name", ["base", "chat", "cautious"])
def test_the_built_in_models_hold_what_their_configurations_say(name: str) -> None:
    found = profile(sample_data() / "models" / name)
    assert found.checkpoint is not None
    assert found.checkpoint.agrees
    assert found.checkpoint.parameters == found.parameters
