"""Messages of a worker about the states of sites and of the storage: one for each change, to each target.

PostgreSQL knows the state in the last message to each target. So the workers of a cluster send one message together, a
worker that starts sends none, and a message that could not be sent is sent after the next job.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from caliber_crawler.cluster.states import key_of, record_message, record_state
from caliber_crawler.errors import NotificationError
from caliber_crawler.notification.message import send
from caliber_crawler.notification.site_message import message_of

if TYPE_CHECKING:
    from procrastinate.connector import BaseConnector

    from caliber_crawler.archive.reports.alarms import SiteState
    from caliber_crawler.notification.target import Target


class StateMessages:
    """Records states and sends messages about changes to targets; ``notify`` receives why one could not be sent."""

    def __init__(self, connector: BaseConnector, targets: Sequence[Target], notify: Callable[[str], None]) -> None:
        self._connector, self._notify = connector, notify
        self._targets = {key_of(target): target for target in targets}

    async def record(self, site: str, state: SiteState, why: str | None) -> None:
        """Store the state of a site after a job, and send a message to each target for which it is news."""
        machine = socket.gethostname()
        known = await record_state(self._connector, site, state, why=why, machine=machine, targets=[*self._targets])
        for key, target in self._targets.items():
            last = known.notified[key]
            if not state.differs_from(last):
                continue
            account = {
                "site": site,
                "state": state.name,
                "state_before": None if last is None else last.name,
                "since": known.since.isoformat(timespec="seconds"),
                "alarms": list(state.alarms),
                "exit_code": state.exit_code,
                "why": why,
                "machine": machine,
            }
            try:
                failure = await asyncio.to_thread(send, target, message_of(account), os.environ)
            except NotificationError as error:
                failure = str(error)
            if failure is None:
                await record_message(self._connector, site, key, state)
            else:
                self._notify(
                    f"The message about {site} could not be sent to {target.place}: {failure.removesuffix('.')}. The"
                    " next job tries again."
                )
