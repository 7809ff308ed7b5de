"""The backend for servers, against real server processes that go wrong in every way servers do."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from scripted_server import Reply, chat_answer, serve, text_answer

from fmaudit.errors import ModelError
from fmaudit.models.backends.openai.calls import retry_after
from fmaudit.models.base import Capability
from fmaudit.models.loading import load_backend
from fmaudit.models.requests import Failure, GenerateRequest, Message, Sampling, ScoreRequest

PROBE = "Name three things"


def ask(prompt: str, **how: Any) -> GenerateRequest:
    return GenerateRequest(messages=(Message("user", prompt),), sampling=Sampling(temperature=0, max_new_tokens=8, **how))


def backend(url: str, **options: Any) -> Any:
    return load_backend(f"openai:{url}#m", first_wait=0.001, **options)


def is_probe(body: dict[str, Any]) -> bool:
    text = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    return text.startswith((PROBE, "The sea is deep"))


def chat_only(answer: Any) -> Any:
    """A plain chat server: no completions endpoint; sampling and seeds work."""

    def handle(path: str, body: dict[str, Any]) -> Reply:
        if not path.endswith("/chat/completions"):
            return Reply({"error": {"message": "no such endpoint"}}, 404)
        if is_probe(body):
            return Reply(chat_answer(f"boat {body['seed']}"))
        return answer(body)

    return handle


def test_what_a_server_leaves_out_is_found_by_asking() -> None:
    with serve(chat_only(lambda body: Reply(chat_answer("x")))) as server:
        made = backend(server.url)
        able = made.abilities
        assert (able.chat, able.completions, able.many, able.log_probs, able.sampling, able.seed, able.echo) == (
            True, False, False, False, True, True, False,
        )  # fmt: skip
        assert Capability.SCORE not in made.capabilities
        assert Capability.SAMPLE in made.capabilities


def test_a_server_that_always_gives_the_same_text_cannot_sample() -> None:
    def handle(path: str, body: dict[str, Any]) -> Reply:
        return Reply(chat_answer("boat")) if path.endswith("chat/completions") else Reply({}, 404)

    with serve(handle) as server:
        assert Capability.SAMPLE not in backend(server.url).capabilities


def test_answers_come_back_to_their_requests() -> None:
    with serve(chat_only(lambda body: Reply(chat_answer(body["messages"][-1]["content"].upper())))) as server:
        prompts = [f"prompt {i}" for i in range(50)]
        answers = backend(server.url).generate([ask(prompt) for prompt in prompts])
        assert [a[0].text for a in answers] == [prompt.upper() for prompt in prompts]


def test_every_sample_has_a_seed_of_its_own_and_the_same_one_again() -> None:
    with serve(chat_only(lambda body: Reply(chat_answer(str(body["seed"]))))) as server:
        request = GenerateRequest(messages=(Message("user", "a"),), samples=(0, 1, 2))
        first = backend(server.url).generate([request])[0]
        assert len({c.text for c in first}) == 3
        again = backend(server.url).generate([GenerateRequest(messages=(Message("user", "a"),), samples=(2,))])[0]
        assert again[0].text == first[2].text


def test_429_is_asked_again_after_the_time_the_server_names() -> None:
    state = {"n": 0}

    def answer(body: dict[str, Any]) -> Reply:
        state["n"] += 1
        if state["n"] <= 2:
            return Reply({"error": {"message": "slow down"}}, 429, {"retry-after": "0.3"})
        return Reply(chat_answer("ok"))

    with serve(chat_only(answer)) as server:
        made = backend(server.url)
        assert made.capabilities
        begin = time.monotonic()
        assert made.generate([ask("a")])[0][0].text == "ok"
        assert time.monotonic() - begin >= 0.6


@pytest.mark.parametrize(
    "bad",
    [
        Reply({"error": {"message": "boom"}}, 500),
        Reply("<html><body>502 Bad Gateway</body></html>", 200, {"content-type": "text/html"}),
        Reply(chat_answer("never whole"), cut=True),
        Reply([1, 2, 3]),
        Reply({"error": {"message": "overloaded"}}),
    ],
    ids=["500", "html", "cut", "no object", "error with 200"],
)
def test_a_passing_fault_costs_nothing(bad: Reply) -> None:
    state = {"n": 0}

    def answer(body: dict[str, Any]) -> Reply:
        state["n"] += 1
        return bad if state["n"] == 1 else Reply(chat_answer("ok"))

    with serve(chat_only(answer)) as server:
        assert backend(server.url).generate([ask("a")])[0][0].text == "ok"


def test_a_lasting_fault_costs_one_request_and_says_why() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        poisoned = body["messages"][-1]["content"] == "poison"
        return Reply({"error": {"message": "it crashed"}}, 500) if poisoned else Reply(chat_answer("ok"))

    with serve(chat_only(answer)) as server:
        made = backend(server.url, attempts=3)
        found = dict(made.generate_each([ask("a"), ask("poison"), ask("b")]))
        assert found[0].text == found[2].text == "ok"
        assert isinstance(found[1], Failure)
        assert found[1].reason == "server-error"
        assert "it crashed" in found[1].detail
        assert server.prompts().count("poison") == 3


def test_a_refused_request_is_not_asked_again() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        return Reply({"error": {"message": "This model's maximum context length is 8 tokens"}}, 400)

    with serve(chat_only(answer)) as server:
        found = dict(backend(server.url).generate_each([ask("long")]))
        assert found[0].reason == "too-long"
        assert server.prompts().count("long") == 1


def test_a_content_filter_is_a_refusal_not_an_answer() -> None:
    with serve(chat_only(lambda body: Reply(chat_answer("", finish_reason="content_filter")))) as server:
        assert dict(backend(server.url).generate_each([ask("x")]))[0].reason == "refused"


def test_no_access_stops_all_and_never_shows_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-canary")
    with serve(lambda path, body: Reply({"error": {"message": "bad key"}}, 401)) as server:
        with pytest.raises(ModelError, match="no access") as caught:
            backend(server.url).generate([ask("a")])
        assert "canary" not in str(caught.value)


def test_nobody_there_is_said_with_what_to_do() -> None:
    with pytest.raises(ModelError, match="is the server running"):
        backend("http://127.0.0.1:9/v1", attempts=2).generate([ask("a")])


def test_a_dead_server_ends_the_work_instead_of_failing_every_request() -> None:
    requests = [ask(str(i)) for i in range(40)]
    gone = chat_only(lambda body: Reply({"error": {"message": "gone"}}, 500))
    with serve(gone) as server, pytest.raises(ModelError, match="requests in a row failed"):
        list(backend(server.url, attempts=1).generate_each(requests))


def test_null_log_probs_are_none_and_real_ones_are_read() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        value = None if body["messages"][-1]["content"] == "null" else -0.25
        return Reply(chat_answer("a b", logprobs={"content": [{"token": "a", "logprob": value}, {"token": " b", "logprob": -0.5}]}))

    def handle(path: str, body: dict[str, Any]) -> Reply:
        if not path.endswith("chat/completions"):
            return Reply({}, 404)
        return answer(body) if not is_probe(body) else Reply(chat_answer("x", logprobs={"content": [{"token": "x", "logprob": -1.0}]}))

    with serve(handle) as server:
        made = backend(server.url)
        assert Capability.LOG_PROBS in made.capabilities
        (null,), (real,) = made.generate([ask("null"), ask("real")])
        assert null.log_probs is None
        assert real.log_probs == (-0.25, -0.5)


def echo_server(path: str, body: dict[str, Any]) -> Reply:
    """A completions server that echoes: each word is a token of log-probability minus its length."""
    if not path.endswith("/completions") or path.endswith("chat/completions"):
        return Reply({}, 404)
    text = body["prompt"] + (" end" if body.get("echo") else "")
    tokens, offsets, at = [], [], 0
    for word in text.split(" "):
        tokens.append(word if not tokens else " " + word)
        offsets.append(at)
        at += len(tokens[-1])
    values: list[float | None] = [None, *(-float(len(token)) for token in tokens[1:])]
    found = {"tokens": tokens, "token_logprobs": values, "text_offset": offsets, "top_logprobs": [None, *({"x": 0.0} for _ in tokens[1:])]}
    return Reply(text_answer(text if body.get("echo") else f"word{body.get('seed')}", logprobs=found if body.get("echo") else None))


def test_scores_are_read_from_an_echo_without_the_context_and_the_generated_token() -> None:
    with serve(echo_server) as server:
        made = backend(server.url)
        assert Capability.SCORE in made.capabilities
        score = made.score([ScoreRequest(context="the cat", continuation=" sat down")])[0]
        assert score.log_probs == (-4.0, -5.0)
        assert score.log_likelihood == -9.0
        assert not score.greedy
        assert made.score([ScoreRequest(context="the cat ", continuation="sat")])[0].log_likelihood == -4.0


def test_tokens_by_number_are_refused_not_left_out() -> None:
    with serve(echo_server) as server:
        answer = dict(backend(server.url).score_each([ScoreRequest(context="the cat", continuation_ids=(5, 6))]))[0]
        assert answer.reason == "bad-request"


def test_a_first_token_without_a_probability_is_a_failure_not_a_number() -> None:
    with serve(echo_server) as server:
        made = backend(server.url)
        assert dict(made.score_each([ScoreRequest(continuation="cat sat")]))[0].reason == "unscored-token"
        prefixed = backend(server.url, prefix="# ")
        assert math.isclose(prefixed.score([ScoreRequest(continuation="cat")])[0].log_likelihood, -4.0)


def test_many_calls_run_side_by_side_but_never_more_than_allowed() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        time.sleep(0.01)
        return Reply(chat_answer("ok"))

    with serve(chat_only(answer)) as server:
        backend(server.url, concurrency=6).generate([ask(str(i)) for i in range(60)])
        assert 3 <= server.busiest <= 6


def test_retry_after_reads_seconds_and_dates_and_is_capped() -> None:
    assert retry_after("2", 0.0) == 2.0
    assert retry_after("1000000000", 0.0) == 300.0
    assert retry_after("Thu, 01 Jan 1970 00:00:10 GMT", 4.0) == 6.0
    assert retry_after("-5", 0.0) == 0.0
    assert retry_after("soon", 0.0) is None
    assert retry_after(None, 0.0) is None


@pytest.mark.parametrize("uri", ["openai:nowhere", "openai:http://host/v1", "openai:ftp://host/v1#m", "openai:http://user:pw@host/v1#m"])
def test_a_uri_that_names_no_server_is_refused(uri: str) -> None:
    with pytest.raises(ModelError):
        load_backend(uri)


def test_two_models_of_one_server_are_different_models() -> None:
    one, other = load_backend("openai:http://h/v1#a"), load_backend("openai:http://h/v1#b")
    assert one.identity != other.identity


@pytest.mark.parametrize(
    "answer",
    [
        chat_answer("x") | {"usage": [1]},
        {"choices": [{"message": "hi"}]},
        {"choices": ["x"]},
        chat_answer("x") | {"usage": {"prompt_tokens": "a"}},
        chat_answer("\ud800"),
    ],
    ids=["usage a list", "message a text", "choice a text", "count a text", "lone surrogate"],
)
def test_a_malformed_answer_costs_its_request_at_most(answer: dict[str, Any]) -> None:
    def handle(body: dict[str, Any]) -> Reply:
        return Reply(answer if body["messages"][-1]["content"] == "bad" else chat_answer("ok"))

    with serve(chat_only(handle)) as server:
        found = dict(backend(server.url).generate_each([ask("bad"), ask("good")]))
        assert found[1].text == "ok"
        assert isinstance(found[0], Failure) or found[0].text.encode() in (b"x", "\ufffd".encode())


def test_tokens_that_do_not_spell_the_text_give_no_score() -> None:
    def handle(path: str, body: dict[str, Any]) -> Reply:
        reply = echo_server(path, body)
        if body.get("echo") and "drift" in body["prompt"]:
            found = reply.body["choices"][0]["logprobs"]
            found["tokens"] = ["\ufffd"] * len(found["tokens"])
        return reply

    with serve(handle) as server:
        failed = dict(backend(server.url).score_each([ScoreRequest(context="drift", continuation=" sat")]))[0]
        assert isinstance(failed, Failure)
        assert "do not spell" in failed.detail


def test_how_the_server_is_asked_is_part_of_the_key() -> None:
    with serve(chat_only(lambda body: Reply(chat_answer("x")))) as chat, serve(echo_server) as plain:
        one, other = backend(chat.url), backend(plain.url)
        one.open()
        other.open()
        assert one.numeric_mode != other.numeric_mode


def test_a_secret_in_the_url_is_never_repeated() -> None:
    for uri in ("openai:https://user:SECRET@host/v1", "openai:https://host/v1?key=SECRET#m"):
        with pytest.raises(ModelError) as caught:
            load_backend(uri)
        assert "SECRET" not in str(caught.value)
