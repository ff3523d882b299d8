"""The throttle: when a host may be requested again, by our delay and by the delay that the host asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from protego import Protego

from caliber_crawler.robots_groups import own_groups

ROBOTS_AGENT = "caliber_crawler"
"""Our user-agent token in robots.txt."""
MAX_DELAY = 600.0
"""Maximum delay in seconds that robots.txt can request; a longer one would amount to a ban."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A Retry-After: until when, received when, and why."""

    until: datetime
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LastRequest:
    """When a host was last requested, and the delay in seconds until the next request."""

    at: datetime
    delay: float


class Memory(Protocol):
    """Persistent storage of the last request to each host and of its Retry-After."""

    def last_request(self, host: str) -> LastRequest | None:
        """Return when the host was last requested, and the delay after that request."""

    def record_request(self, host: str, request: LastRequest) -> None:
        """Store a request that is about to be sent."""

    def retry_after(self, host: str) -> Wait | None:
        """Return the last Retry-After of the host, if any."""

    def record_retry_after(self, host: str, wait: Wait) -> None:
        """Store a Retry-After of the host."""


@dataclass(slots=True)
class _Host:
    delay: float
    free_at: datetime
    """No request before this time."""
    known_at: datetime
    """The latest time seen so far, to detect a clock that was set back."""


@dataclass(slots=True)
class Throttle:
    """Schedules requests, one host at a time, across restarts of the program.

    ``delay`` is the minimum number of seconds between two requests to one host. Without a delay no request is stored.
    The hosts of one site (``together``, with or without ``www.``) share one delay, because they may redirect to each
    other. Timestamps in the future, from a clock that was set back later, are ignored.
    """

    memory: Memory
    delay: float = 0.0
    together: Sequence[str] = ()
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def seconds_until_free(self, host: str, now: datetime) -> float:
        """Seconds until the host may be requested."""
        return max(0.0, (self._host(host, now).free_at - now).total_seconds())

    def delay_of(self, host: str) -> float:
        """Seconds between two requests to a host, as far as is known by now."""
        known = self._hosts.get(self._name(host))
        return known.delay if known else self.delay

    def acquire(self, host: str, now: datetime) -> float:
        """Reserve the next free time of a host; return the seconds until then."""
        known = self._host(host, now)
        at = max(now, known.free_at)
        known.free_at = at + timedelta(seconds=known.delay)
        if known.delay:
            self.memory.record_request(self._name(host), LastRequest(at, known.delay))
        return (at - now).total_seconds()

    def mark_sent(self, host: str, now: datetime) -> None:
        """Count the delay of a host from this time: a busy process sends a request later than it was allowed to."""
        known = self._host(host, now)
        free_at = now + timedelta(seconds=known.delay)
        if known.delay and free_at > known.free_at:
            is_late = (free_at - known.free_at).total_seconds() > known.delay / 10
            known.free_at = free_at
            if is_late:
                self.memory.record_request(self._name(host), LastRequest(now, known.delay))

    def raise_delay(self, host: str, delay: float, now: datetime) -> None:
        """Raise the delay between requests to a host to at least ``delay`` seconds, at most :data:`MAX_DELAY`."""
        known = self._host(host, now)
        raised = min(delay, MAX_DELAY)
        if raised > known.delay:
            known.free_at += timedelta(seconds=raised - known.delay)
            known.delay = raised

    def back_off(self, host: str, wait: Wait) -> None:
        """Send no request to a host until the end of a Retry-After."""
        self.memory.record_retry_after(self._name(host), wait)
        known = self._host(host, wait.since)
        known.free_at = max(known.free_at, wait.until)

    def retry_after(self, host: str, now: datetime) -> Wait | None:
        """The Retry-After that is in force, if any."""
        wait = self.memory.retry_after(self._name(host))
        return wait if wait and wait.since <= now < wait.until else None

    def _name(self, host: str) -> str:
        """The name under which a host is stored: for hosts that share a delay, the first of them."""
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
        if now < known.known_at:  # the clock was set back: do not wait for the lost time
            known.free_at -= known.known_at - now
        known.known_at = now
        return known


def means_no_robots(status: int) -> bool:
    """Return whether a status means that a host has no robots.txt, so everything is allowed; 429 does not.

    See https://www.rfc-editor.org/rfc/rfc9309#name-access-results.
    """
    return 400 <= status < 500 and status != 429


def parse_robots(text: str, agent: str = ROBOTS_AGENT) -> Protego:
    """Parse the groups of a robots.txt that concern an agent."""
    return Protego.parse(own_groups(text, agent))


def requested_delay(robots: Protego, agent: str) -> float:
    """The delay in seconds that robots.txt requests: the longer of ``Crawl-delay`` and ``Request-rate``."""
    rate = robots.request_rate(agent)
    return max(robots.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0)


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """Parse a ``Retry-After`` header, in seconds or as a date; return ``None`` if it is invalid.

    See https://www.rfc-editor.org/rfc/rfc9110#name-retry-after.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        # At most one year. Parsing is limited to 12 digits: longer values can only be an attack.
        return now + timedelta(seconds=min(int(value[:12]), 366 * 86_400))
    try:
        date = parsedate_to_datetime(value)
        date = (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date > now else None
