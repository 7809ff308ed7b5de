"""Sends a message by e-mail: plain text and the same as HTML, over TLS, with headers that nobody can add a line to.

Every attempt has an end, whatever the server does: also one that sends a byte now and then, which no time-out of a socket notices.
"""

from __future__ import annotations

import contextlib
import html
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from fmaudit.config.settings import MailSettings
from fmaudit.errors import DeliveryError
from fmaudit.report.safe import clip
from fmaudit.schedule.notify.message import headline
from fmaudit.schedule.notify.queue import Waiting
from fmaudit.schedule.notify.retrying import again_and_again

if TYPE_CHECKING:
    import datetime

__all__ = ["compose", "send_mail"]

SUBJECT = 160  # characters
LONGEST = 60.0  # seconds for one attempt, from the connection on
_ROWS = (("state", "state"), ("previous", "before"), ("run", "run"), ("status", "status"), ("due", "due"), ("finished", "ended"))


def send_mail(settings: MailSettings, address: str, environment: Mapping[str, str], message: Waiting, attempts: int) -> None:
    """Send a message to one address, again after a while where that may help. Raises DeliveryError."""
    user, password = _credentials(settings, environment)
    mail = compose(settings, address, message)

    def once() -> None:
        with _within(settings) as line, _connect(settings, line) as server:
            if user:
                server.login(user, password)
            server.send_message(mail, settings.sender, [address])

    try:
        again_and_again(once, _temporary, attempts)
    except smtplib.SMTPAuthenticationError:  # its text may hold what was sent
        names = f"{settings.user_env} and {settings.password_env}"
        raise DeliveryError(f"{settings.host} did not accept the user and password of {names}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"{settings.host} did not take the message for {address}: {_words(error)}") from None


def compose(settings: MailSettings, address: str, message: Waiting) -> EmailMessage:
    """Write the e-mail of a message's JSON."""
    body: dict[str, Any] = json.loads(message.body)
    mail = EmailMessage()
    mail["From"] = settings.sender
    mail["To"] = address
    mail["Subject"] = clip(headline(body["audit"], body["event"], body["state"], body["sentence"]), SUBJECT)
    mail["Date"] = format_datetime(_moment(body["at"]))
    mail["Message-ID"] = f"<{body['id']}@fmaudit.invalid>"  # the same when it is sent again, so that mail programs show it once
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note comes back
    mail.set_content(_text(body), cte="quoted-printable")
    mail.add_alternative(_html(body), subtype="html", cte="quoted-printable")
    return mail


def _text(body: Mapping[str, Any]) -> str:
    lines = [f"{body['audit']}: {body['sentence']}", ""]
    lines += [f"{label}: {value}" for label, value in _facts(body)]
    lines += ["", *[f"failed: {item['check']} ({item['target']}): {item['reason']}" for item in body["failed"]]] if body["failed"] else []
    return "\n".join(lines) + "\n"


def _html(body: Mapping[str, Any]) -> str:
    """The same as HTML; everything is escaped, and there is nothing to load."""
    rows = "".join(f"<tr><td>{html.escape(label)}</td><td>{html.escape(str(value))}</td></tr>" for label, value in _facts(body))
    failed = "".join(
        f"<li><code>{html.escape(item['check'])}</code> ({html.escape(item['target'])}): {html.escape(item['reason'])}</li>"
        for item in body["failed"]
    )
    title = f"<p><strong>{html.escape(body['audit'])}</strong>: {html.escape(body['sentence'])}</p>"
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{title}<table>{rows}</table><ul>{failed}</ul></body></html>\n'


def _facts(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [(label, str(body[key])) for key, label in _ROWS if body[key] is not None]
    checks = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in body["checks"].items() if count)
    return [*facts, ("checks", checks)] if checks else facts


@contextlib.contextmanager
def _within(settings: MailSettings) -> Iterator[socket.socket]:
    """Open a connection that is cut after `LONGEST`: then whoever waits for the server is told, and raises TimeoutError."""
    line = socket.create_connection((settings.host, settings.port), settings.timeout)
    handle, late = line.dup(), threading.Event()  # TLS takes the socket away from its first owner, and not from the second

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):  # it has just ended by itself
            handle.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(LONGEST, cut)
    watch.daemon = True
    watch.start()
    try:
        yield line
    except (smtplib.SMTPException, OSError):
        if late.is_set():
            raise TimeoutError(f"it was not done within {LONGEST:g} s") from None
        raise
    finally:
        watch.cancel()
        handle.close()
        line.close()


class _Server(smtplib.SMTP):
    """Speaks SMTP over a connection that is already there."""

    def __init__(self, settings: MailSettings, line: socket.socket) -> None:
        self._line = line
        name = "".join(c for c in socket.gethostname() if c.isascii() and (c.isalnum() or c in ".-")) or "localhost"
        super().__init__(settings.host, settings.port, local_hostname=name, timeout=settings.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._line


def _connect(settings: MailSettings, line: socket.socket) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.security == "tls":
        return _Server(settings, context.wrap_socket(line, server_hostname=settings.host))
    server = _Server(settings, line)
    if settings.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _credentials(settings: MailSettings, environment: Mapping[str, str]) -> tuple[str, str]:
    for name in (settings.user_env, settings.password_env):
        if name and not environment.get(name):
            raise DeliveryError(f"the environment has no {name}, which {settings.host} wants", hint="set it where the schedule runs")
    return environment.get(settings.user_env, ""), environment.get(settings.password_env, "")


def _temporary(error: Exception) -> bool:
    """Tell what may pass: no connection, or an answer of the 400s (RFC 5321, 4.2.1); a certificate that is wrong stays wrong."""
    if isinstance(error, smtplib.SMTPResponseException):
        return 400 <= error.smtp_code < 500
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in error.recipients.values())
    if isinstance(error, (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError)):
        return False
    return isinstance(error, (smtplib.SMTPServerDisconnected, OSError))


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return ", ".join(f"it answered {code}" for code, _ in error.recipients.values())
    return clip(f"{type(error).__name__}: {error}", 200)


def _moment(text: str) -> datetime.datetime:
    import datetime

    return datetime.datetime.fromisoformat(text)
