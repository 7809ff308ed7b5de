"""From a URI to a tokenizer: the built-in kinds by their scheme, and those that plugins bring."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path

from fmaudit.errors import TokenizerError
from fmaudit.tokenizers.base import Tokenizer

__all__ = ["BUILT_IN", "load_tokenizer"]

# scheme -> module and class, imported when asked for
BUILT_IN: Mapping[str, tuple[str, str]] = {
    "bytes": ("fmaudit.tokenizers.plain", "BytesTokenizer"),
    "characters": ("fmaudit.tokenizers.plain", "CharactersTokenizer"),
    "demo": ("fmaudit.tokenizers.hub", "DemoTokenizer"),
    "hf": ("fmaudit.tokenizers.hub", "HubTokenizer"),
    "sentencepiece": ("fmaudit.tokenizers.sentencepiece_model", "SentencePieceTokenizer"),
    "tiktoken": ("fmaudit.tokenizers.tiktoken_ranks", "TiktokenTokenizer"),
    "tokenizer-json": ("fmaudit.tokenizers.tokenizer_json", "TokenizerJson"),
}


def load_tokenizer(uri: str, folder: Path = Path(), kinds: Mapping[str, type[Tokenizer]] | None = None) -> Tokenizer:
    """Load the tokenizer of `SCHEME:REST`; a relative path starts from `folder`, and `kinds` are more kinds, by scheme.

    Raises TokenizerError where the scheme is unknown or the tokenizer cannot be loaded, MissingDependency where it needs a package.
    """
    scheme, colon, _ = uri.partition(":")
    if kinds and scheme in kinds:
        return kinds[scheme].from_uri(uri, folder)
    if not colon or scheme not in BUILT_IN:
        raise TokenizerError(f"{uri!r}: {_why(scheme, bool(colon))}", hint=_suggest(uri, scheme, {*BUILT_IN, *(kinds or ())}))
    module, name = BUILT_IN[scheme]
    kind: type[Tokenizer] = getattr(importlib.import_module(module), name)
    return kind.from_uri(uri, folder)


def _why(scheme: str, colon: bool) -> str:
    return f"there is no kind of tokenizer {scheme!r}" if colon else "a tokenizer is written SCHEME:REST"


def _suggest(uri: str, scheme: str, known: set[str]) -> str:
    by_suffix = {".json": "tokenizer-json", ".model": "sentencepiece", ".tiktoken": "tiktoken"}
    if ":" not in uri:
        for suffix, kind in by_suffix.items():
            if suffix in Path(uri).suffixes:
                return f"did you mean {kind}:{uri}?"
    close = difflib.get_close_matches(scheme, known, 1)
    return f"did you mean {close[0]}:?" if close else f"kinds: {', '.join(sorted(known))}"
