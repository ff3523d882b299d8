"""The tricks of a hostile site, by the path of their article."""

from __future__ import annotations

import asyncio
import gzip
import struct
import zlib
from collections.abc import Callable
from functools import cache
from itertools import chain

import brotli
import zstandard

from caliber_crawler.demo.site import HTML
from tests.hostile.site import Behaviour, Exchange, answering

MEGABYTE = 1024 * 1024
BOMB_MEGABYTES = 512
"""Decompressed size of a bomb in megabytes. A larger size would only slow the test down."""


@cache
def _gzip_bomb() -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(compressor.compress(bytes(MEGABYTE)) for _ in range(BOMB_MEGABYTES)) + compressor.flush()


@cache
def _deflate_bomb() -> bytes:
    compressor = zlib.compressobj(9)
    return b"".join(compressor.compress(bytes(MEGABYTE)) for _ in range(BOMB_MEGABYTES)) + compressor.flush()


@cache
def _brotli_bomb() -> bytes:
    compressor = brotli.Compressor(quality=5)
    return b"".join(compressor.process(bytes(MEGABYTE)) for _ in range(BOMB_MEGABYTES)) + bytes(compressor.finish())


@cache
def _zstd_bomb() -> bytes:
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join(compressor.compress(bytes(MEGABYTE)) for _ in range(BOMB_MEGABYTES)) + compressor.flush()


def compressed(encoding: str, body: bytes) -> Behaviour:
    """A response with a body that is already compressed."""
    return answering(200, body, Content_Type=HTML, Content_Encoding=encoding)


def bomb(encoding: str, compress: Callable[[], bytes]) -> Behaviour:
    """A response that decompresses to far more than a page. The first request compresses it, in about a second."""

    async def answer(exchange: Exchange) -> None:
        await compressed(encoding, await asyncio.to_thread(compress))(exchange)

    return answer


def article(text: str = "") -> bytes:
    """A page with the structure of an article, and optional further HTML."""
    words = "There is nothing wrong with these words, which stand on a page of their own. " * 8
    return (
        '<!DOCTYPE html><html><head><title>A trick</title></head><body><div class="post">'
        '<h1 class="post_title">A trick among articles</h1><div class="post_time">06 January 2026 19:13</div>'
        f'<div class="post_body"><p>{words}</p>{text}</div></div></body></html>'
    ).encode()


def redirecting(location: str) -> Behaviour:
    """A redirect to any URL."""
    return answering(302, Location=location)


async def redirect_loop(exchange: Exchange) -> None:
    """A redirect to itself."""
    await exchange.answer(302, headers=[("Location", exchange.target)])


async def endless(exchange: Exchange) -> None:
    """An endless body without a length."""
    await exchange.head()
    for _ in range(200):
        await exchange.send(b"<p>and so on</p>" * 65_536)


async def huge_length(exchange: Exchange) -> None:
    """A Content-Length that is too large for a page."""
    await exchange.head(headers=[("Content-Type", HTML), ("Content-Length", "9999999999999")])
    await exchange.send(article())
    await asyncio.sleep(5)


async def short_length(exchange: Exchange) -> None:
    """A body that is shorter than its Content-Length."""
    body = article()
    await exchange.head(headers=[("Content-Type", HTML), ("Content-Length", str(len(body)))])
    await exchange.send(body[: len(body) // 2])


async def cut_chunks(exchange: Exchange) -> None:
    """A chunked body without the last chunk."""
    body = article()
    await exchange.head(headers=[("Content-Type", HTML), ("Transfer-Encoding", "chunked")])
    await exchange.send(b"%x\r\n%b\r\n" % (len(body), body))


async def cut_close(exchange: Exchange) -> None:
    """A page without a length whose connection is closed in the middle."""
    await exchange.head()
    await exchange.send(article()[:-40])


async def reset(exchange: Exchange) -> None:
    """A connection that is reset in the middle of the page."""
    await exchange.head(headers=[("Content-Type", HTML), ("Content-Length", "5000")])
    await exchange.send(article()[:200])
    exchange.reset()


async def silent(exchange: Exchange) -> None:
    """No response."""
    await asyncio.sleep(120)


async def slow_body(exchange: Exchange) -> None:
    """One byte per second."""
    await exchange.head()
    for byte in article():
        await exchange.send(bytes([byte]))
        await asyncio.sleep(1)


async def header_flood(exchange: Exchange) -> None:
    """Endless headers."""
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(2_000_000):
        await exchange.send(b"X-Flood-%d: %b\r\n" % (number, b"x" * 1000))


async def no_http(exchange: Exchange) -> None:
    """Something that is not HTTP."""
    await exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n")


TRUNCATED: dict[str, Behaviour] = {
    "/en/post/short-length": short_length,
    "/en/post/cut-chunks": cut_chunks,
    "/en/post/cut-close": cut_close,
    "/en/post/cut-gzip": compressed("gzip", gzip.compress(article())[:-30]),
    "/en/post/cut-gzip-trailer": compressed("gzip", gzip.compress(article())[:-4]),
    "/en/post/cut-deflate": compressed("deflate", zlib.compress(article())[:-30]),
    "/en/post/cut-brotli": compressed("br", bytes(brotli.compress(article()))[:-30]),
    "/en/post/cut-zstd": compressed("zstd", zstandard.compress(article())[:-30]),
    "/en/post/reset": reset,
}
REDIRECTS: dict[str, Behaviour] = {
    "/en/post/to-elsewhere": redirecting("https://elsewhere.example/en/post/a"),
    "/en/post/to-metadata": redirecting("http://169.254.169.254/latest/meta-data/"),
    "/en/post/to-private": redirecting("http://10.0.0.1/"),
    "/en/post/to-decimal": redirecting("http://2130706433/"),
    "/en/post/to-mapped": redirecting("http://[::ffff:127.0.0.1]/"),
    "/en/post/to-port": redirecting("http://127.0.0.1:22/"),
    "/en/post/to-user": redirecting("http://user:word@127.0.0.1/"),
    "/en/post/to-file": redirecting("file:///etc/passwd"),
    "/en/post/to-data": redirecting("data:text/html,<h1>hello</h1>"),
    "/en/post/to-gopher": redirecting("gopher://127.0.0.1/"),
    "/en/post/to-nonsense": redirecting("http://[::1"),
    "/en/post/to-longest": redirecting("/en/post/" + "x" * 12_000),
    "/en/post/loop": redirect_loop,
}
BOMBS: dict[str, Behaviour] = {
    "/en/post/gzip-bomb": bomb("gzip", _gzip_bomb),
    "/en/post/deflate-bomb": bomb("deflate", _deflate_bomb),
    "/en/post/brotli-bomb": bomb("br", _brotli_bomb),
    "/en/post/zstd-bomb": bomb("zstd", _zstd_bomb),
    "/en/post/packed-often": compressed("gzip, gzip, gzip, gzip", gzip.compress(article())),
    "/en/post/huge-length": huge_length,
    "/en/post/endless": endless,
    "/en/post/header-flood": header_flood,
}
NON_ARTICLES: dict[str, Behaviour] = {
    "/en/post/home": redirecting("/en"),
    "/en/post/soft-404": answering(
        200, b"<html><head><title>404 - page not found</title></head><body><h1>Oops</h1></body></html>"
    ),
    "/en/post/login": answering(
        200, b'<html><title>Sign in</title><form><input name="user"><input type="password" name="word"></form></html>'
    ),
}
SHAPES: dict[str, Behaviour] = {
    "/en/post/many-attributes": answering(
        200, article("<i " + " ".join(map("a{}=1".format, range(100_000))) + ">x</i>")
    ),
    "/en/post/many-tags": answering(200, article("<b>" * 100_000)),
    "/en/post/wrong-charset": answering(200, article("<p>тест</p>"), Content_Type="text/html; charset=utf-16"),
    "/en/post/no-charset": answering(200, article("<p>тест</p>"), Content_Type="text/html; charset=rot13"),
    "/en/post/picture": answering(200, b"\x89PNG\r\n\x1a\n" + struct.pack(">8I", *range(8)) * 100),
    "/en/post/nothing": answering(200, b""),
    "/en/post/no-http": no_http,
}
SLOW: dict[str, Behaviour] = {"/en/post/silent": silent, "/en/post/slow-body": slow_body}
TRICKS: dict[str, Behaviour] = dict(
    chain.from_iterable(tricks.items() for tricks in (REDIRECTS, TRUNCATED, BOMBS, NON_ARTICLES, SHAPES))
)
