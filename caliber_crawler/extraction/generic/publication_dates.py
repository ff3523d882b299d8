"""The publication date on a page of unknown layout, chosen among everything that the page states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from caliber_crawler.extraction.dates.labels import Role
from caliber_crawler.extraction.dates.stamps import FIRST_YEAR, parse_stamp
from caliber_crawler.extraction.dates.zones import offset_between
from caliber_crawler.extraction.generic.date_candidates import (
    ASIDE,
    BELOW,
    DATELINE,
    DECLARED,
    FAINTLY_DECLARED,
    LINE,
    LONE,
    NAMED,
    REST,
    UPDATE,
    URL,
    WEAKLY_DECLARED,
    DateCandidate,
    declared_candidates,
    page_candidates,
)
from caliber_crawler.extraction.generic.outline import Outline, Place
from caliber_crawler.extraction.linked_data import LinkedData

FUTURE_TOLERANCE = timedelta(days=1)
"""A fast clock or another time zone may date a page to tomorrow, not to next week."""
_MINUTE = timedelta(minutes=1)
_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)")
_URL_DAY_FIRST = re.compile(r"(?<!\d)(0[1-9]|[12]\d|3[01])[._-](0[1-9]|1[0-2])[._-](20\d\d)(?!\d)")
_URL_MONTH = re.compile(r"/((?:19|20)\d\d)/([a-z]{3,9})/(0?[1-9]|[12]\d|3[01])/", re.IGNORECASE)
_URL_LOCALE = re.compile(r"/([a-z]{2}-[a-z]{2})/", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"(?:en[-_](?:us|ca|ph)|fil|tl)\b", re.I)
_NOT_NEEDED = "not needed: a better source states the date"
_UNUSED_PLACES = {
    Place.TEXT: "between paragraphs of the text, without a label",
    Place.ELSEWHERE: "outside the article, without a label",
    Place.ASIDE: ASIDE,
}
_REGION = re.compile(r"[a-z]{2,3}[-_][a-z]{2}\b", re.I)


class FoundTimestamp(NamedTuple):
    """A timestamp, the method that found it, and how exact it is."""

    at: datetime
    """Naive if the page gives no offset; midnight for a bare day."""
    method: str
    precision: str = "minute"
    """``day`` or ``minute``."""
    zone: str = "site"
    """Where the offset comes from: ``page``, ``two_clocks`` (a local time and an instant on the page), ``printed_day``
    (an instant, and the local day of its text), or ``site``."""
    is_update: bool = False
    """Whether the page only says when it was updated."""

    @property
    def details(self) -> dict[str, str]:
        """How exact the date is, as it is recorded."""
        details = {"published_at_precision": self.precision, "published_at_zone": self.zone}
        return details | ({"published_at_role": "updated"} if self.is_update else {})


class RankedDates(NamedTuple):
    """The dates of a page."""

    best: FoundTimestamp | None
    """The best one, made exact by the others."""
    ranked: Sequence[DateCandidate]
    """Those that may be the publication date, best first."""
    others: Sequence[DateCandidate]
    """Those that are not used, each with its rejection; only if the ranking is complete."""


def extract_published_at(
    outline: Outline,
    data: LinkedData,
    url: str,
    language: str | None,
    *,
    stamps: bool = True,
    locale: str | None = None,
    now: datetime | None = None,
) -> FoundTimestamp | None:
    """Return the best publication date, made exact by the others. See :func:`rank_dates`."""
    return rank_dates(outline, data, url, language, stamps=stamps, locale=locale, now=now).best


def has_declared_date(data: LinkedData, language: str | None) -> bool:
    """Whether linked data or meta elements state a date."""
    return next(iter(declared_candidates(data, language)), None) is not None


def rank_dates(
    outline: Outline,
    data: LinkedData,
    url: str,
    language: str | None,
    *,
    stamps: bool = True,
    locale: str | None = None,
    now: datetime | None = None,
    complete: bool = False,
) -> RankedDates:
    """Return the dates that the page states, best first.

    ``language`` is the language of the text, ``locale`` the one that the page declares. ``now`` is when the page was
    fetched: later dates do not count. Without ``stamps`` only printed dates count. The page's elements are searched as
    far as they can matter; ``complete`` also returns every date that does not count, with the reason.
    """
    declared = [*declared_candidates(data, language)]
    found = [*declared, *_url_candidates(url)]
    exact = [candidate for candidate in declared if candidate.tier == DECLARED and _is_possible(candidate.at, now)]
    exact = exact if stamps else []
    rest: list[range] = [range(len(outline.elements))] if complete else []
    if not (exact and not exact[0].is_bare and exact[0].at.utcoffset()):
        # Nothing on the page can make a local time with its offset more exact.
        found += page_candidates(outline, language, outline.head, with_rejected=complete)
        certain = [candidate for candidate in found if _is_certain(candidate, now, stamps=stamps)]
        around = [range(outline.head.start), range(outline.head.stop, len(outline.elements))]
        rest = around if complete else []
        if not certain or (exact and all(candidate.is_bare for candidate in certain)):
            for positions in around:
                found += page_candidates(outline, language, positions, with_rejected=complete)
            rest = []
    month_first = _is_month_first(language, locale, url)
    sure = (date for date in found if date.other is None and not date.rejection and (stamps or date.method == "text"))
    days = frozenset(candidate.at.date() for candidate in sure)
    ranked: list[tuple[tuple[int, ...], DateCandidate]] = []
    others: list[DateCandidate] = []
    for candidate in found:
        ordered = _in_order(candidate, days, month_first)
        if (rejection := _rejection(ordered, now, stamps=stamps)) or (rank := _rank(ordered)) is None:
            others.append(replace(ordered, rejection=rejection or _why_unused(ordered)))
        else:
            ranked.append((rank, ordered))
    ranked.sort(key=itemgetter(0))
    if not ranked:
        others_in_article = [date for date in others if date.rejection != ASIDE]
        lone = _lone_date(others_in_article, outline) or _lone_date(
            [*others_in_article, *_asides(outline, language)], outline
        )
        ranked = [((LONE * 10,), lone)] if lone is not None and _is_possible(lone.at, now) else []
    best = _exact(ranked[0][1], [candidate for _, candidate in ranked]) if ranked else None
    for positions in rest:
        unneeded = page_candidates(outline, language, positions, with_rejected=True)
        others += [date if date.rejection else replace(date, rejection=_NOT_NEEDED) for date in unneeded]
    return RankedDates(best, [candidate for _, candidate in ranked], others)


def _lone_date(others: Sequence[DateCandidate], outline: Outline) -> DateCandidate | None:
    """Return the date in an element named as a date behind the headline, if the article has no other such date.

    Not beside the date of an update: the page names its dates, and this one is of something else.
    """
    if any(date.role is Role.UPDATED and date.place == Place.HEAD for date in others):
        return None
    start = outline.position[outline.heading] if outline.heading is not None else 0
    named = [
        date
        for date in others
        if date.tier == DATELINE
        and date.order > start
        and date.role in (Role.UNNAMED, Role.PUBLISHED)
        and date.rejection in _UNUSED_PLACES.values()
        and not (
            date.place is Place.TEXT and date.element is not None and outline.is_teaser(date.element, anywhere=True)
        )
    ]
    return replace(named[0], rejection="") if len({date.at.date() for date in named}) == 1 else None


def _asides(outline: Outline, language: str | None) -> list[DateCandidate]:
    """The dates in other parts of the element that contains the article, such as a box with the author and the date."""
    article = outline.article
    if article is None:
        return []
    first = outline.position[article]
    positions = range(first, first + sum(1 for _ in article.iter(etree.Element)))
    found = page_candidates(outline, language, positions, with_rejected=True)
    return [date for date in found if date.rejection == ASIDE]


def _rejection(candidate: DateCandidate, now: datetime | None, *, stamps: bool) -> str:
    """Why a date does not count, whatever its place; empty if it may."""
    if candidate.rejection:
        return candidate.rejection
    if not stamps and candidate.method != "text":
        return "not trusted: the site has a definition, and its metadata may state the date of a rebuild"
    if not _is_possible(candidate.at, now):
        return "later than the page was fetched" if candidate.at.year >= FIRST_YEAR else "older than the web"
    return ""


def _why_unused(candidate: DateCandidate) -> str:
    """Why a date that has no rank is not used."""
    if candidate.role is Role.UPDATED:
        return "the date of an update, by its label or name"
    if candidate.role is Role.OTHER:
        return "the date of something else, by its label"
    return _UNUSED_PLACES.get(candidate.place, "")


def _is_certain(candidate: DateCandidate, now: datetime | None, *, stamps: bool) -> bool:
    """Return whether no date elsewhere on the page can be better."""
    rank = _rank(candidate) if not _rejection(candidate, now, stamps=stamps) else None
    return rank is not None and rank[0] < URL * 10 and candidate.role is not Role.UPDATED


def parse_timestamp(text: str) -> tuple[datetime, bool] | None:
    """Parse a machine-readable timestamp and return whether it is a bare day."""
    stamp = parse_stamp(text)
    return (stamp.at, stamp.is_bare) if stamp is not None else None


def _url_candidates(url: str) -> Iterable[DateCandidate]:
    path = urlsplit(url).path
    if match := _URL_DATE.search(path):
        stamp = parse_stamp("-".join(match.groups()))
    elif match := _URL_MONTH.search(path):
        stamp = parse_stamp(" ".join(reversed(match.groups())), "en")
    elif match := _URL_DAY_FIRST.search(path):
        stamp = parse_stamp("-".join(reversed(match.groups())))
    else:
        return
    if stamp is not None:
        yield DateCandidate(stamp.at, True, Role.UNNAMED, "url", URL, text=match[0])


def _is_month_first(language: str | None, locale: str | None, url: str) -> bool | None:
    """Return whether ``01/07/2026`` is the seventh of January; ``None`` if it may be either.

    It is in the United States, Canada and the Philippines; English without a region does not tell.
    """
    if found := _URL_LOCALE.match(urlsplit(url).path):
        locale = found[1]
    if _MONTH_FIRST.match(locale or ""):
        return True
    host = (urlsplit(url).hostname or "").rpartition(".")[2]
    if (language or locale or "").partition("-")[0].lower() != "en" or _REGION.match(locale or "") or len(host) == 2:
        return False
    return None


def _in_order(candidate: DateCandidate, days: frozenset[date], month_first: bool | None) -> DateCandidate:
    """Decide between day and month: by another date of the page that is not ambiguous, else by the page's language.

    A printed date that remains ambiguous is rejected. Metadata in English is written by American software.
    """
    if candidate.other is None or candidate.rejection:
        return candidate
    agreed = [day in days for day in (candidate.at.date(), candidate.other.date())]
    if agreed[0] == agreed[1] and month_first is None and candidate.method == "text":
        return replace(candidate, rejection="day and month may be swapped, and nothing decides it")
    swapped = agreed[1] if agreed[0] != agreed[1] else month_first is not False
    return replace(candidate, at=candidate.other, other=candidate.at) if swapped else candidate


def _is_possible(at: datetime, now: datetime | None) -> bool:
    if at.year < FIRST_YEAR:
        return False
    limit = now + FUTURE_TOLERANCE if now is not None else None
    return limit is None or (at if at.tzinfo else at.replace(tzinfo=UTC)) <= limit


def _rank(candidate: DateCandidate) -> tuple[int, ...] | None:
    """The order of candidates; ``None`` for one that is never used."""
    place, tier = candidate.place, candidate.tier
    published = candidate.role is Role.PUBLISHED
    if candidate.role is Role.UPDATED:
        # News that state the minute of their update and no other date; other pages are updated years later. Themes
        # give the class "updated" to the only date, because a microformat requires it.
        is_near = place == Place.HEAD and tier in (NAMED, DATELINE) and (not candidate.is_bare or candidate.is_by_name)
        return (UPDATE * 10 + candidate.is_bare, 0, candidate.order) if is_near else None
    if candidate.role is Role.OTHER:
        return None
    if tier in (DECLARED, WEAKLY_DECLARED, FAINTLY_DECLARED, URL):
        return (tier * 10, 0, candidate.order)
    if place == Place.HEAD:
        # A date above the headline may be that of today; one below the headline is more certain.
        above = {DATELINE: 8, LINE: 2}.get(tier, 0) if candidate.is_above else 0
        return (
            NAMED * 10 if tier == NAMED else DATELINE * 10 - 5 if published else tier * 10 + above,
            0,
            candidate.order,
        )
    if place == Place.END or (place == Place.TEXT and published):
        return (BELOW * 10 - (5 if published else 0), tier, candidate.order)
    if place == Place.ELSEWHERE and published:
        return (REST * 10, tier, candidate.order)
    return None


def _exact(best: DateCandidate, ranked: Sequence[DateCandidate]) -> FoundTimestamp:
    """Complete the best candidate by what the others add: the time of its day, its offset, the local day."""
    near = [
        candidate
        for candidate in ranked
        if (candidate.place == Place.HEAD or candidate.tier <= WEAKLY_DECLARED)
        and (candidate.role is not Role.UPDATED or best.role is Role.UPDATED)
    ]
    at, is_bare, zone = best.at, best.is_bare, "page" if best.at.tzinfo else "site"
    if is_bare:
        same = (other for other in ranked if not other.is_bare and other.at.date() == at.date())
        exact = next((other for other in same if other.role is not Role.UPDATED or best.role is Role.UPDATED), None)
        if exact is not None:
            at, is_bare, zone = exact.at, False, "page" if exact.at.tzinfo else "site"
    if not is_bare and at.tzinfo is None:
        instants = [other.at for other in near if other.at.tzinfo is not None and not other.is_bare]
        offset = next((offset for instant in instants if (offset := offset_between(at, instant))), None)
        if offset is not None:
            at, zone = at.replace(tzinfo=offset), "two_clocks"
    elif not is_bare and not at.utcoffset():
        at, zone = _local(at, near)
    return FoundTimestamp(at, best.method, "day" if is_bare else "minute", zone, best.role is Role.UPDATED)


def _local(at: datetime, near: Sequence[DateCandidate]) -> tuple[datetime, str]:
    """Return an instant in UTC at the offset of the same instant's printed local time, if the page prints it."""
    local = (other.at for other in near if not other.is_bare and other.at.utcoffset() and abs(other.at - at) < _MINUTE)
    if (same := next(local, None)) is not None:
        return at.astimezone(same.tzinfo), "page"
    printed = [other for other in near if other.method == "text"]
    for other in printed:
        if other.is_bare:
            continue
        if other.at.tzinfo is not None:
            if abs(other.at - at) < _MINUTE:
                return at.astimezone(other.at.tzinfo), "page"
        elif offset := offset_between(other.at, at):
            return at.astimezone(offset), "two_clocks"
    for other in printed:
        days = (other.at.date() - at.date()).days
        if other.is_bare and abs(days) == 1:
            # The day before at any offset behind the time of day, the day after at any that reaches midnight.
            hours = -(at.hour + 1) if days < 0 else 24 - at.hour
            if -12 <= hours <= 14:
                return at.astimezone(timezone(timedelta(hours=hours))), "printed_day"
        elif other.is_bare and days == 0:
            break
    return at, "page"
