"""Loads plugins one by one, keeps the broken ones out with their cause, and gives typed answers.

This is the only file that sees pluggy's untyped hook calls.
"""

from __future__ import annotations

import contextlib
import difflib
import gc
import importlib
import importlib.metadata
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from fmaudit.errors import PluginError, in_line
from fmaudit.hooks import specs
from fmaudit.hooks.markers import PROJECT

if TYPE_CHECKING:
    from fmaudit.audit import Audit, Signal, Tally
    from fmaudit.corpus.splits import Reader
    from fmaudit.models.base import Backend
    from fmaudit.tokenizers.base import Tokenizer

__all__ = ["PluginInfo", "PluginManager", "load_plugins"]

GROUP = "fmaudit"
DISTRIBUTION = "fmaudit"  # plugins of this distribution are built in


@dataclass(slots=True)
class PluginInfo:
    """What is known of one plugin: loaded, available (installed but not named) or broken with its cause."""

    name: str
    module: str
    distribution: str
    version: str
    state: str = "available"  # "loaded", "available", "broken"
    cause: str = ""
    detail: str = field(default="", repr=False)  # the traceback, for --debug
    provides: dict[str, list[str]] = field(default_factory=dict)

    @property
    def builtin(self) -> bool:
        """Whether the plugin came with fmaudit itself."""
        return self.distribution == DISTRIBUTION


class PluginManager:
    """The plugins of this process and what they bring, by name."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(specs)
        self.plugins: dict[str, PluginInfo] = {}
        self._audits: dict[str, tuple[type[Audit], PluginInfo]] = {}
        self._signals: dict[str, tuple[type[Signal], PluginInfo]] = {}
        self._tallies: dict[str, tuple[type[Tally], PluginInfo]] = {}
        self._readers: dict[str, tuple[type[Reader], PluginInfo]] = {}
        self._tokenizers: dict[str, tuple[type[Tokenizer], PluginInfo]] = {}
        self._backends: dict[str, tuple[type[Backend], PluginInfo]] = {}
        self._reporters: dict[str, Callable[[Any], str]] = {}
        self._commands: dict[str, Callable[[Sequence[str]], int]] = {}
        self._pages: dict[str, tuple[Path, PluginInfo]] = {}

    # -- loading -------------------------------------------------------------------------------------------------

    def load(self, info: PluginInfo, namespace: Any = None, *, ask: bool = True) -> PluginInfo:
        """Import and register one plugin; whatever goes wrong is recorded on it and stops nothing else.

        Without `ask` its hooks are checked but not called, which imports none of what it brings.
        """
        self.plugins[info.name] = info
        try:
            module = namespace if namespace is not None else importlib.import_module(info.module)
            self._check_hooks(module)
            self._manager.register(module, name=info.name)
            if ask:
                self._collect(info)
            else:
                info.provides = {hook.removeprefix("fmaudit_"): [] for hook in specs.HOOKS if hasattr(module, hook)}
        except Exception as error:  # a plugin may raise anything
            if self._manager.has_plugin(info.name):
                self._manager.unregister(name=info.name)
            self._forget(info)
            info.state, info.cause = "broken", _cause(error, info)
            info.detail = traceback.format_exc()
        else:
            info.state = "loaded"
        return info

    def _check_hooks(self, module: Any) -> None:
        """Refuse a misspelt hook, which pluggy would pass over in silence."""
        for attribute in dir(module):
            if attribute.startswith("fmaudit_") and callable(getattr(module, attribute)) and attribute not in specs.HOOKS:
                if not hasattr(getattr(module, attribute), f"{PROJECT}_impl"):
                    continue
                close = difflib.get_close_matches(attribute, specs.HOOKS, 1)
                raise PluginError(f"unknown hook {attribute!r}" + (f"; did you mean {close[0]!r}?" if close else ""))

    def _collect(self, info: PluginInfo) -> None:
        self._add(self._audits, "audits", info, self._answers(info, "fmaudit_audits"))
        self._add(self._signals, "signals", info, self._answers(info, "fmaudit_signals"))
        self._add(self._tallies, "tallies", info, self._answers(info, "fmaudit_tallies"))
        self._add(self._readers, "readers", info, self._answers(info, "fmaudit_readers"))
        self._add(self._tokenizers, "tokenizers", info, self._answers(info, "fmaudit_tokenizers"), "scheme")
        self._add(self._backends, "backends", info, self._answers(info, "fmaudit_backends"), "scheme")
        for reporters in self._call(info, "fmaudit_reporters"):
            self._reporters.update(reporters)
            info.provides["reporters"] = sorted(reporters)
        for commands in self._call(info, "fmaudit_commands"):
            self._commands.update(commands)
            info.provides["commands"] = sorted(commands)
        for pages in self._call(info, "fmaudit_pages"):
            self._add_pages(info, pages)

    def _answers(self, info: PluginInfo, hook: str) -> list[Any]:
        return [item for answer in self._call(info, hook) for item in answer]

    def _call(self, info: PluginInfo, hook: str, **arguments: Any) -> list[Any]:
        """Call one hook of one plugin alone, so that its failure costs no other plugin's answer."""
        plugin = self._manager.get_plugin(info.name)
        others = [other for other in self._manager.get_plugins() if other is not plugin]
        caller = self._manager.subset_hook_caller(hook, others)
        return [answer for answer in caller(**arguments) if answer is not None]

    def _add(self, table: dict[str, Any], kind: str, info: PluginInfo, items: Iterable[Any], attribute: str = "name") -> None:
        for item in items:
            name = getattr(item, attribute, None)
            if not isinstance(name, str) or not name:
                raise PluginError(f"{kind}: {item!r} has no {attribute}; the hook returns classes with a class attribute `{attribute}`")
            if name in table:
                raise PluginError(f"{kind}: the name {name!r} is already taken by plugin {table[name][1].name!r}")
            table[name] = (item, info)
            info.provides.setdefault(kind, []).append(name)

    def _add_pages(self, info: PluginInfo, pages: Mapping[str, Any]) -> None:
        for title, path in pages.items():
            if title in self._pages:
                raise PluginError(f"pages: the title {title!r} is already taken by plugin {self._pages[title][1].name!r}")
            if not Path(path).is_file():
                raise PluginError(f"pages: {title!r} names {path}, which is no file")
            self._pages[title] = (Path(path), info)
            info.provides.setdefault("pages", []).append(title)

    def _forget(self, info: PluginInfo) -> None:
        for table in (self._audits, self._signals, self._tallies, self._readers, self._tokenizers, self._backends, self._pages):
            for name in [name for name, (_, owner) in table.items() if owner is info]:
                del table[name]
        info.provides.clear()

    # -- asking --------------------------------------------------------------------------------------------------

    @property
    def audits(self) -> Mapping[str, type[Audit]]:
        """The audits by name."""
        return {name: item for name, (item, _) in sorted(self._audits.items())}

    @property
    def signals(self) -> Mapping[str, type[Signal]]:
        """The signals by name."""
        return {name: item for name, (item, _) in sorted(self._signals.items())}

    @property
    def tallies(self) -> Mapping[str, type[Tally]]:
        """The tallies by name."""
        return {name: item for name, (item, _) in sorted(self._tallies.items())}

    @property
    def readers(self) -> Mapping[str, type[Reader]]:
        """The plugins' readers by name."""
        return {name: item for name, (item, _) in sorted(self._readers.items())}

    @property
    def tokenizers(self) -> Mapping[str, type[Tokenizer]]:
        """The plugins' kinds of tokenizer by scheme."""
        return {name: item for name, (item, _) in sorted(self._tokenizers.items())}

    @property
    def backends(self) -> Mapping[str, type[Backend]]:
        """The plugins' backends by scheme."""
        return {name: item for name, (item, _) in sorted(self._backends.items())}

    @property
    def reporters(self) -> Mapping[str, Callable[[Any], str]]:
        """The plugins' report formats by name."""
        return dict(sorted(self._reporters.items()))

    @property
    def commands(self) -> Mapping[str, Callable[[Sequence[str]], int]]:
        """The plugins' commands by name."""
        return dict(sorted(self._commands.items()))

    @property
    def pages(self) -> Mapping[str, Path]:
        """The plugins' pages of the dashboard by title."""
        return {title: path for title, (path, _) in sorted(self._pages.items())}

    def owner(self, kind: str, name: str) -> PluginInfo:
        """Tell which plugin brought an audit, signal, tally or reader."""
        table: Mapping[str, tuple[Any, PluginInfo]] = getattr(self, f"_{kind}")
        return table[name][1]

    @property
    def broken(self) -> Sequence[PluginInfo]:
        """The plugins that could not be loaded."""
        return [info for info in self.plugins.values() if info.state == "broken"]

    def tell(self, event: specs.RunEvent) -> list[str]:
        """Tell every plugin of a run event; returns a sentence for each plugin that raised."""
        complaints = []
        for info in self.plugins.values():
            if info.state != "loaded":
                continue
            try:
                self._call(info, "fmaudit_run_event", event=event)
            except Exception as error:
                complaints.append(f"plugin {info.name!r} raised in fmaudit_run_event: {_cause(error, info)}")
        return complaints


def load_plugins(enabled: Sequence[str] = (), *, ask_builtin: bool = True) -> PluginManager:
    """Load the built-in plugins and those in `enabled`; list all others as available.

    A name in `enabled` that nothing installed provides is listed as broken. Nothing else is imported. Without `ask_builtin` the
    built-in plugins are registered but not asked what they bring: enough for a list, in a third of the time.
    """
    manager = PluginManager()
    found = _installed()
    with _no_collection():
        for name, info in sorted(found.items()):
            if info.builtin or name in enabled:
                manager.load(info, ask=ask_builtin or name in enabled)
            else:
                manager.plugins[name] = info
    for name in enabled:
        if name not in found:
            manager.plugins[name] = _missing(name, found)
    return manager


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the garbage collector off: imports make many objects and no garbage, and it would look at them a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _installed() -> dict[str, PluginInfo]:
    found: dict[str, PluginInfo] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        distribution = entry.dist.name if entry.dist else ""
        version = entry.dist.version if entry.dist else ""
        found.setdefault(entry.name, PluginInfo(entry.name, entry.value, distribution, version))
    return found


def _missing(name: str, found: Mapping[str, PluginInfo]) -> PluginInfo:
    close = difflib.get_close_matches(name, found, 1)
    hint = f"; did you mean {close[0]!r}?" if close else "; is its package installed in this environment?"
    return PluginInfo(name, "", "", "", state="broken", cause=f"no installed package provides a plugin named {name!r}{hint}")


def _cause(error: BaseException, info: PluginInfo) -> str:
    """Say in one line what went wrong and where in the plugin."""
    frames = traceback.extract_tb(error.__traceback__)
    package = info.module.split(".")[0]
    own = [frame for frame in frames if package and package in frame.filename and "importlib" not in frame.filename]
    where = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    kind = "" if isinstance(error, PluginError) else f"{type(error).__name__}: "
    return f"{kind}{in_line(error)}{where}"
