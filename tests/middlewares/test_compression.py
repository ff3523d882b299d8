"""A body is decoded completely and up to a size limit, or refused."""

from __future__ import annotations

import gzip
import zlib
from types import SimpleNamespace
from typing import Any

import pytest
import zstandard
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.compression import StrictCompressionMiddleware
from caliber_crawler.middlewares.robots import MAX_ROBOTS_BYTES
from caliber_crawler.robots_groups import BEGINNING

URL = "https://caliber.az/en/post/a"
TEXT = b"<html>" + b"news " * 2000 + b"</html>"


@pytest.fixture
def middleware() -> StrictCompressionMiddleware:
    crawler: Any = SimpleNamespace(
        settings=Settings({"DOWNLOAD_MAXSIZE": len(TEXT)}), stats=None, signals=SignalManager()
    )
    return StrictCompressionMiddleware(crawler=crawler)


def decoded(middleware: StrictCompressionMiddleware, body: bytes, encoding: str, **meta: object) -> Request | Response:
    response = Response(URL, body=body, headers={"Content-Encoding": encoding, "Content-Type": "text/html"})
    return middleware.process_response(Request(URL, meta=dict(meta)), response)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (gzip.compress(gzip.compress(TEXT)), "gzip, gzip"),
    ],
    ids=["gzip", "deflate", "twice"],
)
def test_a_complete_body_is_decoded(middleware: StrictCompressionMiddleware, body: bytes, encoding: str) -> None:
    response = decoded(middleware, body, encoding)
    assert isinstance(response, Response)
    assert response.body == TEXT
    assert not response.headers.getlist("Content-Encoding")


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (gzip.compress(TEXT)[:-9], "gzip", "truncated"),
        (gzip.compress(TEXT + b"!"), "gzip", "too_large"),
        (gzip.compress(TEXT), "gzip, gzip, gzip", "too_large"),
    ],
    ids=["truncated", "one byte too large", "three encodings"],
)
def test_a_truncated_or_oversized_body_is_refused(
    middleware: StrictCompressionMiddleware, body: bytes, encoding: str, code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        decoded(middleware, body, encoding)
    assert caught.value.code == code


def test_the_beginning_of_a_robots_txt_is_enough(middleware: StrictCompressionMiddleware) -> None:
    rules = b"Disallow: /x\n" * (MAX_ROBOTS_BYTES // 10)
    packed = gzip.compress(rules)
    for body, encoding in ((packed, "gzip"), (packed[:-9], "gzip"), (packed, ""), (gzip.compress(packed), "gzip")):
        response = decoded(middleware, body, encoding, **BEGINNING)
        assert isinstance(response, Response)
        assert rules.startswith(response.body[:1000])
        assert MAX_ROBOTS_BYTES // 2 < len(response.body) <= MAX_ROBOTS_BYTES + 1
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("body", [TEXT, b"\xef\xbb\xbf" + TEXT, b'\n {"posts": []}'])
def test_a_body_that_is_not_encoded_stays_as_it_is(
    middleware: StrictCompressionMiddleware, body: bytes, encoding: str
) -> None:
    response = decoded(middleware, body, encoding)
    assert isinstance(response, Response)
    assert response.body == body


def test_a_body_that_is_encoded_once_and_says_twice_is_decoded_once(middleware: StrictCompressionMiddleware) -> None:
    response = decoded(middleware, gzip.compress(TEXT), "gzip, gzip")
    assert isinstance(response, Response)
    assert response.body == TEXT


def test_other_bytes_are_undecodable(middleware: StrictCompressionMiddleware) -> None:
    with pytest.raises(Refusal) as caught:
        decoded(middleware, b"\x00\x01 not compressed", "gzip")
    assert caught.value.code == "undecodable"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (zlib.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "deflate"),
        (zstandard.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), "br"),
        (gzip.compress(TEXT), ""),
    ],
    ids=["zlib as gzip", "gzip as deflate", "zstd as gzip", "gzip as brotli", "gzip without a name"],
)
def test_the_first_bytes_show_the_encoding(middleware: StrictCompressionMiddleware, body: bytes, encoding: str) -> None:
    response = decoded(middleware, body, encoding)
    assert isinstance(response, Response)
    assert response.body == TEXT


def test_a_compressed_file_is_not_a_page(middleware: StrictCompressionMiddleware) -> None:
    body = gzip.compress(TEXT)
    file = Response(URL, body=body, headers={"Content-Type": "application/gzip"})
    response = middleware.process_response(Request(URL), file)
    assert isinstance(response, Response)
    assert response.body == body
