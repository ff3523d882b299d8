"""The schema: tables, views and constraints of an archive."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from caliber_crawler.archive.core.checksums import EXCLUDED_COLUMNS, PRIMARY_KEYS
from caliber_crawler.archive.core.migrations import migrations
from caliber_crawler.archive.search.tokens import FOLDING
from caliber_crawler.archive.texts.current_state import CURRENT
from tests.archive.newsroom import Newsroom, minutes
from tests.properties import examples

TABLES = {
    *("articles", "article_urls", "versions", "view_counts", "captures", "bodies", "dictionaries", "frontier", "runs"),
    *("field_coverage", "problems", "sites", "sections", "authors", "article_authors", "images", "links"),
    *(
        "hosts",
        "totals",
        "article_totals",
        "url_claims",
        "site_facts",
        "versions_fts",
        "versions_vocab",
        "versions_tokens",
    ),
    *("codebook", "codes", "alerts", "alert_events", "copies", "counterparts"),
    *("name_searches", "mentions", "quotations", "merge_marks"),
}
VIEWS = {
    *("article_texts", "view_growth", "edits", "coverage_by_day", "run_health", "coded_articles"),
    *("near_duplicates", "editions", "views_at", "names", "article_mentions", "article_quotations"),
}


def test_every_documented_table_and_view_exists_and_can_be_queried(newsroom: Newsroom) -> None:
    assert set(newsroom.archive.db.table_names()) >= TABLES
    assert set(newsroom.archive.db.view_names()) == VIEWS
    newsroom.save(views=1)
    newsroom.save(minutes(5), headline="Another headline", views=2)
    for name in sorted(TABLES | VIEWS):
        newsroom.archive.db.execute(f"SELECT * FROM {name}").fetchall()


def test_every_table_is_strict(newsroom: Newsroom) -> None:
    shadows = "name NOT LIKE 'versions_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite%'"
    assert (
        newsroom.values(f"SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND {shadows}") == []
    )


def test_every_foreign_key_has_an_index(newsroom: Newsroom) -> None:
    """Otherwise deleting or merging a row scans the table that refers to it."""
    db = newsroom.archive.db
    for table in TABLES - {"versions_fts", "versions_vocab", "versions_tokens"}:
        first_columns = {(index.columns[0],) for index in db.table(table).indexes} | {tuple(db.table(table).pks[:1])}
        for key in db.table(table).foreign_keys:
            if key.other_table != "versions":  # never deleted
                assert (key.column,) in first_columns, f"{table}.{key.column}"


def test_the_schema_uses_nothing_newer_than_sqlite_3_38(newsroom: Newsroom) -> None:
    schema = "\n".join(newsroom.values("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    for newer in ("DISTINCT FROM", "unixepoch(", "->>", "RIGHT JOIN", "FULL JOIN", " concat(", "octet_length"):
        assert newer not in schema


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE versions SET body = 'rewritten'",
        "UPDATE versions SET number = 7",
        "UPDATE versions SET seen_from = '2027-01-01T00:00:00Z', seen_until = '2027-01-02T00:00:00Z'",
        "UPDATE versions SET seen_until = '2020-01-01T00:00:00Z', seen_from = '2020-01-01T00:00:00Z'",
        "DELETE FROM versions",
        "UPDATE view_counts SET views = 1000000",
        "DELETE FROM view_counts",
        "UPDATE bodies SET data = x'00'",
        "UPDATE dictionaries SET data = x'00'",
    ],
)
def test_history_cannot_be_rewritten(newsroom: Newsroom, statement: str) -> None:
    newsroom.save(views=354, page=b"<p>a page long enough to become a dictionary</p>" * 100)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never change"):
        newsroom.archive.db.execute(statement)


def test_a_script_is_refused_as_a_url(newsroom: Newsroom) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        newsroom.save(article_urls=("javascript:alert(1)",))


def test_a_text_page_may_have_a_urn_instead_of_a_url(newsroom: Newsroom) -> None:
    saved = newsroom.save(article_urls=("urn:sha256:0f",))
    assert newsroom.archive.articles.find("urn:sha256:0f") == saved.article_id


def test_integrity_checks_pass_after_many_saves(newsroom: Newsroom) -> None:
    for minute in range(20):
        newsroom.save(minutes(minute), headline=f"Headline {minute // 4}", views=minute, authors=("A", "B"))
    assert newsroom.values("PRAGMA integrity_check") == ["ok"]
    assert newsroom.values("SELECT count(*) FROM pragma_foreign_key_check") == [0]


def test_the_full_text_index_matches_the_versions_and_can_be_rebuilt(newsroom: Newsroom) -> None:
    newsroom.save(headline="Ещё раз об Əliyev", subtitle="with a subtitle")
    newsroom.save(minutes(1), headline="Plain")
    for command in ("integrity-check", "rebuild", "integrity-check"):
        newsroom.archive.db.execute("INSERT INTO versions_fts (versions_fts, rank) VALUES (?, 1)", (command,))


@settings(max_examples=examples(50), deadline=None)
@given(st.text(alphabet="ёЁеЕəƏeıİiI aß"))
def test_the_schema_and_the_search_fold_the_same_letters(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    try:
        folding = "?"
        for letter, plain in (("ё", "е"), ("Ё", "Е"), ("ə", "e"), ("Ə", "E"), ("ı", "i"), ("İ", "I")):
            folding = f"replace({folding}, '{letter}', '{plain}')"
        assert connection.execute(f"SELECT {folding}", (text,)).fetchone()[0] == text.translate(FOLDING)
    finally:
        connection.close()


def test_a_new_archive_has_the_schema_of_a_migrated_one(newsroom: Newsroom) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(Database(connection))
        assert contents_of(connection) == contents_of(newsroom.archive.db.conn)


def contents_of(connection: sqlite3.Connection) -> list[object]:
    """The schema, its version, the applied migrations and the counters."""
    schema = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name"
    )
    applied = connection.execute("SELECT migration_set, name FROM _sqlite_migrations ORDER BY id")
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")]
    totals = connection.execute("SELECT * FROM totals")
    return [schema.fetchall(), applied.fetchall(), pragmas, totals.fetchall()]


COMPUTED = {
    *(
        "versions",
        "bodies",
        "dictionaries",
        "totals",
        "article_totals",
        "authors",
        "article_authors",
        "url_claims",
        "takedown_keys",
    ),
    *("versions_fts", "versions_vocab", "versions_tokens"),
    *("codebook", "codes", "alerts", "alert_events"),
}
"""Tables whose values ``verify`` computes again, or whose keys are everything that they have."""


def test_every_value_has_a_checksum_is_computed_or_is_repeated_by_an_index(newsroom: Newsroom) -> None:
    db = newsroom.archive.db
    for table in {*TABLES, "takedowns", "takedown_keys"} - COMPUTED:
        repeated = set(db.table(table).pks)
        for (index,) in db.execute("SELECT name FROM pragma_index_list(?) WHERE NOT partial", (table,)).fetchall():
            repeated |= {name for (name,) in db.execute("SELECT name FROM pragma_index_info(?)", (index,)).fetchall()}
        if table in PRIMARY_KEYS:
            repeated |= set(db.table(table).columns_dict) - EXCLUDED_COLUMNS[table]
        left = set(db.table(table).columns_dict) - repeated
        assert left <= CHECKED.get(table, set()), table


CHECKED = {
    "articles": {
        *CURRENT.keys(),
        *("first_seen_at", "last_seen_at", "url", "post_number", "slug", "gone_at"),
    },
    "article_urls": {"article_id"},
    "captures": {"article_id", "version_id"},
    "frontier": {"article_id"},
    "takedowns": {"article_id"},
    "problems": {"capture_id"},
}
"""Columns without a checksum that ``verify`` compares with other tables, and those of partial indexes."""
