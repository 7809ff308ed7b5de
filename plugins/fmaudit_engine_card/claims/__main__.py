"""python -m fmaudit_engine_card.claims FILE: check the claims of a text (prose or Markdown) or of a TOML file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fmaudit import ConfigError, FmauditError
from fmaudit_engine_card.claims.checking import check_claims
from fmaudit_engine_card.claims.records import Verdict
from fmaudit_engine_card.claims.showing import FORMATS
from fmaudit_engine_card.claims.structured import check_toml

__all__ = ["check_file", "main"]


def check_file(name: str) -> list[Verdict]:
    """Check a file: TOML by its ending, any other as prose; "-" is standard input. Raises ConfigError for what cannot be read."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: cannot be read: {error}", hint="claims are read from UTF-8 text or TOML") from None
    return check_toml(text, name) if name.endswith(".toml") else check_claims(text)


def main(arguments: Sequence[str] | None = None, name: str = "python -m fmaudit_engine_card.claims") -> int:
    """Print the verdicts; 1 where a claim is wrong, else 0. Raises ConfigError for a file that cannot be used."""
    parser = argparse.ArgumentParser(prog=name, description="Check claims about models, data, compute, cost and energy.")
    parser.add_argument("file", help="a text, Markdown, or TOML with [[claim]] tables; - for standard input")
    parser.add_argument("--format", choices=sorted(FORMATS), default="markdown")
    options = parser.parse_args(arguments)
    verdicts = check_file(options.file)
    print(FORMATS[options.format](verdicts), end="")
    return int(any(row.status == "wrong" for row in verdicts))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FmauditError as error:
        sys.exit(f"fmaudit: {error}")
