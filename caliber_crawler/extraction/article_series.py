"""Articles of several pages: whether a page is a later page of an article, as its own links and claims say.

The number in its URL alone says nothing: an ID, a date and the second article with the same title have one, too. The
page itself must name its first page: by its canonical link, by ``rel=prev``, or by a link with the text "1".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lxml import etree

from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.structured_data import extract_meta
from caliber_crawler.extraction.tree import text_of
from caliber_crawler.extraction.urls import absolute
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.site.page_series import PageNumber, is_page_of, page_numbers

MAX_LINKS = 3_000
MAX_NUMBER_TEXT = 12
"""Characters of a link that is the number of a page."""
MIN_NUMBERS = 2
"""Links to numbered pages that a pager has, if the URL of the first page has a number, too."""
# In lower case. A pattern that begins with plain letters is searched ten times as fast.
_HREF = re.compile(rb"""href(?<![0-9a-z_]href)\s{0,4}=\s{0,4}["']?([^"'\s<>]{1,500})""")
_IS_TWO = re.compile(rb"2(?:(?<!\d2)|(?<=02)(?<!\d02))(?=/?$|\.[a-zA-Z]{2,5}$|[&#])", re.MULTILINE)
_COMMENTS = re.compile(rb"comment|kommentar|reply|disqus", re.IGNORECASE)
_ENDS = (b'"', b"'", b"?", b"#", b">", b" ", b"")
"""What follows a URL in HTML."""
_NUMBER = re.compile(r"\D{0,3}(\d{1,2})\D{0,3}")


@dataclass(frozen=True, slots=True)
class Series:
    """What a page says of the series that it belongs to."""

    first_page: str
    is_certain: bool
    """Whether it needs no further evidence, such as the same headline."""


def series_of(page: Page) -> Series | None:
    """The series of which a page is a later page, if its links and claims say so."""
    url = page.site.normal_url(page.capture.effective_url)
    numbers = [each for each in page_numbers(url) if each.number > 0]
    if page.document is None or not any(_may_be_named(each, page.document.source) for each in numbers):
        return None
    claimed = [_normal(href, page) for href in (page.metadata.canonical, extract_meta(page, "og:url")) if href]
    root = page.document.root
    previous = [_normal(href, page) for element, href in _links(root) if "prev" in _relations(element)]
    doubtful = None
    for number in numbers:
        for first in filter(None, (*claimed[:1], *previous)):
            if is_page_of(number, first):
                if number.is_named or not number.is_suffix:
                    return Series(first, is_certain=True)
                doubtful = Series(first, is_certain=False)
        for before in filter(None, previous):
            if number.is_named and _is_before(before, number):
                return Series(number.base, is_certain=True)
        if (first_page := _first_in_pager(root, page, number)) is not None:
            return Series(first_page, is_certain=True)
    return doubtful


def later_page_problem(url: str, series: Series | None) -> Problem | None:
    """The problem of a page that is certainly a later page of an article."""
    if series is None or not series.is_certain:
        return None
    message = f"{url} is a later page of the article at {series.first_page}."
    return Problem(stage="check", reason="later_page", message=message, field="url", fatal=True)


def in_series(extraction: Extraction, page: Page, series: Series | None) -> Extraction:
    """An extraction with what its page says of further pages, and of the page that may be the first."""
    warnings = extraction.warnings
    second, is_certain = continuation(page)
    if second is None and series is None:  # as on most pages
        return extraction
    if is_certain:
        message = f"The article continues at {second}; the text of its later pages is not part of it."
        warnings = (*warnings, Problem(stage="extract", reason="more_pages", message=message, field="body"))
    first = series.first_page if series is not None else None
    return replace(extraction, warnings=warnings, first_page=first, second_page=second)


def continuation(page: Page) -> tuple[str | None, bool]:
    """The URL of the second page of the article on a page, if the page links to it, and whether it is certain."""
    if page.document is None or page.site.has_layouts:
        return None, False
    source = page.document.source
    lowered = source.lower()
    if not _IS_TWO.search(b"\n".join(_HREF.findall(lowered))):  # as on most pages
        return None, False
    doubtful = None
    own = page.site.normal_url(page.capture.effective_url)
    for found in _HREF.finditer(lowered):
        if not _IS_TWO.search(found[1]) or _COMMENTS.search(found[1]):
            continue
        href = source[found.start(1) : found.end(1)]
        url = _normal(href.decode("utf-8", "replace").replace("&amp;", "&"), page)
        if url is None or url == own:
            continue
        second = next((each for each in page_numbers(url) if each.number == 2 and is_page_of(each, own)), None)
        if second is not None and not second.is_suffix:
            return url, True
        if second is not None:
            doubtful = doubtful or url
    return doubtful, False


def _first_in_pager(root: etree._Element, page: Page, own: PageNumber) -> str | None:
    """The first page of a page's series, from links with the numbers of pages."""
    first, numbered = None, set()
    for element, href in _links(root):
        if element.tag != "a":
            continue
        text = text_of(element)
        found = _NUMBER.fullmatch(text) if len(text) <= MAX_NUMBER_TEXT else None
        url = _normal(href, page) if found is not None else None
        if found is None or url is None:
            continue
        number = int(found[1])
        if number == 1 and is_page_of(own, url):
            return url
        if any(each.base == own.base and each.number == number for each in page_numbers(url)):
            numbered.add(number)
            first = url if number == 1 else first
    return first if len(numbered) >= MIN_NUMBERS else None


def _may_be_named(number: PageNumber, source: bytes) -> bool:
    """Whether a page may name its first page: of the many URLs that end in a number, few are of a series."""
    if not number.is_suffix:
        return True
    name = number.base.rstrip("/").rpartition("/")[2].encode()
    at = source.find(name)
    while at >= 0:
        after = source[at + len(name) : at + len(name) + 2].removeprefix(b"/")[:1]
        if after in _ENDS:
            return True
        at = source.find(name, at + len(name))
    return False


def _is_before(url: str, own: PageNumber) -> bool:
    return any(each.base == own.base and each.is_named and each.number < own.number for each in page_numbers(url))


def _links(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for element in islice(root.iter("a", "link"), MAX_LINKS):
        if href := (element.get("href") or "").strip():
            yield element, href


def _relations(element: etree._Element) -> list[str]:
    return (element.get("rel") or "").lower().split()


def _normal(href: str, page: Page) -> str | None:
    """The normal form of a link to the page's own site."""
    url = absolute(href, page)
    if url is None or not page.site.owns(url):
        return None
    try:
        return page.site.normal_url(url)
    except ValueError:
        return None
