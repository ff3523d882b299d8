"""Detect truncated pages: without a Content-Length, a page is complete if it ends with ``</html>``."""

from __future__ import annotations

import re

from scrapy import Request
from scrapy.http import Response

from caliber_crawler.extraction.prologue import skip_prologue
from caliber_crawler.fetching.refusals import Refusal

BEGINNING = re.compile(rb"<(?:!doctype\s+html|html)\b", re.I)
END = re.compile(rb"</html\s*>", re.I)
TAIL = 4096
"""Number of bytes in which the end of a page is searched; trackers and comments may follow it."""


class TruncatedResponseMiddleware:
    """Refuses an HTML document whose connection was closed before ``</html>``.

    Scrapy detects a wrong Content-Length and incomplete chunks; this middleware is for servers that send neither.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Pass complete documents and everything that is not HTML."""
        if "partial" in response.flags and _is_html(response.body) and not END.search(response.body[-TAIL:]):
            raise Refusal("truncated", "the response ended too early")
        return response


def _is_html(body: bytes) -> bool:
    return BEGINNING.match(body, skip_prologue(body)) is not None
