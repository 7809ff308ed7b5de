"""Whoever asked for it hears of every change of state, once, and a webhook that is down costs no message."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fmaudit.errors import RunError
from fmaudit.schedule.health import Event, Health, event_of, judge_health
from fmaudit.schedule.once import look_once
from fmaudit.schedule.status import read_status
from tests.schedule.conftest import FakeClock, FakeRuns, MakeJob, Receiver

KEY = {"KEY": "a secret"}


def test_only_a_change_of_state_is_told(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook):
    job = make_job(hook, KEY, cron="0 6 * * *")
    clock.set("2026-03-02 06:00")
    for code in (0, 0, 1, 3, 1, 0, 0, 4):
        runs.exit_code = code
        assert look_once(job).exit_code == code
        clock.tick(days=1)
    events = [(body["event"], body["state"], body["previous"]) for body in receiver.bodies]
    assert events == [("first", "ok", None), ("failing", "failing", "ok"), ("recovered", "ok", "failing"), ("failing", "failing", "ok")]


def test_the_message_has_its_fields(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook):
    clock.set("2026-03-02 06:04")
    runs.exit_code = 1
    look_once(make_job(hook, KEY))
    (body,) = receiver.bodies
    assert {key: body[key] for key in body if key not in ("id", "text")} == {
        "schema": 1,
        "event": "first",
        "audit": "audits/audit.toml",
        "state": "failing",
        "previous": None,
        "at": "2026-03-02T06:04:00+00:00",
        "due": "2026-03-02T06:00:00+00:00",
        "run": runs.made[0],
        "status": "complete",
        "finished": "2026-03-02T06:04:00+00:00",
        "exit_code": 1,
        "checks": {"pass": 0, "fail": 1, "inconclusive": 0, "not_measured": 0},
        "failed": [{"check": "a.share <= 0.5", "target": "web", "reason": "0.9 > 0.5"}],
        "sentence": f"{runs.made[0]} is complete: 1 of 1 checks failed, first a.share <= 0.5",
    }


def test_a_webhook_that_is_down_costs_neither_the_run_nor_the_message(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, hook):
    server = Receiver()
    hook["webhook"][0]["url"] = server.url
    port = server.server_address[1]
    server.stop()
    clock.set("2026-03-02 06:00")
    down = look_once(make_job(hook, KEY))
    assert (down.exit_code, down.ended[0].exit_code, down.ended[0].status) == (4, 0, "done")
    assert "hidden" not in down.undelivered[0]
    assert not any(secret in (runs.runs / "schedule.sqlite").read_bytes() for secret in (b"hidden", b"a secret"))
    waiting = read_status(make_job(hook, KEY)).waiting
    assert [(message.channel, message.attempts) for message in waiting] == [("webhook-1", 1)]
    clock.tick(minutes=10)
    assert look_once(make_job(hook, KEY)).exit_code == 4
    server = Receiver(port)
    try:
        clock.tick(minutes=10)
        up = look_once(make_job(hook, KEY))
        assert (up.exit_code, up.delivered) == (0, ("webhook-1",))
        assert look_once(make_job(hook, KEY)).delivered == ()
        assert [(body["event"], body["id"], body["due"]) for body in server.bodies] == [
            ("first", waiting[0].id, "2026-03-02T06:00:00+00:00")
        ]
    finally:
        server.stop()
    assert len(runs.made) == 1


def test_a_failed_check_outweighs_a_message_that_was_not_delivered(
    make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook
):
    clock.set("2026-03-02 06:00")
    runs.exit_code, receiver.codes = 1, [404]
    look = look_once(make_job(hook, KEY))
    assert look.undelivered == ("webhook-1: 127.0.0.1 answered 404",)
    assert look.exit_code == 1


def test_messages_wait_in_their_order(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook):
    receiver.codes = [500] * 5  # three attempts at the first, then one in the next look
    clock.set("2026-03-02 06:00")
    look_once(make_job(hook, KEY))
    runs.exit_code = 1
    clock.set("2026-03-09 06:00")
    look_once(make_job(hook, KEY))
    receiver.codes = []
    receiver.requests.clear()
    clock.tick(minutes=10)
    look_once(make_job(hook, KEY))
    assert [body["event"] for body in receiver.bodies] == ["first", "failing"]


def test_a_schedule_without_a_young_run_becomes_stale_and_recovers(
    make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook
):
    job = make_job(hook, KEY, max_age="5d")
    clock.set("2026-03-02 06:00")
    runs.status = "partial"  # within the tolerance, so that the exit code is 0: that is a result like any other
    look_once(job)
    assert [(body["event"], body["state"]) for body in receiver.bodies] == [("first", "ok")]
    clock.set("2026-03-07 06:01")
    assert look_once(job).ended == ()
    assert receiver.bodies[-1]["event"] == "stale"
    assert "ended 5 d ago, more than 5 d" in receiver.bodies[-1]["sentence"]
    look_once(job)
    clock.set("2026-03-09 06:00")
    look_once(job)
    assert [body["event"] for body in receiver.bodies] == ["first", "stale", "recovered"]


def test_a_schedule_that_never_had_a_result_becomes_stale_too(make_job: MakeJob, clock: FakeClock, receiver: Receiver, hook):
    job = make_job(hook, KEY, max_age="2d", cron="0 6 1 1 *")
    look_once(job)
    assert receiver.requests == []
    clock.tick(days=3)
    look_once(job)
    assert [body["event"] for body in receiver.bodies] == ["stale"]
    assert receiver.bodies[0]["sentence"].startswith("there is no complete run")


def test_a_channel_taken_out_of_the_file_takes_its_messages_along(make_job: MakeJob, clock: FakeClock, receiver: Receiver, hook):
    receiver.codes = [404]
    clock.set("2026-03-02 06:00")
    assert look_once(make_job(hook, KEY)).exit_code == 4
    assert look_once(make_job()).exit_code == 0
    assert read_status(make_job(hook, KEY)).waiting == ()


def test_a_message_of_last_month_is_no_news(make_job: MakeJob, clock: FakeClock, receiver: Receiver, hook):
    receiver.codes = [404] * 2
    clock.set("2026-03-02 06:00")
    look_once(make_job(hook, KEY))
    clock.set("2026-04-05 06:00")
    look = look_once(make_job(hook, KEY, missed="skip"))
    assert (look.delivered, look.undelivered) == ((), ())
    assert read_status(make_job(hook, KEY)).waiting == ()


HOSTILE = "x\r\nBcc: all@example.org\x1b[2J\u202e<script>alert(1)</script> <!channel> @everyone \ud800" + "y" * 1000


def test_hostile_text_is_harmless_in_the_message(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook):
    from fmaudit.records import Verdict, VerdictStatus
    from fmaudit.schedule.notify import Change, make_body

    verdict = Verdict(check=HOSTILE, metric="m", target=HOSTILE, status=VerdictStatus.FAIL, reason=HOSTILE)
    change = Change(
        id="i",
        event=Event.FAILING,
        audit=HOSTILE,
        health="failing",
        before="ok",
        at="2026-03-02T06:00:00+00:00",
        sentence=HOSTILE,
        verdicts=[verdict] * 50,
    )
    text = make_body(change)
    assert text.isascii()
    assert len(text) < 60_000
    body = json.loads(text)
    for shown in (body["audit"], body["sentence"], body["failed"][0]["check"], body["failed"][0]["reason"], body["text"]):
        assert not set(shown) & set("\r\n\x1b\u202e\ud800")
    assert "<" not in body["text"]
    assert "@everyone" not in body["text"]
    assert len(body["failed"]) == 20


@pytest.mark.parametrize(
    ("before", "code", "fresh", "event"),
    [
        ("", None, True, None),
        ("", 0, True, Event.FIRST),
        ("", 1, True, Event.FIRST),
        ("", None, False, Event.STALE),
        ("ok", 0, True, None),
        ("ok", 1, True, Event.FAILING),
        ("ok", 0, False, Event.STALE),
        ("failing", 1, False, None),
        ("failing", 0, True, Event.RECOVERED),
        ("stale", 0, True, Event.RECOVERED),
        ("stale", 2, True, Event.FAILING),
    ],
)
def test_changes_of_state(before: str, code: int | None, fresh: bool, event: Event | None):
    assert event_of(before, judge_health(code, fresh)) == event
    assert judge_health(0, True) is Health.OK


def test_an_incomplete_run_is_told_with_its_reason(make_job: MakeJob, clock: FakeClock, runs: FakeRuns, receiver: Receiver, hook):
    clock.set("2026-03-02 06:00")
    runs.status, runs.exit_code = "partial", 3
    job = replace(make_job(hook, KEY), explain=lambda run: [f"3 of 650 were not examined in {run.id}", "an audit failed"])
    look_once(job)
    assert receiver.bodies[0]["sentence"] == f"{runs.made[0]} is partial: 3 of 650 were not examined in {runs.made[0]} and 1 more"

    def broken(_):
        raise RunError("the journal is damaged")

    clock.set("2026-03-09 06:00")
    runs.exit_code = 0
    look_once(job)
    clock.set("2026-03-16 06:00")
    runs.exit_code = 3
    look_once(replace(job, explain=broken))
    assert receiver.bodies[-1]["sentence"].endswith("it is incomplete beyond what is tolerated, or a finding is an error")


def test_a_bug_in_one_channel_costs_the_others_nothing_and_tells_no_address(make_job: MakeJob, clock: FakeClock, receiver: Receiver, hook):
    def broken(message, attempts):
        raise ValueError("https://hooks.example/secret")

    clock.set("2026-03-02 06:00")
    job = make_job(hook, KEY)
    look = look_once(replace(job, senders={"broken": broken, **job.senders}))
    assert look.delivered == ("webhook-1",)
    assert look.undelivered == ("broken: a bug in fmaudit: ValueError",)
    assert look.exit_code == 4
