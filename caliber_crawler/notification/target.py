"""Targets of messages, written as one text: a URL, an e-mail address, a file, or a variable that has one of these.

=====================================  ================================================================================
``https://hooks.example.org/x``        a webhook; a chat's webhook is recognized by its host
``mattermost+https://chat.example/x``  a chat's webhook on any host: ``slack+``, ``mattermost+`` or ``teams+``
``mailto:editor@example.org``          e-mail
``file:alerts.atom``                   a feed in a file
``env:NAME``                           the target in an environment variable, so that a secret is stored nowhere
=====================================  ================================================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import unquote, urlsplit

from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.chat import Chat, chat_of
from caliber_crawler.notification.webhook import host_of

FORMS = "https://…, slack+https://…, mattermost+https://…, teams+https://…, mailto:NAME@HOST, file:PATH or env:NAME"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send messages."""

    kind: Literal["webhook", "mail", "feed"]
    address: str
    """A URL, an e-mail address, or a path."""
    chat: Chat | None = None

    @property
    def place(self) -> str:
        """The target without secrets, for messages."""
        return host_of(self.address) if self.kind == "webhook" else self.address

    @property
    def key(self) -> str:
        """What identifies the target without what is secret of it."""
        return hashlib.sha256(f"{self.chat}+{self.address}".encode()).hexdigest()[:16]

    @property
    def path(self) -> Path:
        """The file of a feed."""
        return Path(self.address)


def parse_target(text: str, environment: Mapping[str, str]) -> Target:
    """The target that a text names. Raises ``NotificationError``."""
    scheme, _, rest = text.partition(":")
    if scheme == "env":
        value = environment.get(rest, "")
        if not value or value.startswith("env:"):
            raise NotificationError(f"The environment variable {rest} is not set, or does not name a target.")
        return parse_target(value, environment)
    if scheme == "mailto" and "@" in rest and not any(letter.isspace() or letter in ",<>" for letter in rest):
        return Target("mail", unquote(rest))
    if scheme == "file" and rest.strip("/"):
        return Target("feed", rest)
    chat, plus, url = text.partition("+")
    if plus and chat in get_args(Chat):
        return Target("webhook", _url(text, url), cast(Chat, chat))
    return Target("webhook", _url(text, text), chat_of(text))


def _url(text: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise NotificationError(f"{_shown(text)} is not a target: write {FORMS}.")
    if parts.password is not None:
        raise NotificationError(f"The URL at {parts.hostname} has a password, which would be stored: use env:NAME.")
    return url


def _shown(text: str) -> str:
    """The beginning of a text: the rest may be a secret."""
    return repr(text if len(text) <= 12 else f"{text[:12]}…")
