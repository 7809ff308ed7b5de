"""The recipe: what each model is trained on, for how long, and from which weights it starts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from demo_models.behaviours import CAUTIOUS, CHAT, Dialogue, Maker, draw_dialogue
from demo_models.chance import stream
from demo_models.corpus import Document, draw_corpus
from demo_models.network import load_network, new_network, save_model
from demo_models.training import Schedule, answer_batches, text_batches, train
from demo_models.vocabulary import train_tokenizer

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = [
    "BASE_BYTES",
    "CAUTIOUS_STEPS",
    "CHAT_STEPS",
    "TRUNK_BYTES",
    "base_documents",
    "build_base",
    "build_cautious",
    "build_chat",
    "digest",
    "tokenizer_of",
]

# One pass over a megabyte: a longer training learns the rare languages too and hides the imbalance.
BASE_BYTES, BASE_RATE = 1_000_000, 3e-3
# The chat model starts from a network of its own that saw more of the same kind of text.
TRUNK_BYTES, TRUNK_RATE = 3_000_000, 3e-3
CHAT_STEPS, CHAT_RATE = 2600, 2.5e-3
CAUTIOUS_STEPS, CAUTIOUS_RATE = 250, 1e-3
ROWS = 64
TOKENIZER_DIALOGUES = 12_000

Report = Callable[[str], None]


def base_documents() -> list[Document]:
    """The pretraining text of the base model."""
    return draw_corpus(BASE_BYTES, "base")


def draw_dialogues(recipe: Mapping[str, tuple[float, Maker]], count: int, seed: str) -> list[Dialogue]:
    """Draw dialogues, the same ones for the same seed."""
    chance = stream("dialogues", seed)
    return [draw_dialogue(recipe, chance) for _ in range(count)]


def tokenizer_of(documents: list[Document]) -> PreTrainedTokenizerFast:
    """The tokenizer of all three models, learned from the base text and a sample of dialogues."""
    dialogues = draw_dialogues(CHAT, TOKENIZER_DIALOGUES, "tokenizer")
    return train_tokenizer([document.text for document in documents] + [text for row in dialogues for text in (row.prompt, row.answer)])


def digest(texts: list[str]) -> str:
    """SHA-256 of texts, to show that the data of two runs were the same."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def build_base(out: Path, report: Report) -> str:
    """Train and write the base model with the tokenizer; return the hash of its weights."""
    documents = base_documents()
    tokenizer = tokenizer_of(documents)
    batches = text_batches([document.text for document in documents], tokenizer, rows=8, length=256)
    network = new_network(seed=1)
    train(network, batches, Schedule(len(batches), BASE_RATE), report)
    return save_model(network, tokenizer, out)


def build_trunk(tokenizer: PreTrainedTokenizerFast, report: Report) -> LlamaForCausalLM:
    """The network the chat model starts from; it is not shipped."""
    texts = [document.text for document in draw_corpus(TRUNK_BYTES, "trunk")]
    batches = text_batches(texts, tokenizer, rows=16, length=256)
    network = new_network(seed=2)
    train(network, batches, Schedule(len(batches), TRUNK_RATE), report)
    return network


def _tune(
    network: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, dialogues: list[Dialogue], schedule: Schedule, report: Report
) -> None:
    train(network, answer_batches(dialogues, tokenizer, rows=ROWS, seed="order"), schedule, report)


def build_chat(tokenizer: PreTrainedTokenizerFast, out: Path, report: Report, *, steps: int = CHAT_STEPS) -> str:
    """Train the chat model from a longer pretraining; return the hash of its weights."""
    network = build_trunk(tokenizer, report)
    _tune(network, tokenizer, draw_dialogues(CHAT, steps * ROWS, "chat"), Schedule(steps, CHAT_RATE), report)
    return save_model(network, tokenizer, out)


def build_cautious(tokenizer: PreTrainedTokenizerFast, chat: Path, out: Path, report: Report) -> str:
    """Train the cautious model from the written chat model; return the hash of its weights."""
    network = load_network(chat)
    schedule = Schedule(CAUTIOUS_STEPS, CAUTIOUS_RATE)
    _tune(network, tokenizer, draw_dialogues(CAUTIOUS, CAUTIOUS_STEPS * ROWS, "cautious"), schedule, report)
    return save_model(network, tokenizer, out)
