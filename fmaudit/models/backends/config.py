"""An architecture without weights: what a config.json alone tells."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.errors import MissingDependency, ModelError
from fmaudit.models.base import Backend, Capability
from fmaudit.models.requests import Profile

__all__ = ["ConfigBackend"]


class ConfigBackend(Backend):
    """`config:FILE_OR_FOLDER`: parameters are counted on the model that transformers builds without memory."""

    scheme: ClassVar[str] = "config"
    capabilities = frozenset({Capability.PROFILE})

    def __init__(self, uri: str, options: Any, path: Path) -> None:
        """Take the file."""
        super().__init__(uri, options)
        self._path = path
        try:
            self._config: dict[str, Any] = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ModelError(f"{uri}: cannot be read: {error}", hint="name a model's config.json, or the folder it lies in") from None
        self.identity = f"config {hashlib.sha256(path.read_bytes()).hexdigest()}"

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> ConfigBackend:
        """Find the file. Raises ModelError."""
        path = folder / uri.partition(":")[2]
        return cls(uri, options, path / "config.json" if path.is_dir() else path)

    def profile(self) -> Profile:
        """Build the model on the meta device and count. Raises ModelError for an architecture transformers does not know."""
        try:
            import torch
            import transformers
        except ImportError:
            raise MissingDependency("config: needs torch and transformers", hint="pip install 'fmaudit[models]'") from None
        plain = {key: value for key, value in self._config.items() if key != "model_type"}
        try:
            config = transformers.AutoConfig.for_model(self._config.get("model_type", ""), **plain)
            kind: Any = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
            with torch.device("meta"):
                model = kind.from_config(config)
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{self.uri}: transformers cannot build it: {' '.join(str(error).split())[:300]}") from None
        text: Any = config.get_text_config()
        return Profile(
            architecture=type(model).__name__,
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            layers=getattr(text, "num_hidden_layers", None),
            hidden=getattr(text, "hidden_size", None),
            vocabulary=getattr(text, "vocab_size", None),
            max_length=getattr(text, "max_position_embeddings", None),
            details={"config": self._config},
        )
