"""Messages of workers about the states of sites and of the storage: each change is sent to each target.

A change and the messages about it are stored in PostgreSQL together, and a message is deleted when its target has
received it. So the workers of a cluster send one message together, a worker that starts sends none, and what a worker
did not send, because the target failed or the worker was killed, any worker sends later. The first change is sent at
once, and those of the next ten minutes together. Each message is sent at least once: again, and under the same ID, if
it failed or a worker ended between sending and deleting it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster.states import record_state, state_of
from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.message import send
from caliber_crawler.notification.site_message import MAX_SITES, message_of
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector

    from caliber_crawler.notification.target import Target

logger = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two looks for messages that other workers did not send."""
BACK_OFF = 60.0
"""Seconds until a message that could not be sent is tried again; doubled for each further attempt."""
MAX_BACK_OFF = 3600.0
CLAIM = 60.0
"""Seconds that a message belongs to a worker, several times as long as sending may take."""
PAUSE = 600.0
"""Seconds after a message to a target until the next one, in which the changes of this time are joined."""
KEPT_DAYS = 7
"""Days after which a message is given up: its target is no longer used, or has failed all the time."""

IS_DUE = """target = %(target)s AND (due_at <= now() OR %(is_last)s AND attempts = 0)
  AND coalesce(sender_until, '-infinity') <= now()"""
TAKE = f"""
UPDATE caliber_messages m SET sender = %(sender)s, sender_until = now() + %(seconds)s * interval '1 second'
FROM (SELECT site, target FROM caliber_messages
  WHERE {IS_DUE} AND sender IS NOT DISTINCT FROM (
    SELECT sender FROM caliber_messages WHERE {IS_DUE} ORDER BY sender IS NULL, due_at, created_at LIMIT 1)
  ORDER BY due_at, created_at LIMIT %(sites)s FOR UPDATE SKIP LOCKED) due
JOIN caliber_states s ON s.site = due.site
WHERE m.site = due.site AND m.target = due.target
RETURNING m.site, m.exit_code, m.alarms, m.why, m.machine, m.since, m.attempts, s.notified -> m.target AS last
"""
"""The messages that were taken together before are taken together again: they are one message with one ID."""
SENT = """
WITH sent AS (SELECT * FROM jsonb_to_recordset(%(sent)s) AS given (site text, state jsonb)),
locked AS (SELECT s.site FROM caliber_states s JOIN sent USING (site) ORDER BY s.site FOR UPDATE OF s),
known AS (
  UPDATE caliber_states s SET notified = notified || jsonb_build_object(%(target)s::text, sent.state)
  FROM sent JOIN locked USING (site) WHERE s.site = sent.site RETURNING s.site, sent.state)
DELETE FROM caliber_messages m USING known
WHERE m.site = known.site AND m.target = %(target)s
  AND jsonb_build_object('exit_code', m.exit_code, 'alarms', m.alarms) = known.state
"""
"""A message that has become one about another state in the meantime stays. Sites are locked in one order."""
RELEASE = """
UPDATE caliber_messages SET sender = NULL, sender_until = NULL WHERE target = %(target)s AND sender = %(sender)s
"""
WAIT = """
INSERT INTO caliber_targets (target, next_at) VALUES (%(target)s, now() + %(pause)s * interval '1 second')
ON CONFLICT (target) DO UPDATE SET next_at = excluded.next_at
"""
POSTPONE = """
UPDATE caliber_messages SET due_at = greatest(due_at, now() + %(pause)s * interval '1 second'),
  attempts = attempts + coalesce(sender = %(sender)s, false)::integer,
  sender_until = CASE WHEN sender <> %(sender)s THEN sender_until END
WHERE target = %(target)s
"""
GIVE_UP = """
DELETE FROM caliber_messages WHERE created_at < now() - %(days)s * interval '1 day' RETURNING site
"""


class StateMessages:
    """Records states and sends messages about changes to targets; ``notify`` receives why one could not be sent."""

    def __init__(
        self,
        connector: BaseConnector,
        targets: Sequence[Target],
        notify: Callable[[str], None],
        back_off: float = BACK_OFF,
        pause: float = PAUSE,
    ) -> None:
        self._connector, self._notify, self._back_off, self._pause = connector, notify, back_off, pause
        self._targets = {target.key: target for target in targets}
        self._changed = asyncio.Event()
        self._is_closing = False

    async def record(self, site: str, state: SiteState, why: str | None) -> None:
        """Store the state of a site after a job, and the messages about it. Sending them delays no job."""
        machine = socket.gethostname()
        await record_state(self._connector, site, state, why=why, machine=machine, targets=[*self._targets])
        self._changed.set()

    async def run(self) -> None:
        """Send messages until :meth:`close` is called, and then those that are left."""
        while True:
            is_last = self._is_closing
            self._changed.clear()
            try:
                await self.deliver(is_last=is_last)
            except Exception as error:
                # Messages must not stop a worker. They stay in PostgreSQL.
                logger.exception("Sending messages failed")
                self._notify(f"Internal error while sending messages: {type(error).__name__}: {error}")
            if is_last or not self._targets:
                return
            try:
                await asyncio.wait_for(self._changed.wait(), INTERVAL)
            except TimeoutError:
                continue

    def close(self) -> None:
        """Let :meth:`run` end."""
        self._is_closing = True
        self._changed.set()

    async def deliver(self, *, is_last: bool = False) -> None:
        """Send the messages that are due. After a failure, those to the same target wait.

        The last ones of a worker do not wait for others: it may be the last worker.
        """
        for key, target in self._targets.items():
            while batch := await self._take(key, is_last=is_last):
                if not await self._send(*batch, key, target):
                    break

    async def _take(self, key: str, *, is_last: bool = False) -> tuple[str, list[dict[str, Any]]] | None:
        """Take the messages of one batch; return the name under which they are taken, too."""
        sender = secrets.token_hex(8)
        rows = await self._connector.execute_query_all_async(
            TAKE, target=key, sender=sender, seconds=CLAIM, sites=MAX_SITES, is_last=is_last
        )
        return (sender, rows) if rows else None

    async def _send(self, sender: str, rows: Sequence[Mapping[str, Any]], key: str, target: Target) -> bool:
        """Send what the target does not know already as one message; return whether the target can be used."""
        states = {row["site"]: SiteState(row["exit_code"], tuple(row["alarms"])) for row in rows}
        lasts = {row["site"]: state_of(row["last"]) for row in rows}
        news = [row for row in rows if states[row["site"]].differs_from(lasts[row["site"]])]
        accounts = [account_of(row, states[row["site"]], lasts[row["site"]]) for row in news]
        failure = await self._failure(target, accounts) if accounts else None
        if failure is not None:
            pause = min(self._back_off * 2 ** min(max(row["attempts"] for row in rows), 30), MAX_BACK_OFF)
            await self._connector.execute_query_async(POSTPONE, target=key, sender=sender, pause=pause)
            await self._connector.execute_query_async(WAIT, target=key, pause=pause)
            subject = news[0]["site"] if len(news) == 1 else quantity(len(news), "site")
            self._notify(
                f"The message about {subject} could not be sent to {target.place}: {failure.removesuffix('.')}. The"
                f" next attempt is in {pause:,.3g} s."
            )
            return False
        sent = Jsonb([{"site": site, "state": state.values} for site, state in states.items()])
        await self._connector.execute_query_async(SENT, target=key, sent=sent)
        await self._connector.execute_query_async(RELEASE, target=key, sender=sender)
        if accounts:
            await self._connector.execute_query_async(WAIT, target=key, pause=self._pause)
        return True

    @staticmethod
    async def _failure(target: Target, accounts: Sequence[Mapping[str, Any]]) -> str | None:
        try:
            return await asyncio.to_thread(send, target, message_of(accounts), os.environ)
        except NotificationError as error:
            return str(error)

    async def give_up_old(self) -> None:
        """Delete messages that could not be sent for a week."""
        rows = await self._connector.execute_query_all_async(GIVE_UP, days=KEPT_DAYS)
        for site in sorted({str(row["site"]) for row in rows}):
            self._notify(
                f"A message about {site} could not be sent for {KEPT_DAYS} days and is given up; see `caliber cluster"
                " status`."
            )


def account_of(row: Mapping[str, Any], state: SiteState, last: SiteState | None) -> dict[str, Any]:
    """What is sent about a state after the state ``last``."""
    return {
        "site": row["site"],
        "state": state.name,
        "state_before": None if last is None else last.name,
        "since": row["since"].isoformat(timespec="seconds"),
        "alarms": list(state.alarms),
        "exit_code": state.exit_code,
        "why": row["why"],
        "machine": row["machine"],
    }
