"""Strict content decoding: refuse truncated and oversized bodies."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response

from caliber_crawler.decompression import (
    GZIP,
    TooManyMembers,
    Undecodable,
    decompress,
    is_unnamed_gzip,
    remove_encoding,
)
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.robots import MAX_ROBOTS_BYTES
from caliber_crawler.quantity import quantity

MAX_ENCODINGS = 2
"""Maximum number of nested encodings of a body; ordinary servers use one."""


class StrictCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, but it refuses truncated bodies and stops decompressing at the size limit.

    A robots.txt may be truncated: its beginning is enough.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Decode the body. Raises :class:`Refusal`."""
        if not request.meta.get("is_beginning_enough"):
            decoded = super().process_response(request, response)
            return self._without_unnamed_gzip(decoded) if isinstance(decoded, Response) else decoded
        encodings, _ = self._split_encodings(response.headers.getlist("Content-Encoding"))
        body = response.body
        for encoding in encodings[:MAX_ENCODINGS]:
            body = _beginning_of(body, encoding)
        if body.startswith(GZIP):  # some servers do not name it
            body = _beginning_of(body, b"gzip")
        response.headers.pop("Content-Encoding", None)
        return response.replace(body=body)

    def _without_unnamed_gzip(self, response: Response) -> Response:
        """The page of a server that compresses it without saying so."""
        media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        if not is_unnamed_gzip(response.body, media_type):
            return response
        body, _ = self._handle_encoding(response.body, [b"gzip"], self._max_size)
        return response.replace(body=body)

    def _handle_encoding(self, body: bytes, content_encoding: list[bytes], max_size: int) -> tuple[bytes, list[bytes]]:
        encodings, unknown = self._split_encodings(content_encoding)
        if len(encodings) > MAX_ENCODINGS:
            raise Refusal("too_large", f"it is compressed {quantity(len(encodings), 'time')}")
        refusal = None
        for encoding in encodings:
            try:
                body = remove_encoding(body, encoding.decode("latin-1"), max_size)
            except Undecodable as error:
                refusal = Refusal(error.fault, str(error))
                break
        if refusal is not None:
            # Here and not above: the refusal would keep the error, and its traceback the decoded body, in memory.
            raise refusal
        return body, unknown


def _beginning_of(body: bytes, encoding: bytes) -> bytes:
    try:
        decoded, _is_complete = decompress(body, encoding, MAX_ROBOTS_BYTES)
    except TooManyMembers as error:
        raise Refusal("too_large", str(error)) from error
    return decoded or body
