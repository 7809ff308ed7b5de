"""Starts the dashboard: on this machine only, unless signing in is set up; nothing is sent to anybody."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fmaudit.errors import ConfigError, MissingDependency
from fmaudit_dashboard.theme import theme_flags

__all__ = [
    "FOLDER",
    "PLUGINS",
    "START",
    "Access",
    "check_folder",
    "check_host",
    "check_port",
    "command",
    "is_loopback",
    "read_access",
    "serve",
]

START = Path(__file__).parent / "start" / "dashboard.py"
FOLDER = "FMAUDIT_DASHBOARD_RUNS"  # environment variables that the pages read
PLUGINS = "FMAUDIT_DASHBOARD_PLUGINS"
_AUTH = ("redirect_uri", "cookie_secret")
_SETTINGS = (
    "--browser.gatherUsageStats=false",
    "--client.disableDataExport=true",  # its CSV would hold live formulas; ours does not
    "--client.showErrorDetails=none",
    "--client.toolbarMode=viewer",
    "--global.developmentMode=false",
    "--global.disableWidgetStateDuplicationWarning=true",  # the address decides, whatever a widget begins with
    "--runner.magicEnabled=false",
    "--server.enableStaticServing=false",
    "--server.enableXsrfProtection=true",
    "--server.fileWatcherType=none",
    "--server.headless=true",
    "--server.maxUploadSize=1",
)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look once signed in: e-mail addresses, or "@example.org" for all of a domain."""

    allow: tuple[str, ...]

    def admits(self, email: str, *, verified: bool = True) -> bool:
        """Say whether an address is on the list; an unverified one never is."""
        name, at, domain = email.strip().lower().rpartition("@")
        return bool(verified and name and at and any(entry.lower() in (f"{name}@{domain}", f"@{domain}") for entry in self.allow))


def read_access() -> Access | None:
    """Read `[auth]` and `[fmaudit] allow` of .streamlit/secrets.toml, where Streamlit reads them; None without signing in.

    Raises ConfigError where signing in is set up but nobody is listed: being known to a provider is not being allowed to look.
    """
    secrets: dict[str, object] = {}
    for folder in (Path.home(), Path.cwd()):
        path = folder / ".streamlit" / "secrets.toml"
        try:
            secrets |= tomllib.loads(path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except ValueError as error:
            raise ConfigError(f"{path}: {error}") from error
    auth, own = secrets.get("auth"), secrets.get("fmaudit")
    if not isinstance(auth, dict) or not all(auth.get(key) for key in _AUTH):
        return None
    allow = own.get("allow") if isinstance(own, dict) else None
    if not isinstance(allow, list) or not allow or not all(isinstance(entry, str) and "@" in entry for entry in allow):
        raise ConfigError("signing in is set up, but nobody is allowed to look", hint='secrets.toml: [fmaudit] allow = ["you@example.org"]')
    return Access(tuple(allow))


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_host(host: str) -> None:
    """Refuse to be reached from elsewhere by people who did not sign in; raises ConfigError."""
    if not is_loopback(host) and read_access() is None:
        raise ConfigError(
            f"--host {host} would show every corpus and answer to whoever can reach this machine, and signing in is not set up",
            hint="leave --host out and use an SSH tunnel, or set up signing in: [auth] and [fmaudit] allow in .streamlit/secrets.toml "
            "(docs/how-to/dashboard.md)",
        )


def command(host: str, port: int) -> list[str]:
    """Write the command that serves the pages."""
    app = START
    own = dict.fromkeys(("localhost", "127.0.0.1", "::1", host.strip("[]")))
    hosts = [f"--server.allowedHosts={name}" for name in own] if is_loopback(host) else []
    where = [f"--server.address={host}", f"--server.port={port}", *hosts]
    safe = "-P"  # else Python would look for modules in the folder it is started in, which may be one that somebody sent
    return [sys.executable, safe, "-m", "streamlit", "run", str(app), *where, *_SETTINGS, *theme_flags()]


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken, or an address that this machine has not; raises ConfigError."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as door:
            if os.name == "posix":  # a port that was left a moment ago is free
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(found[0][4])
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"the dashboard cannot be served on {host}, port {port}: {reason}", hint=f"choose another port: --port {min(port + 1, 65535)}"
        ) from error


def check_folder(runs: Path) -> None:
    """Refuse what is no folder of runs; one that is not there yet is well. Raises ConfigError."""
    if runs.exists() and not runs.is_dir():
        raise ConfigError(f"--runs {runs} is a file", hint="name the folder that holds the run directories: --runs runs")
    if (runs / "plan.json").is_file():
        raise ConfigError(f"--runs {runs} is one run", hint=f"name the folder that it lies in: --runs {runs.parent}")


def serve(
    runs: Path, *, host: str = "127.0.0.1", port: int = 8501, plugins: Sequence[str] = (), ready: Callable[[], None] = lambda: None
) -> int:
    """Serve until stopped; `ready` is called when nothing is in the way. Returns the exit code. Raises MissingDependency, ConfigError."""
    if importlib.util.find_spec("streamlit") is None:
        raise MissingDependency("the dashboard needs Streamlit", hint="pip install 'fmaudit[dashboard]'")
    check_folder(runs)
    check_host(host)
    if read_access() is not None and importlib.util.find_spec("authlib") is None:
        raise MissingDependency("signing in needs Authlib", hint="pip install 'Authlib>=1.3.2'")
    check_port(host, port)
    ready()
    environment = {**os.environ, FOLDER: str(runs.resolve()), PLUGINS: ",".join(plugins), "HF_HUB_DISABLE_TELEMETRY": "1"}
    before = signal.signal(signal.SIGTERM, _leave)
    process = subprocess.Popen(command(host, port), env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:  # whoever stops this process stops the server, too
        if process.poll() is None:
            process.terminate()
            process.wait()
        signal.signal(signal.SIGTERM, before)


def _leave(signal_number: int, frame: object) -> None:
    raise SystemExit(128 + signal_number)
