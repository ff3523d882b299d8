"""URL lists from files: one URL per line, or the index of a web archive (CDX)."""

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
from typing import TYPE_CHECKING, Literal, TextIO

from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.errors import InputError
from caliber_crawler.items import Problem, Teaser
from caliber_crawler.lists.cdx_lines import MAX_LINE_LENGTH, InvalidLines, parse_cdx, teaser_of
from caliber_crawler.quantity import quantity
from caliber_crawler.site.urls import without_credentials

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

logger = logging.getLogger(__name__)

URLS_PER_COMMIT = 500
"""Number of URLs that are committed together."""
MAX_REPORTED = 50
"""Number of URLs of a list that are reported because they are not articles; the others are counted."""
MAX_REPORTED_LENGTH = 500
"""Characters of an invalid URL that are stored."""

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
    if url_list.kind == "url_list" and others > MAX_REPORTED:
        message = f"{url_list.name}: {others - MAX_REPORTED:,} further URLs are not articles of {run.scope.site.title}."
        run.accounts.record_problem(Problem(stage="list", reason="not_an_article", message=message))
    if invalid.count:
        _report_invalid(
            f"{url_list.name}: {quantity(invalid.count, 'line was', 'lines were')} skipped. {invalid.first}", run
        )


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
