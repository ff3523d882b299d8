"""When may a host be asked again? Gaps between requests, and what a host itself asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from protego import Protego

AGENT = "caliber_crawler"
"""The name by which a robots.txt speaks to us."""
LONGEST_GAP = 600.0
"""Seconds between two requests that a robots.txt can ask for; more would be a ban by another name."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A host's wish to be left alone until a moment, and when and why it was uttered."""

    until: datetime
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LastRequest:
    """When a host was asked for something, and how many seconds the next request had to keep away."""

    at: datetime
    gap: float


class Memory(Protocol):
    """Where the last request to a host, and its wishes, outlive this process."""

    def last_request(self, host: str) -> LastRequest | None:
        """When the host was last asked for anything, and the gap to keep behind it."""

    def asked(self, host: str, request: LastRequest) -> None:
        """Remember a request that is about to go out."""

    def wait(self, host: str) -> Wait | None:
        """What the host last wished, if anything."""

    def wish(self, host: str, wait: Wait) -> None:
        """Remember a host's wish."""


@dataclass(slots=True)
class _Host:
    gap: float
    free_at: datetime
    """No request before this moment."""
    known_at: datetime
    """The latest moment that was heard of."""


@dataclass(slots=True)
class Pace:
    """Hands out the moments at which requests may go out, one host at a time, across restarts of the program.

    ``gap`` is the least number of seconds between two requests to one host. Without a gap nothing is remembered. The
    hosts of one site (``together``; ``www.`` before one makes no other of it) are asked as if they were one, for a
    redirect may lead from each to the next. Times of a clock that was since set back are not believed.
    """

    memory: Memory
    gap: float = 0.0
    together: Sequence[str] = ()
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def seconds_until_free(self, host: str, now: datetime) -> float:
        """How long a host is still to be left alone, in seconds."""
        return max(0.0, (self._host(host, now).free_at - now).total_seconds())

    def take_turn(self, host: str, now: datetime) -> float:
        """Take the next free moment of a host; gives the seconds until then."""
        known = self._host(host, now)
        moment = max(now, known.free_at)
        known.free_at = moment + timedelta(seconds=known.gap)
        if known.gap:
            self.memory.asked(self._name(host), LastRequest(moment, known.gap))
        return (moment - now).total_seconds()

    def widen(self, host: str, gap: float, now: datetime) -> None:
        """Keep at least this many seconds between requests to a host, at most :data:`LONGEST_GAP`."""
        known = self._host(host, now)
        wider = min(gap, LONGEST_GAP)
        if wider > known.gap:
            known.free_at += timedelta(seconds=wider - known.gap)
            known.gap = wider

    def hold(self, host: str, wait: Wait) -> None:
        """Ask nothing of a host for as long as it wishes."""
        self.memory.wish(self._name(host), wait)
        known = self._host(host, wait.since)
        known.free_at = max(known.free_at, wait.until)

    def asked_to_wait(self, host: str, now: datetime) -> Wait | None:
        """What the host wishes now, if anything."""
        wait = self.memory.wait(self._name(host))
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
            last = self.memory.last_request(name) if self.gap else None
            free_at = last.at + timedelta(seconds=max(last.gap, self.gap)) if last and last.at <= now else now
            wait = self.asked_to_wait(host, now)
            self._hosts[name] = _Host(self.gap, max(free_at, wait.until) if wait else free_at, now)
        known = self._hosts[name]
        if now < known.known_at:  # the clock was set back: nobody waits until it is that late again
            known.free_at -= known.known_at - now
        known.known_at = now
        return known


def has_no_rules(status: int) -> bool:
    """Does this answer mean that a host has no robots.txt, so that everything is allowed? 429 is a plea to wait.

    See https://www.rfc-editor.org/rfc/rfc9309#name-access-results.
    """
    return 400 <= status < 500 and status != 429


def gap_asked_for(robots: Protego, agent: str) -> float:
    """Seconds between two requests that a robots.txt asks for: the longer of ``Crawl-delay`` and ``Request-rate``."""
    rate = robots.request_rate(agent)
    return max(robots.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0)


def read_retry_after(value: str, now: datetime) -> datetime | None:
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
