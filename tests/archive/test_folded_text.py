"""The column ``folded``: the text with letters that readers type differently, or nothing if it has none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.archive.core.schema_creation import create_schema

LETTERS = str.maketrans("ёЁəƏıİ", "еЕeEiI")
VALUES = {
    **dict.fromkeys(("id", "article_id", "number", "word_count", "capture_id", "run_id"), 1),
    **dict.fromkeys(("seen_from", "seen_until"), "2026-01-07T12:00:00Z"),
    **dict.fromkeys(("extractor", "layout"), "x"),
    "cause": "first",
    "content_digest": "0" * 64,
}
texts = st.text(st.sampled_from("ёЁəƏıİеaZ \n") | st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def versions() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        create_schema(database)
        yield database


@given(headline=texts, subtitle=st.none() | texts, body=texts)
def test_a_text_is_folded_if_it_has_a_letter_to_fold(
    versions: sqlite3.Connection, headline: str, subtitle: str | None, body: str
) -> None:
    row = VALUES | {"headline": headline, "subtitle": subtitle, "body": body}
    versions.execute("BEGIN")
    versions.execute(f"INSERT INTO versions ({', '.join(row)}) VALUES (:{', :'.join(row)})", row)
    (folded,) = versions.execute("SELECT folded FROM versions").fetchone()
    versions.execute("ROLLBACK")
    text = "\n".join((headline, subtitle or "", body))
    assert folded == (None if text == text.translate(LETTERS) else text.translate(LETTERS))
