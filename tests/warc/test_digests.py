"""Digests of records in the forms that programs write."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.warc.raw_record import from_base32


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
@given(content=st.binary(max_size=50))
def test_a_digest_in_base32_is_decoded(algorithm: str, content: bytes) -> None:
    digest = hashlib.new(algorithm, content).digest()
    written = base64.b32encode(digest).decode()
    for text in (written, written.lower(), written.rstrip("=")):
        assert from_base32(text, len(digest)) == digest


@given(text=st.text(max_size=40), size=st.sampled_from((16, 20, 32)))
def test_any_text_is_a_digest_or_none(text: str, size: int) -> None:
    digest = from_base32(text, size)
    assert digest is None or len(digest) == size
