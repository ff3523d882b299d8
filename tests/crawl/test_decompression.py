"""Content encodings: a truncated body is never accepted as complete."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import cache, partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.middlewares.compression import decompress

PAGE = "".join(f"<p>Line {n} of a page, Երևան, Баку.</p>" for n in range(300)).encode()
MAX_SIZE = 1 << 20


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESSORS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"gzip", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "bare deflate": (b"deflate", bare_deflate),
    "br": (b"br", partial(brotli.compress, quality=5)),
    "zstd": (b"zstd", zstandard.compress),
}


@cache
def compressed_page(compress: Callable[[bytes], bytes]) -> bytes:
    return compress(PAGE)


compressors = pytest.mark.parametrize(("encoding", "compress"), COMPRESSORS.values(), ids=COMPRESSORS)


@compressors
def test_a_complete_body_is_decompressed(encoding: bytes, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(compressed_page(compress), encoding, MAX_SIZE) == (PAGE, True)


@compressors
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_truncated_body_is_not_complete(encoding: bytes, compress: Callable[[bytes], bytes], cut: float) -> None:
    compressed = compressed_page(compress)
    body, complete = decompress(compressed[: int(len(compressed) * cut)], encoding, MAX_SIZE)
    assert not complete or body == PAGE or not body


@compressors
def test_decompression_stops_at_the_size_limit(encoding: bytes, compress: Callable[[bytes], bytes]) -> None:
    body, complete = decompress(compress(bytes(50_000_000)), encoding, MAX_SIZE)
    assert MAX_SIZE < len(body) <= MAX_SIZE + 65_536
    assert not complete


@compressors
@given(garbage=st.binary(max_size=200))
def test_random_bytes_raise_no_error(encoding: bytes, compress: Callable[[bytes], bytes], garbage: bytes) -> None:
    decompress(garbage, encoding, MAX_SIZE)


def test_a_gzip_of_two_members_is_one_body() -> None:
    assert decompress(gzip.compress(PAGE) * 2 + b"\0" * 9, b"gzip", MAX_SIZE) == (PAGE * 2, True)
