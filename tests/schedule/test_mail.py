"""E-mail: over TLS or not at all, one message an address, and headers that nobody can add a line to."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from fmaudit.config.settings import MailSettings
from fmaudit.errors import DeliveryError
from fmaudit.records import Verdict, VerdictStatus
from fmaudit.schedule.health import Event
from fmaudit.schedule.notify import Change, make_body
from fmaudit.schedule.notify.mail import compose, send_mail
from fmaudit.schedule.notify.queue import Waiting
from fmaudit.schedule.once import look_once
from tests.schedule.conftest import FakeClock, FakeRuns, MakeJob

HOSTILE = "x\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>\x1b[2J\u202e & =?utf-8?q?a?="


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as smtplib needs; `extensions` are announced, `refuse` maps an address to its answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.extensions: list[str] = []
        self.refuse: dict[str, str] = {}
        self.login = "235 welcome"
        self.letters: list[tuple[list[str], EmailMessage, str]] = []
        self.spoken: list[str] = []
        self.context: ssl.SSLContext | None = None
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self) -> None:
        self.say("220 ready")
        to: list[str] = []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.spoken.append(line)
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                words = ["mail.example", *self.server.extensions]
                self.say(*[f"250-{word}" for word in words[:-1]], f"250 {words[-1]}")
            elif verb == "AUTH":
                self.say(self.server.login)
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                to.append(address)
                self.say(self.server.refuse.get(address, "250 fine"))
            elif verb == "DATA":
                self.say("354 go on")
                letter = b""
                while (row := self.rfile.readline()) != b".\r\n":
                    letter += row.removeprefix(b".") if row.startswith(b"..") else row
                raw = letter.decode("ascii")
                self.server.letters.append((to, email.message_from_string(raw, policy=email.policy.default), raw))  # type: ignore[arg-type]
                self.say("250 taken")
            elif verb == "STARTTLS" and self.server.context:
                self.say("220 go on")
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
                self.setup()
            else:
                self.say("221 bye" if verb == "QUIT" else "250 fine")


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.shutdown()
    made.server_close()


def settings(server: MailServer, **more) -> MailSettings:
    table = {
        "host": "127.0.0.1",
        "port": server.server_address[1],
        "security": "none",
        "sender": "audit@example.org",
        "to": "anna@example.org",
    }
    return MailSettings.model_validate({**table, **more})


def message(text: str = "all is well") -> Waiting:
    verdict = Verdict(check=f"c {text}", metric="m", target=text, status=VerdictStatus.FAIL, reason=text)
    moment = "2026-03-02T06:00:00+00:00"
    change = Change(
        id="the-id", event=Event.FAILING, audit=text, health="failing", before="ok", at=moment, sentence=text, verdicts=[verdict]
    )
    return Waiting("the-id", "mail-1 anna@example.org", make_body(change), moment)


def test_each_address_gets_a_letter_of_its_own(server: MailServer, make_job: MakeJob, clock: FakeClock, runs: FakeRuns):
    clock.set("2026-03-02 06:00")
    people = ["anna@example.org", "bob@example.org", "full@example.org"]
    server.refuse["full@example.org"] = "552 mailbox is full"
    table = json.loads(settings(server, to=people).model_dump_json())
    look = look_once(make_job({"mail": [table]}))
    assert look.delivered == ("mail-1 anna@example.org", "mail-1 bob@example.org")
    assert look.undelivered == ("mail-1 full@example.org: 127.0.0.1 did not take the message for full@example.org: it answered 552",)
    assert look.exit_code == 4
    assert [to for to, _, _ in server.letters] == [["anna@example.org"], ["bob@example.org"]]
    clock.tick(minutes=10)
    server.refuse.clear()
    assert look_once(make_job({"mail": [table]})).delivered == ("mail-1 full@example.org",)
    assert len(server.letters) == 3


def test_a_letter_has_the_facts_in_text_and_in_html(server: MailServer):
    send_mail(settings(server), "anna@example.org", {}, message(), 1)
    ((_, letter, _),) = server.letters
    assert letter["Subject"] == "fmaudit: all is well is failing: all is well"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == "<the-id@fmaudit.invalid>"
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    text = letter.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "state: failing\nbefore: ok\nchecks: 1 fail\n" in text
    assert "failed: c all is well (all is well): all is well" in text


def test_hostile_text_adds_no_header_and_no_markup(server: MailServer):
    send_mail(settings(server), "anna@example.org", {}, message(HOSTILE), 1)
    ((to, letter, raw),) = server.letters
    assert to == ["anna@example.org"]
    assert letter["Bcc"] is None
    assert letter["To"] == "anna@example.org"
    assert not any(line.lower().startswith("bcc:") for line in raw.splitlines())
    assert "\x1b" not in raw
    page = letter.get_body(("html",)).get_content()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\n" not in letter["Subject"]
    assert len(letter["Subject"]) <= 160


def test_a_server_without_tls_gets_nothing(server: MailServer):
    with pytest.raises(DeliveryError, match="STARTTLS"):
        send_mail(settings(server, security="starttls"), "anna@example.org", {}, message(), 3)
    assert server.letters == []
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.spoken)


def test_a_certificate_of_somebody_else_ends_it_before_the_password(server: MailServer, tmp_path):
    import subprocess

    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.example"]
    try:
        subprocess.run([*command, "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl command to make a certificate with")
    server.extensions = ["STARTTLS", "AUTH PLAIN"]
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    safe = settings(server, security="starttls", user_env="USER_", password_env="WORD")
    with pytest.raises(DeliveryError, match=r"(?i)certificate"):
        send_mail(safe, "anna@example.org", {"USER_": "anna", "WORD": "hidden"}, message(), 3)
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in server.spoken)


def test_a_password_is_not_in_the_complaint(server: MailServer, monkeypatch: pytest.MonkeyPatch):
    server.extensions = ["AUTH PLAIN LOGIN"]
    server.login = "535 wrong: hidden"
    hook = settings(server, security="starttls", user_env="USER_", password_env="WORD").model_copy(update={"security": "none"})
    with pytest.raises(DeliveryError) as refused:
        send_mail(hook, "anna@example.org", {"USER_": "anna", "WORD": "hidden"}, message(), 3)
    assert "USER_ and WORD" in str(refused.value)
    assert "hidden" not in str(refused.value)
    with pytest.raises(DeliveryError, match="the environment has no USER_"):
        send_mail(hook, "anna@example.org", {}, message(), 3)


def test_a_busy_server_is_asked_again_and_one_that_is_down_is_told(server: MailServer):
    server.refuse["anna@example.org"] = "451 later"
    with pytest.raises(DeliveryError, match="451"):
        send_mail(settings(server), "anna@example.org", {}, message(), 3)
    assert sum(line.upper().startswith("RCPT") for line in server.spoken) == 3
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DeliveryError, match="did not take the message"):
        send_mail(settings(server, port=port), "anna@example.org", {}, message(), 2)


def test_a_subject_in_another_script_stays_readable(server: MailServer):
    letter = compose(settings(server), "anna@example.org", message("తెలుగు ✓"))
    assert "తెలుగు ✓" in email.message_from_bytes(bytes(letter), policy=email.policy.default)["Subject"]


@pytest.mark.parametrize(("security", "first"), [("none", b"220-"), ("tls", b"\x16\x03\x03\x40\x00")])  # a greeting, a TLS record
def test_a_server_that_drips_is_cut_off(security: str, first: bytes, monkeypatch: pytest.MonkeyPatch):
    """One byte now and then: no step takes long, and the conversation would never end."""
    monkeypatch.setattr("fmaudit.schedule.notify.mail.LONGEST", 0.4)
    end = threading.Event()

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.sendall(first)
                while not end.wait(0.05):
                    self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as slow:
        threading.Thread(target=slow.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        table = {
            "host": "127.0.0.1",
            "port": slow.server_address[1],
            "sender": "a@example.org",
            "to": "b@example.org",
            "security": security,
        }
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"not done within 0\.4 s"):
            send_mail(MailSettings.model_validate(table), "b@example.org", {}, message(), 1)
        assert time.monotonic() - began < 5
        end.set()
        slow.shutdown()
