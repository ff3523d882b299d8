"""Content encodings: what broke off is never passed for a whole."""

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
MOST = 1 << 20


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"gzip", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "bare deflate": (b"deflate", bare_deflate),
    "br": (b"br", partial(brotli.compress, quality=5)),
    "zstd": (b"zstd", zstandard.compress),
}


@cache
def packed_page(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(PAGE)


packers = pytest.mark.parametrize(("encoding", "pack"), PACKERS.values(), ids=PACKERS)


@packers
def test_a_whole_body_is_whole(encoding: bytes, pack: Callable[[bytes], bytes]) -> None:
    assert decompress(packed_page(pack), encoding, MOST) == (PAGE, True)


@packers
@given(cut=st.floats(0, 1, exclude_max=True))
def test_no_beginning_of_a_body_is_taken_for_it(encoding: bytes, pack: Callable[[bytes], bytes], cut: float) -> None:
    packed = packed_page(pack)
    body, backfill = decompress(packed[: int(len(packed) * cut)], encoding, MOST)
    assert not backfill or body == PAGE or not body


@packers
def test_no_more_is_unpacked_than_asked_for(encoding: bytes, pack: Callable[[bytes], bytes]) -> None:
    body, backfill = decompress(pack(bytes(50_000_000)), encoding, MOST)
    assert MOST < len(body) <= MOST + 65_536
    assert not backfill


@packers
@given(garbage=st.binary(max_size=200))
def test_garbage_is_no_page_and_no_error(encoding: bytes, pack: Callable[[bytes], bytes], garbage: bytes) -> None:
    decompress(garbage, encoding, MOST)


def test_a_gzip_of_two_members_is_one_body() -> None:
    assert decompress(gzip.compress(PAGE) * 2 + b"\0" * 9, b"gzip", MOST) == (PAGE * 2, True)
