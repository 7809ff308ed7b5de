"""The readers of a run: those that come with fmaudit, and those of its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fmaudit.errors import PluginError

if TYPE_CHECKING:
    from fmaudit.corpus.splits import Reader

__all__ = ["all_readers"]


def all_readers(plugin_readers: Mapping[str, type[Reader]]) -> dict[str, Reader]:
    """Make every reader once; raises PluginError when a plugin takes the name of a built-in one."""
    from fmaudit.corpus.sources import builtin_readers

    readers = builtin_readers()
    taken = sorted(set(readers) & set(plugin_readers))
    if taken:
        raise PluginError(f"a plugin brings a reader named {taken[0]!r}, which fmaudit has itself")
    return readers | {name: kind() for name, kind in plugin_readers.items()}
