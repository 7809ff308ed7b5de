"""audit.toml: from text to validated settings, with the origin of every value."""

from fmaudit.config.load import Config, explain_validation, load_config, suggest
from fmaudit.config.settings import AuditSettings, CheckSettings, CorpusSettings, RunSettings, Settings

__all__ = [
    "AuditSettings",
    "CheckSettings",
    "Config",
    "CorpusSettings",
    "RunSettings",
    "Settings",
    "explain_validation",
    "load_config",
    "suggest",
]
