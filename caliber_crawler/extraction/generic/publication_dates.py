"""The publication date on a page of unknown layout, with the offset given there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from caliber_crawler.extraction.generic.visible_dates import FoundTimestamp, find_visible_date
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.tree import text_of

PUBLISHED_METAS = (
    *("article:published_time", "og:article:published_time", "article:published", "datepublished"),
    *("parsely-pub-date", "sailthru.date", "publishdate", "publish-date", "publish_date", "pubdate", "pub_date"),
    *("publication_date", "publicationdate", "cxenseparse:recs:publishtime", "rnews:datepublished", "dcterms.created"),
    *("dcterms.issued", "dc.date.issued", "dcterms.date", "prism.publicationdate", "citation_publication_date"),
    *("citation_online_date", "article.published", "originalpublicationdate", "date", "dc.date", "og:pubdate"),
)
# The year of the first web page. A fast clock or another time zone may date a page to tomorrow, not to next week.
FIRST_YEAR = 1991
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
_URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)")
_CALLED_PUBLISHED = re.compile(
    r"publish|publi|posted|pubdate|entry-date|post-date|article[-_]*date|created|datum", re.I
)
_CALLED_MODIFIED = re.compile(r"modif|updat|edit", re.I)


def extract_published_at(
    root: etree._Element, data: LinkedData, url: str, language: str | None, *, stamps: bool = True
) -> FoundTimestamp | None:
    """Return the publication date: linked data, meta elements, ``<time>`` elements, printed date, then URL.

    A date without a time gets the time that another source gives for the same day. Without ``stamps`` only printed
    dates count.
    """
    if not stamps:
        return find_visible_date(root, language)
    found = [(stamp, method) for text, method in _stamps(root, data) if (stamp := parse_timestamp(text)) is not None]
    if not found:
        return find_visible_date(root, language) or _date_of_url(url)
    (first, bare), method = found[0]
    if bare:
        exact = next((other for (other, is_bare), _ in found if not is_bare and other.date() == first.date()), None)
        first = exact or first
    elif first.tzinfo is None:
        first = next((other for (other, _), _ in found if _same_clock(other, first)), first)
    return FoundTimestamp(first, method)


def _same_clock(other: datetime, timestamp: datetime) -> bool:
    """Return whether another timestamp has the same time of day and also an offset."""
    return other.tzinfo is not None and other.replace(tzinfo=None, second=0, microsecond=0) == timestamp.replace(
        second=0, microsecond=0
    )


def _stamps(root: etree._Element, data: LinkedData) -> Iterator[tuple[str, str]]:
    for name in ("datePublished", "dateCreated", "uploadDate"):
        if text := data.text(name):
            yield text, "structured_data"
    for name in PUBLISHED_METAS:
        for text in data.metas.get(name, ())[:1]:
            yield text, "structured_data"
    for element in root.iterfind(".//*[@itemprop='datePublished']"):
        yield (
            element.get("content") or element.get("datetime") or text_of(element),
            "structured_data",
        )
    times = [element for element in root.iter("time") if element.get("datetime")]
    yield from ((element.get("datetime") or "", "structured_data") for element in sorted(times, key=_doubt))


def _doubt(element: etree._Element) -> int:
    """Sort key: lower for a ``<time>`` named as publication, higher for one named as an update."""
    parent = element.getparent()
    names = " ".join(
        node.get(key) or ""
        for node in (element, parent)
        if node is not None
        for key in ("class", "itemprop", "pubdate")
    )
    if _CALLED_MODIFIED.search(names):
        return 2
    return 0 if _CALLED_PUBLISHED.search(names) else 1


def parse_timestamp(text: str) -> tuple[datetime, bool] | None:
    """Parse a machine-readable timestamp and return whether it is a bare day.

    Formats: ISO 8601 and near misses, RFC 2822, epoch.
    """
    text = text.strip()
    timestamp: datetime | None
    if match := _ISO.match(text):
        timestamp, bare = _parse_iso(match), match[4] is None
    elif match := _EPOCH.fullmatch(text):
        timestamp, bare = datetime.fromtimestamp(int(match[1]), tz=UTC), False
    else:
        timestamp, bare = _parse_rfc_2822(text), False
    return (timestamp, bare) if timestamp is not None and timestamp.year >= FIRST_YEAR else None


def _parse_iso(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    clock = f"{int(hour or 0):02}:{minute or '00'}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
    zone = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get((offset or "").upper(), offset or "")
    try:
        return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}{zone}")
    except ValueError:
        return None


def _parse_rfc_2822(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _date_of_url(url: str) -> FoundTimestamp | None:
    match = _URL_DATE.search(url)
    timestamp = parse_timestamp("-".join(match.groups())) if match else None
    return FoundTimestamp(timestamp[0], "url") if timestamp else None
