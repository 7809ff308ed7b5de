"""The settings of audit.toml as frozen, validated models; unknown keys are errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = [
    "AuditSettings",
    "CheckSettings",
    "CorpusSettings",
    "ModelSettings",
    "ReportSettings",
    "RunSettings",
    "ScheduleSettings",
    "Settings",
    "TokenizerSettings",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusSettings(_Table):
    """`[corpus.NAME]`: where a corpus lies and which fields hold what."""

    path: tuple[str, ...] = Field(min_length=1, description="files, globs, folders, fsspec URLs, or huggingface:NAME")
    format: str = Field(default="", description="the reader's name, where the suffix does not tell")
    text: str = Field(default="text", description="field or column that holds the text")
    id: str = Field(default="", description="field that names a document")
    url: str = Field(default="", description="field with the document's address; its host is the cluster")
    language: str = Field(default="", description="field with a declared language")
    domain: str = Field(default="", description="field with a declared domain or source")
    metadata: tuple[str, ...] = Field(default=(), description="further fields to keep, for metadata rules and slices")
    sample: float = Field(default=1.0, gt=0, le=1, description="share of documents to look at, by hash of their identity")
    limit: int | None = Field(default=None, ge=1, description="look at no more than this many documents, shared evenly over the splits")
    max_document_bytes: int = Field(default=16 << 20, ge=1024, description="a larger document is passed over as oversize")

    @field_validator("path", "metadata", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class TokenizerSettings(_Table):
    """`[tokenizer.NAME]`: how a tokenizer is reached."""

    uri: str


class ModelSettings(BaseModel):
    """`[model.NAME]`: how a model is reached, then the backend's own options, which the backend validates."""

    model_config = ConfigDict(extra="allow", frozen=True)

    uri: str
    price_input: float | None = Field(default=None, ge=0, description="price of a million tokens of prompts, over the table's")
    price_output: float | None = Field(default=None, ge=0, description="price of a million tokens of completions, over the table's")

    @property
    def options(self) -> dict[str, Any]:
        """The backend's own options as written."""
        return dict(self.model_extra or {})


class AuditSettings(BaseModel):
    """`[audit.NAME]`: targets by name, then the audit's own parameters, which the audit validates."""

    model_config = ConfigDict(extra="allow", frozen=True)

    targets: tuple[str, ...] | None = None

    @field_validator("targets", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @property
    def parameters(self) -> dict[str, Any]:
        """The audit's own parameters as written."""
        return dict(self.model_extra or {})


class CheckSettings(_Table):
    """`[[check]]`: limits on a metric, judged on its interval's bounds or on its value."""

    metric: str
    target: str = ""
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    max_change: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    on: Literal["interval", "value"] = "interval"

    @model_validator(mode="after")
    def _some_limit(self) -> CheckSettings:
        if self.min is None and self.max is None and self.max_change is None:
            raise ValueError("a check needs min, max or max_change")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min:g} (min) and at most {self.max:g} (max)")
        return self


class ReportSettings(_Table):
    """`[report]`: which formats are written into the run directory."""

    formats: tuple[str, ...] = ("html", "markdown", "json")
    title: str = ""


class ScheduleSettings(_Table):
    """`[schedule]`: when the audit is due."""

    cron: str
    timezone: str = "UTC"


class RunSettings(_Table):
    """`[run]`: how the work is done; nothing here changes a number but `seed` and `tolerance`'s exit code."""

    directory: str = Field(default="runs", description="where run directories are made")
    cache: str = Field(default="cache", description="where answers of models are kept, for this run and later ones")
    workers: int = Field(default=0, ge=0, description="processes; 0 takes one per core where the corpus is worth it")
    seed: int = Field(default=0, description="seed of every sample and bootstrap")
    tolerance: float = Field(default=0.0, ge=0, le=1, description="share of documents that may be lost before the exit code is 3")
    batch_bytes: int = Field(default=2 << 20, ge=1 << 10, description="bytes of text in a batch: memory grows with it")
    unit_bytes: int = Field(default=32 << 20, ge=1 << 10, description="bytes of text between two acknowledgements")
    split_bytes: int = Field(default=128 << 20, ge=1 << 10, description="bytes on disk in a split, where a format can be split")


class Settings(_Table):
    """Everything audit.toml can say."""

    plugins: tuple[Name, ...] = ()
    corpus: dict[Name, CorpusSettings] = {}
    tokenizer: dict[Name, TokenizerSettings] = {}
    model: dict[Name, ModelSettings] = {}
    audit: dict[Name, AuditSettings] = {}
    check: tuple[CheckSettings, ...] = ()
    report: ReportSettings = ReportSettings()
    schedule: ScheduleSettings | None = None
    run: RunSettings = RunSettings()

    @model_validator(mode="after")
    def _targets_are_unique(self) -> Settings:
        names = [*self.corpus, *self.tokenizer, *self.model]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"a target's name must be used once; used twice: {', '.join(twice)}")
        return self
