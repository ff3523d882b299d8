"""Media types of captures whose HTTP headers are lost: from other rows of the archive, then from the page itself."""

from __future__ import annotations

import codecs
import json
from contextlib import suppress

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.bodies import Bodies
from caliber_crawler.errors import ArchiveError

MAX_OPENING = 4_096
"""Bytes of a page that show what it is."""
UNKNOWN = "application/octet-stream"
KNOWN = """SELECT media_type FROM (
  SELECT media_type, 0 AS rank FROM captures WHERE body_digest = :digest UNION ALL
  SELECT d.media_type, 1 FROM bodies b JOIN dictionaries d ON d.id = b.dictionary_id WHERE b.digest = :digest UNION ALL
  SELECT media_type, 2 FROM captures WHERE url = :url AND status = 200)
WHERE media_type <> '' ORDER BY rank LIMIT 1"""
"""The media type of another capture of a page, of the pages with which it is compressed, or of its URL at other times.
A dictionary contains pages of one media type only.
"""
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def restored_media_type(connection: Connection, digest: str, url: str) -> str | None:
    """The media type of a stored page; ``None`` if nothing repeats it and the page is damaged."""
    known: str | None = connection.value(KNOWN, {"digest": digest, "url": url})
    if known is not None:
        return known
    try:
        return media_type_of(Bodies(connection).get(digest))
    except ArchiveError:
        return None


def media_type_of(body: bytes) -> str:
    """What a page is by its first bytes: HTML, XML, JSON, plain text or something else."""
    encoding = next((encoding for mark, encoding in MARKS if body.startswith(mark)), "latin-1")
    opening = body[:MAX_OPENING].decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
    if "\0" in opening or not opening:
        return UNKNOWN
    folded = opening.casefold()
    if folded.startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            json.loads(body)
            return "application/json"
    if "<html" in folded or folded.startswith("<!doctype html"):
        return "application/xhtml+xml" if folded.startswith("<?xml") else "text/html"
    if folded.startswith(("<?xml", "<urlset", "<sitemapindex", "<rss", "<feed")):
        return "application/xml"
    return "text/html" if folded.startswith("<") else "text/plain"
