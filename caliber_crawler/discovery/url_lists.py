"""Lists of addresses that somebody already has: one a line, or the index of a web archive (CDX).

CDX is read as the two public services answer it: the Wayback Machine's JSON, one array of rows under a row of names
(https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server), and the Common Crawl index, one JSON object
a line (https://index.commoncrawl.org). The plain format, columns separated by blanks, is read too.
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

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

logger = logging.getLogger(__name__)

URLS_PER_COMMIT = 500
"""Addresses committed at once."""
MAX_LINE_LENGTH = 64 * 1024
"""Characters; nothing that long is an address."""
MAX_REPORTED_LENGTH = 500
"""Characters of a bad address that are kept."""
MIN_PLAIN_COLUMNS = 5
"""At least so many in a line of plain CDX: the third is the address, the fifth the status."""

ListKind = Literal["url_list", "cdx"]


@dataclass(frozen=True, slots=True)
class UrlList:
    """A list as it was given; ``name`` is told in the frontier (``discovered_on``)."""

    name: str
    kind: ListKind
    lines: Iterable[str]


def parse_urls(lines: Iterable[str]) -> Iterator[str]:
    """One address a line; empty lines and those that begin with ``#`` say nothing."""
    for line in lines:
        text = line.strip().lstrip("\ufeff")
        if text and not text.startswith("#"):
            yield text


def parse_cdx(lines: Iterable[str]) -> Iterator[str]:
    """The addresses in a CDX that were answered with a page: status 200, ``-`` (seen again) or unsaid.

    Raises :class:`InputError` naming the line that is none.
    """
    names: list[str] | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip().lstrip("\ufeff")
        text = text.removesuffix(",").strip("[]") if text.startswith(("[", "]")) else text
        if not text or text.startswith("CDX "):
            continue
        if len(text) > MAX_LINE_LENGTH:
            raise InputError(f"Line {number} is too long for an entry of a CDX.")
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
            raise InputError(f"Line {number} is no entry of a CDX: it names no address.")
        if status in ("200", "-"):
            yield url


def add_list(article_urls: UrlList, run: CrawlRun, discoveries: Discoveries) -> None:
    """Commit the articles on a list, in portions. What is on it and is no article of the site is said or counted."""
    read = parse_urls if article_urls.kind == "url_list" else parse_cdx
    teasers: dict[str, Teaser] = {}
    for url in _read(read(article_urls.lines), article_urls, run):
        teaser = teaser_of(url, run.scope.site)
        if teaser is not None:
            teasers.setdefault(teaser.url, teaser)
        else:
            run.accounts.counts["not_articles"] += 1
            if article_urls.kind == "url_list":
                _report(url[:MAX_REPORTED_LENGTH], run)
        if len(teasers) >= URLS_PER_COMMIT:
            discoveries.add(list(teasers.values()), article_urls.kind, found_on=article_urls.name)
            teasers.clear()
    discoveries.add(list(teasers.values()), article_urls.kind, found_on=article_urls.name)


def _read(urls: Iterator[str], article_urls: UrlList, run: CrawlRun) -> Iterator[str]:
    """The addresses up to where the list cannot be read, which is said."""
    try:
        yield from urls
    except InputError as error:
        message = f"{article_urls.name}: {error}"
        logger.error("%s", message)
        run.accounts.note(Problem(stage="list", reason="unreadable_list", message=message))
        run.accounts.counts["incomplete_lists"] += 1


def _report(url: str, run: CrawlRun) -> None:
    message = f"{url} is no article of {run.scope.site.title}."
    run.accounts.note(Problem(stage="list", reason="not_an_article", message=message), url=url)


def open_list(name: str, kind: ListKind) -> UrlList:
    """The list in a file, or the one on standard input when the name is ``-``. Raises :class:`InputError`."""
    if name == "-":
        return UrlList("standard input", kind, sys.stdin)
    if not Path(name).is_file():
        raise InputError(f"{name} is no file.")
    return UrlList(name, kind, _lines(Path(name)))


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def teaser_of(url: str, site: Site) -> Teaser | None:
    """The article of the site that an address from a list names, if it is one."""
    try:
        # Web archives write the port that was asked, and addresses that were seen before https came.
        article_url = site.article_url(url.replace(":80/", "/", 1).replace(":443/", "/", 1))
    except ValueError:
        return None
    return Teaser(url=article_url.url) if article_url else None


def _object(text: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise InputError(f"Line {number} is no entry of a CDX: it is neither JSON nor columns.")
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
        raise InputError(f"Line {number} is no entry of a CDX: it is neither JSON nor columns.")
    return cells
