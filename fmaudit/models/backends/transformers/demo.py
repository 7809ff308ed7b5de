"""The built-in models: small, real, trained on made text, with faults that audits must find."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
from fmaudit.models.backends.transformers.folder import find_folder
from fmaudit.samples import builtin_model

__all__ = ["DemoBackend"]


class DemoBackend(TransformersBackend):
    """`demo:NAME`: a model of the sample data."""

    scheme: ClassVar[str] = "demo"
    builtin: ClassVar[bool] = True

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> DemoBackend:
        """Find the model. Raises ModelError that lists the built-in models."""
        checked = options if isinstance(options, TransformersOptions) else TransformersOptions.model_validate(options or {})
        return cls(uri, checked, find_folder(str(builtin_model(uri.partition(":")[2])), folder, None))
