"""Forks processes that have imported everything: `python warm_server.py FD [module ...]`, asked through the socket FD.

A request is a JSON line of what to call and where, with the three standard streams as file descriptors beside it. Every request gets a
keeper of its own, which says the process's id, waits for it, and says how it ended.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any


def serve(door: socket.socket) -> None:
    """Take connections handed through the door until whoever holds its other end is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers end unseen
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores Ctrl-C, and who is forked would too
    while True:
        message, descriptors, _, _ = socket.recv_fds(door, 1, 1)
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as line:
            if os.fork() == 0:
                door.close()
                _keep(line)
                os._exit(0)


def _keep(line: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(line, 1 << 20, 3)
    child = os.fork()
    if child == 0:
        line.close()
        _become(json.loads(request), streams)
    for stream in streams:
        os.close(stream)
    line.sendall(child.to_bytes(8, "little"))
    _, status = os.waitpid(child, 0)
    line.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, "little", signed=True))


def _become(request: dict[str, Any], streams: list[int]) -> None:
    os.setsid()
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[:0] = [folder for folder in request["env"].get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.argv = ["fmaudit", *request["arguments"]]
    runpy.run_module("fmaudit", run_name="__main__")
    os._exit(0)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        importlib.import_module(name)
    serve(socket.socket(fileno=int(sys.argv[1])))
