"""Tokenizers of model folders and hub repositories ("hf:PATH_OR_ID"), and of the built-in models ("demo:NAME")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.errors import MissingDependency, TokenizerError
from fmaudit.samples import sample_data
from fmaudit.tokenizers.base import Tokenizer
from fmaudit.tokenizers.chat import JinjaChatTemplate
from fmaudit.tokenizers.files import read_unpacked, rest_of
from fmaudit.tokenizers.sentencepiece_model import SentencePieceTokenizer
from fmaudit.tokenizers.tokenizer_json import TokenizerJson

__all__ = ["DemoTokenizer", "HubTokenizer", "load_folder"]

FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
SENTENCEPIECE = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model")


class HubTokenizer(Tokenizer):
    """Loads the tokenizer of a folder or of a hub repository; what comes back is a TokenizerJson or a SentencePieceTokenizer."""

    scheme: ClassVar[str] = "hf"

    @classmethod
    def from_uri(cls, uri: str, folder: Path = Path()) -> Tokenizer:
        """Load `hf:PATH`, or `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION` from the hub; a folder that exists goes first."""
        name = rest_of(uri)
        if not name:
            raise TokenizerError(f"{uri!r} names neither a folder nor a repository", hint="write hf:PATH or hf:OWNER/NAME")
        path = folder / Path(name).expanduser()
        return load_folder(path if path.is_dir() else _download(uri, name, path), uri)


class DemoTokenizer(Tokenizer):
    """Loads the tokenizer of a built-in model."""

    scheme: ClassVar[str] = "demo"

    @classmethod
    def from_uri(cls, uri: str, folder: Path = Path(), *, models: Path | None = None) -> Tokenizer:
        """Load `demo:NAME` from the folder `models`, by default the one that is installed with the package."""
        home, name = models or sample_data() / "models", rest_of(uri)
        known = sorted(path.parent.name for path in home.glob("*/tokenizer.json"))
        if name not in known:
            raise TokenizerError(f"{uri!r}: there is no built-in model {name!r}", hint=f"there are {', '.join(known) or 'none'}")
        return load_folder(home / name, uri)


def load_folder(folder: Path, uri: str) -> Tokenizer:
    """Load tokenizer.json, else a SentencePiece model, with the folder's chat template. Raises TokenizerError."""
    config = _json(folder / "tokenizer_config.json")
    template = _template(folder, config)
    specials = _special_tokens(folder, config)
    chat = json.dumps([template, specials], sort_keys=True).encode() if template else b""
    pieces = [folder / name for name in SENTENCEPIECE if (folder / name).is_file()]
    if (folder / "tokenizer.json").is_file():
        tokenizer: Any = TokenizerJson(read_unpacked(folder / "tokenizer.json"), chat=chat)
        count = tokenizer.count_with_special_tokens
    elif pieces:
        tokenizer = SentencePieceTokenizer(read_unpacked(pieces[0]), chat=chat)
        count = _SpecialCounter(tokenizer)
    else:
        raise TokenizerError(
            f"{uri!r}: {folder} has neither tokenizer.json nor {' nor '.join(SENTENCEPIECE[:2])}",
            hint="save it with transformers: AutoTokenizer.from_pretrained(...).save_pretrained(FOLDER)",
        )
    tokenizer.uri = uri
    tokenizer.chat_template = JinjaChatTemplate(template, specials, count) if template else None
    loaded: Tokenizer = tokenizer
    return loaded


class _SpecialCounter:
    """Counts tokens of text in which control symbols are special: cut there, each one token."""

    def __init__(self, tokenizer: SentencePieceTokenizer) -> None:
        self._tokenizer = tokenizer
        specials = sorted(tokenizer.special_tokens(), key=len, reverse=True)
        self._cut = re.compile("(" + "|".join(map(re.escape, specials)) + ")") if specials else None

    def __call__(self, text: str) -> int:
        if self._cut is None:
            return len(self._tokenizer.encode(text))
        parts = self._cut.split(text)
        return len(parts) // 2 + sum(len(self._tokenizer.encode(part)) for part in parts[::2] if part)


def _template(folder: Path, config: Mapping[str, Any]) -> str:
    """Return the chat template: a file of its own, else the one of tokenizer_config.json (of several, the one named default)."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return read_unpacked(file).decode()
    found = config.get("chat_template") or ""
    if isinstance(found, list):
        found = next((entry.get("template", "") for entry in found if entry.get("name") == "default"), "")
    return str(found)


def _special_tokens(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the special tokens a template may name, `bos_token` and so on."""
    named = _json(folder / "special_tokens_map.json") | dict(config)
    tokens = {key: value.get("content") if isinstance(value, dict) else value for key, value in named.items() if key.endswith("_token")}
    return {key: value for key, value in tokens.items() if isinstance(value, str)}


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_unpacked(path))
    except ValueError as error:
        raise TokenizerError(f"{path} is not JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _download(uri: str, name: str, path: Path) -> Path:
    """Fetch the tokenizer's files of a hub repository into the hub's cache, and return their folder."""
    repository, _, revision = name.partition("@")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository) or repository.startswith("."):
        raise TokenizerError(f"{uri!r}: there is no folder {path}", hint="a relative path starts from the folder of audit.toml")
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingDependency(f"{uri!r} needs huggingface_hub", hint="pip install 'fmaudit[models]'") from error
    try:
        return Path(snapshot_download(repository, revision=revision or None, allow_patterns=list(FILES)))
    except Exception as error:  # no such repository, no access, no network: each has an error of its own
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TokenizerError(
            f"{uri!r}: there is no folder {path}, and the repository cannot be fetched: {first}",
            hint="without a network, download the repository elsewhere and name its folder",
        ) from error
