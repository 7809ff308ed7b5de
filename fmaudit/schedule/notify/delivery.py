"""Delivers what waits, channel by channel; what cannot be delivered goes on waiting."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from fmaudit.errors import DeliveryError
from fmaudit.schedule.notify.channels import Sender
from fmaudit.schedule.notify.queue import Queue, Waiting

__all__ = ["deliver"]


def deliver(queue: Queue, senders: Mapping[str, Sender], attempts: int, now: datetime.datetime) -> tuple[list[str], list[str]]:
    """Send every waiting message in order; returns what was delivered and a sentence per channel that was not.

    A channel that fails is left alone until the next time, so that a server that is down costs its patience once. A message that
    waited before is tried once, a new one `attempts` times. A bug in one channel costs the others nothing.
    """
    delivered: list[str] = []
    problems: dict[str, str] = {}
    for message in queue.expired(now):
        queue.delivered(message)
    for message in queue.waiting():
        if message.channel not in senders:  # no longer in audit.toml
            queue.delivered(message)
        elif message.channel in problems:
            queue.failed(message, problems[message.channel])
        else:
            problem = _send(senders[message.channel], message, 1 if message.attempts else attempts)
            if problem:
                problems[message.channel] = problem
                queue.failed(message, problem)
            else:
                queue.delivered(message)
                delivered.append(message.channel)
    return delivered, [f"{channel}: {problem}" for channel, problem in problems.items()]


def _send(sender: Sender, message: Waiting, attempts: int) -> str:
    """Send a message; returns why it could not be, empty where it was."""
    try:
        sender(message, attempts)
    except DeliveryError as error:
        return str(error)
    except Exception as error:  # its text may hold an address that is a secret
        return f"a bug in fmaudit: {type(error).__name__}"
    return ""
