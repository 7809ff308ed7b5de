"""Digests that name what a row was made from: code, parameters, files."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

__all__ = ["code_digest", "digest"]


def code_digest(module: str) -> str:
    """Hash the Python sources of a module's top-level package, so that changed code is noticed even under an unchanged version."""
    package = importlib.import_module(module.split(".")[0])
    file = getattr(package, "__file__", None)
    if not file:
        return ""
    root = Path(file)
    sources = sorted(root.parent.rglob("*.py")) if root.name == "__init__.py" else [root]
    digest = hashlib.blake2b(digest_size=16)
    for source in sources:
        digest.update(source.relative_to(root.parent).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def digest(*values: Any) -> str:
    """Hash plain values."""
    return hashlib.blake2b(json.dumps(values, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()
