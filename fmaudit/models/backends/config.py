"""An architecture without weights: what a config.json alone tells."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from fmaudit.errors import MissingDependency, ModelError
from fmaudit.models.base import Backend, Capability
from fmaudit.models.published import published_config, published_configs
from fmaudit.models.requests import Profile

__all__ = ["ConfigBackend"]


class ConfigBackend(Backend):
    """`config:FILE_OR_FOLDER`, or `config:NAME` of a published model: parameters are counted on the model that transformers builds.

    Built without memory. Of a family that transformers does not know the profile has the configuration and no count.
    """

    scheme: ClassVar[str] = "config"
    capabilities = frozenset({Capability.PROFILE})

    def __init__(self, uri: str, options: Any, data: bytes) -> None:
        """Read the configuration. Raises ModelError for what is no JSON object."""
        super().__init__(uri, options)
        try:
            values = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{uri}: not JSON: {error}", hint="name a model's config.json, or the folder it lies in") from None
        if not isinstance(values, dict):
            raise ModelError(f"{uri}: holds {type(values).__name__}, not an object", hint="a model's config.json is needed")
        self._config: dict[str, Any] = values
        self._profile: Profile | None = None
        self.identity = f"config {hashlib.sha256(data).hexdigest()}"

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> ConfigBackend:
        """Find the file, else the published model of that name. Raises ModelError, which lists the names."""
        return cls(uri, options, _read(uri, folder))

    def profile(self) -> Profile:
        """Build the model on the meta device and count, once. Raises ModelError for numbers of which transformers makes no model."""
        self._profile = self._profile or self._made()
        return self._profile

    def _made(self) -> Profile:
        try:
            import transformers
        except ImportError:
            raise MissingDependency("config: needs torch and transformers", hint="pip install 'fmaudit[models]'") from None
        family = str(self._config.get("model_type") or "")
        if family not in transformers.CONFIG_MAPPING:
            return _unbuilt(self._config)
        try:
            return _built(transformers, family, self._config)
        except Exception as error:  # transformers raises what it likes, errors of other libraries included
            raise ModelError(f"{self.uri}: transformers cannot build it: {' '.join(str(error).split())[:300]}") from None


def _read(uri: str, folder: Path) -> bytes:
    name = uri.partition(":")[2]
    path = folder / name
    path = path / "config.json" if path.is_dir() else path
    try:
        if path.is_file() or name not in published_configs():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        close = difflib.get_close_matches(name.lower(), published_configs(), 1)
        meant = f"did you mean config:{close[0]}? " if close else ""
        known = f"name a model's config.json, the folder it lies in, or a published model: {', '.join(published_configs())}"
        raise ModelError(f"{uri}: cannot be read: {getattr(error, 'strerror', None) or error}", hint=meant + known) from None
    return published_config(name)


def _built(transformers: Any, family: str, values: Mapping[str, Any]) -> Profile:
    """Count on the model itself."""
    import torch

    config = transformers.AutoConfig.for_model(family, **{key: value for key, value in values.items() if key != "model_type"})
    kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    if type(config) not in kind._model_mapping:
        return _unbuilt(values)
    with torch.device("meta"):
        model = kind.from_config(config)
    text = config.get_text_config()
    return Profile(
        architecture=type(model).__name__,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        layers=getattr(text, "num_hidden_layers", None),
        hidden=getattr(text, "hidden_size", None),
        vocabulary=getattr(text, "vocab_size", None),
        max_length=getattr(text, "max_position_embeddings", None),
        details={"config": dict(values)},
    )


def _unbuilt(values: Mapping[str, Any]) -> Profile:
    """Tell what the configuration says where there is no class to build: nothing is counted."""
    inner = values.get("text_config")
    text = {**values, **inner} if isinstance(inner, Mapping) else values
    named = values.get("architectures")
    architecture = str(values.get("model_type") or (named[0] if isinstance(named, list) and named else ""))

    def whole(*names: str) -> int | None:
        found = next((text[name] for name in names if text.get(name) is not None), None)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    return Profile(
        architecture=architecture,
        layers=whole("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
        hidden=whole("hidden_size", "n_embd", "d_model"),
        vocabulary=whole("vocab_size"),
        max_length=whole("max_position_embeddings", "n_positions", "context_length"),
        details={"config": dict(values)},
    )
