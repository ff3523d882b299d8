"""Post the outcome of a command to a webhook of the operator. A failing webhook neither fails nor delays a crawl.

This is the only request that does not go through the crawl's downloader, because it fetches nothing from a site. The
operator names the URL, often one in a private network, and the summary is posted even if the crawl could not start or
its sites are throttled. Certificates are checked, and redirects are not followed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from caliber_crawler.commands.terminal import echo

TIMEOUT = 15.0
"""Maximum number of seconds for the whole request, including name resolution and a slow response."""


def notify(url: str, accounts: Iterable[dict[str, object]]) -> None:
    """Post each account as JSON, in a request of its own. At the first failure, print the cause and stop.

    Only the host of the URL is printed: the rest may be a secret.
    """
    for account in accounts:
        if failure := post(url, account):
            echo(f"The summary could not be posted to {_place(url)}: {failure}.", err=True)
            return


def post(url: str, account: dict[str, object], timeout: float = TIMEOUT) -> str | None:
    """Post an account as JSON; return the cause of a failure as a clause."""
    outcome: list[str | None] = []
    # httpx limits each step, but a server that sends single bytes slowly can keep it waiting without limit.
    thread = threading.Thread(target=lambda: outcome.append(_post(url, account, timeout)), daemon=True)
    thread.start()
    thread.join(timeout)
    return outcome[0] if outcome else f"no answer within {timeout:g} s"


def _post(url: str, account: dict[str, object], timeout: float) -> str | None:
    import httpx

    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)  # they log complete URLs
    try:
        with httpx.stream("POST", url, json=account, timeout=timeout) as response:
            return None if response.is_success else f"it answered {response.status_code}"
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return "it is not the URL of a web page"
    except httpx.TimeoutException:
        return f"no answer within {timeout:g} s"
    except Exception as error:  # noqa: BLE001 - a webhook must not fail a crawl
        return str(error) or type(error).__name__


def _place(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the given URL"
    except ValueError:
        return "the given URL"
