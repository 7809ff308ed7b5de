"""The Typer application and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from typing import TextIO

import typer

from fmaudit.cli.commands_of_plugins import Commands
from fmaudit.errors import FmauditError

__all__ = ["app", "keeping_exit_code", "main"]

_UNREAD = 141  # as of a program that SIGPIPE ends: quiet, and never mistaken for success

app = typer.Typer(
    name="fmaudit",
    cls=Commands,
    epilog="Plugins bring commands too, such as `fmaudit claims`; `fmaudit plugins` lists them.",
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
        pipe = stop.__context__  # typer makes every broken pipe an exit of its own
        if isinstance(stop, SystemExit) and isinstance(pipe, BrokenPipeError):
            _leave(_unread_or_bug(pipe))
        _leave(int(getattr(stop, "exit_code", getattr(stop, "code", 0)) or 0))
    except FmauditError as error:
        _complain(str(error), error)
        _leave(error.exit_code)
    except KeyboardInterrupt:
        _complain("stopped")
        _leave(130)
    except BrokenPipeError as error:
        _leave(_unread_or_bug(error))
    except Exception as error:
        _leave(_usage_or_bug(error))


def _unread_or_bug(error: BrokenPipeError) -> int:
    """Whoever read the output has seen enough; a broken pipe elsewhere is a bug like any other."""
    return _UNREAD if _is_unread() else _usage_or_bug(error)


def _usage_or_bug(error: Exception) -> int:
    """Print a usage error as click does (2); show the traceback of a bug (6)."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        if type(error).__name__ == "NoArgsIsHelpError":  # a group of commands without one: its message is the help
            print(error.format_message(), file=sys.stderr)
            return 2
        context = getattr(error, "ctx", None)
        if context is not None:
            print(context.get_usage(), file=sys.stderr)
        _complain(error.format_message())
        return 2
    if isinstance(error, (typer.Abort,)):
        _complain("stopped")
        return 130
    import traceback

    with contextlib.suppress(BrokenPipeError):
        traceback.print_exception(error)
    _complain(f"this is a bug in fmaudit: {type(error).__name__}: {error}")
    return 6


def _complain(message: str, error: BaseException | None = None) -> None:
    from fmaudit.cli.output import visible_text

    with contextlib.suppress(BrokenPipeError):  # nobody listens: the exit code still tells
        print(f"fmaudit: {visible_text(message)}", file=sys.stderr)
        if error is not None and os.environ.get("FMAUDIT_DEBUG"):
            import traceback

            traceback.print_exception(error)


@contextlib.contextmanager
def keeping_exit_code() -> Iterator[None]:
    """Print inside this block what the exit code does not hang on: where nobody reads on, the rest is dropped."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        if not _is_unread():
            raise
        _drop(sys.stdout)


def _leave(code: int) -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _complain(f"the output could not be written: {error.strerror}")
            code = code or 6
        _drop(sys.stdout)
    try:
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)
    sys.exit(code)


def _is_unread() -> bool:
    """Tell whether stdout is a pipe that nobody reads any more."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
    except (AttributeError, OSError, ValueError):  # no poll on this system, or stdout is no file
        return True


def _drop(stream: TextIO) -> None:
    """Send what is left to nowhere, so that the interpreter does not fail on it while it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
