"""Messages about crawls to the operator: when the state of a site changes, and a sign of life after each crawl.

A failing message neither fails nor delays a crawl. Only the host of a URL is printed: the rest may be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.message import send
from caliber_crawler.notification.site_message import message_of
from caliber_crawler.notification.target import parse_target
from caliber_crawler.notification.webhook import host_of, request


def notify(text: str, accounts: Iterable[Mapping[str, Any]]) -> None:
    """Send each account as a message to the target that a text names. Print the first failure and stop."""
    try:
        target = parse_target(text, os.environ)
        for account in accounts:
            if failure := send(target, message_of(account), os.environ):
                echo(f"The message could not be sent to {target.place}: {failure}.", err=True)
                return
    except NotificationError as error:
        echo(f"The message could not be sent: {error}", err=True)


def ping(url: str, *, is_healthy: bool) -> None:
    """Request ``url`` after a healthy crawl and ``url/fail`` after any other, as monitoring services expect."""
    if failure := request(url if is_healthy else f"{url.rstrip('/')}/fail"):
        echo(f"The sign of life could not be sent to {host_of(url)}: {failure}.", err=True)
