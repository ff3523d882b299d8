"""URL lists from files: one URL per line, or the index of a web archive (CDX).

CDX is parsed in the formats of the two public services. The Wayback Machine returns a JSON array of rows after a row of
column names (https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server); Common Crawl returns one JSON
object per line (https://index.commoncrawl.org). The plain format with columns separated by spaces is supported too.
"""

from __future__ import annotations

import codecs
import gzip
import io
import logging
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.json_teasers import parse_json_text
from caliber_crawler.discovery.list_entries import absolute_url, article_at
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
MAX_REPORTED = 50
"""Number of URLs of a list that are reported because they are not articles; the others are counted."""
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


class InvalidLines:
    """The lines of a CDX that cannot be parsed: their number, and what is wrong with the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def add(self, message: str) -> None:
        self.count += 1
        self.first = self.first or message


def parse_cdx(lines: Iterable[str], invalid: InvalidLines | None = None) -> Iterator[str]:
    """The URLs in a CDX that returned a page: status 200, ``-`` (a revisit record) or no status.

    Lines that cannot be parsed are added to ``invalid``. Raises :class:`InputError` at the end if there are no others.
    """
    invalid = invalid if invalid is not None else InvalidLines()
    names: list[str] | None = None
    has_rows = False
    for number, line in enumerate(lines, 1):
        text = line.strip().lstrip("\ufeff")
        text = text.removesuffix(",").strip("[]") if text.startswith(("[", "]")) else text
        if not text or text.startswith("CDX "):
            continue
        try:
            row = _row(text, names)
        except ValueError as error:
            invalid.add(f"Line {number} is not a CDX entry: {error}.")
            continue
        has_rows = True
        if isinstance(row, list):
            names = row
        elif row["status"] in ("200", "-"):
            yield row["url"]
    if invalid.count and not has_rows:
        raise InputError(invalid.first)


def _row(text: str, names: list[str] | None) -> list[str] | dict[str, str]:
    """The URL and the status in a line, or the names of the columns. Raises ``ValueError`` for an invalid line."""
    if len(text) > MAX_LINE_LENGTH:
        raise ValueError("it is too long")
    if text.startswith("{") or text.partition(" {")[1]:
        row = _object(text[text.index("{") :])
    else:
        cells = _cells(text)
        if names is None and "original" in cells:
            return cells
        row = dict(zip(names or ("urlkey", "timestamp", "original", "mimetype", "statuscode"), cells, strict=False))
    url = row.get("original") or row.get("url")
    if not isinstance(url, str):
        raise ValueError("it has no URL")
    return {"url": url, "status": str(row.get("statuscode") or row.get("status") or "200")}


def add_list(url_list: UrlList, run: CrawlRun, discoveries: Discoveries) -> Iterator[None]:
    """Commit the articles on a list, in portions. Report or count URLs that are not articles of the site.

    An iterator that pauses after each portion, so that the caller can do other work.
    """
    invalid = InvalidLines()
    lines = url_list.lines
    urls = parse_urls(lines) if url_list.kind == "url_list" else parse_cdx(lines, invalid)
    teasers: dict[str, Teaser] = {}
    others = 0
    run.accounts.counts["url_lists"] += 1
    for url in _until_error(urls, invalid, url_list, run):
        teaser = teaser_of(url, run.scope.site)
        if teaser is not None:
            teasers.setdefault(teaser.url, teaser)
        else:
            run.accounts.counts["not_articles"] += 1
            others += 1
            if url_list.kind == "url_list" and others <= MAX_REPORTED:
                _report(without_credentials(url[:MAX_REPORTED_LENGTH]), run)
        if len(teasers) >= URLS_PER_COMMIT:
            _commit(teasers, url_list, run, discoveries)
            yield
    _commit(teasers, url_list, run, discoveries)
    _commit(teasers, url_list, run, discoveries)
    if url_list.kind == "url_list" and others > MAX_REPORTED:
        message = f"{url_list.name}: {others - MAX_REPORTED:,} further URLs are not articles of {run.scope.site.title}."
        run.accounts.record_problem(Problem(stage="list", reason="not_an_article", message=message))
    if invalid.count:
        _report_invalid(f"{url_list.name}: {invalid.count:,} lines were skipped. {invalid.first}", run)


def _commit(teasers: dict[str, Teaser], url_list: UrlList, run: CrawlRun, discoveries: Discoveries) -> None:
    run.accounts.counts["teasers"] += len(teasers)
    discoveries.add(list(teasers.values()), url_list.kind, found_on=url_list.name)
    teasers.clear()


def _until_error(urls: Iterator[str], invalid: InvalidLines, url_list: UrlList, run: CrawlRun) -> Iterator[str]:
    """The URLs of a list, up to an error of its file, which is reported."""
    try:
        yield from urls
    except InputError as error:
        if not invalid.count:
            _report_invalid(f"{url_list.name}: {error}", run)


def _report_invalid(message: str, run: CrawlRun) -> None:
    logger.error("%s", message)
    run.accounts.record_problem(Problem(stage="list", reason="unreadable_list", message=message))
    run.accounts.counts["incomplete_lists"] += 1


def _report(url: str, run: CrawlRun) -> None:
    message = f"{url} is not an article of {run.scope.site.title}."
    run.accounts.record_problem(Problem(stage="list", reason="not_an_article", message=message), url=url)


def open_list(name: str, kind: ListKind) -> UrlList:
    """Open the list in a file, or on standard input for the name ``-``. Raises :class:`InputError`."""
    if name == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        return UrlList("standard input", kind, _bounded(sys.stdin))
    if not Path(name).is_file():
        raise InputError(f"{without_credentials(name)} is not a file.")
    return UrlList(name, kind, _lines(Path(name)))


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file in UTF-8 or UTF-16, possibly compressed by gzip."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            unpacked = gzip.GzipFile(fileobj=file) if start == b"\x1f\x8b" else file
            encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
            with io.TextIOWrapper(unpacked, encoding=encoding, errors="replace") as lines:
                yield from _bounded(lines)
    except (OSError, EOFError, zlib.error) as error:
        clause = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"{path} cannot be read: {clause}.") from error


def _bounded(file: TextIO) -> Iterator[str]:
    """The lines of a file; of a very long one, only its beginning."""
    while line := file.readline(MAX_LINE_LENGTH + 1):
        yield line
        while len(line) > MAX_LINE_LENGTH and not line.endswith("\n"):
            line = file.readline(MAX_LINE_LENGTH + 1)


def teaser_of(url: str, site: Site) -> Teaser | None:
    """The article of the site that a URL of a list names, or ``None``."""
    try:
        # Web archives have URLs from before HTTPS.
        article_url = article_at(absolute_url(url, site.base_url + "/"), site)
    except ValueError:
        return None
    return Teaser(url=article_url.url, request_url=article_url.request_url) if article_url else None


def _object(text: str) -> dict[str, Any]:
    row = parse_json_text(text)
    if not isinstance(row, dict):
        raise ValueError("it is neither JSON nor columns")
    return row


def _cells(text: str) -> list[str]:
    if '"' in text:
        cells = parse_json_text(f"[{text}]")
        if isinstance(cells, list) and all(isinstance(cell, str) for cell in cells):
            return cells
    cells = text.split(" ")
    if len(cells) < MIN_PLAIN_COLUMNS:
        raise ValueError("it is neither JSON nor columns")
    return cells
