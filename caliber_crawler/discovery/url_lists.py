"""URL lists from files: one URL per line, or the index of a web archive (CDX).

CDX is parsed in the formats of the two public services. The Wayback Machine returns a JSON array of rows after a row of
column names (https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server); Common Crawl returns one JSON
object per line (https://index.commoncrawl.org). The plain format with columns separated by spaces is supported too.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.errors import InputError
from caliber_crawler.items import Problem, Teaser
from caliber_crawler.site import Site
from caliber_crawler.site.urls import without_credentials

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

logger = logging.getLogger(__name__)

URLS_PER_COMMIT = 500
"""Number of URLs that are committed together."""
MAX_LINE_LENGTH = 64 * 1024
"""Characters; no URL is that long."""
MAX_REPORTED_LENGTH = 500
"""Characters of an invalid URL that are stored."""
MIN_PLAIN_COLUMNS = 5
"""Minimum number of columns in a line of plain CDX: the third is the URL, the fifth the status."""

ListKind = Literal["url_list", "cdx"]


@dataclass(frozen=True, slots=True)
class UrlList:
    """A list of URLs. Its ``name`` is recorded in the frontier (``discovered_on``)."""

    name: str
    kind: ListKind
    lines: Iterable[str]


def parse_urls(lines: Iterable[str]) -> Iterator[str]:
    """The URLs of a list, one per line. Empty lines and lines that begin with ``#`` are ignored."""
    for line in lines:
        text = line.strip().lstrip("\ufeff")
        if text and not text.startswith("#"):
            yield text


def parse_cdx(lines: Iterable[str]) -> Iterator[str]:
    """The URLs in a CDX that returned a page: status 200, ``-`` (a revisit record) or no status.

    Raises :class:`InputError` with the number of a line that cannot be parsed.
    """
    names: list[str] | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip().lstrip("\ufeff")
        text = text.removesuffix(",").strip("[]") if text.startswith(("[", "]")) else text
        if not text or text.startswith("CDX "):
            continue
        if len(text) > MAX_LINE_LENGTH:
            raise InputError(f"Line {number} is too long for a CDX entry.")
        if text.startswith("{") or text.partition(" {")[1]:
            row = _object(text[text.index("{") :], number)
        else:
            cells = _cells(text, number)
            if names is None and "original" in cells:
                names = cells
                continue
            row = dict(zip(names or ("urlkey", "timestamp", "original", "mimetype", "statuscode"), cells, strict=False))
        url = row.get("original") or row.get("url")
        status = str(row.get("statuscode") or row.get("status") or "200")
        if not isinstance(url, str):
            raise InputError(f"Line {number} is not a CDX entry: it has no URL.")
        if status in ("200", "-"):
            yield url


def add_list(url_list: UrlList, run: CrawlRun, discoveries: Discoveries) -> Iterator[None]:
    """Commit the articles on a list, in portions. Report or count URLs that are not articles of the site.

    An iterator that pauses after each portion, so that the caller can do other work.
    """
    parse = parse_urls if url_list.kind == "url_list" else parse_cdx
    teasers: dict[str, Teaser] = {}
    for url in _until_error(parse(url_list.lines), url_list, run):
        teaser = teaser_of(url, run.scope.site)
        if teaser is not None:
            teasers.setdefault(teaser.url, teaser)
        else:
            run.accounts.counts["not_articles"] += 1
            if url_list.kind == "url_list":
                _report(without_credentials(url[:MAX_REPORTED_LENGTH]), run)
        if len(teasers) >= URLS_PER_COMMIT:
            discoveries.add(list(teasers.values()), url_list.kind, found_on=url_list.name)
            teasers.clear()
            yield
    discoveries.add(list(teasers.values()), url_list.kind, found_on=url_list.name)


def _until_error(urls: Iterator[str], url_list: UrlList, run: CrawlRun) -> Iterator[str]:
    """The URLs before the first line that cannot be parsed, which is reported."""
    try:
        yield from urls
    except InputError as error:
        message = f"{url_list.name}: {error}"
        logger.error("%s", message)
        run.accounts.record_problem(Problem(stage="list", reason="unreadable_list", message=message))
        run.accounts.counts["incomplete_lists"] += 1


def _report(url: str, run: CrawlRun) -> None:
    message = f"{url} is not an article of {run.scope.site.title}."
    run.accounts.record_problem(Problem(stage="list", reason="not_an_article", message=message), url=url)


def open_list(name: str, kind: ListKind) -> UrlList:
    """Open the list in a file, or on standard input for the name ``-``. Raises :class:`InputError`."""
    if name == "-":
        return UrlList("standard input", kind, sys.stdin)
    if not Path(name).is_file():
        raise InputError(f"{without_credentials(name)} is not a file.")
    return UrlList(name, kind, _lines(Path(name)))


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def teaser_of(url: str, site: Site) -> Teaser | None:
    """The article of the site that a URL of a list names, or ``None``."""
    article_url = site.article_url(url)
    return Teaser(url=article_url.url, request_url=article_url.request_url) if article_url else None


def _object(text: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise InputError(f"Line {number} is not a CDX entry: it is neither JSON nor columns.")
    return row


def _cells(text: str, number: int) -> list[str]:
    if '"' in text:
        try:
            cells = json.loads(f"[{text}]")
        except ValueError:
            cells = None
        if isinstance(cells, list) and all(isinstance(cell, str) for cell in cells):
            return cells
    cells = text.split(" ")
    if len(cells) < MIN_PLAIN_COLUMNS:
        raise InputError(f"Line {number} is not a CDX entry: it is neither JSON nor columns.")
    return cells
