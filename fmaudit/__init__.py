"""Know your data, understand the engine, and trust every number: the public API for scripts and plugin authors."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit import stats as stats
    from fmaudit.api import Run as Run
    from fmaudit.api import open_run as open_run
    from fmaudit.api import run as run
    from fmaudit.audit import Audit as Audit
    from fmaudit.audit import CorpusAudit as CorpusAudit
    from fmaudit.audit import DocumentFilter as DocumentFilter
    from fmaudit.audit import Observations as Observations
    from fmaudit.audit import Params as Params
    from fmaudit.audit import Signal as Signal
    from fmaudit.audit import Tally as Tally
    from fmaudit.corpus.batch import DocumentBatch as DocumentBatch
    from fmaudit.corpus.splits import Fields as Fields
    from fmaudit.corpus.splits import Limits as Limits
    from fmaudit.corpus.splits import Reader as Reader
    from fmaudit.corpus.splits import ReadStep as ReadStep
    from fmaudit.corpus.splits import SourceFile as SourceFile
    from fmaudit.corpus.splits import Split as Split
    from fmaudit.errors import ConfigError as ConfigError
    from fmaudit.errors import FmauditError as FmauditError
    from fmaudit.errors import MissingDependency as MissingDependency
    from fmaudit.errors import ModelFileError as ModelFileError
    from fmaudit.errors import PluginError as PluginError
    from fmaudit.errors import StatisticsError as StatisticsError
    from fmaudit.hooks.markers import hookimpl as hookimpl
    from fmaudit.records import Evidence as Evidence
    from fmaudit.records import Exhibit as Exhibit
    from fmaudit.records import Finding as Finding
    from fmaudit.records import Interval as Interval
    from fmaudit.records import LedgerEntry as LedgerEntry
    from fmaudit.records import Metric as Metric
    from fmaudit.records import MetricStatus as MetricStatus
    from fmaudit.records import Severity as Severity
    from fmaudit.text import ChunkFeature as ChunkFeature
    from fmaudit.text import Segments as Segments
    from fmaudit.text import TokenFeature as TokenFeature
    from fmaudit.text import Vocabulary as Vocabulary
    from fmaudit.text import kernels as kernels
    from fmaudit.text import layout as text_layout  # noqa: F401 - exported by name
    from fmaudit.text import reference as text_reference  # noqa: F401 - exported by name
    from fmaudit.text import segment as segment
    from fmaudit.text import tables as text_tables  # noqa: F401 - exported by name

__version__ = "0.1.0"

# name -> module that defines it; a module path ending in ":" is exported itself
_HOMES = {
    "Audit": "fmaudit.audit",
    "ChunkFeature": "fmaudit.text",
    "ConfigError": "fmaudit.errors",
    "CorpusAudit": "fmaudit.audit",
    "DocumentBatch": "fmaudit.corpus.batch",
    "DocumentFilter": "fmaudit.audit",
    "Evidence": "fmaudit.records",
    "Exhibit": "fmaudit.records",
    "Fields": "fmaudit.corpus.splits",
    "Finding": "fmaudit.records",
    "FmauditError": "fmaudit.errors",
    "Interval": "fmaudit.records",
    "LedgerEntry": "fmaudit.records",
    "Limits": "fmaudit.corpus.splits",
    "Metric": "fmaudit.records",
    "MetricStatus": "fmaudit.records",
    "MissingDependency": "fmaudit.errors",
    "ModelFileError": "fmaudit.errors",
    "Observations": "fmaudit.audit",
    "Params": "fmaudit.audit",
    "PluginError": "fmaudit.errors",
    "ReadStep": "fmaudit.corpus.splits",
    "Reader": "fmaudit.corpus.splits",
    "Run": "fmaudit.api",
    "Segments": "fmaudit.text",
    "Severity": "fmaudit.records",
    "Signal": "fmaudit.audit",
    "SourceFile": "fmaudit.corpus.splits",
    "Split": "fmaudit.corpus.splits",
    "StatisticsError": "fmaudit.errors",
    "Tally": "fmaudit.audit",
    "TokenFeature": "fmaudit.text",
    "Vocabulary": "fmaudit.text",
    "hookimpl": "fmaudit.hooks.markers",
    "kernels": "fmaudit.text.kernels:",
    "open_run": "fmaudit.api",
    "run": "fmaudit.api",
    "segment": "fmaudit.text",
    "stats": "fmaudit.stats:",
    "text_layout": "fmaudit.text.layout:",
    "text_reference": "fmaudit.text.reference:",
    "text_tables": "fmaudit.text.tables:",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - tested equal to the imports above


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import fmaudit` stays light."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fmaudit' has no attribute {name!r}")
    module = importlib.import_module(home.rstrip(":"))
    value = module if home.endswith(":") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
