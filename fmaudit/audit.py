"""The contracts plugin authors implement: signals and tallies that observe, audits that measure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import pyarrow as pa

    from fmaudit.corpus.batch import DocumentBatch
    from fmaudit.models.base import Capability
    from fmaudit.models.model import Model
    from fmaudit.records import Case, Exhibit, Finding, Measurement, Metric
    from fmaudit.tokenizers.base import Tokenizer

__all__ = [
    "Audit",
    "Corpora",
    "CorpusAudit",
    "DocumentFilter",
    "ModelAudit",
    "Models",
    "Named",
    "Observations",
    "Params",
    "Signal",
    "Tally",
    "TokenizerAudit",
    "Tokenizers",
]


class Params(BaseModel):
    """Base of an audit's parameters: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Named:
    """Marks a parameter that names other targets of audit.toml; the plan puts what they are in the place of their names."""

    kind: str  # "corpus", "tokenizer" or "model"
    all_by_default: bool = True


Tokenizers = Annotated[dict[str, str], Named("tokenizer")]
"""Written as a list of names, all by default; arrives as name -> URI, absolute."""

Corpora = Annotated[dict[str, dict[str, Any]], Named("corpus")]
"""Written as a list of names, all by default; arrives as name -> settings for `draw_documents`."""

Models = Annotated[dict[str, dict[str, Any]], Named("model", all_by_default=False)]
"""Written as a list of names, none by default; arrives as name -> settings for `load_backend` (`uri` and its options)."""


class Observations(Protocol):
    """What a target's observations look like to `measure`.

    Of a tokenizer or a model there is the table `observations`: what the audit's `observe` gave, in order (a model's with the
    column `case` first). Of a corpus, `documents` is one row per document: `file`, `offset`, `id`, `url`, `host`, `domain`,
    `declared_language`, `bytes` (UTF-8), `characters` (code points), `cluster` (host, else file), a struct `meta` of the named
    metadata as text, and one struct column for every signal, so that `language.label` is plain SQL. Each tally is a table of its own name.
    """

    @property
    def target(self) -> str:
        """The target's name in audit.toml."""
        ...

    @property
    def kind(self) -> str:
        """What the target is: "corpus", "tokenizer" or "model"."""
        ...

    @property
    def uri(self) -> str:
        """The URI of a tokenizer or a model, as written; empty for a corpus."""
        ...

    @property
    def sampled(self) -> float:
        """The share of the corpus that was looked at by design, 1.0 for all of it."""
        ...

    @property
    def metadata(self) -> tuple[str, ...]:
        """The names of the metadata fields kept in `meta`."""
        ...

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals that `documents` has."""
        ...

    @property
    def measured(self) -> Sequence[Measurement]:
        """What the other audits of the run found, of every target: for an audit that `sums_up`, nothing for any other."""
        ...

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run SQL over `documents` and the tallies; bind corpus text as parameters, never into the query."""
        ...

    def arrow(self, columns: Sequence[str]) -> pa.Table:
        """Read columns of `documents`, or of `observations`, in order."""
        ...


class Signal(ABC):
    """A named set of per-document columns, computed once per batch and shared by every audit that names it.

    `compute` is pure: the same batch gives the same rows, in any process and after any other batch. An instance lives as
    long as its worker process, so it may keep models and memos, never results. `reads` names the parameters that change its rows:
    only those reach it, so that a new threshold of the audit never costs reading the corpus again.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    schema: ClassVar[pa.Schema]
    needs: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Take the parameters that `reads` names, from the audit of the signal's own plugin."""
        self.params: Mapping[str, Any] = params or {}

    @abstractmethod
    def compute(self, batch: DocumentBatch) -> pa.RecordBatch:
        """Compute the columns: same length and order as the batch."""

    def fingerprint(self) -> str:
        """Name everything besides code that changes the rows (a model file's hash, say)."""
        return ""


class Tally(ABC):
    """Counted rows of any grain (n-grams, hosts, hash bands): key columns and an integer column `n`.

    Rows of equal key from different batches are summed when measured.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    schema: ClassVar[pa.Schema]
    needs: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        """Take the parameters that `reads` names, from the audit of the tally's own plugin."""
        self.params: Mapping[str, Any] = params or {}

    @abstractmethod
    def count(self, batch: DocumentBatch) -> pa.Table:
        """Count the keys of the batch."""

    def fingerprint(self) -> str:
        """Name everything besides code that changes the rows."""
        return ""


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """A named decision over documents, replayed from stored signals.

    `keep`, `first_reason` and `reasons` are SQL expressions over `documents` (boolean, text or NULL, list of text).
    `cleaned_sha256` is an SQL expression where the filter rewrites the text, and `rewrite` then gives the new texts
    of a batch's documents (same length and order).
    """

    name: str
    keep: str
    first_reason: str
    reasons: str
    cleaned_sha256: str | None = None
    rewrite: Callable[[DocumentBatch], pa.Array[Any]] | None = None
    metadata: tuple[str, ...] = ()  # fields of `meta` it asks for; a corpus without them has no such filter


class Audit(ABC):
    """A question about a target, answered from observations."""

    name: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[BaseModel]] = Params
    better: ClassVar[Mapping[str, str]] = {}  # a metric's name -> "higher" or "lower", where one of them is good news
    sums_up: ClassVar[bool] = False  # measured after all others that do not, with what they found in `seen.measured`
    headlines: Sequence[str] = ()  # metrics that a report begins with, the chief one first: "name", or "name{key=value}" for one slice

    def __init__(self, params: BaseModel | None = None) -> None:
        """Take validated parameters."""
        self.params = params if params is not None else self.Params()

    @abstractmethod
    def measure(self, seen: Observations) -> Iterable[Metric | Finding | Exhibit]:
        """Turn observations into metrics, findings and exhibits; may be repeated at any time."""

    def compared(self, seen: Observations) -> Mapping[str, pa.Table]:
        """Give the rows behind metrics, by the metric's name, so that two runs are compared by what both looked at; none by default.

        A row has `item`, which names the same question, sentence or source in every run, and `value`: true, false or a number. The
        metric is the sum of `value` over that of `weight`, which is 1 where there is no such column; items that belong together have
        the same `cluster`. Every other column is a key of the metric's slice. A table with `amount` in the place of `value` is of shares
        of a whole: the metric is what the rows of one value of the last column have of the sum over all its values. A name that is no
        metric becomes one when runs are compared.
        """
        return {}


class CorpusAudit(Audit):
    """An audit of a corpus: names the signals and tallies it reads, by name.

    `wants` names signals it uses where some plugin provides them, and does without where none does.
    """

    signals: ClassVar[tuple[str, ...]] = ()
    wants: ClassVar[tuple[str, ...]] = ()
    tallies: ClassVar[tuple[str, ...]] = ()

    def filters(self) -> Sequence[DocumentFilter]:
        """Name the decisions this audit can replay over stored signals."""
        return ()


class TokenizerAudit(Audit):
    """An audit of a tokenizer: `observe` gives its rows, a table at a time, in the columns of `schema`.

    `reads` names the parameters that change the rows, all of them where it is None: another one costs measuring only.
    """

    schema: ClassVar[pa.Schema]
    reads: ClassVar[tuple[str, ...] | None] = None

    @abstractmethod
    def observe(self, tokenizer: Tokenizer) -> Iterable[pa.Table]:
        """Look at a tokenizer; pure."""

    def fingerprint(self) -> str:
        """Name everything besides code and parameters that changes the rows (a data file's hash, say)."""
        return ""


class ModelAudit(Audit):
    """An audit of a model's behaviour, case by case.

    `cases` gives the same cases in the same order for every model. `observe` looks at one of them: many cases of many audits wait
    for the model together, so it is written as if it were alone. What it does besides asking the model is pure. `reads` names the
    parameters that change cases or rows, all of them where it is None: another one costs measuring only.
    """

    needs: ClassVar[frozenset[Capability]] = frozenset()
    schema: ClassVar[pa.Schema]
    reads: ClassVar[tuple[str, ...] | None] = None

    @abstractmethod
    def cases(self) -> Iterable[Case]:
        """Name the prompts or items."""

    @abstractmethod
    async def observe(self, case: Case, model: Model) -> Iterable[Mapping[str, Any]]:
        """Observe one case: rows in the columns of `schema`. A RequestError costs this case only."""

    def check(self) -> None:
        """Raise, while planning, what a wrong parameter or a missing file would cost later; by default the cases are made.

        An audit whose cases take long to make looks at what can be known without them.
        """
        deque(self.cases(), maxlen=0)

    def fingerprint(self) -> str:
        """Name everything besides code and parameters that changes the cases (a prompt file's hash, say)."""
        return ""
