"""Messages about crawls to the operator: one about all sites whose state changed, and a sign of life after each crawl.

A failing message neither fails nor delays a crawl: it is sent again by the next one. Only the host of a URL is printed:
the rest may be a secret.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.outbox import Messages, Outbox, Pending
from caliber_crawler.disk_space import DiskSpace
from caliber_crawler.errors import ArchiveFull, NotificationError
from caliber_crawler.notification.message import send
from caliber_crawler.notification.site_message import MAX_SITES, message_of
from caliber_crawler.notification.target import Target, parse_target
from caliber_crawler.notification.webhook import host_of, request

ALL_SITES = ""
"""The subject of a message about a command with several sites that cannot start."""
CRAWL_PROCESS = "\n"
"""The subject of a message about crawls that are killed: no site has this name."""
OF_COMMANDS = (ALL_SITES, CRAWL_PROCESS)
"""The subjects of messages that are not about one site."""
MAX_FAILURES = 3
"""Maximum number of failed messages of a command, after which the next command goes on."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The state of a site after a crawl, or of a command that could not start."""

    subject: str
    state: SiteState
    before: SiteState | None
    """The state that the target knows if no message to it is known; ``None`` if any state is news."""
    account: Mapping[str, Any]
    """What is sent, without ``state`` and ``state_before``."""


def notify(text: str, archive: Path, notices: Iterable[Notice]) -> None:
    """Send what is news to the target that a text names, and what earlier commands could not send.

    Print the first failure, and stop after a few; the next command sends the rest.
    """
    try:
        target = parse_target(text, os.environ)
        outbox = Outbox(archive)
        with outbox.changes() as messages:
            news = [message for notice in notices if (message := _news(messages, target.key, notice, archive))]
            # What could not be stored is sent all the same.
            pending = {message.subject: message for message in (*messages.pending(target.key), *news)}
        if failure := _deliver(target, outbox, pending.values()):
            echo(f"The message could not be sent to {target.place}: {failure}. The next crawl sends it.", err=True)
    except NotificationError as error:
        echo(f"The message could not be sent: {error}", err=True)


def resend(text: str, archive: Path) -> None:
    """Send what earlier commands could not send. A failure is printed after the crawl, when it is tried again."""
    with suppress(NotificationError):
        target = parse_target(text, os.environ)
        outbox = Outbox(archive)
        with outbox.changes() as messages:
            pending = messages.pending(target.key)
        _deliver(target, outbox, pending)


def _deliver(target: Target, outbox: Outbox, pending: Iterable[Pending]) -> str | None:
    """Send one message about all sites; return the cause of the first failure as a clause.

    If it is refused, each half is sent by itself: a receiver may refuse what is about one site, or a long message.
    """
    failures: list[str] = []
    waiting = list(pending)
    of_sites = [message for message in waiting if message.subject not in OF_COMMANDS]
    batches = deque([message] for message in waiting if message.subject in OF_COMMANDS)
    batches.extend(of_sites[start : start + MAX_SITES] for start in range(0, len(of_sites), MAX_SITES))
    while batches and len(failures) < MAX_FAILURES:
        batch = batches.popleft()
        if failure := send(target, message_of([message.account for message in batch]), os.environ):
            failures.append(failure)
            half = len(batch) // 2
            batches.extend(part for part in (batch[:half], batch[half:]) if half)
            continue
        with outbox.changes() as messages:
            for message in batch:
                messages.record_sent(target.key, message.subject, message.state)
    return next(iter(failures), None)


def _news(messages: Messages, target: str, notice: Notice, archive: Path) -> Pending | None:
    """The message about a state, stored, if it is news. What an earlier one says is outdated by now."""
    before = messages.last(target, notice.subject)
    if before is None and not messages.is_pending(target, notice.subject):
        before = notice.before
    if before is not None and (not notice.state.differs_from(before) or _is_doubtful(notice.state, before, archive)):
        messages.record_sent(target, notice.subject, before)
        return None
    states = {"state": notice.state.name, "state_before": None if before is None else before.name}
    news = Pending(notice.subject, notice.state, {**notice.account, **states})
    messages.put(target, news, before)
    return news


def _is_doubtful(state: SiteState, before: SiteState, archive: Path) -> bool:
    """Whether a disk that was full is nearly full: the next crawl may well fail again."""
    if before.exit_code != ArchiveFull.exit_code or state.name != "healthy":
        return False
    space = DiskSpace.of(archive.absolute().parent)
    return space is not None and not space.is_clear()


def ping(url: str, *, is_healthy: bool) -> None:
    """Request ``url`` after a healthy crawl and ``url/fail`` after any other, as monitoring services expect."""
    if failure := request(url if is_healthy else f"{url.rstrip('/')}/fail"):
        echo(f"The sign of life could not be sent to {host_of(url)}: {failure}.", err=True)
