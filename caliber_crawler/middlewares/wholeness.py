"""A page whose end nobody announced is whole when it says so itself."""

from __future__ import annotations

import re

from scrapy import Request
from scrapy.http import Response

from caliber_crawler.fetching.refusals import Refusal

BEGINNING = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
END = re.compile(rb"</html\s*>", re.I)
TAIL = 4096
"""Bytes in which a page's end is looked for: trackers and comments may follow it."""


class WholenessMiddleware:
    """Refuses a document that ends with its connection and not with ``</html>``.

    Lengths and chunks that do not add up are noticed before; this is for servers that send neither.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Let through what is whole, as far as that can be told."""
        if "partial" in response.flags and BEGINNING.match(response.body) and not END.search(response.body[-TAIL:]):
            raise Refusal("truncated", "it broke off before its end")
        return response
