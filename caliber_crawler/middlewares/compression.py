"""Content encodings undone strictly: a body is whole and of bearable size, or it is refused."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.robots import MOST_BYTES
from caliber_crawler.unpacking import unpack

MOST_LAYERS = 2
"""Encodings one inside the other; honest servers use one."""


class StrictCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, but what broke off is not passed for a page, and no bomb is unpacked beyond the limit.

    Of a robots.txt the beginning is enough, whole or not.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Undo the encodings, or raise a :class:`Refusal`."""
        if not request.meta.get("robots"):
            return super().process_response(request, response)
        encodings, _ = self._split_encodings(response.headers.getlist("Content-Encoding"))
        body = response.body
        for encoding in encodings[:MOST_LAYERS]:
            body, _whole = unpack(body, encoding, MOST_BYTES)
        response.headers.pop("Content-Encoding", None)
        return response.replace(body=body)

    def _handle_encoding(self, body: bytes, content_encoding: list[bytes], max_size: int) -> tuple[bytes, list[bytes]]:
        encodings, unknown = self._split_encodings(content_encoding)
        if len(encodings) > MOST_LAYERS:
            raise Refusal("too_large", f"it is packed {len(encodings)} times over")
        for encoding in encodings if body else ():
            body, whole = unpack(body, encoding, max_size)
            if len(body) > max_size:
                del body  # the traceback would keep it for a while, and that of the next one beside it
                raise Refusal("too_large", f"unpacked, it is larger than {max_size:,} bytes")
            if not whole:
                raise Refusal("truncated", "it broke off before its end")
        return body, unknown
