"""One small interface over tokenizers: tokenizer.json, SentencePiece, tiktoken ranks, bytes, code points."""

from __future__ import annotations

from fmaudit.tokenizers.base import ChatTemplate, Tokenizer

__all__ = ["ChatTemplate", "Tokenizer"]
