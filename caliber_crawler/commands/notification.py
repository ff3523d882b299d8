"""Post the outcome of a command to a webhook of the operator. A failing webhook neither fails nor delays a crawl."""

from __future__ import annotations

from collections.abc import Iterable

from caliber_crawler.commands.terminal import echo
from caliber_crawler.notification.webhook import host_of, post


def notify(url: str, accounts: Iterable[dict[str, object]]) -> None:
    """Post each account as JSON, in a request of its own. At the first failure, print the cause and stop.

    Only the host of the URL is printed: the rest may be a secret.
    """
    for account in accounts:
        if failure := post(url, account):
            echo(f"The summary could not be posted to {host_of(url)}: {failure}.", err=True)
            return
