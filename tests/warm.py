"""Calls the command line in processes forked from one that has imported everything.

As apart as a new interpreter (own memory, session, streams, exit), without the seconds of importing that hundreds of calls would pay.
Starting up itself is tested with real interpreters.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

SERVER = Path(__file__).with_name("warm_server.py")


class Process:
    """What the tests use of subprocess.Popen."""

    def __init__(self, line: socket.socket, arguments: tuple[str, ...], cwd: Path) -> None:
        self._line = line
        (outside_out, inside_out), (outside_err, inside_err), nothing = os.pipe(), os.pipe(), os.open(os.devnull, os.O_RDONLY)
        request = json.dumps({"arguments": arguments, "cwd": str(cwd), "env": dict(os.environ)}).encode()
        socket.send_fds(line, [request], [nothing, inside_out, inside_err])
        for descriptor in (nothing, inside_out, inside_err):
            os.close(descriptor)
        self.stdout: IO[bytes] = os.fdopen(outside_out, "rb")
        self.stderr: IO[bytes] = os.fdopen(outside_err, "rb")
        self.pid = int.from_bytes(line.recv(8), "little")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._await(0.0)

    def wait(self, timeout: float = 120.0) -> int:
        """Wait until it ends."""
        code = self._await(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("fmaudit", timeout)
        return code

    def communicate(self, timeout: float = 120.0) -> tuple[bytes, bytes]:
        """Return all that it said on stdout and stderr, and wait until it ends."""
        said: dict[int, bytes] = {stream.fileno(): b"" for stream in (self.stdout, self.stderr) if not stream.closed}
        order, still_open = list(said), set(said)
        while still_open:
            ready, _, _ = select.select(list(still_open), [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("fmaudit", timeout)
            for descriptor in ready:
                piece = os.read(descriptor, 65536)
                said[descriptor] += piece
                still_open -= set() if piece else {descriptor}
        self.wait(timeout)
        return said[order[0]], said[order[-1]]

    def _await(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], timeout)[0]:
            self.returncode = int.from_bytes(self._line.recv(8), "little", signed=True)
            self._line.close()
        return self.returncode


class Warm:
    """A server that has imported `modules`, and the processes it forks."""

    def __init__(self, *modules: str) -> None:
        self._door, inside = socket.socketpair()
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, str(SERVER), str(inside.fileno()), *modules]
        self._server = subprocess.Popen(command, pass_fds=[inside.fileno()], env=environment)
        inside.close()

    def start(self, *arguments: str, cwd: Path) -> Process:
        """Begin `fmaudit ARGUMENTS` in a session of its own."""
        ours, theirs = socket.socketpair()
        socket.send_fds(self._door, [b"!"], [theirs.fileno()])
        theirs.close()
        return Process(ours, arguments, cwd)

    def run(self, *arguments: str, cwd: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Call `fmaudit ARGUMENTS`, expecting an exit code (None: any)."""
        process = self.start(*arguments, cwd=cwd)
        out, err = (said.decode() for said in process.communicate())
        process.stdout.close()
        process.stderr.close()
        if code is not None:
            assert process.returncode == code, out + err
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)

    def close(self) -> None:
        """Let the server go."""
        self._door.close()
        self._server.wait(30)
