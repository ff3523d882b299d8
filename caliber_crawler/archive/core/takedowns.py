"""Takedowns: articles that an archive must not contain. Every crawl and merge checks them before saving.

A takedown records the request with its date and reason, and digests of the article's identifiers: its URLs, its post
number, its slug. It holds for every spelling of a URL: in upper and lower case, and with any parameters added, such as
a session ID. :mod:`~caliber_crawler.archive.upkeep.deletion` carries a takedown out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import combinations
from urllib.parse import urlsplit, urlunsplit

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.earlier_urls import earlier_form
from caliber_crawler.archive.core.rows import ArticleUrlRow, TakedownRow
from caliber_crawler.site import ArticleURL
from caliber_crawler.site.urls import readable_path

MAX_PARAMETERS = 6
"""Number of parameters of which every combination is looked up; of more, only some are."""
VISIT_PARAMETER = re.compile(
    r"(?:s|sid|ssid|sess|sess_?id|session|session_?id|zenid|oscsid|token|_|cb|rnd|rand|random|nocache|ts|timestamp)"
    r"(?:=.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""A parameter that may be the ID of a session or defeat a cache: it differs on each visit."""
OWN_PATH = re.compile(r"\d{4}|[^\W_][-_][^\W_]+[-_][^\W_]")
"""Marks of a path that names an article by itself: a number, a date, or three words."""
OTHER_REPRESENTATION = re.compile(r"/(?:amp|index\.(?:html?|php))$")
FURTHER_REPRESENTATION = re.compile(
    r"(?:\.amp)?\.(?:x?html?|php|aspx?|amp)$|[-_.]amp$"
    r"|/(?:amp|print|printable|pdf|mobile|embed|feed|trackback|comments|comment-page-\d{1,6}|page/\d{1,6})$"
)
"""Further endings of URLs at which software serves the same article."""


class Takedowns:
    """The takedowns recorded in an archive."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[TakedownRow]:
        """Every takedown, oldest first."""
        return self._connection.rows_of(
            TakedownRow,
            "SELECT id, site, language, reason, requested_at, carried_out_at, versions, captures FROM takedowns",
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken down."""
        return self._connection.value("SELECT 1 FROM takedown_keys") is None

    def covers(self, site: str, article_urls: Iterable[ArticleURL]) -> bool:
        """Does one of these URLs belong to an article that was taken down?"""
        return self.covering(site, article_urls) is not None

    def covering(self, site: str, article_urls: Iterable[ArticleURL]) -> int | None:
        """The ID of a takedown that covers one of these URLs, if there is one."""
        if self.is_empty:
            return None
        keys = [digest for article_url in article_urls for digest in spellings_of(site, article_url)]
        found: int | None = self._connection.value(
            "SELECT takedown_id FROM takedown_keys WHERE digest IN (SELECT value FROM json_each(?))",
            (json.dumps(keys),),
        )
        return found

    def record_keys(self, takedown_id: int | None, keys: Iterable[str]) -> None:
        """Record the digests of a takedown, except those of an earlier one. Runs inside the caller's transaction."""
        for digest in keys:
            self._connection.execute(
                "INSERT INTO takedown_keys (digest, takedown_id) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
                (digest, takedown_id),
            )


def address_of(row: ArticleUrlRow) -> ArticleURL:
    """A row of ``article_urls`` as an article URL."""
    return ArticleURL(url=row["url"], language=row["language"], number=row["post_number"], slug=row["slug"])


def keys_of(site: str, article_url: ArticleURL) -> list[str]:
    """Digests of everything in a URL that identifies its article, to be recorded."""
    page, parameters = _parts(article_url.url)
    own_path = OWN_PATH.search(page) is not None
    lasting = [each for each in parameters if not _is_of_a_visit(each, own_path=own_path)]
    pages = (f"{site} page {each}?{'&'.join(lasting)}" for each in _representations(page))
    return _digests([*_names(site, article_url), *pages])


def spellings_of(site: str, article_url: ArticleURL) -> list[str]:
    """Digests under which a takedown of the article may be recorded: those of the URL, also with fewer parameters."""
    page, parameters = _parts(article_url.url)
    own_path = OWN_PATH.search(page) is not None
    names = _names(site, article_url)
    for kept in _combinations(parameters):
        dropped = [each for each in parameters if each not in kept]
        if kept or own_path or all(_is_of_a_visit(each, own_path=own_path) for each in dropped):
            names += [f"{site} page {each}?{'&'.join(kept)}" for each in _representations(page)]
    return _digests([*names, *_earlier_names(site, article_url.url, own_path=own_path)])


def _names(site: str, article_url: ArticleURL) -> list[str]:
    names = [f"{site} url {article_url.url}"]
    if article_url.number is not None:
        names.append(f"{site} number {article_url.number}")
    if article_url.slug is not None:
        names.append(f"{site} {article_url.language} slug {article_url.slug}")
    return names


def _earlier_names(site: str, url: str, *, own_path: bool) -> Iterator[str]:
    """The names of takedowns recorded before schema 5: the whole URL in its earlier form."""
    parts = urlsplit(url)
    for kept in _combinations(parts.query.split("&") if parts.query else []):
        if kept or own_path:
            yield f"{site} url {earlier_form(urlunsplit(parts._replace(query='&'.join(kept))))}"


def _parts(url: str) -> tuple[str, list[str]]:
    """A page without regard to case, ``www.`` and repeated slashes, and its parameters in order of the alphabet."""
    parts = urlsplit(url)
    path = re.sub("/+", "/", readable_path(parts.path).casefold()).rstrip("/")
    parameters = sorted(parts.query.casefold().split("&")) if parts.query else []
    return parts.netloc.lower().removeprefix("www.") + OTHER_REPRESENTATION.sub("", path), parameters


def _representations(page: str) -> tuple[str, ...]:
    """A page, and the page without the ending of another representation."""
    return tuple(dict.fromkeys((page, FURTHER_REPRESENTATION.sub("", page))))


def _is_of_a_visit(parameter: str, *, own_path: bool) -> bool:
    """Whether a parameter belongs to a visit. A number may be that of the article if the path does not name one."""
    value = parameter.partition("=")[2]
    return VISIT_PARAMETER.fullmatch(parameter) is not None and (own_path or not value.isdecimal())


def _combinations(parameters: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The parameters, and every selection of fewer."""
    number = len(parameters)
    sizes = range(number, -1, -1) if number <= MAX_PARAMETERS else (number, number - 1, 1, 0)
    for size in sizes:
        yield from combinations(parameters, size)


def _digests(names: Iterable[str]) -> list[str]:
    return [sha256(name.encode("utf-8", "surrogatepass")).hexdigest() for name in dict.fromkeys(names)]
