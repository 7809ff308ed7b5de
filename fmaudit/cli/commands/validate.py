"""fmaudit validate: check an audit.toml, its plugins and its targets."""

from __future__ import annotations

from fmaudit.cli.app import app
from fmaudit.cli.options import ConfigFile, Overrides, PluginNames

__all__ = ["validate"]


@app.command()
def validate(config: ConfigFile, overrides: Overrides = [], plugins: PluginNames = []) -> None:
    """Check an audit.toml without running it; exit code 2 and a line per problem when something is wrong."""
    from fmaudit.api.auditing import prepare
    from fmaudit.api.estimate import Probe
    from fmaudit.cli.output import visible_text
    from fmaudit.errors import ConfigError

    prepared = prepare(config, overrides, plugins=plugins)
    for corpus in prepared.plan.corpora:
        probe = Probe.of(corpus, prepared.readers)
        problems = [visible_text(f"corpus.{corpus.name}: {problem}") for problem in probe.problems(corpus)]
        if probe.empty_handed:
            raise ConfigError("; ".join(problems), hint=f"nothing would be examined: look at [corpus.{corpus.name}]")
        for problem in problems:
            print(f"warning: {problem}")
    for sentence in prepared.warnings:
        print(visible_text(f"warning: {sentence}"))
    targets = ", ".join(
        [
            *(f"{c.name} ({len(c.files)} {'file' if len(c.files) == 1 else 'files'})" for c in prepared.plan.corpora),
            *(f"{t.name} ({t.uri})" for t in prepared.plan.tokenizers),
            *(f"{m.name} ({m.uri})" for m in prepared.plan.models),
        ]
    )
    audits = ", ".join(f"{a.name} on {a.target}" for a in prepared.plan.audits)
    print(f"{config} is valid: targets {targets}; audits {audits}; {len(prepared.config.settings.check)} checks")
