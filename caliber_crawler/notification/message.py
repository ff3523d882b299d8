"""A message in the form that each kind of target expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.chat import payload_of
from caliber_crawler.notification.mail import MailServer
from caliber_crawler.notification.target import Target
from caliber_crawler.notification.webhook import post


@dataclass(frozen=True, slots=True)
class Message:
    """Text for people, and the same as JSON for programs."""

    title: str
    lines: list[str]
    payload: Mapping[str, object]
    """What a webhook gets that is not one of a chat."""
    id: str
    """The same if the message is sent again."""


def require_receiver(target: Target, environment: Mapping[str, str]) -> None:
    """Raise ``NotificationError`` if a target can receive no message: it is a file, or no mail server is known."""
    if target.kind == "feed":
        raise NotificationError("A file cannot receive these messages: use a webhook, a chat or a mailbox.")
    if target.kind == "mail":
        MailServer.from_environment(environment)


def send(target: Target, message: Message, environment: Mapping[str, str]) -> str | None:
    """Send a message to a mailbox, a chat or a webhook; return the cause of a failure as a clause.

    Raises as :func:`require_receiver`.
    """
    require_receiver(target, environment)
    if target.kind == "mail":
        server = MailServer.from_environment(environment)
        return server.send(target.address, message.title, "\n\n".join(message.lines), id=message.id)
    payload = payload_of(target.chat, message.title, message.lines) if target.chat else message.payload
    return post(target.address, payload, headers={"Idempotency-Key": message.id})
