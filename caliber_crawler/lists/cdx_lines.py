"""Lines of CDX, the index of a web archive.

They are parsed in the formats of the two public services. The Wayback Machine returns a JSON array of rows after a row
of column names (https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server); Common Crawl returns one
JSON object per line (https://index.commoncrawl.org). The plain format with columns separated by spaces is supported
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from caliber_crawler.errors import InputError
from caliber_crawler.items import Teaser
from caliber_crawler.lists.entries import absolute_url, article_at
from caliber_crawler.lists.json_teasers import parse_json_text
from caliber_crawler.site import Site

MAX_LINE_LENGTH = 64 * 1024
"""Characters; no URL is that long."""
MIN_PLAIN_COLUMNS = 5
"""Minimum number of columns in a line of plain CDX: the third is the URL, the fifth the status."""


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
