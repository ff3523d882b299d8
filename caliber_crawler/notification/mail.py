"""E-mail over SMTP. The server and its password come from the environment, and the password is stored nowhere."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate
from typing import Self
from urllib.parse import unquote, urlsplit

from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.deadline import TIMEOUT, run_within

SERVER, SENDER = "CALIBER_SMTP_URL", "CALIBER_SMTP_FROM"
"""Environment variables: ``smtps://user:password@mail.example.org`` or ``smtp://…:587``, and the sender."""
DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server of the operator."""

    host: str
    port: int
    sender: str
    is_tls: bool
    """Whether the connection begins with TLS; else it is upgraded by STARTTLS, except to this machine."""
    user: str | None = None
    password: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The server of the environment variables. Raises ``NotificationError`` if they do not name one."""
        url, sender = environment.get(SERVER, ""), environment.get(SENDER, "")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" not in sender:
            raise NotificationError(
                f"E-mail needs the environment variables {SERVER} (smtps://user:password@mail.example.org)"
                f" and {SENDER} (archive@example.org)."
            )
        return cls(
            parts.hostname,
            port or DEFAULT_PORTS[parts.scheme],
            sender,
            parts.scheme == "smtps",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )

    def send(self, to: str, subject: str, text: str, *, id: str, timeout: float = TIMEOUT) -> str | None:
        """Send a message; return the cause of a failure as a clause.

        ``id`` becomes the Message-ID: mail programs show a message that arrives twice once.
        """
        message = EmailMessage(policy=SMTP_POLICY)
        # A line end in a header would begin another header.
        message["Subject"] = " ".join(subject.split())
        message["From"], message["To"], message["Date"] = self.sender, to, formatdate()
        message["Message-ID"] = f"<{id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic replies
        message.set_content(text)
        return run_within(timeout, lambda: self._send(message, timeout))

    def _send(self, message: EmailMessage, timeout: float) -> str | None:
        context = ssl.create_default_context()
        connection = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=timeout, context=context)
            if self.is_tls
            else smtplib.SMTP(self.host, self.port, timeout=timeout)
        )
        with connection as server:
            if not self.is_tls and self.host not in LOOPBACK:
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password or "")
            server.send_message(message)
        return None
