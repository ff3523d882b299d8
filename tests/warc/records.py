"""Handmade records of web archives, and their captures."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib

from caliber_crawler.items import Capture
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import ResolvedURL, Skipped, WarcReader
from tests.warc.test_writing import PAGE, URL

SITE = CaliberSpider.site
DATE = "2026-01-07T12:00:00Z"
HTML = {"Content-Type": "text/html"}


def resolve_url(url: str) -> ResolvedURL | None:
    if url.startswith("urn:"):
        return ResolvedURL(site="caliber", url=url, is_article=True)
    if not SITE.owns(url):
        return None
    address = SITE.article_url(url)
    return ResolvedURL(site="caliber", url=address.url if address else url, is_article=address is not None)


def read(warc: bytes) -> list[Capture | Skipped]:
    return list(WarcReader(lambda: io.BytesIO(warc), resolve_url))


def captures(warc: bytes) -> list[Capture]:
    return [found for found in read(warc) if isinstance(found, Capture)]


def reasons(warc: bytes) -> list[str]:
    return [found.reason for found in read(warc) if isinstance(found, Skipped)]


def record(content: bytes, type: str = "response", url: str = URL, **fields: str) -> bytes:
    """Return a WARC record as another program would write it."""
    given = {
        "WARC-Type": type,
        "WARC-Record-ID": "<urn:uuid:00000000-0000-0000-0000-000000000000>",
        "WARC-Date": DATE,
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(content)),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + content + b"\r\n\r\n"


def response(body: bytes = PAGE, status: str = "200 OK", headers: dict[str, str] = HTML) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def page(number: int, **fields: str) -> bytes:
    return record(response(b"<h1>%d</h1>" % number), url=f"{URL}{number}", **fields)


def in_members(*records: bytes) -> bytes:
    return b"".join(map(gzip.compress, records))


def numbers(found: list[Capture]) -> list[int]:
    return [int(capture.url.removeprefix(URL)) for capture in found]


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def chunked(body: bytes) -> bytes:
    middle = len(body) // 2
    parts = (body[:middle], body[middle:])
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def block_digest(content: bytes, name: str = "sha1") -> str:
    return f"{name}:{base64.b32encode(hashlib.new(name, content).digest()).decode()}"


def damaged(member: bytes) -> bytes:
    return member[:40] + b"\xff\xff\xff\xff" + member[44:]
