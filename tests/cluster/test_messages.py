"""Messages of workers: one for each change of a state, to each kind of target, whichever worker finds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import LiteralString

import pytest
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster import state_messages
from caliber_crawler.cluster.database import connect, conninfo, set_up
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


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[PsycopgConnector]:
    connector = PsycopgConnector(conninfo=conninfo(dsn))
    await connector.open_async()
    try:
        yield connector
    finally:
        await connector.close_async()


def run_worker(
    dsn: str, receivers: Receivers, work: Callable[[StateMessages], Coroutine[None, None, None]]
) -> list[str]:
    """Let a worker that has just started do something with its messages; return its log."""
    log: list[str] = []

    async def body() -> None:
        async with connected(dsn) as connector:
            await work(StateMessages(connector, receivers.targets, log.append, pause=0))

    asyncio.run(body())
    return log


def find(dsn: str, receivers: Receivers, *found: SiteState) -> list[str]:
    """Let a worker find these states of a site in jobs, one after the other; return its log."""

    async def work(messages: StateMessages) -> None:
        for state in found:
            await messages.record("gazette", state, None if state == HEALTHY else "a reason")
            await messages.deliver()

    return run_worker(dsn, receivers, work)


def make_due(dsn: str, column: LiteralString = "due_at") -> None:
    """Let the time pass until messages are due, or until a worker that sends them counts as dead."""
    with connect(dsn) as connection:
        connection.execute(f"UPDATE caliber_messages SET {column} = now()")


def deliver(dsn: str, receivers: Receivers) -> list[str]:
    """Let a worker send what is left; return its log."""

    async def work(messages: StateMessages) -> None:
        messages.close()
        await messages.run()

    return run_worker(dsn, receivers, work)


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
def test_jobs_that_fail_at_the_same_time_send_one_message(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)

    async def body() -> None:
        async with connected(dsn) as connector:
            workers = [StateMessages(connector, receivers.targets, print, pause=0) for _ in range(2)]

            async def end_job(worker: StateMessages, state: SiteState) -> None:
                await worker.record("gazette", state, None)
                await worker.deliver()

            for state in (DOWN, HEALTHY):
                await asyncio.gather(*(end_job(worker, state) for worker in workers * 4))

    asyncio.run(body())
    assert receivers.received() == sent("failed", "healthy")


@pytest.mark.slow
def test_a_message_that_could_not_be_sent_is_sent_later(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find(dsn, receivers, HEALTHY)
    receivers.slack.status = 500
    (failure,) = find(dsn, receivers, REDESIGN)
    assert failure == (
        "The message about gazette could not be sent to 127.0.0.1: it answered 500. The next attempt is in 60 s."
    )
    assert receivers.received()[0] == ["healthy", "alarm"]
    tried = len(receivers.slack.payloads)
    assert find(dsn, receivers, REDESIGN) == []
    assert len(receivers.slack.payloads) == tried, "not before its time"
    receivers.slack.status = 200
    make_due(dsn)
    deliver(dsn, receivers)
    deliver(dsn, receivers)
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
    make_due(dsn)
    deliver(dsn, receivers)
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


@pytest.mark.slow
def test_a_message_is_stored_with_the_change_so_that_no_killed_worker_loses_it(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find(dsn, receivers, HEALTHY)

    async def record_and_die() -> None:
        async with connected(dsn) as connector:
            await StateMessages(connector, receivers.targets, print).record("gazette", DOWN, "a reason")

    asyncio.run(record_and_die())
    assert receivers.received() == sent("healthy")
    deliver(dsn, receivers)
    deliver(dsn, receivers)
    find(dsn, receivers, DOWN)
    assert receivers.received() == sent("healthy", "failed")


@pytest.mark.slow
def test_a_message_whose_sender_was_killed_is_sent_again_under_the_same_id(
    dsn: str, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(dsn)
    receivers.targets = receivers.targets[:1]
    monkeypatch.setattr(state_messages, "SENT", "SELECT 1 / 0")
    with pytest.raises(ConnectorException):
        find(dsn, receivers, DOWN)
    monkeypatch.undo()
    deliver(dsn, receivers)
    assert len(receivers.json.payloads) == 1, "another worker may be sending it"
    make_due(dsn, "sender_until")
    deliver(dsn, receivers)
    find(dsn, receivers, DOWN)
    assert len(receivers.json.payloads) == 2
    first, second = (headers["idempotency-key"] for headers in receivers.json.headers)
    assert first == second


@pytest.mark.slow
def test_a_state_that_changes_while_its_message_is_sent_is_sent_next(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    receivers.targets = receivers.targets[:1]

    async def body() -> None:
        async with connected(dsn) as connector:
            one, other = (StateMessages(connector, receivers.targets, print, pause=0) for _ in range(2))
            await one.record("gazette", DOWN, "a reason")
            batch = await one._take(receivers.targets[0].key)
            assert batch is not None
            await other.record("gazette", HEALTHY, None)
            await other.deliver()
            assert receivers.json.payloads == [], "the first is still being sent"
            assert await one._send(*batch, receivers.targets[0].key, receivers.targets[0])
            await other.deliver()

    asyncio.run(body())
    assert receivers.received()[0] == ["failed", "healthy"]


@pytest.mark.slow
def test_a_failing_target_is_tried_once_for_all_its_messages(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    receivers.targets = receivers.targets[:1]
    receivers.json.status = 503

    async def body() -> list[str]:
        log: list[str] = []
        async with connected(dsn) as connector:
            messages = StateMessages(connector, receivers.targets, log.append)
            for number in range(5):
                await messages.record(f"site{number}", DOWN, None)
            await messages.deliver()
            await messages.deliver()
        return log

    assert len(asyncio.run(body())) == 1
    assert len(receivers.json.payloads) == 1


def find_everywhere(dsn: str, receivers: Receivers, state: SiteState, sites: int) -> list[str]:
    """Let a worker with the usual pause find a state at sites, one after the other; return its log."""
    log: list[str] = []

    async def body() -> None:
        async with connected(dsn) as connector:
            messages = StateMessages(connector, receivers.targets, log.append)
            for number in range(sites):
                await messages.record(f"site{number:04}", state, "robots.txt answered 500")
                await messages.deliver()

    asyncio.run(body())
    return log


@pytest.mark.slow
def test_a_hundred_sites_that_fail_in_a_row_send_one_message_and_the_rest_as_another(
    dsn: str, receivers: Receivers
) -> None:
    set_up(dsn)
    assert find_everywhere(dsn, receivers, DOWN, 100) == []
    (first,) = receivers.json.payloads
    assert first["site"] == "site0000"
    make_due(dsn)
    deliver(dsn, receivers)
    deliver(dsn, receivers)
    (_, rest) = receivers.json.payloads
    assert (rest["site"], rest["state"]) == ("99 sites", "failed")
    assert {each["site"] for each in rest["sites"]} == {f"site{number:04}" for number in range(1, 100)}
    assert {each["why"] for each in rest["sites"]} == {"robots.txt answered 500"}
    assert [len(each.payloads) for each in (receivers.slack, receivers.mattermost)] == [2, 2]
    _, mail = receivers.mail.messages
    assert mail["Subject"] == "99 sites: the crawl failed"
    assert all(f"site{number:04}" in mail.get_content().replace("\n", "") for number in range(1, 100))


@pytest.mark.slow
def test_a_joined_message_is_sent_again_under_the_same_id_and_what_is_new_under_another(
    dsn: str, receivers: Receivers
) -> None:
    set_up(dsn)
    receivers.targets = receivers.targets[:1]
    find_everywhere(dsn, receivers, DOWN, 4)
    receivers.json.status = 500
    deliver(dsn, receivers)
    find(dsn, receivers, DOWN)
    assert len(receivers.json.payloads) == 2, "what is new waits for the next attempt"
    receivers.json.status = 200
    make_due(dsn)
    deliver(dsn, receivers)
    assert [each["site"] for each in receivers.json.payloads] == ["site0000", "3 sites", "3 sites", "gazette"]
    _, failed, repeated, new = (headers["idempotency-key"] for headers in receivers.json.headers)
    assert failed == repeated != new


@pytest.mark.slow
def test_the_last_worker_does_not_leave_what_waits_to_be_joined(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    find_everywhere(dsn, receivers, DOWN, 3)
    deliver(dsn, receivers)
    assert [each["site"] for each in receivers.json.payloads] == ["site0000", "2 sites"]


@pytest.mark.slow
def test_a_message_is_given_up_after_a_week(dsn: str, receivers: Receivers) -> None:
    set_up(dsn)
    receivers.json.status = 503
    find(dsn, receivers, DOWN)
    log: list[str] = []

    async def body() -> None:
        async with connected(dsn) as connector:
            messages = StateMessages(connector, receivers.targets, log.append)
            await messages.give_up_old()
            assert log == []
            await connector.execute_query_async("UPDATE caliber_messages SET created_at = now() - interval '8 days'")
            await messages.give_up_old()

    asyncio.run(body())
    assert log == [
        "A message about gazette could not be sent for 7 days and is given up; see `caliber cluster status`."
    ]
