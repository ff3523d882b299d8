"""Content encodings: a truncated body is never accepted as complete."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from functools import cache, partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.decompression import TooManyMembers, decompress

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


@given(pages=st.lists(st.binary(max_size=2_000), max_size=5), padding=st.sampled_from((b"", b"\0" * 9)))
def test_the_members_of_a_gzip_are_one_body(pages: list[bytes], padding: bytes) -> None:
    assert decompress(b"".join(map(gzip.compress, pages)) + padding, b"gzip", MAX_SIZE) == (b"".join(pages), True) or (
        not pages and padding
    )


def test_very_many_gzip_members_are_refused_at_once() -> None:
    start = time.perf_counter()
    with pytest.raises(TooManyMembers):
        decompress(gzip.compress(b"", mtime=0) * 400_000, b"gzip", MAX_SIZE)
    assert time.perf_counter() - start < 2


def test_a_gzip_of_blocks_is_one_body() -> None:
    blocks = [PAGE[at : at + 100] for at in range(0, len(PAGE), 100)] * 20
    assert decompress(b"".join(map(gzip.compress, blocks)), b"gzip", MAX_SIZE) == (PAGE * 20, True)
