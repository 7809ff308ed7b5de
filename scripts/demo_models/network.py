"""The network: a Llama of about a million parameters, and how it is kept on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from demo_models.vocabulary import SIZE

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = ["load_network", "new_network", "save_model", "weights_hash"]


def new_network(seed: int) -> LlamaForCausalLM:
    """Fresh weights: width 128, 4 layers of 4 heads, tied embeddings, at most 512 positions."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=SIZE,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    config._attn_implementation = "eager"  # on a CPU its backward pass is the fastest at these lengths
    return LlamaForCausalLM(config)


def load_network(folder: Path) -> LlamaForCausalLM:
    """Read a saved network as float32, ready to train or to measure."""
    import torch
    from transformers import LlamaForCausalLM

    network: LlamaForCausalLM = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return network


def save_model(network: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> str:
    """Write weights in bfloat16 with tokenizer and settings; return the SHA-256 of the weights file."""
    import copy

    from transformers import GenerationConfig

    folder.mkdir(parents=True, exist_ok=True)
    small = copy.deepcopy(network).bfloat16()
    small.config._attn_implementation = "sdpa"
    small.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True, temperature=1.0, max_new_tokens=64, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    small.save_pretrained(folder)
    _save_tokenizer(tokenizer, folder)
    for file in folder.iterdir():
        file.chmod(0o644)  # weights are written for the owner only, and a package of them could not be read by others
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def _save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the tokenizer with its template in one settings file that readers of any age know, free of how it was loaded here."""
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings = {name: value for name, value in settings.items() if name not in ("backend", "is_local", "local_files_only")}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    file.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def weights_hash(network: LlamaForCausalLM) -> str:
    """SHA-256 over all weights in the order of their names, bit for bit."""
    import torch

    digest = hashlib.sha256()
    for name, weight in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
