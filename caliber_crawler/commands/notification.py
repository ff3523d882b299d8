"""Post how a command ended to a webhook of the operator. A webhook that fails neither fails nor delays a crawl.

This is the one request that does not go through the crawl's downloader, for it fetches nothing of a site: the operator
names the URL, often one in a private network, and the summary is due even when the crawl could not start or its sites
are to be left alone. Certificates are checked, and redirects are not followed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from caliber_crawler.commands.terminal import echo

TIMEOUT = 15.0
"""Maximum number of seconds for all of it, name resolution and a slow answer included."""


def notify(url: str, accounts: Iterable[dict[str, object]]) -> None:
    """Post accounts as JSON, each by itself. At the first failure, print why and stop.

    Only the host of the URL is printed: the rest may be a secret.
    """
    for account in accounts:
        if failure := post(url, account):
            echo(f"The summary could not be posted to {_place(url)}: {failure}.", err=True)
            return


def post(url: str, account: dict[str, object], timeout: float = TIMEOUT) -> str | None:
    """Post an account as JSON; return a clause that says why when that fails."""
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
        return "it is not the URL of a web page"
    except httpx.TimeoutException:
        return f"no answer within {timeout:g} s"
    except Exception as error:  # noqa: BLE001 - nothing that happens here is worth a crawl
        return str(error) or type(error).__name__


def _place(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the address given"
    except ValueError:
        return "the address given"
