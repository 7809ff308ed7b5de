from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from fmaudit import ConfigError, hookimpl
from fmaudit.hooks.manager import PluginInfo, PluginManager, load_plugins
from fmaudit.hooks.specs import HOOKS, RunStarted


def info(name: str, module: str = "made_up") -> PluginInfo:
    return PluginInfo(name, module, "somebody", "1.0")


def plugin(**hooks) -> ModuleType:
    module = ModuleType("made_up")
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


def test_builtin_plugins_load_and_bring_their_audits():
    manager = load_plugins()
    assert not manager.broken, [broken.cause for broken in manager.broken]
    assert {"corpus-language", "corpus-quality"} <= set(manager.audits)


def test_a_plugin_that_fails_to_import_is_listed_with_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "sad_plugin.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    manager = PluginManager()
    broken = manager.load(info("sad", "sad_plugin"))
    assert broken.state == "broken"
    assert "a_package_that_is_not_there" in broken.cause
    assert "sad_plugin.py:1" in broken.cause
    sys.modules.pop("sad_plugin", None)


def test_a_misspelt_hook_is_named_with_the_nearest_one():
    broken = PluginManager().load(info("typo"), plugin(fmaudit_audit=lambda: []))  # noqa: PIE807 - pluggy marks the function
    assert "fmaudit_audit" in broken.cause
    assert "did you mean 'fmaudit_audits'" in broken.cause


def test_an_unknown_hook_argument_breaks_only_that_plugin():
    broken = PluginManager().load(info("greedy"), plugin(fmaudit_audits=lambda colour: []))
    assert broken.state == "broken"
    assert "colour" in broken.cause


def test_a_raising_plugin_does_not_cost_another_plugins_audits():
    class Fine:
        name = "fine"

    def explode():
        raise ZeroDivisionError("on purpose")

    manager = PluginManager()
    manager.load(info("good"), plugin(fmaudit_audits=lambda: [Fine]))
    bad = manager.load(info("bad"), plugin(fmaudit_audits=explode))
    assert bad.state == "broken"
    assert "ZeroDivisionError: on purpose" in bad.cause
    assert list(manager.audits) == ["fine"]


def test_what_an_error_advises_is_told_apart_from_what_is_wrong():
    def explode():
        raise ConfigError("a setting is\n wrong", hint="set another")

    bad = PluginManager().load(info("bad"), plugin(fmaudit_audits=explode))
    assert bad.cause == "ConfigError: a setting is wrong; set another"


def test_two_plugins_may_not_take_the_same_name():
    class Same:
        name = "same"

    manager = PluginManager()
    manager.load(info("one"), plugin(fmaudit_audits=lambda: [Same]))
    second = manager.load(info("two"), plugin(fmaudit_audits=lambda: [Same]))
    assert "already taken by plugin 'one'" in second.cause
    assert manager.owner("audits", "same").name == "one"


def test_a_half_broken_plugin_leaves_nothing_behind():
    class Nameless:
        pass

    class Named:
        name = "named"

    manager = PluginManager()
    broken = manager.load(info("half"), plugin(fmaudit_audits=lambda: [Named], fmaudit_signals=lambda: [Nameless]))
    assert broken.state == "broken"
    assert not manager.audits


def test_events_reach_every_plugin_even_after_one_raises():
    heard = []

    def explode(event):
        raise RuntimeError("no thanks")

    manager = PluginManager()
    manager.load(info("a"), plugin(fmaudit_run_event=explode))
    manager.load(info("b"), plugin(fmaudit_run_event=lambda event: heard.append(event.run)))
    complaints = manager.tell(RunStarted(run="run-1", directory="/nowhere"))
    assert heard == ["run-1"]
    assert complaints == ["plugin 'a' raised in fmaudit_run_event: RuntimeError: no thanks"]


def test_a_named_plugin_that_is_not_installed_is_broken_with_a_suggestion():
    manager = load_plugins(["corpus-langage"])
    assert "did you mean 'corpus-language'" in manager.plugins["corpus-langage"].cause


def test_every_hook_is_documented():
    from fmaudit.hooks import specs

    for name in HOOKS:
        assert (getattr(specs, name).__doc__ or "").strip(), name
