"""A model's folder: its configuration, its files and the hash that names them; nothing here loads weights."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmaudit.errors import ModelError

__all__ = ["ModelFolder", "find_folder"]

_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
)
_PATTERNS = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken", "additional_chat_templates/*")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_hashes: dict[tuple[str, int, int, int], bytes] = {}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Where a model is: a folder of this machine, or a name and revision on the Hub (`path` is None until fetched)."""

    name: str
    path: Path | None
    revision: str | None = None

    def config(self) -> dict[str, Any]:
        """Read config.json, from the Hub if need be. Raises ModelError."""
        path = self.path / "config.json" if self.path else self._download("config.json")
        try:
            config = json.loads(path.read_text("utf-8"))
        except OSError as error:
            hint = "a model's folder holds config.json, *.safetensors and the tokenizer's files"
            raise ModelError(f"{self.name}: cannot read config.json: {error.strerror}", hint=hint) from error
        except ValueError as error:
            raise ModelError(f"{self.name}: config.json is not JSON: {error}") from error
        if not isinstance(config, dict):
            raise ModelError(f"{self.name}: config.json holds no JSON object")
        return config

    def fetch(self, *, code: bool = False) -> ModelFolder:
        """Give the same model as a folder of this machine, downloaded if need be. Raises ModelError."""
        if self.path is not None:
            return self
        from huggingface_hub import snapshot_download

        patterns = [*_PATTERNS, "*.py"] if code else [*_PATTERNS]
        try:
            found = snapshot_download(self.name, revision=self.revision, allow_patterns=patterns)
        except Exception as error:
            raise _not_reached(self.name, error) from error
        return ModelFolder(self.name, Path(found), self.revision)

    def weights(self) -> tuple[Path, ...]:
        """List the weight files. Raises ModelError where there are none, or only pickled ones."""
        folder = self._here()
        found = tuple(sorted(folder.glob("*.safetensors")))
        if found:
            return found
        pickled = sorted(path.name for pattern in _PICKLED for path in folder.glob(pattern))
        if pickled:
            raise ModelError(
                f"{self.name}: only pickled weights ({pickled[0]}), which can run any code when loaded",
                hint="convert them once with safetensors (model.save_pretrained writes it), then use that folder",
            )
        raise ModelError(f"{self.name}: no *.safetensors in {folder}", hint="is this a model's folder?")

    def bytes(self) -> int:
        """Count the bytes of the weights. Raises ModelError as `weights` does."""
        return sum(path.stat().st_size for path in self.weights())

    def has_tokenizer(self) -> bool:
        """Tell whether the folder holds a tokenizer."""
        folder = self._here()
        return any((folder / name).is_file() for name in _TOKENIZER_FILES[:8])

    def has_chat_template(self) -> bool | None:
        """Tell whether a chat template is there; None: it is not known, the model is on the Hub and was not fetched."""
        if self.path is None:
            return None
        if any((self.path / name).is_file() for name in ("chat_template.jinja", "chat_template.json")):
            return True
        try:
            return bool(json.loads((self.path / "tokenizer_config.json").read_text("utf-8")).get("chat_template"))
        except (OSError, ValueError, AttributeError):
            return False

    def identity(self) -> str:
        """Name the model by the contents of its weights, configuration, tokenizer and template: 64 hexadecimal digits of SHA-256."""
        folder = self._here()
        names = ("config.json", "generation_config.json", *_TOKENIZER_FILES)
        others = [*folder.glob("*.tiktoken"), *folder.glob("*.py"), *folder.glob("additional_chat_templates/*")]
        files = [*self.weights(), *(folder / name for name in names if (folder / name).is_file()), *sorted(others)]
        total = hashlib.sha256()
        for path in files:
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + _digest(path))
        return total.hexdigest()

    def _here(self) -> Path:
        if self.path is None:
            raise ModelError(f"{self.name}: the model has not been fetched yet", hint="open() fetches it")
        return self.path

    def _download(self, file: str) -> Path:
        from huggingface_hub import snapshot_download

        try:  # not hf_hub_download: without a network that one tries for half a minute
            return Path(snapshot_download(self.name, revision=self.revision, allow_patterns=[file])) / file
        except Exception as error:
            raise _not_reached(self.name, error) from error


def find_folder(reference: str, folder: Path, revision: str | None) -> ModelFolder:
    """Find a folder (relative to `folder`) or a name on the Hub. Raises ModelError for what is neither."""
    if not reference:
        raise ModelError("hf: names no model", hint="write hf:FOLDER or hf:OWNER/NAME")
    path = folder / Path(reference).expanduser()
    if path.is_dir():
        return ModelFolder(reference, path.resolve(), revision)
    if path.exists():
        raise ModelError(f"hf:{reference} is a file", hint="name the folder that holds config.json and *.safetensors")
    if reference.startswith((".", "/", "~")) or not _HUB_NAME.fullmatch(reference):
        raise ModelError(f"hf:{reference}: no such folder", hint=f"looked for {path}")
    return ModelFolder(reference, None, revision)


def _digest(path: Path) -> bytes:
    facts = path.stat()
    key = (str(path.resolve()), facts.st_size, facts.st_mtime_ns, facts.st_ino)
    if key not in _hashes:
        with path.open("rb") as file:
            _hashes[key] = hashlib.file_digest(file, "sha256").digest()
    return _hashes[key]


def _not_reached(name: str, error: Exception) -> ModelError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ModelError(f"hf:{name}: no such folder, and it cannot be had from the Hub: {first}", hint="check the name, or download it first")
