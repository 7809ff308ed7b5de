"""Small tokenizers, trained in a moment, of every kind."""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

TEXTS = [
    "The shop opens at eight in the morning and closes at nine.",
    "My sister drinks two cups of tea, and then she goes to work!",
    "Der Laden öffnet um acht Uhr morgens; das Straßenfest beginnt später.",
    "магазин открывается в восемь часов утра",
    "x = {'a': 1}\n\tif x:  return  None",
] * 4
SPECIAL = "<|endoftext|>"


def merges_file(path: Path, texts: Sequence[str] = TEXTS, merges: int = 60) -> Path:
    """Write a ranks file: the 256 bytes and the most frequent pairs within words, merged step by step."""
    words = [[bytes([byte]) for byte in word.encode()] for text in texts for word in (" " + text).split(" ") if word]
    ranks = {bytes([byte]): byte for byte in range(256)}
    for _ in range(merges):
        counts: dict[tuple[bytes, bytes], int] = {}
        for word in words:
            for pair in itertools.pairwise(word):
                counts[pair] = counts.get(pair, 0) + 1
        best = max(sorted(counts), key=lambda pair: counts[pair])
        ranks[best[0] + best[1]] = len(ranks)
        words = [_merged(word, best) for word in words]
    path.write_text("".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items()))
    return path


def _merged(word: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    out: list[bytes] = []
    for piece in word:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out


@pytest.fixture(scope="session")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return merges_file(tmp_path_factory.mktemp("ranks") / "r50k_base.tiktoken")


@pytest.fixture(scope="session")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level BPE tokenizer.json that adds a BOS and has a special token, a plain added token and truncation."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=[SPECIAL], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{SPECIAL} $A", special_tokens=[(SPECIAL, 0)])
    tokenizer.enable_truncation(16)
    path = tmp_path_factory.mktemp("byte-level") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="session")
def word_piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lower-casing WordPiece tokenizer.json, which cannot spell everything."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(TEXTS[:2], trainer)
    path = tmp_path_factory.mktemp("word-piece") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def pieces(*, byte_fallback: bool) -> bytes:
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS[:2] * 4), model_writer=model, vocab_size=340 if byte_fallback else 90, model_type="bpe",
        byte_fallback=byte_fallback, normalization_rule_name="identity", remove_extra_whitespaces=False, hard_vocab_limit=False,
        minloglevel=2, num_threads=1,
    )  # fmt: skip
    return model.getvalue()


@pytest.fixture(scope="session")
def fallback_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pieces") / "fallback.model"
    path.write_bytes(pieces(byte_fallback=True))
    return path


@pytest.fixture(scope="session")
def closed_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pieces") / "closed.model"
    path.write_bytes(pieces(byte_fallback=False))
    return path


CHAT_TEMPLATE = (
    "{% for message in messages %}\n  {{ '<|' + message.role + '|>' }}{% generation %}{{ message.content | trim }}{% endgeneration %}"
    "{{ eos_token }}\n  {% endfor %}\n{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture
def chat_folder(tmp_path: Path, byte_level: Path) -> Path:
    """A model folder with a tokenizer.json that knows the template's markers, and the template."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(byte_level))
    tokenizer.no_truncation()
    tokenizer.add_special_tokens(["<|user|>", "<|assistant|>", "<|system|>"])
    folder = tmp_path / "model"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": {"__type": "AddedToken", "content": SPECIAL},
        "chat_template": CHAT_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder
