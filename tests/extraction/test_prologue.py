"""The prologue of a page: whatever stands before its first element, skipped in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.prologue import skip_prologue

PARTS = (b" ", b"\n\t", b"<!---->", b"<!-->", b"<!-- a > b -->", b"<!--\n<html>\n-->", b"<?xml version='1.0'?>")


@given(bom=st.sampled_from((b"", b"\xef\xbb\xbf")), parts=st.lists(st.sampled_from(PARTS)))
def test_comments_blanks_and_declarations_are_skipped(bom: bytes, parts: list[bytes]) -> None:
    prologue = bom + b"".join(parts)
    assert skip_prologue(prologue + b"<html>") == len(prologue)


@given(st.binary())
def test_any_bytes_have_a_prologue(source: bytes) -> None:
    assert 0 <= skip_prologue(source) <= len(source)


@pytest.mark.parametrize("start", [b"<!-- no end", b"<?xml no end", b"text", b"<p>", b""])
def test_nothing_else_is_skipped(start: bytes) -> None:
    assert skip_prologue(b"  " + start) == 2


@pytest.mark.slow
@pytest.mark.parametrize("part", [b"<!---->", b" ", b"<!-->", b"<?>", b"<!--"])
def test_a_long_prologue_takes_linear_time(part: bytes) -> None:
    start = time.perf_counter()
    skip_prologue(part * 500_000)
    assert time.perf_counter() - start < 5
