"""An HTML page without a declared length is complete if it ends with ``</html>``."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.http import Response

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.truncated_responses import TAIL, TruncatedResponseMiddleware

PAGE = Request("https://caliber.az/en/post/a")


def refusal(body: bytes, *flags: str) -> str | None:
    response = Response(PAGE.url, body=body, flags=list(flags))
    try:
        assert TruncatedResponseMiddleware().process_response(PAGE, response) is response
    except Refusal as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b"<!doctype html><html><p>half a pa", True),
        (b"<HTML><p>half a pa", True),
        (b"\xef\xbb\xbf \n<!-- a comment --><html><p>half", True),
        (b"<html><p>whole</html>", False),
        (b"<html><p>whole</HTML >\n<!-- served by 7 -->", False),
        (b"<html>" + b"</html>" + b" " * (TAIL - 7), False),
        (b"<html>" + b"</html>" + b" " * (TAIL - 6), True),
        (b"<rss><channel>", False),
        (b"<htmlx><p>", False),
        (b'{"html": "<html>"}', False),
        (b"", False),
    ],
)
def test_a_truncated_page_is_refused(body: bytes, refused: bool) -> None:
    assert refusal(body, "partial") == ("truncated" if refused else None)


def test_a_page_of_known_length_is_complete() -> None:
    assert refusal(b"<html><p>half a pa") is None
    assert refusal(b"<html><p>half a pa", "dataloss") is None
