"""When a host may be requested again: the delay between requests, and what the host itself asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from protego import Protego

ROBOTS_AGENT = "caliber_crawler"
"""Our user-agent token in robots.txt."""
MAX_DELAY = 600.0
"""Maximum number of seconds between two requests that a robots.txt can ask for; more would amount to a ban."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A Retry-After: until when, received when, and why."""

    until: datetime
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LastRequest:
    """When a host was last requested, and the delay in seconds before the next request."""

    at: datetime
    delay: float


class Memory(Protocol):
    """Where the last request to a host, and its wishes, outlive this process."""

    def last_request(self, host: str) -> LastRequest | None:
        """When the host was last asked for anything, and the delay to keep after it."""

    def record_request(self, host: str, request: LastRequest) -> None:
        """Remember a request that is about to go out."""

    def retry_after(self, host: str) -> Wait | None:
        """What the host last wished, if anything."""

    def record_retry_after(self, host: str, wait: Wait) -> None:
        """Remember a host's wish."""


@dataclass(slots=True)
class _Host:
    delay: float
    free_at: datetime
    """No request before this moment."""
    known_at: datetime
    """The latest moment that was heard of."""


@dataclass(slots=True)
class Throttle:
    """Schedules requests, one host at a time, across restarts of the program.

    ``delay`` is the minimum number of seconds between two requests to one host. Without a delay nothing is remembered.
    The hosts of one site (``together``, with or without ``www.``) share one delay, because a redirect may lead from one
    to the next. Timestamps of a clock that was since set back are ignored.
    """

    memory: Memory
    delay: float = 0.0
    together: Sequence[str] = ()
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def seconds_until_free(self, host: str, now: datetime) -> float:
        """Seconds until the host may be requested."""
        return max(0.0, (self._host(host, now).free_at - now).total_seconds())

    def acquire(self, host: str, now: datetime) -> float:
        """Reserve the next free slot of a host; returns the seconds until then."""
        known = self._host(host, now)
        moment = max(now, known.free_at)
        known.free_at = moment + timedelta(seconds=known.delay)
        if known.delay:
            self.memory.record_request(self._name(host), LastRequest(moment, known.delay))
        return (moment - now).total_seconds()

    def raise_delay(self, host: str, delay: float, now: datetime) -> None:
        """Keep at least ``delay`` seconds between requests to a host, at most :data:`MAX_DELAY`."""
        known = self._host(host, now)
        raised = min(delay, MAX_DELAY)
        if raised > known.delay:
            known.free_at += timedelta(seconds=raised - known.delay)
            known.delay = raised

    def back_off(self, host: str, wait: Wait) -> None:
        """Make no request to a host until the time it named."""
        self.memory.record_retry_after(self._name(host), wait)
        known = self._host(host, wait.since)
        known.free_at = max(known.free_at, wait.until)

    def retry_after(self, host: str, now: datetime) -> Wait | None:
        """The Retry-After that is in force, if any."""
        wait = self.memory.retry_after(self._name(host))
        return wait if wait and wait.since <= now < wait.until else None

    def _name(self, host: str) -> str:
        """The host as it is remembered: of those that are asked as one, the first."""
        plain = host.removeprefix("www.")
        if any(plain == other.removeprefix("www.") for other in self.together):
            return self.together[0]
        return host

    def _host(self, host: str, now: datetime) -> _Host:
        name = self._name(host)
        if name not in self._hosts:
            last = self.memory.last_request(name) if self.delay else None
            free_at = last.at + timedelta(seconds=max(last.delay, self.delay)) if last and last.at <= now else now
            wait = self.retry_after(host, now)
            self._hosts[name] = _Host(self.delay, max(free_at, wait.until) if wait else free_at, now)
        known = self._hosts[name]
        if now < known.known_at:  # the clock was set back: nobody waits until it is that late again
            known.free_at -= known.known_at - now
        known.known_at = now
        return known


def means_no_robots(status: int) -> bool:
    """Does this answer mean that a host has no robots.txt, so that everything is allowed? 429 is a plea to wait.

    See https://www.rfc-editor.org/rfc/rfc9309#name-access-results.
    """
    return 400 <= status < 500 and status != 429


def requested_delay(robots: Protego, agent: str) -> float:
    """Seconds between two requests that a robots.txt asks for: the longer of ``Crawl-delay`` and ``Request-rate``."""
    rate = robots.request_rate(agent)
    return max(robots.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0)


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """The moment a ``Retry-After`` names, in seconds or as a date; ``None`` when it makes no sense.

    See https://www.rfc-editor.org/rfc/rfc9110#name-retry-after.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        # Nobody waits longer than a year; more digits than this are no number of seconds but an attack on ours.
        return now + timedelta(seconds=min(int(value[:12]), 366 * 86_400))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment > now else None
