"""Which audits look at which targets, with parameters that are valid and name real things."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from fmaudit.audit import CorpusAudit, ModelAudit, Named, TokenizerAudit
from fmaudit.config import Config, explain_validation, suggest
from fmaudit.errors import ConfigError

if TYPE_CHECKING:
    from fmaudit.audit import Audit
    from fmaudit.hooks.manager import PluginManager

__all__ = ["PlannedAudit", "absolute_uri", "broken_hint", "planned_audits"]

_KINDS = {"corpus": CorpusAudit, "tokenizer": TokenizerAudit, "model": ModelAudit}


@dataclass(frozen=True, slots=True)
class PlannedAudit:
    """One audit of one target, with validated parameters."""

    audit: Audit
    target: str
    plugin: str
    plugin_version: str

    @property
    def name(self) -> str:
        """The audit's name."""
        return self.audit.name

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as plain JSON values."""
        return self.audit.params.model_dump(mode="json")

    @property
    def read(self) -> dict[str, Any]:
        """The parameters that change its rows."""
        reads = getattr(self.audit, "reads", None)
        return {key: value for key, value in self.parameters.items() if reads is None or key in reads}


def planned_audits(config: Config, plugins: PluginManager) -> tuple[PlannedAudit, ...]:
    """Resolve every audit of audit.toml. Raises ConfigError for unknown audits, targets and parameters."""
    planned = []
    for name, settings in config.settings.audit.items():
        kind = plugins.audits.get(name)
        if kind is None:
            raise ConfigError(f"audit.{name}: no such audit; {suggest(name, list(plugins.audits))}", hint=broken_hint(plugins))
        params = _params(name, kind, settings.parameters, config)
        owner = plugins.owner("audits", name)
        targets = _targets(name, kind, settings.targets, config)
        planned += [PlannedAudit(kind(params), target, owner.name, owner.version) for target in targets]
    return tuple(planned)


def broken_hint(plugins: PluginManager) -> str:
    """Say which plugins are broken or not enabled: the missing thing may be theirs."""
    broken = [f"plugin {info.name!r} is broken: {info.cause}" for info in plugins.broken]
    available = [info.name for info in plugins.plugins.values() if info.state == "available"]
    if available:
        broken.append(f"installed but not named in plugins = [...]: {', '.join(available)}")
    return "\n  ".join(broken)


def absolute_uri(uri: str, folder: Path) -> str:
    """Make the path in a URI absolute where it names something that is there; anything else stays as written."""
    scheme, separator, rest = uri.partition(":")
    path, mark, fragment = rest.partition("#")
    if not separator or not path or not (folder / path).exists():
        return uri
    return f"{scheme}:{(folder / path).resolve()}{mark}{fragment}"


def _params(name: str, kind: type[Audit], given: Mapping[str, Any], config: Config) -> Any:
    """Validate an audit's parameters; a relative path among them starts from the folder of audit.toml."""
    given = dict(given) | _named(name, kind, given, config)
    try:
        params = kind.Params.model_validate(given)
    except ValidationError as error:
        raise ConfigError(explain_validation(error, f"audit.{name}", kind.Params)) from None
    return _from_folder(params, config.folder)


def _from_folder(params: Any, folder: Path) -> Any:
    """Let the relative paths among parameters, nested ones and those of lists too, start from a folder."""
    moved = {key: _moved(value, folder) for key, value in params if isinstance(value, Path | BaseModel | tuple)}
    return params.model_copy(update=moved) if moved else params


def _moved(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, tuple):
        return tuple(_moved(each, folder) for each in value)
    return _from_folder(value, folder) if isinstance(value, BaseModel) else value


def _named(name: str, kind: type[Audit], given: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """Put what is known of other targets in the place of their names."""
    resolved: dict[str, Any] = {}
    for key, field in kind.Params.model_fields.items():
        mark = next((item for item in field.metadata if isinstance(item, Named)), None)
        if mark is None:
            continue
        known: Mapping[str, Any] = getattr(config.settings, mark.kind)
        wanted = given.get(key, list(known) if mark.all_by_default else [])
        wanted = [wanted] if isinstance(wanted, str) else wanted
        for target in wanted:
            if target not in known:
                problem = f"audit.{name}.{key}: {target!r} is not a {mark.kind}; {suggest(str(target), list(known))}"
                raise ConfigError(problem, hint=_add_one(str(target), known, mark.kind))
        resolved[key] = {target: _described(mark.kind, known[target], config.folder) for target in wanted}
    return resolved


def _described(kind: str, settings: Any, folder: Path) -> Any:
    if kind == "tokenizer":
        return absolute_uri(settings.uri, folder)
    plain = settings.model_dump(mode="json")
    if kind == "model":
        return settings.options | {"uri": absolute_uri(settings.uri, folder)}
    return plain | {"path": [_absolute(path, folder) for path in plain["path"]]}


def _absolute(pattern: str, folder: Path) -> str:
    return pattern if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", pattern) else str(folder / pattern)


def _targets(name: str, kind: type[Audit], given: Sequence[str] | None, config: Config) -> Sequence[str]:
    """Name the audit's targets: as given, or all of the fitting kinds."""
    kinds = [label for label, base in _KINDS.items() if issubclass(kind, base)]
    fitting = [target for label in kinds for target in getattr(config.settings, label)]
    wanted = " or ".join(kinds) or "target"
    if given is None:
        if not fitting:
            tables = " or ".join(f"[{label}.NAME]" for label in kinds)
            raise ConfigError(f"audit.{name}: there is no {wanted} to audit", hint=f"add a table {tables}")
        return fitting
    for target in given:
        if target not in fitting:
            problem = f"audit.{name}: {target!r} is not a {wanted}; {suggest(target, fitting)}"
            raise ConfigError(problem, hint=_add_one(target, fitting, *kinds))
    return given


def _add_one(target: str, known: Collection[str], *kinds: str) -> str:
    """Say what to do about a target that is not there."""
    name = target if re.fullmatch(r"[\w-]+", target, re.ASCII) else f'"{target}"'
    tables = " or ".join(f"[{kind}.{name}] with {'a path' if kind == 'corpus' else 'a uri'}" for kind in kinds)
    return f"name one of these, or add {tables}" if known else f"add {tables}"
