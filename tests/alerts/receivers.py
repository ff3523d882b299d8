"""Servers that receive messages, on loopback and bounded in time."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast


@dataclass
class Webhook:
    """A webhook and what it received."""

    url: str
    payloads: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    """The paths of requests with content."""
    pings: list[str] = field(default_factory=list)
    """The paths of requests without content."""
    status: int = 200


@contextmanager
def webhook() -> Iterator[Webhook]:
    received = Webhook("")

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            received.posts.append(self.path)
            received.payloads.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            received.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(received.status)
            self.end_headers()

        def do_GET(self) -> None:
            received.pings.append(self.path)
            self.send_response(received.status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield received
        finally:
            server.shutdown()


@dataclass
class Mailbox:
    """A mail server and the messages that it accepted."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def environment(self) -> dict[str, str]:
        return {"CALIBER_SMTP_URL": f"smtp://127.0.0.1:{self.port}", "CALIBER_SMTP_FROM": "archive@example.org"}


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server (RFC 5321) that accepts every message."""
    listener = socket.create_server(("127.0.0.1", 0))
    box = Mailbox(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            with connection, connection.makefile("rwb") as lines:
                converse(box, lines)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield box
    finally:
        listener.close()


def converse(box: Mailbox, lines: Any) -> None:
    def answer(text: str) -> None:
        lines.write(f"{text}\r\n".encode())
        lines.flush()

    answer("220 ready")
    for line in lines:
        verb = line[:4].upper()
        if verb == b"DATA":
            answer("354 go on")
            content = b""
            while (part := lines.readline()) != b".\r\n":
                content += part.removeprefix(b".") if part.startswith(b"..") else part
            box.messages.append(cast(EmailMessage, message_from_bytes(content, policy=default)))
            answer("250 accepted")
        elif verb == b"RCPT":
            box.recipients.append(line.decode().partition("<")[2].partition(">")[0])
            answer("550 no such user" if box.refuses else "250 fine")
        elif verb == b"QUIT":
            answer("221 bye")
            return
        else:
            answer("250 fine")
