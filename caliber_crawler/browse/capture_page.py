"""The page of a capture. The captured page is shown without scripts, requests and working links."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from datasette import NotFound
from datasette.utils.asgi import Response
from lxml import html
from lxml.etree import LxmlError

from caliber_crawler.archive.pages.captures import Captures
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.archive.reports.sites import Sites
from caliber_crawler.browse import headers
from caliber_crawler.errors import ArchiveError
from caliber_crawler.extraction.decoding import decode, looks_binary

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import PageRequest
    from caliber_crawler.items import Capture

PAGES = frozenset({"text/html", "application/xhtml+xml"})
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Maximum size of a displayed page, in bytes."""

# The response's policy blocks these too, but a browser may open connections for a `link` despite the policy.
DEAD = "//script | //link | //base | //meta[@http-equiv] | //iframe | //object | //embed | //applet | //frameset"

OUTSIDE = frozenset(
    {"href", "xlink:href", "src", "srcset", "poster", "data", "background", "ping", "action", "formaction", "target"}
)
"""Attributes with URLs. The URL of a link or picture becomes its title."""
LOADING_STYLE = re.compile(r"url\s*\(|@import|image-set", re.IGNORECASE)


async def capture_page(page_request: PageRequest) -> Response:
    """``/-/captures/<id>``: data of the HTTP exchange, and the captured page in a frame."""
    capture_id = int(page_request.request.url_vars["capture"])

    def known(connection: Connection) -> dict[str, object] | None:
        row = connection.row("SELECT * FROM captures WHERE id = ?", (capture_id,))
        missing = row and ColdPages(connection).missing_file(row["body_digest"])
        return row and {
            "capture": row,
            "site": Sites(connection).get(row["site"]),
            "headers": json.loads(row["headers"]),
            "is_stored": connection.value("SELECT 1 FROM bodies WHERE digest = ?", (row["body_digest"],)) is not None,
            "unavailable": missing and str(missing),
            "can_be_shown": missing is None and 0 < row["size"] <= MAX_PAGE_BYTES and row["media_type"] in PAGES,
        }

    found = await page_request.read(known)
    if found is None:
        raise NotFound("This capture does not exist.")
    return await page_request.html("archive_capture.html", found, frames=True)


async def captured_page(page_request: PageRequest) -> Response:
    """``/-/captures/<id>/page``: the captured page, for the frame."""
    capture = await _stored(page_request)
    if capture.media_type not in PAGES:
        raise NotFound("This capture is not an HTML page.")
    headers.mark(page_request.request.scope, headers.captured_page())
    return Response(sanitize(decode(capture.body, _content_type(capture))), content_type="text/html; charset=utf-8")


async def captured_source(page_request: PageRequest) -> Response:
    """``/-/captures/<id>/source``: the source of the captured page, unchanged."""
    capture = await _stored(page_request)
    if looks_binary(capture.body):
        raise NotFound("This capture is not text.")
    headers.mark(page_request.request.scope, headers.captured_page())
    return Response(decode(capture.body, _content_type(capture)), content_type="text/plain; charset=utf-8")


def sanitize(page: str) -> str:
    """Return the page without scripts, external resources and links; text, tables and inline styles remain."""
    try:
        document: Any = html.document_fromstring(
            page.encode(errors="replace"), parser=html.HTMLParser(encoding="utf-8")
        )
    except LxmlError:
        return "<!DOCTYPE html><title>Empty</title><p>This page is empty.</p>"
    for element in document.xpath(DEAD):
        if element.getparent() is not None:
            element.drop_tree()
    for element in document.iter("*"):
        for name in [name for name in element.attrib if name.lower().startswith("on") or name.lower() in OUTSIDE]:
            value = element.attrib.pop(name)
            if name.lower() in ("href", "src") and "title" not in element.attrib:
                element.attrib["title"] = value
        if LOADING_STYLE.search(element.attrib.get("style", "")):
            del element.attrib["style"]
        if element.tag == "style":
            element.text = LOADING_STYLE.sub("", element.text or "")
    return str(html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))


async def _stored(page_request: PageRequest) -> Capture:
    capture_id = int(page_request.request.url_vars["capture"])

    def fetched(connection: Connection) -> Capture:
        size = connection.value("SELECT size FROM captures WHERE id = ?", (capture_id,))
        if size is None or size > MAX_PAGE_BYTES:
            raise NotFound("This page does not exist or is too large to display.")
        try:
            return Captures(connection).get(capture_id)
        except ArchiveError as error:
            raise NotFound(f"This page cannot be displayed: {error}") from error

    return await page_request.read(fetched)


def _content_type(capture: Capture) -> str | None:
    return next((value for name, value in capture.headers if name.lower() == "content-type"), None)
