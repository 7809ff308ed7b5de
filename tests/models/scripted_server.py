"""A real HTTP server that answers as a test tells it to: an OpenAI-compatible one, with all that can go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Reply", "Script", "chat_answer", "serve", "text_answer"]


@dataclass
class Reply:
    """What goes back: a status, a body (JSON unless it is text), headers; `cut` breaks the connection inside the body."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Script:
    """A server's behaviour and what it saw."""

    answer: Callable[[str, dict[str, Any]], Reply]
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def prompts(self) -> list[str]:
        """The prompts seen, in order."""
        return [body["messages"][-1]["content"] if "messages" in body else body["prompt"] for _, body in self.seen]


def chat_answer(text: str, **extra: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"} | extra
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


def text_answer(text: str, **extra: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "text": text, "finish_reason": "stop"} | extra], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


@contextmanager
def serve(answer: Callable[[str, dict[str, Any]], Reply]) -> Iterator[Script]:
    """Run the server on a free port until the block ends."""
    script = Script(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with script.lock:
                script.seen.append((self.path, body))
                script.busy += 1
                script.busiest = max(script.busiest, script.busy)
            try:
                self._send(script.answer(self.path, body))
            finally:
                with script.lock:
                    script.busy -= 1

        def _send(self, reply: Reply) -> None:
            data = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("content-length", str(len(data)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.cut else data)
            if reply.cut:
                self.wfile.flush()
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
