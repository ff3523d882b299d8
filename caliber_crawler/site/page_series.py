"""Series of pages: the URLs of the pages of one article or list, which differ in the number of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

MAX_DIGITS = 2
"""Digits of the number of a page of an article; a longer number is an ID or a year."""
_WORDS = r"pages?|pg|seite|sayfa|stranica|strona|sida|side|pagina|p|part|teil"
_LATER_PAGE = re.compile(
    r"(?:/(?:page|seite|sayfa|p)?[/-]?\d{1,2}/?|[?&](?:page|paged|pg|p|part|seite|sayfa)=\d{1,2})$", re.IGNORECASE
)
_SEGMENT = re.compile(
    rf"/(?P<word>(?:{_WORDS})[/=_-]?)?(?P<number>\d{{1,{MAX_DIGITS}}})(?:\.[a-z]{{2,5}}|/)?$", re.IGNORECASE
)
_SUFFIX = re.compile(
    rf"(?P<word>[-_,.](?:{_WORDS}))?[-_,.]?(?<!\d)(?P<number>\d{{1,{MAX_DIGITS}}})(?P<end>\.[a-z]{{2,5}}|/)?$",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"start|offset|from|skip|limitstart|page\w?|page_?(?:no|num|nr|number)|pg|p|part|seite|sayfa|pagina",
    re.IGNORECASE,
)
_MAX_SHAPES = 8
_END = re.compile(r"(?:/index)?(?:\.[a-z]{2,5})?/?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageNumber:
    """A number in a URL that may be that of a page."""

    base: str
    """The URL without the number: that of the first page, on most sites."""
    number: int
    is_named: bool
    """Whether a word says that it is the number of a page."""
    is_suffix: bool
    """Whether it is a part of the last segment, where it may also tell two articles with one title apart."""


def first_page(url: str) -> str | None:
    """The URL of the page of which a URL may be a later page, ``None`` if it looks like no such page.

    >>> first_page("https://example.org/talks-resume/2")
    'https://example.org/talks-resume'
    """
    start = _LATER_PAGE.sub("", url)
    return start if start != url and len(urlsplit(start).path) > 1 else None


@lru_cache(maxsize=512)
def page_numbers(url: str) -> tuple[PageNumber, ...]:
    """The numbers in a URL that may be that of a page of an article.

    >>> [(each.base, each.number) for each in page_numbers("https://example.org/talks-resume_2.html")]
    [('https://example.org/talks-resume.html', 2)]
    """
    start, _, query = url.partition("?")
    found = []
    if query and len(urlsplit(start).path) > 1:
        pieces = query.split("&")
        for place, piece in enumerate(pieces[:_MAX_SHAPES]):
            name, _, value = piece.partition("=")
            if _is_number(value) and _NAMES.fullmatch(name):
                rest = "&".join((*pieces[:place], *pieces[place + 1 :]))
                found.append(
                    PageNumber(f"{start}?{rest}" if rest else start, int(value), is_named=True, is_suffix=False)
                )
    if query:
        return tuple(found)
    return tuple(each for each in _numbers_in_path(start) if len(urlsplit(each.base).path) > 1)


def is_page_of(number: PageNumber, first: str) -> bool:
    """Whether a URL without its number is that of the first page, whatever their file names end in."""
    return _stem(number.base) == _stem(first)


@lru_cache(maxsize=512)
def _stem(url: str) -> str:
    start, mark, query = url.partition("?")
    return f"{_END.sub('', start)}{mark}{query}"


def _numbers_in_path(url: str) -> Iterator[PageNumber]:
    found = _SEGMENT.search(url)
    if found is not None:
        yield PageNumber(url[: found.start()], int(found["number"]), bool(found["word"]), is_suffix=False)
        return
    found = _SUFFIX.search(url)
    if found is None or url[found.start()] not in "-_,.":
        return
    base = url[: found.start()] + (found["end"] or "").rstrip("/")
    yield PageNumber(base, int(found["number"]), bool(found["word"]), is_suffix=True)


def _is_number(text: str) -> bool:
    return len(text) <= MAX_DIGITS and text.isascii() and text.isdecimal()
