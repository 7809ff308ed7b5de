"""Compare scores with lm-evaluation-harness 0.4.13 (HFLM, logits_cache=False, float32 softmax): pairs, rolling documents, BOS or not.

    OTHER_ENV/bin/python benchmarks/lm_eval_parity.py --pairs 2000 --documents 200

OTHER_ENV holds torch, transformers, lm_eval==0.4.13 and fmaudit. Models are random, with sharp weights, in float32; texts are random
words, white space and characters of several scripts, at random split points, some longer than the model's window of 128 tokens. It ends
with the collision that lm-eval's own cache gets wrong. A sum may differ by 1e-4 nats; of sums above 500 nats by 2e-7 of it, because lm-eval
adds up in float32, whose numbers near 1000 are 6e-5 apart. Exit code 1 if one differs by more.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
from fmaudit.models.requests import Score, ScoreRequest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "models"))
from tiny_models import save

WINDOW = 128
TOLERANCE = 1e-4
FAMILIES = ("llama", "gpt2", "mixtral", "mamba", "gemma2", "t5")
WORDS = [
    *("the", "cat", "sat", "on", "a", "mat", "and", "then", "it", "was", "not", "there", "42", "3.14", "(", ")", "...", ",", "don't"),
    *("señor", "größer", "привет", "мир", "你好", "世界", "नमस्ते"),
    "e\u0301",
    "\u200b",
]
SPACES = (" ", " ", " ", " ", "  ", "\n", "\t", "\n\n", "")


def text(noise: random.Random, words: int) -> str:
    """Make a text."""
    return "".join(noise.choice(WORDS) + noise.choice(SPACES) for _ in range(words))


def pair(noise: random.Random) -> tuple[str, str]:
    """Make a context (empty, with trailing spaces, cut inside a word, beginning with BOS ...) and a continuation that is not empty."""
    whole = text(noise, noise.choice([2, 5, 10, 30, 60]))
    cut = noise.randrange(len(whole))
    context, continuation = whole[:cut], whole[cut:]
    kind = noise.random()
    if kind < 0.1:
        context = ""
    elif kind < 0.2:
        context = context.rstrip() + noise.choice([" ", "  ", "\n "])
    elif kind < 0.25:
        context = "<s>" + context
    return context, continuation if continuation.strip() else continuation + "end"


def lm_eval_of(backend: TransformersBackend, *, cache: bool, max_length: int | None) -> Any:
    """Wrap the same model and tokenizer."""
    loaded = backend.loaded
    backend_name = "seq2seq" if loaded.seq2seq else "causal"
    return HFLM(
        pretrained=loaded.model,
        tokenizer=loaded.tokenizer,
        backend=backend_name,
        batch_size=4,
        max_length=max_length,
        logits_cache=cache,
        softmax_dtype="float32",
    )


def instances(kind: str, arguments: Sequence[tuple[str, ...]]) -> list[Instance]:
    """Make lm-eval's requests."""
    return [Instance(request_type=kind, doc={}, arguments=each, idx=i) for i, each in enumerate(arguments)]


def encodable(lm: Any, context: str, continuation: str) -> bool:
    """Say whether lm-eval takes the pair at all: it raises for an empty or over-long continuation."""
    if context == "":
        tokens = lm.tok_encode(continuation, add_special_tokens=False)
        tokens = tokens[1:] if tokens[:1] == [lm.prefix_token_id] else tokens
        return 0 < len(tokens) <= lm.max_length
    first, rest = lm._encode_pair(context, continuation)
    return bool(first) and 0 < len(rest) <= lm.max_length


def one_setting(family: str, bos: bool, pairs: int, documents: int, noise: random.Random) -> bool:
    """Compare one model; print a line; say whether all agree."""
    with tempfile.TemporaryDirectory() as name:
        lengths = {"n_positions": WINDOW} if family in {"gpt2", "t5"} else {"max_position_embeddings": WINDOW}
        folder = save(Path(name), family, bos=bos, **({} if family == "mamba" else lengths))
        longest = WINDOW if family == "mamba" else None
        backend = TransformersBackend.from_uri(f"hf:{folder}", TransformersOptions(threads=1, max_length=longest, dtype="float32"))
        lm = lm_eval_of(backend, cache=False, max_length=longest)
        asked = [made for made in (pair(noise) for _ in range(pairs * 3)) if encodable(lm, *made)][:pairs]
        texts = [text(noise, noise.choice([0, 1, 3, 20, 60, 150])) for _ in range(documents)]
        most, worst, flips, cut = compare_pairs(backend, lm, asked)
        largest, rolling = compare_rolling(backend, lm, texts)
    good = worst <= 1.0 and flips == 0 and rolling <= 1.0
    first = f"| {family} | {'yes' if bos else 'no'} | {len(asked)} ({cut} cut) | {most:.1e} | {worst:.2f} | {flips} "
    print(f"{first}| {len(texts)} | {largest:.1e} | {rolling:.2f} | {'yes' if good else 'NO'} |", flush=True)
    return good


def compare_pairs(backend: TransformersBackend, lm: Any, asked: Sequence[tuple[str, str]]) -> tuple[float, float, int, int]:
    """Give the largest difference of a sum, the same in tolerances, greedy flags that differ, and how many contexts were cut."""
    expected = lm.loglikelihood(instances("loglikelihood", asked), disable_tqdm=True)
    found = backend.score([ScoreRequest(context=context, continuation=rest) for context, rest in asked])
    flips = sum(score.greedy != greedy for score, (_, greedy) in zip(found, expected, strict=True))
    return *differences(found, [answer for answer, _ in expected]), flips, sum(score.truncated > 0 for score in found)


def compare_rolling(backend: TransformersBackend, lm: Any, texts: Sequence[str]) -> tuple[float, float]:
    """Give the largest difference of a document's sum, and the same in tolerances."""
    expected = lm.loglikelihood_rolling(instances("loglikelihood_rolling", [(each,) for each in texts]), disable_tqdm=True)
    return differences(backend.score([ScoreRequest(continuation=each, rolling=True) for each in texts]), expected)


def differences(found: Sequence[Score], expected: Sequence[float]) -> tuple[float, float]:
    """Give the largest difference and the largest share of what is tolerated."""
    both = [(abs(score.log_likelihood - answer), abs(answer)) for score, answer in zip(found, expected, strict=True)]
    return max(gap for gap, _ in both), max(gap / (TOLERANCE * max(1.0, size / 500)) for gap, size in both)


def collision() -> bool:
    """Show requests that read the same tokens but split them elsewhere: lm-eval's default cache confuses them."""
    with tempfile.TemporaryDirectory() as name:
        backend = TransformersBackend.from_uri(f"hf:{save(Path(name), 'llama', words=True)}", TransformersOptions(threads=1))
        asked = [("a b", " c d"), ("a b c", " d"), ("a b c", " e")]
        requests = instances("loglikelihood", asked)
        cached, plain = (
            [answer for answer, _ in lm_eval_of(backend, cache=cache, max_length=None).loglikelihood(requests, disable_tqdm=True)]
            for cache in (True, False)
        )
        found = [score.log_likelihood for score in backend.score([ScoreRequest(context=a, continuation=b) for a, b in asked])]
    print("\nRequests that read the same tokens and split them elsewhere:\n")
    print("| request | logits_cache=True | False | fmaudit |\n|---|---|---|---|")
    for (context, rest), wrong, right, mine in zip(asked, cached, plain, found, strict=True):
        print(f"| `{context!r}, {rest!r}` | {wrong:.4f} | {right:.4f} | {mine:.4f} |")
    return (
        max(abs(a - b) for a, b in zip(plain, found, strict=True))
        <= TOLERANCE
        < max(abs(a - b) for a, b in zip(cached, found, strict=True))
    )


def main() -> int:
    """Run all settings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=400, help="per model and tokenizer")
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument("--families", nargs="+", default=FAMILIES)
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    noise = random.Random(0)
    print(
        "| model | BOS added | pairs | largest difference, nats | of what is tolerated | greedy flags that differ | rolling documents "
        "| largest difference, nats | of what is tolerated | agree |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    good = [one_setting(family, bos, given.pairs, given.documents, noise) for family in given.families for bos in (False, True)]
    good.append(collision())
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
