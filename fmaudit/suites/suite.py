"""A suite: the cases of one question about a model's behaviour, how they are asked, and what the answers say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from functools import cached_property
from importlib import import_module
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pyarrow as pa

from fmaudit.audit import ModelAudit
from fmaudit.errors import ConfigError
from fmaudit.models.base import Capability
from fmaudit.records import Case, Finding, Metric, Severity
from fmaudit.suites.asking import Asker
from fmaudit.suites.naming import canonical_names, table_of, tables, unknown_suite
from fmaudit.suites.row import SCHEMA, UNAVAILABLE, Row, sha256, with_hash
from fmaudit.suites.telling import in_words, measured, not_asked

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fmaudit.audit import Observations
    from fmaudit.models.model import Model
    from fmaudit.records import Exhibit
    from fmaudit.suites.asking import AskParams

__all__ = ["Suite", "SuiteAudit"]


class Suite(ABC):
    """One question about a model's behaviour: `cases` names what is asked, `observe` asks one, `measure` reads all rows.

    `needs` names what a model must be able to do; asked of a model that cannot, the suite says so and the others go on.
    `headlines` names the metrics that answer the question, the chief one first, each with its slice where that is always the same
    ("share{kind=all}"); a report begins with them. `tables` names parameters of other suites that this one reads.
    Rows whose answer failed are not there: measure over what came, and say how many that were.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.GENERATE})
    headlines: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Any) -> None:
        """Take the audit's validated parameters."""
        self.params = params

    @abstractmethod
    def cases(self) -> Iterable[Case]:
        """Name the items; ids need to be unique in the suite only."""

    @abstractmethod
    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one case."""

    @abstractmethod
    def measure(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[Metric | Finding | Exhibit]:
        """Turn the suite's rows (dicts with the columns of `Row`, and `case`) into results."""

    def compared(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Give the rows behind metrics by name, as `Audit.compared` says, so that two runs are compared answer by answer."""
        return {}

    def cluster(self, row: Mapping[str, Any]) -> str:
        """Name what an answer belongs together with: others of the same name are not independent of it."""
        return str(row["item"])

    def fingerprint(self) -> str:
        """Name everything besides code and parameters that changes the cases (an item file's hash, say)."""
        return ""

    def warnings(self) -> Iterable[str]:
        """Say which parameters have no effect as they are set; sentences of several suites that are the same are told once."""
        return ()


class SuiteAudit(ModelAudit):
    """A model audit whose parameter `suites` names which of its suites are asked.

    `available` names the suites there are: the class, or "module:Class", which is imported where the suite is on. The parameters
    have `suites`, those that `Asker` reads (`AskParams`), and for a suite "two-words" perhaps a table `two_words`. Both may be written
    with hyphens or underscores.
    """

    available: ClassVar[Mapping[str, type[Suite] | str]]
    measured: ClassVar[tuple[str, ...]] = ("minimum_items",)  # parameters that change neither cases nor rows

    needs: ClassVar[frozenset[Capability]] = frozenset()
    schema: ClassVar[pa.Schema] = SCHEMA
    better: ClassVar[Mapping[str, str]] = {"correct": "higher"}

    def __init__(self, params: BaseModel | None = None) -> None:
        """Take validated parameters; suites are named as `available` names them from here on."""
        super().__init__(params)
        names = canonical_names(self.params.suites, self.available)  # type: ignore[attr-defined]
        self.params = self.params.model_copy(update={"suites": names})

    @property
    def reads(self) -> tuple[str, ...]:  # type: ignore[override]
        """All parameters but those that only measuring looks at."""
        return tuple(name for name in type(self.params).model_fields if name not in self.measured)

    @cached_property
    def suites(self) -> Mapping[str, Suite]:
        """The suites that are on. Raises ConfigError for a name that is none, and where no suite is named."""
        wanted: Sequence[str] = self.params.suites  # type: ignore[attr-defined]
        known = list(self.available)
        if not wanted:
            raise ConfigError(f"audit.{self.name}.suites: it is empty, so nothing would be asked", hint=f"there are {', '.join(known)}")
        unknown = [name for name in wanted if name not in self.available]
        if unknown:
            raise ConfigError(f"audit.{self.name}.suites: there is no suite {unknown[0]!r}", hint=unknown_suite(unknown[0], known))
        return {name: _loaded(self.available[name])(self.params) for name in wanted}

    @property
    def headlines(self) -> tuple[str, ...]:  # type: ignore[override]
        """The chief metrics of the suites that are on, the first of every suite before the second of any."""
        turns = zip_longest(*(suite.headlines for suite in self.suites.values()))
        return tuple(name for turn in turns for name in turn if name is not None)

    def warnings(self) -> list[str]:
        """Say which settings have no effect as they are set."""
        read = {name for suite in self.suites.values() for name in (table_of(suite.name), *suite.tables)}
        fields = type(self.params).model_fields
        changed = {
            name for name in tables(type(self.params)) if getattr(self.params, name) != fields[name].get_default(call_default_factory=True)
        }
        idle = [name for name in self.available if table_of(name) in changed - read]
        told = [f"{table_of(name)} is set, and the suite {name!r} is not among the suites" for name in idle]
        told += _too_few(self.params)
        if self.params.chat and _template_set(self.params):  # type: ignore[attr-defined]
            told.append("template is set, and chat = true: prompts go through the model's chat template, and the template is not sent")
        told += [sentence for suite in self.suites.values() for sentence in suite.warnings()]
        return [f"audit.{self.name}: {sentence}" for sentence in dict.fromkeys(told)]

    def warnings_of(self, target: str) -> list[str]:
        """Say what has no effect where a certain target is audited; none by default."""
        return []

    def unable(self, capabilities: Set[Capability]) -> dict[str, str]:
        """Name the suites that cannot be asked of a model that can only do so much, each with what it lacks, in words."""
        lacking = {name: suite.needs - capabilities for name, suite in self.suites.items()}
        return {name: in_words(sorted(missing)) for name, missing in lacking.items() if missing}

    def cases(self) -> Iterator[Case]:
        """Name the cases of all suites, each under its suite's name."""
        for suite in self.suites.values():
            for case in suite.cases():
                yield Case(id=f"{suite.name}/{case.id}", data={"suite": suite.name, "case": case.id, "data": dict(case.data)})

    async def observe(self, case: Case, model: Model) -> list[Mapping[str, Any]]:
        """Let the suite ask one case."""
        suite = self.suites[case.data["suite"]]
        asker = Asker(model, cast("AskParams", self.params))
        missing = sorted(suite.needs - model.capabilities)
        if missing:
            rows: Iterable[Row] = [Row(item=str(case.data["case"]), label=UNAVAILABLE, evidence=", ".join(missing))]
        else:
            rows = await suite.observe(Case(id=case.data["case"], data=case.data["data"]), asker)
        builtin = Capability.PROFILE in model.capabilities and model.profile().builtin
        beside = {"builtin": builtin, "chat": asker.chat}
        return [{"suite": suite.name, **asdict(with_hash(row)), **beside} for row in rows]

    def measure(self, seen: Observations) -> Iterator[Metric | Finding | Exhibit]:
        """Let every suite read its rows."""
        chatted = False
        alone = not seen.sql("SELECT 1 FROM observations WHERE label <> ? LIMIT 1", [UNAVAILABLE]).num_rows
        for suite in self.suites.values():
            rows = _rows(seen, suite)
            able = _able(rows)
            chatted |= any(row.get("chat") for row in able)  # runs of before have no such column
            yield from measured(suite, able) if able else not_asked(suite, rows, alone)
        if seen.sql("SELECT 1 FROM observations WHERE builtin LIMIT 1").num_rows:
            sentence = "The model is one of the built-in ones: what is measured of it shows how the audit works, and nothing else."
            yield Finding(code="builtin-model", severity=Severity.NOTE, sentence=sentence)
        if _template_set(self.params) and chatted:
            yield Finding(
                code="template-not-sent", severity=Severity.WARNING,
                sentence=f"The template {self.params.template!r} was not sent: this model was asked through its chat template.",  # type: ignore[attr-defined]
                advice="Set chat = false to ask with the template, or leave the template out.",
            )  # fmt: skip

    def compared(self, seen: Observations) -> Mapping[str, pa.Table]:
        """Give every yes and no of every suite as `correct{suite=...}`, of every suite what its labels make up, and what it gives itself.

        What is answered is one item under one condition, in one of its samples.
        """
        right: list[Mapping[str, Any]] = []
        own: dict[str, pa.Table] = {}
        for suite in self.suites.values():
            rows = _able(_rows(seen, suite))
            right += _right(suite, rows)
            own |= {name: pa.Table.from_pylist([dict(one) for one in made]) for name, made in suite.compared(rows).items() if made}
        return {
            **own,
            "correct": pa.Table.from_pylist([dict(one) for one in right], schema=_RIGHT),
            "label": seen.sql(
                "SELECT item, count(*)::double AS amount, suite, label FROM observations WHERE label NOT IN ('', ?) "
                "GROUP BY ALL ORDER BY suite, label, item",
                [UNAVAILABLE],
            ),
        }

    def fingerprint(self) -> str:
        """Name the items of all suites."""
        return sha256("\n".join(f"{name} {suite.fingerprint()}" for name, suite in self.suites.items()))


_RIGHT: pa.Schema = pa.schema(
    [SCHEMA.field("item"), SCHEMA.field("item").with_name("cluster"), pa.field("value", pa.bool_()), SCHEMA.field("suite")]
)


def _rows(seen: Observations, suite: Suite) -> Sequence[Mapping[str, Any]]:
    return seen.sql('SELECT * FROM observations WHERE suite = ? ORDER BY "case", item, condition, sample', [suite.name]).to_pylist()


def _able(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["label"] != UNAVAILABLE]


def _right(suite: Suite, rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Give every yes and no of a suite under the name of its answer."""
    for row in rows:
        if row["correct"] is not None:
            item = "\x1f".join(str(row[column]) for column in ("item", "condition", "language", "stratum", "sample"))
            yield {"item": item, "cluster": suite.cluster(row), "value": row["correct"], "suite": suite.name}


def _template_set(params: Any) -> bool:
    return bool(params.template != type(params).model_fields["template"].default)


def _too_few(params: Any) -> Iterator[str]:
    """Say where the limit leaves too little for a rate."""
    if params.limit is not None and params.limit < params.minimum_items:
        yield f"limit is {params.limit}, and a rate takes {params.minimum_items} items (minimum_items): most will have no value"


def _loaded(place: type[Suite] | str) -> type[Suite]:
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    kind: type[Suite] = getattr(import_module(module), name)
    return kind
