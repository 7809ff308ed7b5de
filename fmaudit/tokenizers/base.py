"""The contract of a tokenizer: text to ids, exactly, with corpus text never becoming a special token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from fmaudit.records import Message

__all__ = ["ChatTemplate", "Tokenizer"]


class Tokenizer(ABC):
    """Turns text into token ids.

    `scheme` is the part of a URI before the colon. `encode` never adds special tokens and never reads one out of the text:
    "<|endoftext|>" in a corpus is thirteen characters.
    """

    scheme: ClassVar[str] = ""
    uri: str = ""
    vocabulary_size: int = 0
    unknown_id: int | None = None  # the id that stands for text the vocabulary cannot spell
    chat_template: ChatTemplate | None = None

    @classmethod
    @abstractmethod
    def from_uri(cls, uri: str, folder: Path = Path()) -> Tokenizer:
        """Load a tokenizer from `SCHEME:REST`; a relative path starts from `folder`. Raises TokenizerError, MissingDependency."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Encode one text."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encode many texts; a subclass may do it in parallel."""
        return [self.encode(text) for text in texts]

    def counts(self, texts: pa.Array[Any]) -> NDArray[np.int64]:
        """Count the tokens of each text of a string array; a null counts 0. A subclass may do without the ids."""
        values = ["" if value is None else value for value in texts.to_pylist()]
        return np.fromiter((len(ids) for ids in self.encode_batch(values)), np.int64, len(values))

    @abstractmethod
    def token_bytes(self, token: int) -> bytes | None:
        """Return the UTF-8 bytes that a token stands for inside a text, None for a special token."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return the sha256 of everything that decides how text is encoded."""


class ChatTemplate(ABC):
    """How a conversation becomes text: a tokenizer's own template."""

    @abstractmethod
    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Render messages as the model was trained to read them."""

    @abstractmethod
    def tokens(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> int:
        """Count the tokens of the rendered conversation; here special tokens are special tokens."""
