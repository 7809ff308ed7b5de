"""Measure scoring against lm-evaluation-harness 0.4.13 (HFLM) in one run, by CPU time of one thread; on CUDA by wall time.

    OTHER_ENV/bin/python benchmarks/scoring_speed.py --dtype float32 bfloat16 --repeats 5

OTHER_ENV holds torch, transformers, lm_eval==0.4.13 and fmaudit. The model is a random Llama (6 layers, width 384, 32,000 token ids). The
documents are ragged: 200 with lognormal(4, 1) lengths between 4 and 460 tokens. HFLM gets them sorted by length over all (it would not sort
a rolling task so itself), float32 softmax, no cache; its best batch size is found first. Both take turns, ratios are within a turn.
"""

from __future__ import annotations

import argparse
import gc
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, models, pre_tokenizers

from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
from fmaudit.models.requests import ScoreRequest

LONGEST = 512
SHAPES = [
    (1, 384, 16, 4),
    (1, 384, 16, 8),
    (3, 384, 16, 4),
    (4, 128, 4, 8),
    (8, 32, 4, 4),
]  # contexts, their tokens, continuations of each, their tokens


def model_folder(folder: Path, *, layers: int, width: int, heads: int, vocabulary: int) -> Path:
    """Write the random model and a tokenizer that is never asked."""
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=width * 8 // 3,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=LONGEST,
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    inner = Tokenizer(models.WordLevel({"<unk>": 0, "<s>": 1, "</s>": 2}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    transformers.PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="</s>").save_pretrained(
        folder
    )
    return folder


def documents(count: int, vocabulary: int) -> list[tuple[int, ...]]:
    """Make ragged documents of token ids."""
    noise = np.random.default_rng(0)
    lengths = np.clip(noise.lognormal(4.0, 1.0, count), 4, 460).astype(int)
    return [tuple(noise.integers(3, vocabulary, length).tolist()) for length in lengths]


def choices(shape: tuple[int, int, int, int], vocabulary: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Make contexts with several continuations each."""
    contexts, tokens, continuations, length = shape
    noise = np.random.default_rng(1)
    pairs = []
    for _ in range(contexts):
        context = tuple(noise.integers(3, vocabulary, tokens).tolist())
        pairs += [(context, tuple(noise.integers(3, vocabulary, length).tolist())) for _ in range(continuations)]
    return pairs


def theirs(lm: Any, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], batch: int) -> list[float]:
    """Score token ids with lm-eval."""
    lm.batch_size_per_gpu = batch
    found = lm._loglikelihood_tokens([(None, list(context), list(rest)) for context, rest in pairs], disable_tqdm=True, override_bs=None)
    return [answer for answer, _ in found]


def ours(backend: TransformersBackend, pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
    """Score the same with fmaudit."""
    scores = backend.score([ScoreRequest(context_ids=context, continuation_ids=rest) for context, rest in pairs])
    return [score.log_likelihood for score in scores]


def seconds(work: Callable[[], list[float]], device: str) -> tuple[float, list[float]]:
    """Time one call."""
    gc.collect()
    clock = time.process_time if device == "cpu" else time.perf_counter
    started = clock()
    result = work()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock() - started, result


def compare(lm: Any, backend: TransformersBackend, pairs: Any, sizes: Sequence[int], repeats: int, device: str) -> None:
    """Print one line: HFLM at its best batch size and at 16, ours, and the ratios."""
    tokens = sum(len(context) + len(rest) - 1 for context, rest in pairs)
    ours(backend, pairs[: len(pairs) // 8 + 1])
    trial = {size: seconds(lambda size=size: theirs(lm, pairs, size), device)[0] for size in sizes}
    best = min(trial, key=lambda size: trial[size])
    turns: dict[str, list[float]] = {"best": [], "16": [], "ours": []}
    difference = 0.0
    for _ in range(repeats):
        first, expected = seconds(lambda: theirs(lm, pairs, best), device)
        mine, found = seconds(lambda: ours(backend, pairs), device)
        sixteen = seconds(lambda: theirs(lm, pairs, 16), device)[0] if best != 16 else first
        turns["best"].append(first)
        turns["ours"].append(mine)
        turns["16"].append(sixteen)
        difference = max(difference, max(abs(a - b) for a, b in zip(expected, found, strict=True)))
    ratio = [a / b for a, b in zip(turns["best"], turns["ours"], strict=True)]
    wide = [a / b for a, b in zip(turns["16"], turns["ours"], strict=True)]
    print(
        f"{tokens / statistics.median(turns['best']):.0f} (batch {best}) | {tokens / statistics.median(turns['16']):.0f} "
        f"| {tokens / statistics.median(turns['ours']):.0f} | {statistics.median(ratio):.2f} ({min(ratio):.2f} to {max(ratio):.2f}) "
        f"| {statistics.median(wide):.2f} | {difference:.1e} |",
        flush=True,
    )


def main() -> None:
    """Run what was asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dtype", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--batch-tokens", type=int)
    parser.add_argument("--only", default="documents choices")
    parser.add_argument("--shapes", type=int, default=len(SHAPES), help="how many of the shapes with shared contexts")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    print(
        "| dtype | work | HFLM best, tokens/s | HFLM batch 16 | fmaudit | ratio to best | ratio to 16 | largest difference of a sum, nats |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = model_folder(Path(name), layers=given.layers, width=given.width, heads=given.heads, vocabulary=given.vocabulary)
        for dtype in given.dtype:
            options = TransformersOptions(dtype=dtype, device=given.device, threads=1, batch_tokens=given.batch_tokens)
            backend = TransformersBackend.from_uri(f"hf:{folder}", options)
            lm = HFLM(
                pretrained=backend.loaded.model,
                tokenizer=backend.loaded.tokenizer,
                max_length=LONGEST,
                logits_cache=False,
                softmax_dtype="float32",
            )
            if "documents" in given.only:
                pairs = [((1,), document) for document in documents(given.documents, given.vocabulary)]
                print(f"| {dtype} | {given.documents} ragged documents | ", end="")
                compare(lm, backend, pairs, given.sizes, given.repeats, given.device)
            for shape in SHAPES[: given.shapes] if "choices" in given.only else []:
                print(f"| {dtype} | {shape[0]} x {shape[1]} context, {shape[2]} x {shape[3]} continuations | ", end="")
                compare(lm, backend, choices(shape, given.vocabulary), given.sizes, given.repeats, given.device)


if __name__ == "__main__":
    main()
