"""Cards that plugins write from several runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fmaudit.api.results import open_run
from fmaudit.errors import ConfigError

__all__ = ["FORMATS", "render_card"]

FORMATS = ("html", "json", "markdown")


def render_card(
    model: str,
    names: Sequence[str],
    format: str,
    *,
    data: Sequence[str] = (),
    runs: Path = Path("runs"),
    kind: str = "",
    plugins: Sequence[str] = (),
) -> str:
    """Write the card of a model from runs, by id or directory; `data` names corpora and tokenizers that belong to it, by default all.

    Raises ConfigError for an unknown format or card, RunError for a run.
    """
    from fmaudit.hooks.manager import load_plugins

    if format not in FORMATS:
        raise ConfigError(f"a card has no format {format!r}", hint=f"known: {', '.join(FORMATS)}")
    opened = [open_run(name, runs) for name in names]
    cards = load_plugins(plugins).cards
    found = cards.get(kind) if kind else next(iter(cards.values()), None)
    if found is None:
        raise ConfigError(f"no plugin writes a card{f' {kind!r}' if kind else ''}", hint=f"known: {', '.join(cards) or 'none'}")
    return found(opened, model, data or None, format)
