"""Tell somebody how a command ended, by a webhook. Whatever comes of that, it fails no crawl and holds none up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from caliber_crawler.commands.terminal import echo

TIMEOUT = 15.0
"""Seconds for all of it, names and answers that drip in included."""


def notify(url: str, accounts: Iterable[dict[str, object]]) -> None:
    """Post accounts as JSON, each by itself, until that fails; then say so.

    Of the address, which may be a secret, only the host is said.
    """
    for account in accounts:
        if failure := post(url, account):
            echo(f"The summary could not be posted to {_place(url)}: {failure}.", err=True)
            return


def post(url: str, account: dict[str, object], timeout: float = TIMEOUT) -> str | None:
    """Post an account as JSON; gives a clause when that fails."""
    outcome: list[str | None] = []
    # httpx bounds each step, but a server that sends a byte now and then keeps it waiting for ever.
    thread = threading.Thread(target=lambda: outcome.append(_post(url, account, timeout)), daemon=True)
    thread.start()
    thread.join(timeout)
    return outcome[0] if outcome else f"no answer within {timeout:g} s"


def _post(url: str, account: dict[str, object], timeout: float) -> str | None:
    import httpx

    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)  # they log whole addresses
    try:
        with httpx.stream("POST", url, json=account, timeout=timeout) as answer:
            return None if answer.is_success else f"it answered {answer.status_code}"
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return "it is no address of the web"
    except httpx.TimeoutException:
        return f"no answer within {timeout:g} s"
    except Exception as error:  # noqa: BLE001 - nothing that happens here is worth a crawl
        return str(error) or type(error).__name__


def _place(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the address given"
    except ValueError:
        return "the address given"
