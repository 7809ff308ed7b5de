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
    from fmaudit.audit import Corpora as Corpora
    from fmaudit.audit import CorpusAudit as CorpusAudit
    from fmaudit.audit import DocumentFilter as DocumentFilter
    from fmaudit.audit import ModelAudit as ModelAudit
    from fmaudit.audit import Models as Models
    from fmaudit.audit import Observations as Observations
    from fmaudit.audit import Params as Params
    from fmaudit.audit import Signal as Signal
    from fmaudit.audit import Tally as Tally
    from fmaudit.audit import TokenizerAudit as TokenizerAudit
    from fmaudit.audit import Tokenizers as Tokenizers
    from fmaudit.corpus.batch import DocumentBatch as DocumentBatch
    from fmaudit.corpus.drawing import draw_documents as draw_documents
    from fmaudit.corpus.splits import Fields as Fields
    from fmaudit.corpus.splits import Limits as Limits
    from fmaudit.corpus.splits import Reader as Reader
    from fmaudit.corpus.splits import ReadStep as ReadStep
    from fmaudit.corpus.splits import SourceFile as SourceFile
    from fmaudit.corpus.splits import Split as Split
    from fmaudit.errors import ConfigError as ConfigError
    from fmaudit.errors import FmauditError as FmauditError
    from fmaudit.errors import MissingDependency as MissingDependency
    from fmaudit.errors import ModelError as ModelError
    from fmaudit.errors import ModelFileError as ModelFileError
    from fmaudit.errors import PluginError as PluginError
    from fmaudit.errors import RequestError as RequestError
    from fmaudit.errors import StatisticsError as StatisticsError
    from fmaudit.errors import TokenizerError as TokenizerError
    from fmaudit.hooks.markers import hookimpl as hookimpl
    from fmaudit.models import facts as facts
    from fmaudit.models.base import Backend as Backend
    from fmaudit.models.base import BackendOptions as BackendOptions
    from fmaudit.models.base import Capability as Capability
    from fmaudit.models.loading import load_backend as load_backend
    from fmaudit.models.model import Model as Model
    from fmaudit.models.published import published_config as published_config
    from fmaudit.models.published import published_configs as published_configs
    from fmaudit.models.requests import Completion as Completion
    from fmaudit.models.requests import Failure as Failure
    from fmaudit.models.requests import GenerateRequest as GenerateRequest
    from fmaudit.models.requests import Profile as Profile
    from fmaudit.models.requests import Sampling as Sampling
    from fmaudit.models.requests import Score as Score
    from fmaudit.models.requests import ScoreRequest as ScoreRequest
    from fmaudit.models.timing import Timing as Timing
    from fmaudit.records import Case as Case
    from fmaudit.records import Evidence as Evidence
    from fmaudit.records import Exhibit as Exhibit
    from fmaudit.records import Finding as Finding
    from fmaudit.records import Interval as Interval
    from fmaudit.records import LedgerEntry as LedgerEntry
    from fmaudit.records import Measurement as Measurement
    from fmaudit.records import Message as Message
    from fmaudit.records import Metric as Metric
    from fmaudit.records import MetricStatus as MetricStatus
    from fmaudit.records import Severity as Severity
    from fmaudit.report import humane as humane
    from fmaudit.samples import sample_data as sample_data
    from fmaudit.suites import results as results
    from fmaudit.suites.asking import Asker as Asker
    from fmaudit.suites.asking import AskParams as AskParams
    from fmaudit.suites.items import ItemSource as ItemSource
    from fmaudit.suites.items import file_sha256 as file_sha256
    from fmaudit.suites.items import load_items as load_items
    from fmaudit.suites.items import read_rows as read_rows
    from fmaudit.suites.items import spread as spread
    from fmaudit.suites.letters import declared_letter as declared_letter
    from fmaudit.suites.letters import lone_letter as lone_letter
    from fmaudit.suites.row import Row as Row
    from fmaudit.suites.suite import Suite as Suite
    from fmaudit.suites.suite import SuiteAudit as SuiteAudit
    from fmaudit.text import ChunkFeature as ChunkFeature
    from fmaudit.text import Segments as Segments
    from fmaudit.text import TokenFeature as TokenFeature
    from fmaudit.text import Vocabulary as Vocabulary
    from fmaudit.text import kernels as kernels
    from fmaudit.text import layout as text_layout  # noqa: F401 - exported by name
    from fmaudit.text import reference as text_reference  # noqa: F401 - exported by name
    from fmaudit.text import segment as segment
    from fmaudit.text import tables as text_tables  # noqa: F401 - exported by name
    from fmaudit.tokenizers.base import ChatTemplate as ChatTemplate
    from fmaudit.tokenizers.base import Tokenizer as Tokenizer
    from fmaudit.tokenizers.loading import load_tokenizer as load_tokenizer

__version__ = "0.1.0"

# name -> module that defines it; a module path ending in ":" is exported itself
_HOMES = {
    "AskParams": "fmaudit.suites.asking",
    "Asker": "fmaudit.suites.asking",
    "Audit": "fmaudit.audit",
    "Backend": "fmaudit.models.base",
    "BackendOptions": "fmaudit.models.base",
    "Capability": "fmaudit.models.base",
    "Case": "fmaudit.records",
    "ChatTemplate": "fmaudit.tokenizers.base",
    "ChunkFeature": "fmaudit.text",
    "Completion": "fmaudit.models.requests",
    "ConfigError": "fmaudit.errors",
    "Corpora": "fmaudit.audit",
    "CorpusAudit": "fmaudit.audit",
    "DocumentBatch": "fmaudit.corpus.batch",
    "DocumentFilter": "fmaudit.audit",
    "Evidence": "fmaudit.records",
    "Exhibit": "fmaudit.records",
    "Failure": "fmaudit.models.requests",
    "Fields": "fmaudit.corpus.splits",
    "Finding": "fmaudit.records",
    "FmauditError": "fmaudit.errors",
    "GenerateRequest": "fmaudit.models.requests",
    "Interval": "fmaudit.records",
    "ItemSource": "fmaudit.suites.items",
    "LedgerEntry": "fmaudit.records",
    "Limits": "fmaudit.corpus.splits",
    "Measurement": "fmaudit.records",
    "Message": "fmaudit.records",
    "Metric": "fmaudit.records",
    "MetricStatus": "fmaudit.records",
    "MissingDependency": "fmaudit.errors",
    "Model": "fmaudit.models.model",
    "ModelAudit": "fmaudit.audit",
    "ModelError": "fmaudit.errors",
    "ModelFileError": "fmaudit.errors",
    "Models": "fmaudit.audit",
    "Observations": "fmaudit.audit",
    "Params": "fmaudit.audit",
    "PluginError": "fmaudit.errors",
    "Profile": "fmaudit.models.requests",
    "ReadStep": "fmaudit.corpus.splits",
    "Reader": "fmaudit.corpus.splits",
    "RequestError": "fmaudit.errors",
    "Row": "fmaudit.suites.row",
    "Run": "fmaudit.api",
    "Sampling": "fmaudit.models.requests",
    "Score": "fmaudit.models.requests",
    "ScoreRequest": "fmaudit.models.requests",
    "Segments": "fmaudit.text",
    "Severity": "fmaudit.records",
    "Signal": "fmaudit.audit",
    "SourceFile": "fmaudit.corpus.splits",
    "Split": "fmaudit.corpus.splits",
    "StatisticsError": "fmaudit.errors",
    "Suite": "fmaudit.suites.suite",
    "SuiteAudit": "fmaudit.suites.suite",
    "Tally": "fmaudit.audit",
    "Timing": "fmaudit.models.timing",
    "TokenFeature": "fmaudit.text",
    "Tokenizer": "fmaudit.tokenizers.base",
    "TokenizerAudit": "fmaudit.audit",
    "TokenizerError": "fmaudit.errors",
    "Tokenizers": "fmaudit.audit",
    "Vocabulary": "fmaudit.text",
    "declared_letter": "fmaudit.suites.letters",
    "draw_documents": "fmaudit.corpus.drawing",
    "facts": "fmaudit.models.facts:",
    "file_sha256": "fmaudit.suites.items",
    "hookimpl": "fmaudit.hooks.markers",
    "humane": "fmaudit.report.humane:",
    "kernels": "fmaudit.text.kernels:",
    "load_backend": "fmaudit.models.loading",
    "load_items": "fmaudit.suites.items",
    "load_tokenizer": "fmaudit.tokenizers.loading",
    "lone_letter": "fmaudit.suites.letters",
    "open_run": "fmaudit.api",
    "published_config": "fmaudit.models.published",
    "published_configs": "fmaudit.models.published",
    "read_rows": "fmaudit.suites.items",
    "results": "fmaudit.suites.results:",
    "run": "fmaudit.api",
    "sample_data": "fmaudit.samples",
    "segment": "fmaudit.text",
    "spread": "fmaudit.suites.items",
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
