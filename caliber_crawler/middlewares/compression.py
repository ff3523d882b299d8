"""Strict content decoding: a body that is truncated or too large is refused."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response

from caliber_crawler.decompression import decompress
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.robots import MAX_ROBOTS_BYTES

MAX_ENCODINGS = 2
"""Nested encodings of one body; ordinary servers use one."""


class StrictCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, but it refuses truncated bodies and stops unpacking at the size limit.

    A robots.txt may be truncated: its beginning is enough.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Decode the body. Raises :class:`Refusal`."""
        if not request.meta.get("robots"):
            return super().process_response(request, response)
        encodings, _ = self._split_encodings(response.headers.getlist("Content-Encoding"))
        body = response.body
        for encoding in encodings[:MAX_ENCODINGS]:
            body, _whole = decompress(body, encoding, MAX_ROBOTS_BYTES)
        response.headers.pop("Content-Encoding", None)
        return response.replace(body=body)

    def _handle_encoding(self, body: bytes, content_encoding: list[bytes], max_size: int) -> tuple[bytes, list[bytes]]:
        encodings, unknown = self._split_encodings(content_encoding)
        if len(encodings) > MAX_ENCODINGS:
            raise Refusal("too_large", f"it is packed {len(encodings)} times over")
        for encoding in encodings if body else ():
            body, whole = decompress(body, encoding, max_size)
            if len(body) > max_size:
                del body  # the traceback would keep it for a while, and that of the next one beside it
                raise Refusal("too_large", f"unpacked, it is larger than {max_size:,} bytes")
            if not whole:
                raise Refusal("truncated", "it broke off before its end")
        return body, unknown
