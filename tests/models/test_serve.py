"""The backend for servers against a real one: `transformers serve` with a built-in model."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fmaudit.models.base import Capability
from fmaudit.models.loading import load_backend
from fmaudit.models.requests import GenerateRequest, Sampling
from fmaudit.records import Message
from fmaudit.samples import builtin_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn", "openai")), reason="transformers[serving]"
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    model, home = builtin_model("chat"), tmp_path_factory.mktemp("hub")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model), "--port", str(port), "--device", "cpu"]
    log = (home / "log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert process.poll() is None, (home / "log").read_text()[-2000:]
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1", model
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.timeout(240)
def test_a_real_server_is_probed_asked_and_agrees_with_the_model_itself(server: tuple[str, Path]) -> None:
    url, model = server
    remote = load_backend(f"openai:{url}#{model}")
    able = remote.capabilities
    assert {Capability.GENERATE, Capability.CHAT, Capability.SAMPLE} <= able
    assert not {Capability.SCORE, Capability.LOG_PROBS} & able  # it takes the fields, and leaves them out
    assert not remote.abilities.many
    questions = ["What is the capital of France?", "What is 2 plus 3?"]
    requests = [
        GenerateRequest(messages=(Message("user", question),), sampling=Sampling(temperature=0.01, max_new_tokens=24))
        for question in questions
    ]
    answers = [answers[0] for answers in remote.generate(requests)]
    assert all(answer.text.strip() and answer.prompt_tokens > 0 for answer in answers)
    greedy = [GenerateRequest(messages=request.messages, sampling=Sampling(temperature=0, max_new_tokens=24)) for request in requests]
    local = [answers[0].text for answers in load_backend("demo:chat").generate(greedy)]
    assert [answer.text.strip() for answer in answers] == [text.strip() for text in local]
