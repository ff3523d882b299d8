"""The light copy: an archive for publishing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.light_copy import KEPT
from tests.archive.newsroom import Newsroom
from tests.export.newspaper import SITE

LEFT_BEHIND = {
    *("frontier", "problems", "field_coverage", "hosts", "bodies", "dictionaries"),
    *("takedowns", "takedown_keys"),
}
"""Tables of which a light copy holds no row."""

COUNTED = "totals"
"""Rows that count themselves, there as here."""

EVERYTHING = Selection()


def copied(source: Path, path: Path, selection: Selection = EVERYTHING) -> Path:
    with Archive.open(source) as archive:
        archive.copy_light(selection, path)
    return path


def test_it_is_an_archive_with_every_text_and_view_count_and_no_raw_page(three_editions: Path, tmp_path: Path) -> None:
    path = copied(three_editions, tmp_path / "light.db")
    with Archive.open(three_editions) as source, Archive.open(path) as light:
        assert list(light.rows(Selection())) == list(source.rows(Selection()))
        for table in ("versions", "view_counts", "article_urls"):
            query = f"SELECT * FROM {table} ORDER BY 1"
            assert light.db.execute(query).fetchall() == source.db.execute(query).fetchall()
        assert [hit.url for hit in light.search("corridor")] == [hit.url for hit in source.search("corridor")]
        for view in source.db.view_names():
            assert len(list(light.db.query(f"SELECT * FROM {view}"))) == len(
                list(source.db.query(f"SELECT * FROM {view}"))
            )
        assert light.db["bodies"].count == 0
        assert [finding for finding in light.verify() if finding] == []
        assert all(row["headers"] == "[]" for row in light.db["captures"].rows)


def test_every_article_says_where_it_is_from_and_how_it_may_be_used(three_editions: Path, tmp_path: Path) -> None:
    path = copied(three_editions, tmp_path / "light.db")
    with Archive.open(path) as light:
        told = {row["id"]: row for row in light.db["sources"].rows}
        rows = list(light.rows(Selection()))
        assert len(told) == len(rows) == 6
        for row in rows:
            assert told[row["id"]] == {name: row[name] for name in told[row["id"]]}
        assert {row["reuse"] for row in told.values()} == {SITE.reuse}


def test_it_holds_only_what_was_asked_for(three_editions: Path, tmp_path: Path) -> None:
    path = copied(three_editions, tmp_path / "light.db", Selection(languages=("en",), sections=("analytics",)))
    with Archive.open(path) as light:
        assert [row["headline"] for row in light.rows(Selection())] == ["Headline 1, changed"]
        assert light.db["versions"].count == 2
        assert light.db["captures"].count == 2
        assert light.search("corridor") == []
        assert [row["section"] for row in light.db["sections"].rows] == ["analytics"]


def test_every_table_is_copied_or_left_behind(newsroom: Newsroom) -> None:
    tables = {name for name in newsroom.archive.db.table_names() if not name.startswith(("versions_", "_", "sqlite_"))}
    assert tables == KEPT.keys() | LEFT_BEHIND | {COUNTED}


def test_merged_articles_come_along(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save(addresses=("https://caliber.az/en/post/1",), views=1)
    newsroom.save(addresses=("https://caliber.az/en/post/formula",), views=2)
    newsroom.save(addresses=("https://caliber.az/en/post/1", "https://caliber.az/en/post/formula"), views=3)
    with Archive.open(copied(newsroom.archive.path, tmp_path / "light.db")) as light:
        assert sorted(row["views"] for row in light.db["view_counts"].rows) == [1, 2, 3]
        assert len(list(light.rows(Selection()))) == 1


def test_it_is_one_file_that_needs_nothing_beside_it(three_editions: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    path = copied(three_editions, folder / "light.db")
    assert [file.name for file in folder.iterdir()] == ["light.db"]
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_it_can_be_taken_while_a_crawl_writes(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save()
    with newsroom.archive.transaction():
        newsroom.save(addresses=("https://caliber.az/en/post/2",))
        path = copied(newsroom.archive.path, tmp_path / "light.db")
    with Archive.open(path) as light:
        assert len(list(light.rows(Selection()))) == 1


def test_the_source_is_not_changed(three_editions: Path, tmp_path: Path) -> None:
    before = three_editions.read_bytes()
    copied(three_editions, tmp_path / "light.db")
    assert three_editions.read_bytes() == before


@pytest.mark.parametrize("selection", [Selection(sites=("other",)), Selection(search="volcano")])
def test_nothing_selected_makes_an_empty_archive(three_editions: Path, tmp_path: Path, selection: Selection) -> None:
    with Archive.open(copied(three_editions, tmp_path / "light.db", selection)) as light:
        assert list(light.rows(Selection())) == []
        assert light.status()["captures"]["total"] == 0
