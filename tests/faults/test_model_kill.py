"""kill -9 while a model is asked: no acknowledged request is sent again, and the numbers are the same."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from warm import Process, Warm

from fmaudit.models.cache import ResponseCache, answer_key, request_key
from fmaudit.models.loading import load_backend
from fmaudit.models.requests import GenerateRequest, Sampling
from fmaudit.records import Message

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
from scripted_server import Reply, chat_answer, serve

KILLS = 6
QUESTIONS, SAMPLES = 150, 2


def answer(path: str, body: dict[str, Any]) -> Reply:
    if not path.endswith("chat/completions"):
        return Reply({}, 404)
    time.sleep(0.02)
    prompt = body["messages"][-1]["content"]
    words = "one" if (len(prompt) + body["seed"]) % 3 else "more than one"
    return Reply(chat_answer(f"{words} {body['seed']}" if prompt.startswith("Name three") else words))


def write_config(folder: Path, url: str) -> Path:
    folder.mkdir()
    path = folder / "audit.toml"
    path.write_text(
        f'plugins = ["asking"]\n[model.m]\nuri = "openai:{url}#m"\nconcurrency = 4\n'
        f"[audit.brevity]\nquestions = {QUESTIONS}\nsamples = {SAMPLES}\n[report]\nformats = []\n"
    )
    return path


def keys_of(url: str) -> dict[tuple[str, int], bytes]:
    """Map (prompt, seed) as the server sees them to the cache's key."""
    from fmaudit.models.backends.openai.wire import seed_of

    backend = load_backend(f"openai:{url}#m", concurrency=4)
    keys = {}
    for i in range(QUESTIONS):
        prompt = f"Name the number {i} in one word."
        request = GenerateRequest(messages=(Message("user", prompt),), sampling=Sampling(max_new_tokens=8))
        for sample in range(SAMPLES):
            key = answer_key(backend.identity, backend.numeric_mode, request_key(request), sample)
            keys[prompt, seed_of(request, sample)] = key
    return keys


def sent(server: Any) -> list[tuple[str, int]]:
    found = [(body["messages"][-1]["content"], body["seed"]) for _, body in server.seen if "messages" in body]
    return [item for item in found if item[0].startswith("Name the number")]


def acknowledged(folder: Path, keys: dict[tuple[str, int], bytes]) -> set[tuple[str, int]]:
    if not (folder / "cache" / "responses.sqlite").is_file():
        return set()
    cache = ResponseCache(folder / "cache" / "responses.sqlite")
    known = cache.get(list(keys.values()))
    cache.close()
    return {item for item, key in keys.items() if key in known}


@pytest.mark.timeout(240)
def test_no_acknowledged_request_is_sent_again_and_metrics_are_equal(tmp_path: Path, asking: Path, warm: Warm) -> None:
    def start(config: Path) -> Process:
        return warm.start("run", str(config), "--json", cwd=config.parent)

    chance = random.Random(7)
    with serve(answer) as server:
        whole = start(write_config(tmp_path / "whole", server.url))
        assert whole.wait() == 0, whole.stderr.read().decode()
        keys = keys_of(server.url)
        assert Counter(sent(server)) == Counter(dict.fromkeys(keys, 1))
        config = write_config(tmp_path / "killed", server.url)
        kills = 0
        while True:
            before = acknowledged(config.parent, keys)
            already = len(sent(server))
            process = start(config)
            if kills < KILLS:
                while process.poll() is None and len(sent(server)) < already + chance.randrange(5, 60):
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 0.1))
            if kills >= KILLS or process.poll() is not None:
                assert process.wait() == 0, process.stderr.read().decode()
                assert not before & set(sent(server)[already:])
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            assert not before & set(sent(server)[already:])
        assert kills >= 3
    metrics = [(tmp_path / name / "runs").glob("*/metrics.parquet") for name in ("whole", "killed")]
    one, other = (next(found).read_bytes() for found in metrics)
    assert one == other
