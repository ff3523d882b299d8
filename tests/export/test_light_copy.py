"""The light copy, an archive for publication."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.upkeep.light_copy import COPIED_TABLES
from tests.archive.newsroom import Newsroom
from tests.export.newspaper import SITE

LEFT_BEHIND = {
    *("frontier", "problems", "field_coverage", "hosts", "bodies", "dictionaries"),
    *("takedowns", "takedown_keys", "alerts", "alert_events", "merge_marks"),
    *("cold_files", "cold_pages", "cold_removals"),
}
"""Tables that are empty in a light copy."""

COUNTED = {"totals", "article_totals"}
"""Tables that triggers maintain, also in a light copy."""

EVERYTHING = Selection()


def make_light_copy(source: Path, path: Path, selection: Selection = EVERYTHING) -> Path:
    with Archive.open(source) as archive:
        archive.write_light_copy(selection, path)
    return path


def test_a_light_copy_has_all_texts_and_view_counts_but_no_raw_pages(three_editions: Path, tmp_path: Path) -> None:
    path = make_light_copy(three_editions, tmp_path / "light.db")
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


def test_every_article_has_source_and_terms_of_use(three_editions: Path, tmp_path: Path) -> None:
    path = make_light_copy(three_editions, tmp_path / "light.db")
    with Archive.open(path) as light:
        sources = {row["id"]: row for row in light.db["sources"].rows}
        rows = list(light.rows(Selection()))
        assert len(sources) == len(rows) == 6
        for row in rows:
            assert sources[row["id"]] == {name: row[name] for name in sources[row["id"]]}
        assert {row["reuse"] for row in sources.values()} == {SITE.reuse}


def test_a_light_copy_contains_only_the_selection(three_editions: Path, tmp_path: Path) -> None:
    path = make_light_copy(three_editions, tmp_path / "light.db", Selection(languages=("en",), sections=("analytics",)))
    with Archive.open(path) as light:
        assert [row["headline"] for row in light.rows(Selection())] == ["Headline 1, changed"]
        assert light.db["versions"].count == 2
        assert light.db["captures"].count == 2
        assert light.search("corridor") == []
        assert [row["section"] for row in light.db["sections"].rows] == ["analytics"]


def test_every_table_is_copied_or_excluded(newsroom: Newsroom) -> None:
    tables = {name for name in newsroom.archive.db.table_names() if not name.startswith(("versions_", "_", "sqlite_"))}
    assert tables == COPIED_TABLES.keys() | LEFT_BEHIND | COUNTED


def test_merged_articles_are_copied(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save(article_urls=("https://caliber.az/en/post/1",), views=1)
    newsroom.save(article_urls=("https://caliber.az/en/post/formula",), views=2)
    newsroom.save(article_urls=("https://caliber.az/en/post/1", "https://caliber.az/en/post/formula"), views=3)
    with Archive.open(make_light_copy(newsroom.archive.path, tmp_path / "light.db")) as light:
        assert sorted(row["views"] for row in light.db["view_counts"].rows) == [1, 2, 3]
        assert len(list(light.rows(Selection()))) == 1


def test_a_light_copy_is_a_single_file(three_editions: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    path = make_light_copy(three_editions, folder / "light.db")
    assert [file.name for file in folder.iterdir()] == ["light.db"]
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_light_copy_can_be_made_during_a_crawl(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save()
    with newsroom.archive.transaction():
        newsroom.save(article_urls=("https://caliber.az/en/post/2",))
        path = make_light_copy(newsroom.archive.path, tmp_path / "light.db")
    with Archive.open(path) as light:
        assert len(list(light.rows(Selection()))) == 1


def test_the_source_is_not_changed(three_editions: Path, tmp_path: Path) -> None:
    before = three_editions.read_bytes()
    make_light_copy(three_editions, tmp_path / "light.db")
    assert three_editions.read_bytes() == before


@pytest.mark.parametrize("selection", [Selection(sites=("other",)), Selection(search="volcano")])
def test_an_empty_selection_gives_an_empty_archive(three_editions: Path, tmp_path: Path, selection: Selection) -> None:
    with Archive.open(make_light_copy(three_editions, tmp_path / "light.db", selection)) as light:
        assert list(light.rows(Selection())) == []
        assert light.status()["captures"]["total"] == 0
