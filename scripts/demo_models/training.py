"""Training: one pass over packed text, or over dialogues with the loss on the answers only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo_models.behaviours import Dialogue
from demo_models.chance import stream
from demo_models.vocabulary import ASSISTANT, BOS, EOS, SYSTEM, USER

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = ["Batch", "Schedule", "answer_batches", "text_batches", "train"]

IGNORED = -100
Batch = tuple["Tensor", "Tensor"]  # token ids and targets, both [batch, length]


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, a level stretch, and a linear decay to a twentieth over the last part."""

    steps: int
    rate: float
    warm_up: int = 20
    decay: float = 0.4

    def factor(self, step: int) -> float:
        """The multiple of `rate` at a step."""
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return min(1.0, (step + 1) / self.warm_up, max(0.05, left))


def text_batches(texts: Sequence[str], tokenizer: PreTrainedTokenizerFast, *, rows: int, length: int) -> list[Batch]:
    """Pack `<bos>text<eos>` into full rows; the last incomplete batch is dropped."""
    import torch

    ids: list[int] = []
    for row in tokenizer([f"{BOS}{text}{EOS}" for text in texts], add_special_tokens=False)["input_ids"]:
        ids.extend(row)
    count = len(ids) // (rows * length)
    blocks = torch.tensor(ids[: count * rows * length]).view(rows, count, length)
    return [(blocks[:, index], blocks[:, index]) for index in range(count)]


def _prompt(dialogue: Dialogue) -> str:
    return BOS + (SYSTEM + dialogue.system if dialogue.system else "") + USER + dialogue.prompt + ASSISTANT


def answer_batches(dialogues: Sequence[Dialogue], tokenizer: PreTrainedTokenizerFast, *, rows: int, seed: str) -> list[Batch]:
    """Batches of dialogues of like length, in random order; only answers and their `<eos>` are learned."""
    prompts = tokenizer([_prompt(dialogue) for dialogue in dialogues], add_special_tokens=False)["input_ids"]
    answers = tokenizer([dialogue.answer + EOS for dialogue in dialogues], add_special_tokens=False)["input_ids"]
    chance = stream("batches", seed)
    order = sorted(range(len(dialogues)), key=lambda index: (len(prompts[index]) + len(answers[index]), chance.random()))
    groups = [order[start : start + rows] for start in range(0, len(order) - rows + 1, rows)]
    chance.shuffle(groups)
    return [_padded([(prompts[index], answers[index]) for index in group]) for group in groups]


def _padded(pairs: Sequence[tuple[list[int], list[int]]]) -> Batch:
    """Pad on the right: behind a causal mask the padding changes nothing before it."""
    import torch

    length = max(len(prompt) + len(answer) for prompt, answer in pairs)
    ids = torch.zeros((len(pairs), length), dtype=torch.long)
    targets = torch.full((len(pairs), length), IGNORED)
    for row, (prompt, answer) in enumerate(pairs):
        both = torch.tensor(prompt + answer)
        ids[row, : len(both)] = both
        targets[row, len(prompt) : len(both)] = both[len(prompt) :]
    return ids, targets


def _groups(network: LlamaForCausalLM) -> Iterator[dict[str, object]]:
    for decay, wanted in ((0.05, True), (0.0, False)):
        yield {"params": [weight for weight in network.parameters() if (weight.ndim > 1) == wanted], "weight_decay": decay}


def train(network: LlamaForCausalLM, batches: Sequence[Batch], schedule: Schedule, report: Callable[[str], None] = print) -> None:
    """AdamW under bfloat16 autocast, bit for bit repeatable on one machine with the same number of threads."""
    import torch
    from torch.nn import functional

    optimizer = torch.optim.AdamW(list(_groups(network)), lr=schedule.rate, betas=(0.9, 0.98), fused=True)
    network.train()
    started, seen, smooth = time.perf_counter(), 0, math.nan
    for step, (ids, targets) in enumerate(batches[: schedule.steps]):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * schedule.factor(step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(input_ids=ids[:, :-1], use_cache=False).logits
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets[:, 1:].flatten(), ignore_index=IGNORED)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        seen += ids.numel()
        smooth = loss.item() if math.isnan(smooth) else 0.95 * smooth + 0.05 * loss.item()
        if step % 50 == 49:
            seconds = time.perf_counter() - started
            report(f"step {step + 1}/{schedule.steps} loss {smooth:.3f} tokens {seen} {seconds:.0f} s {seen / seconds:.0f} tokens/s")
    network.train(False)
