"""fmaudit card MODEL [RUN...]: one page about one model, from the runs that measured it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fmaudit import ConfigError, open_run
from fmaudit_engine_card.cards.build import card

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, program: str = "fmaudit card") -> int:
    """Write the card and return 0. Raises ConfigError for a model, corpus or file that is not there, RunError for a run."""
    options = _parser(program).parse_args(arguments)
    opened = [open_run(name, options.runs) for name in options.run or ["latest"]]
    made = card(opened, options.model, options.data or None)
    text = {"html": made.html, "json": made.json, "markdown": made.markdown}[options.format]()
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    try:
        Path(options.output).write_bytes(text.encode())
    except OSError as error:
        raise ConfigError(f"{options.output}: cannot be written: {error.strerror}", hint="name a file in a folder that exists") from None
    print(options.output)
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description="Sum up what runs measured of a model: data, model, post-training, sampling, and what is not known."
    )
    parser.add_argument("model", metavar="MODEL", help="the model's name in audit.toml")
    parser.add_argument("run", metavar="RUN", nargs="*", help="runs by id or directory; the latest by default")
    parser.add_argument(
        "--data", metavar="NAME", action="append", help="a corpus or tokenizer that belongs to the model; else all of the runs"
    )
    parser.add_argument("--format", choices=("html", "json", "markdown"), default="markdown")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="write to this file; - prints")
    parser.add_argument("--runs", metavar="DIR", default="runs", help="where the run directories are")
    return parser
