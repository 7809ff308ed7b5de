"""The Typer application and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

import typer

from fmaudit.errors import FmauditError

__all__ = ["app", "main"]

app = typer.Typer(
    name="fmaudit",
    help="Know your data, understand the engine, trust every number.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; every FmauditError becomes a message and its exit code, anything else is a bug (6)."""
    # work is spread over processes: threads of the linear algebra library would only get in one another's way, and cost start-up
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from fmaudit.cli import commands  # noqa: F401 - registers the commands

    try:
        code = app(standalone_mode=False)
        _leave(code if isinstance(code, int) else 0)
    except (typer.Exit, SystemExit) as stop:
        _leave(int(getattr(stop, "exit_code", getattr(stop, "code", 0)) or 0))
    except FmauditError as error:
        _complain(str(error), error)
        _leave(error.exit_code)
    except KeyboardInterrupt:
        _complain("stopped")
        _leave(130)
    except BrokenPipeError:
        _leave(0)
    except Exception as error:
        _leave(_usage_or_bug(error))


def _usage_or_bug(error: Exception) -> int:
    """Print a usage error as click does (2); show the traceback of a bug (6)."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        if context is not None:
            print(context.get_usage(), file=sys.stderr)
        _complain(error.format_message())
        return 2
    if isinstance(error, (typer.Abort,)):
        _complain("stopped")
        return 130
    import traceback

    traceback.print_exception(error)
    _complain(f"this is a bug in fmaudit: {type(error).__name__}: {error}")
    return 6


def _complain(message: str, error: BaseException | None = None) -> None:
    from fmaudit.cli.output import visible_text

    print(f"fmaudit: {visible_text(message)}", file=sys.stderr)
    if error is not None and os.environ.get("FMAUDIT_DEBUG"):
        import traceback

        traceback.print_exception(error)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.exit(code)
