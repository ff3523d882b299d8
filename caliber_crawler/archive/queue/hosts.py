"""Hosts: delays, Retry-After and robots.txt of each host, stored so that later processes obey them too."""

from __future__ import annotations

import math
from datetime import datetime

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import HostRow
from caliber_crawler.archive.core.times import utc_text, utc_text_us, utc_time
from caliber_crawler.throttle import LastRequest, Wait


class Hosts:
    """The hosts in an archive, named as in URLs: with the port unless it is the default."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last_request(self, host: str) -> LastRequest | None:
        """The time of the last request to a host, and the delay after it."""
        row = self.get(host)
        if row is None or row["last_request_at"] is None:
            return None
        return LastRequest(utc_time(row["last_request_at"]), row["delay_s"])

    def list_contacted(self) -> list[str]:
        """The hosts with a recorded request."""
        return self._connection.values("SELECT host FROM hosts WHERE last_request_at IS NOT NULL ORDER BY host")

    def record_request(self, host: str, request: LastRequest) -> None:
        """Record a request that is about to be sent."""
        # Not synced by itself: after a power cut, the delay is over before the computer has started again.
        with self._connection.transaction(synced_every=math.inf):
            self._set(host, last_request_at=utc_text_us(request.at), delay_s=request.delay)

    def retry_after(self, host: str) -> Wait | None:
        """The host's last Retry-After, if there was one."""
        row = self.get(host)
        if row is None or row["wait_until"] is None or row["wait_since"] is None:
            return None
        return Wait(utc_time(row["wait_until"]), utc_time(row["wait_since"]), row["wait_reason"] or "")

    def record_retry_after(self, host: str, wait: Wait) -> None:
        """Record a host's Retry-After."""
        until, since = utc_text_us(wait.until), utc_text_us(wait.since)
        self._set(host, wait_until=until, wait_since=since, wait_reason=wait.reason)

    def record_robots(self, host: str, at: datetime, status: int | None, text: str | None) -> None:
        """Record the response to a robots.txt request; ``None`` for a missing status or text."""
        self._set(host, robots_at=utc_text(at), robots_status=status, robots=text)

    def get(self, host: str) -> HostRow | None:
        """The stored state of a host; ``None`` if it is unknown."""
        return self._connection.row_of(HostRow, "SELECT * FROM hosts WHERE host = ?", (host,))

    def _set(self, host: str, **values: object) -> None:
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        changes = ", ".join(f"{name} = :{name}" for name in values)
        with self._connection.transaction():
            self._connection.execute(
                f"""INSERT INTO hosts (host, {names}) VALUES (:host, {places})
                ON CONFLICT (host) DO UPDATE SET {changes}""",
                {"host": host, **values},
            )
