"""A sample never depends on its batch mates: every sample drawn together, reversed, alone, without other prompts, and resumed.

    python benchmarks/sampling_identity.py [--families llama gpt2 ...] [--prompts 200] [--samples 8] [--new-tokens 24] [--threads 1]

Tiny random models of many families in float32 and bfloat16, 200 prompts of 4 to 144 tokens, 8 samples of 24 tokens each, so that batches
are put together anew three times. The first way is the reference; the others must give the same tokens and the same bits of every
log-probability:

- reversed: the requests and the samples of each in the opposite order;
- subset: every third prompt;
- resumed: sample 5 of every prompt in one call, the others in another;
- alone: each of 40 prompts by itself, and 40 single samples by themselves.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "models"))

from tiny_models import BOS, EOS, FAMILIES, PAD, SEQ2SEQ, tiny, tiny_tokenizer

from fmaudit.models.backends.transformers.decode_probe import decode_abilities
from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.loaded import Abilities, Loaded
from fmaudit.models.base import Usage
from fmaudit.models.requests import Completion, GenerateRequest, Sampling

CHOICES = (Sampling(), Sampling(temperature=0.8, top_p=0.9), Sampling(top_k=50))
Answers = dict[tuple[str, int], Completion]


def load(family: str, dtype: Any) -> Loaded:
    import torch

    config, model = tiny(family)
    loaded = Loaded(
        model=model,
        tokenizer=tiny_tokenizer(),
        device=torch.device("cpu"),
        dtype=torch.float32,
        seq2seq=family in SEQ2SEQ,
        max_length=256,
        prefix_id=BOS,
        end_ids=(EOS,),
        pad_id=PAD,
        start_id=getattr(config, "decoder_start_token_id", None),
        identity=family,
    )
    abilities = Abilities(**decode_abilities(loaded))  # in float32, where what is wrong stands out
    model.to(dtype)
    return replace(loaded, dtype=dtype, abilities=abilities)


def requests_of(prompts: int, samples: int, tokens: int) -> list[GenerateRequest]:
    rng = np.random.default_rng(7)
    alphabet = list("abcdefghijklmnopqrstuvwxyz ")
    return [
        GenerateRequest(
            prompt=f"{i} " + "".join(rng.choice(alphabet, int(rng.integers(1, 160)))),
            sampling=replace(CHOICES[i % len(CHOICES)], max_new_tokens=tokens),
            samples=tuple(range(samples)),
        )
        for i in range(prompts)
    ]


def drawn(loaded: Loaded, requests: Sequence[GenerateRequest]) -> Answers:
    found: Answers = {}
    for position, answer in Generator(loaded).generate_each(requests, Usage()):
        assert isinstance(answer, Completion), answer
        found[requests[position].prompt, answer.sample] = answer
    return found


def reversed_all(requests: Sequence[GenerateRequest]) -> list[GenerateRequest]:
    return [replace(request, samples=request.samples[::-1]) for request in requests[::-1]]


def only(requests: Iterable[GenerateRequest], *, sample: int, inside: bool) -> list[GenerateRequest]:
    return [replace(r, samples=tuple(s for s in r.samples if (s == sample) == inside)) for r in requests]


def compared(loaded: Loaded, requests: list[GenerateRequest]) -> tuple[int, int, int]:
    """Count answers compared, answers whose tokens differ, answers whose log-probabilities differ in any bit."""
    reference = drawn(loaded, requests)
    some = requests[:: max(1, len(requests) // 40)]
    singles = [replace(request, samples=(i % len(request.samples),)) for i, request in enumerate(some)]
    ways = [
        [reversed_all(requests)],
        [requests[::3]],
        [only(requests, sample=5, inside=True), only(requests, sample=5, inside=False)],
        *([[request] for request in some], [[request] for request in singles]),
    ]
    count = tokens = bits = 0
    for way in ways:
        for asked in way:
            for name, answer in drawn(loaded, asked).items():
                count += 1
                tokens += answer.token_ids != reference[name].token_ids
                bits += answer != reference[name]
    return count, tokens, bits


def main() -> None:
    import torch
    import transformers

    parser = argparse.ArgumentParser()
    parser.add_argument("--families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--new-tokens", type=int, default=24)
    parser.add_argument("--types", nargs="*", default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    requests = requests_of(options.prompts, options.samples, options.new_tokens)
    print(
        "| family | number type | path | answers compared | other tokens | other bits | minutes |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    for family in options.families:
        for dtype in (getattr(torch, name) for name in options.types):
            started = time.perf_counter()
            try:
                loaded = load(family, dtype)
                count, tokens, bits = compared(loaded, requests)
            except Exception as error:
                print(f"| {family} | {str(dtype)[6:]} | cannot run: {type(error).__name__}: {str(error)[:80]} | | | | |", flush=True)
                continue
            ways = [name for name in ("batch_decode", "left_pad", "expand_cache", "decode_cache") if getattr(loaded.abilities, name)]
            minutes = (time.perf_counter() - started) / 60
            print(f"| {family} | {str(dtype)[6:]} | {', '.join(ways)} | {count:,} | {tokens} | {bits} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
