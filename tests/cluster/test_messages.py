"""Messages of workers: one for each change of a state, to each kind of target, whichever worker finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import pytest
from procrastinate import PsycopgConnector

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.database import conninfo, set_up
from caliber_crawler.cluster.state_messages import StateMessages
from caliber_crawler.notification.target import Target, parse_target
from tests.alerts.receivers import Mailbox, Webhook, mailbox, webhook

HEALTHY, DOWN = SiteState(0), SiteState(10)
REDESIGN, SECOND_ALARM = SiteState(3, ("unknown_layout",)), SiteState(3, ("unknown_layout", "listing"))


@dataclass
class Receivers:
    """One receiver of each kind."""

    json: Webhook
    slack: Webhook
    mattermost: Webhook
    mail: Mailbox

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        texts = (
            *(self.json.url, f"slack+{self.slack.url}", f"mattermost+{self.mattermost.url}"),
            "mailto:editor@example.org",
        )
        return tuple(parse_target(text, {}) for text in texts)

    def received(self) -> list[list[str]]:
        """The states of the messages to each receiver, from what a person reads there."""
        return [
            [payload["state"] for payload in self.json.payloads],
            [state_in(payload["text"]) for payload in self.slack.payloads],
            [state_in(payload["text"]) for payload in self.mattermost.payloads],
            [state_in(str(message["Subject"])) for message in self.mail.messages],
        ]


def state_in(text: str) -> str:
    assert text.startswith("gazette: ")
    return "failed" if "the crawl failed" in text else text.splitlines()[0].removeprefix("gazette: ")


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    with ExitStack() as stack:
        hooks = [stack.enter_context(webhook()) for _ in range(3)]
        box = stack.enter_context(mailbox())
        for name, value in box.environment.items():
            monkeypatch.setenv(name, value)
        yield Receivers(*hooks, box)


def find(dsn: str, receivers: Receivers, *found: SiteState) -> list[str]:
    """Let a worker that has just started find these states of a site in jobs, one after the other; return its log."""
    log: list[str] = []

    async def body() -> None:
        connector = PsycopgConnector(conninfo=conninfo(dsn))
        await connector.open_async()
        try:
            messages = StateMessages(connector, receivers.targets, log.append)
            for state in found:
                await messages.record("gazette", state, None if state == HEALTHY else "a reason")
        finally:
            await connector.close_async()

    asyncio.run(body())
    return log


def sent(*states: str) -> list[list[str]]:
    """What each of the four receivers has received then."""
    return [list(states)] * 4


@pytest.mark.slow
def test_each_receiver_gets_one_message_for_each_change(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find(dsn, receivers, HEALTHY, HEALTHY)
    assert receivers.received() == sent("healthy")
    find(dsn, receivers, REDESIGN, REDESIGN, REDESIGN)
    find(dsn, receivers, REDESIGN)  # another worker, or the same one after a restart
    assert receivers.received() == sent("healthy", "alarm")
    find(dsn, receivers, SECOND_ALARM, SECOND_ALARM)
    assert receivers.received() == sent("healthy", "alarm", "alarm")
    find(dsn, receivers, HEALTHY)  # somebody has acknowledged the alarms
    find(dsn, receivers, HEALTHY)
    find(dsn, receivers, DOWN, DOWN, HEALTHY)
    states = ("healthy", "alarm", "alarm", "healthy", "failed", "healthy")
    assert receivers.received() == sent(*states)
    identifiers = [headers["idempotency-key"] for headers in receivers.json.headers]
    assert len({*identifiers}) == len(states), "a receiver must not take one for a repetition of another"
    assert len({str(message["Message-ID"]) for message in receivers.mail.messages}) == len(states)


@pytest.mark.slow
def test_two_workers_send_one_message_together(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    for state in (HEALTHY, REDESIGN, HEALTHY):
        find(dsn, receivers, state)
        find(dsn, receivers, state)
    assert receivers.received() == sent("healthy", "alarm", "healthy")


@pytest.mark.slow
def test_a_message_that_could_not_be_sent_is_sent_after_the_next_job(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find(dsn, receivers, HEALTHY)
    receivers.slack.status = 500
    (failure,) = find(dsn, receivers, REDESIGN)
    assert failure == (
        "The message about gazette could not be sent to 127.0.0.1: it answered 500. The next job tries again."
    )
    receivers.slack.status = 200
    assert receivers.received()[0] == ["healthy", "alarm"]
    tried = len(receivers.slack.payloads)
    find(dsn, receivers, REDESIGN)
    find(dsn, receivers, REDESIGN)
    assert len(receivers.slack.payloads) == tried + 1
    assert receivers.received()[0] == ["healthy", "alarm"], "the other receivers get none twice"


@pytest.mark.slow
def test_a_message_that_was_overtaken_is_not_sent(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find(dsn, receivers, HEALTHY)
    receivers.json.status = 500
    find(dsn, receivers, DOWN)
    receivers.json.status = 200
    receivers.json.payloads.clear()
    find(dsn, receivers, HEALTHY, HEALTHY)
    assert receivers.received()[0] == [], "its last message said so"
    assert receivers.received()[1] == ["healthy", "failed", "healthy"]


@pytest.mark.slow
def test_a_new_target_is_sent_the_next_change(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    without = Receivers(receivers.json, receivers.slack, receivers.mattermost, receivers.mail)
    without.targets = ()
    find(dsn, without, HEALTHY, REDESIGN)
    find(dsn, receivers, REDESIGN)
    assert receivers.received() == sent()
    find(dsn, receivers, HEALTHY)
    assert receivers.received() == sent("healthy")
