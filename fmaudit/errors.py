"""Every exception fmaudit raises on purpose.

    FmauditError                 anything a user can cause or mend; the CLI prints it without a traceback
    ├── ConfigError              audit.toml, a flag or a parameter is wrong: nothing ran            (exit 2)
    ├── PluginError              a plugin could not be loaded, or broke its contract
    │   └── MissingDependency    an optional package is needed; the message names the pip command
    ├── CorpusError              a corpus cannot be opened, or has no readable file
    │   └── DocumentError        one document cannot be read; it goes to the ledger and the file goes on
    ├── ModelFileError           a model file has the wrong size, hash or content
    ├── ModelError               a model cannot be loaded, reached, or asked what was asked
    │   └── RequestError         one request failed for good; it goes to the ledger and the others go on
    ├── TokenizerError           a tokenizer cannot be loaded, or is asked what it cannot do
    ├── StatisticsError          a number was asked for that the data cannot give
    ├── RunError                 a run directory is missing, broken or of another version
    │   ├── RunLocked            another process is working on the run                              (exit 5)
    │   └── RunInterrupted       the user stopped the run; it can be resumed                        (exit 130)
    └── DeliveryError            a report or a notification could not be delivered                  (exit 4)

A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "CorpusError",
    "DeliveryError",
    "DocumentError",
    "FmauditError",
    "MissingDependency",
    "ModelError",
    "ModelFileError",
    "PluginError",
    "RequestError",
    "RunError",
    "RunInterrupted",
    "RunLocked",
    "StatisticsError",
    "TokenizerError",
]


class FmauditError(Exception):
    """Base of everything fmaudit raises on purpose; `hint` says what to do next."""

    exit_code = 6

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n  {self.hint}" if self.hint else message

    @property
    def line(self) -> str:
        """The error in one line: what is wrong; what to do next."""
        return "; ".join(words for part in (super().__str__(), self.hint) if (words := " ".join(part.split())))


def in_line(error: BaseException) -> str:
    """Write any error in one line; one without words is named by its kind."""
    return (error.line if isinstance(error, FmauditError) else " ".join(str(error).split())) or type(error).__name__


class ConfigError(FmauditError):
    """A setting is wrong, so nothing ran."""

    exit_code = 2


class PluginError(FmauditError):
    """A plugin could not be loaded, or broke its contract."""

    exit_code = 2


class MissingDependency(PluginError):
    """An optional package is needed."""


class CorpusError(FmauditError):
    """A corpus cannot be opened, or holds nothing that can be read."""

    exit_code = 2


class DocumentError(CorpusError):
    """One document cannot be read; the file goes on."""


class ModelFileError(FmauditError):
    """A model file has the wrong size, hash or content."""

    exit_code = 2


class ModelError(FmauditError):
    """A model cannot be loaded, reached, or asked what was asked."""

    exit_code = 2


class RequestError(ModelError):
    """One request failed for good; the others go on."""


class TokenizerError(FmauditError):
    """A tokenizer cannot be loaded, or is asked what it cannot do."""

    exit_code = 2


class StatisticsError(FmauditError):
    """A number was asked for that the data cannot give."""


class RunError(FmauditError):
    """A run directory is missing, broken or of another version."""

    exit_code = 2


class RunLocked(RunError):
    """Another process is working on the run."""

    exit_code = 5


class RunInterrupted(RunError):
    """The user stopped the run; the same command resumes it."""

    exit_code = 130


class DeliveryError(FmauditError):
    """A report or a notification could not be delivered."""

    exit_code = 4
