"""fmaudit plan: what a run would do, before it does anything."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from fmaudit.cli.app import app
from fmaudit.cli.options import AsJson, ConfigFile, Overrides, PluginNames

__all__ = ["plan"]


@app.command()
def plan(config: ConfigFile, overrides: Overrides = [], plugins: PluginNames = [], as_json: AsJson = False) -> None:
    """Show files, bytes, signals and a time estimate without running anything."""
    from fmaudit.api.auditing import prepare
    from fmaudit.api.estimate import estimate, estimate_model
    from fmaudit.cli.output import print_json, print_rows, visible_text
    from fmaudit.cli.quiet import stdout_to_stderr

    with stdout_to_stderr(as_json):
        prepared = prepare(config, overrides, plugins=plugins)
        rows = [estimate(corpus, prepared.readers) for corpus in prepared.plan.corpora]
        answers = prepared.config.folder / prepared.config.settings.run.cache / "responses.sqlite"
        models = [estimate_model(model, answers) for model in prepared.plan.models]
    if as_json:
        for row in [*rows, *models]:
            print_json(row)
        for sentence in prepared.warnings:
            print(visible_text(f"warning: {sentence}"), file=sys.stderr)
        return
    for corpus, row in zip(prepared.plan.corpora, rows, strict=True):
        print(f"corpus {corpus.name}: {row['files']} files, {row['bytes'] / 1e6:,.1f} MB on disk, {row['splits']} splits")
        text, rows_on_disk = row["text_bytes"] / 1e6, row["observation_bytes"] / 1e6
        print(f"  about {row['documents']:,} documents, {text:,.1f} MB of text, {rows_on_disk:,.1f} MB of observations")
        print(f"  about {row['core_minutes']:.1f} core minutes (from a probe of {row['probe_documents']:,} documents)")
        for entry in corpus.ledger:
            print(visible_text(f"  ! {entry.file}: {entry.reason}: {entry.detail}"))
        for problem in row["problems"]:
            print(visible_text(f"  ! {problem}"))
        print(f"  signals: {', '.join(corpus.signals) or 'none'}" + (f"; tallies: {', '.join(corpus.tallies)}" if corpus.tallies else ""))
    for tokenizer in prepared.plan.tokenizers:
        size = tokenizer.tokenizer.vocabulary_size if tokenizer.tokenizer else 0
        print(visible_text(f"tokenizer {tokenizer.name}: {tokenizer.uri}, {size:,} tokens"))
    for asked in models:
        cases = ", ".join(f"{count:,} cases of {audit}" for audit, count in asked["cases"].items())
        can = ", ".join([*asked["capabilities"], *(f"perhaps {name}" for name in asked["undecided"])])
        print(visible_text(f"model {asked['target']}: {asked['uri']}: {cases}; it can {can}"))
        print(visible_text(f"  {_minutes(asked)}"))
    for sentence in prepared.warnings:
        print(visible_text(f"! {sentence}"))
    print()
    audits = [(a.name, a.target, a.audit.version, f"{a.plugin} {a.plugin_version}") for a in prepared.plan.audits]
    print_rows(audits, ("audit", "target", "version", "plugin"))


def _minutes(asked: Mapping[str, Any]) -> str:
    """Say how long a model will take as far as earlier runs tell."""
    known = f"{asked['known_cases']:,} cases are answered already; " if asked["known_cases"] else ""
    if asked["minutes"] is None:
        return f"{known}minutes: unknown until run"
    if not asked["minutes"]:
        return f"{known}nothing to ask"
    place = f" on {asked['pace']['device']}" if asked["pace"]["device"] else ""
    return f"{known}about {asked['minutes']:.1f} minutes, as fast as the last run was{place}"
