"""The checker's own dated facts: published models, languages of the web, premiums of tokenizers, who made what and when."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from fmaudit import ModelError

__all__ = [
    "Language",
    "Model",
    "Origin",
    "Premium",
    "crawl",
    "electricity",
    "known_figures",
    "languages",
    "makers",
    "models",
    "origins",
    "premiums",
    "reference",
    "related",
    "scaled_results",
]


@dataclass(frozen=True)
class Model:
    """What was published about a model. Figures that were not published are None; `facts` holds the rest of the row."""

    name: str
    names: tuple[str, ...]
    source: str
    day: str
    family: str = ""
    developer: tuple[str, ...] = ()
    undisclosed: bool = False  # the developer never gave the size: what goes round is a rumour
    recalled: frozenset[str] | bool = False  # fields (True: all) whose source was not opened again when the row was written
    published: float | None = None
    published_active: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def engine(self) -> Any:
        """The EngineProfile of the model's configuration; None where no configuration is known."""
        return _engine(self.name)

    @property
    def parameters(self) -> float | None:
        """All parameters: counted from the configuration, else as published."""
        return self.engine.parameters if self.engine is not None else self.published

    @property
    def active(self) -> float | None:
        """The parameters a token meets: counted, else as published, else all of a model without experts."""
        if self.published_active is not None:  # developers do not count tables alike, so theirs goes first
            return self.published_active
        if self.engine is not None:
            return float(self.engine.active_parameters)
        return None if "experts" in self.facts else self.published

    @property
    def tokens(self) -> float | None:
        """The tokens it was trained on: the different ones, where they were repeated."""
        return self.number("unique_tokens") or self.number("tokens")

    @property
    def seen(self) -> float | None:
        """All tokens that training went over, repeated ones as often as they came."""
        return self.number("tokens")

    @property
    def attention_layers(self) -> float | None:
        """The blocks that attend to other positions, None where the configuration is not known."""
        plan = self.engine.plan if self.engine is not None else None
        return None if plan is None else float(sum(1 for layer in (*plan.layers, *plan.encoder) if layer.attends))

    def number(self, key: str) -> float | None:
        """Return a figure of the row, the sum where it is given by parts, None where it is not known."""
        value = self.facts.get(key)
        return None if value is None else float(sum(value) if isinstance(value, list) else value)

    def count(self, key: str) -> float | None:
        """Return layers, hidden, vocabulary, heads, kv_heads, experts or experts_used: from the configuration, else from the row."""
        keys = _CONFIG_KEYS.get(key, ())
        values = self.engine.config if self.engine is not None else {}
        found = next((values[name] for name in keys if values.get(name) is not None), None)
        return float(found) if found is not None else self.number(key) or (self.facts.get("shared") or {}).get(f"{key}_size")


_CONFIG_KEYS = {
    "layers": ("num_hidden_layers", "n_layer"),
    "hidden": ("hidden_size", "n_embd"),
    "vocabulary": ("vocab_size",),
    "heads": ("num_attention_heads", "n_head"),
    "kv_heads": ("num_key_value_heads",),
    "experts": ("num_local_experts", "n_routed_experts", "num_experts"),
    "experts_used": ("num_experts_per_tok",),
    "intermediate": ("intermediate_size",),
}


@dataclass(frozen=True, slots=True)
class Language:
    """A language's share of Common Crawl in per cent, now and in the snapshots of 2022 and 2023, and its speakers."""

    name: str
    names: tuple[str, ...]
    share: float
    earlier: float | None
    speakers: float | None
    speakers_earlier: float | None


@dataclass(frozen=True, slots=True)
class Premium:
    """How many times the tokens of English a tokenizer takes, by language."""

    tokenizer: str
    of: str
    names: tuple[str, ...]
    values: Mapping[str, float]
    source: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made or named something, and when."""

    name: str
    names: tuple[str, ...]
    by: tuple[str, ...]
    years: tuple[int, ...]
    source: str
    recalled: bool = False


@cache
def _table(file: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files("fmaudit_engine_card").joinpath(f"data/{file}.toml").read_text("utf-8"))


@cache
def models() -> tuple[Model, ...]:
    """Return the published models, in the order of the table."""
    return tuple(_model(row) for row in _table("models")["model"])


def _model(row: Mapping[str, Any]) -> Model:
    return Model(
        row["name"],
        (row["name"], *row.get("aliases", ())),
        row["source"],
        str(row["day"]),
        row.get("family", ""),
        tuple(row.get("developer", ())),
        row["status"] == "rumoured",
        frozenset(row["recalled"]) if isinstance(row.get("recalled"), list) else bool(row.get("recalled", False)),
        row.get("parameters"),
        row.get("active"),
        row,
    )


def related(model: Model) -> tuple[Model, ...]:
    """Return the members of the family that a model names, with a size of their own; then those of a later release that it has not.

    "Llama 3" is said of Llama 3.1 as well. A model that is no family has none.
    """
    if not model.family or model.name != model.family:
        return ()
    sized = [other for other in models() if other.parameters is not None]
    own = [other for other in sized if other.family == model.family]
    counts = {other.parameters for other in own}
    return (*own, *(other for other in sized if other.family.startswith(f"{model.family}.") and other.parameters not in counts))


@cache
def _engine(name: str) -> Any:
    from fmaudit_engine_card.architecture.profile import profile

    config = next((model.facts.get("config") for model in models() if model.name == name), None)
    if config is None:
        return None
    try:
        return profile(config)
    except ModelError:  # a family the profile does not know: the published figures stay
        return None


def reference(name: str) -> Any:
    """Return the EngineProfile of a published configuration that stands for its kind."""
    from fmaudit_engine_card.architecture.profile import profile

    return profile(name)


@cache
def languages() -> tuple[Language, ...]:
    """Return the languages with a known share of Common Crawl."""
    rows = _table("claims_facts")["language"]
    return tuple(
        Language(
            row["name"],
            (row["name"], *row.get("aliases", ())),
            row["share"],
            row.get("earlier"),
            row.get("speakers"),
            row.get("speakers_earlier"),
        )
        for row in rows
    )


@cache
def premiums() -> tuple[Premium, ...]:
    """Return the tokenizers with known premiums."""
    rows = _table("claims_facts")["premium"]
    return tuple(Premium(row["tokenizer"], row.get("of", ""), tuple(row["aliases"]), row["values"], row["source"]) for row in rows)


@cache
def origins() -> tuple[Origin, ...]:
    """Return what is known of makers and years; models come after the rest."""
    rows = _table("claims_facts")["origin"]
    named = [
        Origin(
            row["name"],
            (row["name"], *row.get("aliases", ())),
            tuple(row["by"]),
            tuple(row["years"]),
            row["source"],
            bool(row.get("recalled")),
        )
        for row in rows
    ]
    made = [
        Origin(model.name, model.names, model.developer, (int(model.facts["year"]),), model.source, model.recalled is True)
        for model in models()
    ]
    return (*named, *made)


def scaled_results() -> tuple[Mapping[str, Any], ...]:
    """Return results of one family on a benchmark: name, family, sizes, successes, total, source."""
    return tuple(_table("claims_facts")["scaled"])


def crawl() -> Mapping[str, Any]:
    """Return what is known of Common Crawl."""
    return dict(_table("claims_facts")["crawl"])


def makers() -> Mapping[str, Any]:
    """Return the names of makers, and which of them are one house."""
    return dict(_table("claims_facts")["makers"])


def electricity(name: str) -> Mapping[str, Any]:
    """Return what the published amounts of a year leave open ("data centres 2030")."""
    return next(row for row in _table("claims_facts")["electricity"] if row["name"] == name)


def known_figures(kind: str) -> tuple[Mapping[str, Any], ...]:
    """Return the figures of a kind that go round without saying what they are about."""
    return tuple(row for row in _table("claims_facts")["known"] if row["kind"] == kind)
