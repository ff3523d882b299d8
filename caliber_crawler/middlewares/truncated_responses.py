"""A page without a Content-Length is complete when it ends with ``</html>``."""

from __future__ import annotations

import re

from scrapy import Request
from scrapy.http import Response

from caliber_crawler.fetching.refusals import Refusal

BEGINNING = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
END = re.compile(rb"</html\s*>", re.I)
TAIL = 4096
"""Bytes in which a page's end is searched: trackers and comments may follow it."""


class TruncatedResponseMiddleware:
    """Refuses an HTML document that ends with its connection and not with ``</html>``.

    Scrapy notices a Content-Length or chunks that do not add up; this is for servers that send neither.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Let complete documents pass, and anything that is not HTML."""
        if "partial" in response.flags and BEGINNING.match(response.body) and not END.search(response.body[-TAIL:]):
            raise Refusal("truncated", "it broke off before its end")
        return response
