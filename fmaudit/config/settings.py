"""The settings of audit.toml as frozen, validated models; unknown keys are errors."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from fmaudit.config.duration import parse_duration

__all__ = [
    "AuditSettings",
    "BaselineSettings",
    "CheckSettings",
    "CorpusSettings",
    "MailSettings",
    "ModelSettings",
    "NotifySettings",
    "ReportSettings",
    "RunSettings",
    "ScheduleSettings",
    "Settings",
    "TokenizerSettings",
    "WebhookSettings",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
NICKNAME = r"^[A-Za-z0-9._-]{0,63}$"
Address = Annotated[
    str, Field(pattern=r"^[!#-'*+./0-9=?A-Z^_`a-z{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$", description="name@host, and nothing else")
]


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
    """`[[check]]`: limits on a metric or on its change against the baseline, judged on the interval's bounds or on the value."""

    metric: str
    target: str = ""
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    max_change: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="against the baseline, in the metric's unit")
    max_rise: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="the same, upwards only")
    max_fall: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="the same, downwards only")
    on: Literal["interval", "value"] = "interval"

    @model_validator(mode="after")
    def _some_limit(self) -> CheckSettings:
        if all(limit is None for limit in (self.min, self.max, self.max_change, self.max_rise, self.max_fall)):
            raise ValueError("a check needs min, max or max_change, max_rise, max_fall")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min:g} (min) and at most {self.max:g} (max)")
        return self


class BaselineSettings(_Table):
    """`[baseline]`: the run that changes are judged against."""

    run: str = Field(default="", description="a run's id or directory; empty takes the newest good run of the same audit.toml before it")


class ReportSettings(_Table):
    """`[report]`: which formats are written into the run directory."""

    formats: tuple[str, ...] = ("html", "markdown", "json")
    title: str = ""


class ScheduleSettings(_Table):
    """`[schedule]`: when the audit is due, what becomes of due times that were missed, and how long runs are kept."""

    cron: str = Field(description="five fields: minute hour day-of-month month day-of-week")
    timezone: str = Field(default="UTC", description="the time zone that the fields are meant in, as in Europe/Berlin")
    missed: Literal["run-once", "skip", "all"] = Field(default="run-once", description="what becomes of due times that were missed")
    grace: str = Field(default="1h", description="a due time this long ago is late, not missed")
    max_age: str = Field(default="", description="no complete run within this time is told as stale; empty does not watch")
    keep: int | None = Field(default=None, ge=1, description="the newest runs of this file that stay")
    keep_days: int | None = Field(default=None, ge=1, description="runs of this file younger than this stay")
    keep_runs: tuple[str, ...] = Field(default=(), description="ids of runs that always stay")

    @field_validator("cron")
    @classmethod
    def _comes(cls, value: str) -> str:
        from cronsim import CronSim, CronSimError

        if len(value.split()) != 5:
            raise ValueError("a cron expression has five fields: minute hour day-of-month month day-of-week, as in 0 6 * * 1")
        try:
            next(CronSim(value, datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)))
        except CronSimError as error:
            raise ValueError(f"{value!r} is no cron expression: {error}") from None
        except StopIteration:
            raise ValueError(f"{value!r} never comes") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone {value!r}; write one as in Europe/Berlin or UTC") from None
        return value

    @field_validator("grace", "max_age")
    @classmethod
    def _span(cls, value: str, info: ValidationInfo) -> str:
        if value or info.field_name == "grace":
            parse_duration(value)
        return value


class WebhookSettings(_Table):
    """`[[notify.webhook]]`: an address that is told when the state changes."""

    name: str = Field(default="", pattern=NICKNAME)
    url: str = Field(default="", description="where the message is posted")
    url_env: str = Field(default="", description="environment variable that holds the address, where it is a secret")
    secret_env: str = Field(default="", description="environment variable with the key that signs messages")
    allow_http: bool = Field(default=False, description="also http, where nothing on the way may read or change the message")
    allow_private: bool = Field(default=False, description="also addresses of this machine and of private networks")
    timeout: float = Field(default=10.0, gt=0, le=120, description="seconds for one attempt, all in all")

    @model_validator(mode="after")
    def _one_address(self) -> WebhookSettings:
        if bool(self.url) == bool(self.url_env):
            raise ValueError("a webhook needs url or url_env, and not both")
        wanted = ("https://", "http://") if self.allow_http else ("https://",)
        if self.url and not self.url.lower().startswith(wanted):
            also = "" if self.allow_http else "; allow_http = true also allows http"
            raise ValueError(f"url must begin with {' or '.join(wanted)}{also}")
        return self


class MailSettings(_Table):
    """`[[notify.mail]]`: people who are told by e-mail when the state changes."""

    name: str = Field(default="", pattern=NICKNAME)
    host: str = Field(min_length=1, description="the mail server")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_env: str = Field(default="", description="environment variable with the user's name")
    password_env: str = Field(default="", description="environment variable with the password")
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1, max_length=50)
    timeout: float = Field(default=20.0, gt=0, le=120, description="seconds that one step may take")

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _password_is_safe(self) -> MailSettings:
        if bool(self.user_env) != bool(self.password_env):
            raise ValueError("user_env and password_env belong together")
        if self.password_env and self.security == "none":
            raise ValueError('a password is not sent in the clear: set security = "starttls" or "tls"')
        return self


class NotifySettings(_Table):
    """`[notify]`: who is told when the state of a scheduled audit changes."""

    attempts: int = Field(default=3, ge=1, le=10, description="how often one message is tried at once, before it waits for the next time")
    webhook: tuple[WebhookSettings, ...] = ()
    mail: tuple[MailSettings, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> NotifySettings:
        names = [name for name in (*(hook.name for hook in self.webhook), *(mail.name for mail in self.mail)) if name]
        if len(names) != len(set(names)):
            raise ValueError("the name of a webhook or mail must be used once")
        return self


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
    baseline: BaselineSettings = BaselineSettings()
    report: ReportSettings = ReportSettings()
    schedule: ScheduleSettings | None = None
    notify: NotifySettings = NotifySettings()
    run: RunSettings = RunSettings()

    @model_validator(mode="after")
    def _targets_are_unique(self) -> Settings:
        names = [*self.corpus, *self.tokenizer, *self.model]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"a target's name must be used once; used twice: {', '.join(twice)}")
        return self
