from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from caliber_crawler.archive import Archive
from tests.browse.conftest import browsing
from tests.browse.datasette_json import databases
from tests.browse.newsroom import article, save


@pytest.mark.parametrize("name", ["archive.db", "my news 2026.sqlite", "a.b-c.db", "новости.db", "2026.db"])
def test_an_archive_is_detected_under_any_file_name(newspaper: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    copyfile(newspaper, path)
    with browsing(path) as get:
        (database,) = databases(get).values()
        page = get(f"{database['path']}/articles/1")
        assert page.status_code == 200
        assert "<h1>Baku’s new formula</h1>" in page.text


@pytest.mark.slow
def test_another_database_is_shown_by_plain_datasette(newspaper: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE articles (id INTEGER PRIMARY KEY, headline TEXT, url TEXT)")
        connection.execute("INSERT INTO articles VALUES (1, 'Theirs', 'https://example.org/')")
    pages = ("/other", "/other/articles", "/other/articles/1")

    def plain(text: str) -> str:
        return text.partition("Queries took")[0]

    with browsing(other) as get:
        alone = [plain(get(page).text) for page in pages]
        headers = get("/other").headers
    assert "caliber_crawler" not in "".join(alone)
    assert "x-content-type-options" not in headers
    with browsing(other, newspaper) as get:
        assert [plain(get(page).text) for page in pages] == [
            text.replace("Datasette: other", "News archive: other") for text in alone
        ]
        assert "News archive" in get("/").text
        assert "<h1>Baku’s new formula</h1>" in get("/archive/articles/1").text


def test_an_archive_with_another_schema_is_shown_by_plain_datasette(newspaper: Path, tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    copyfile(newspaper, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with browsing(path) as get:
        page = get("/later/articles/1")
        assert page.status_code == 200
        assert "<h1>Baku’s new formula</h1>" not in page.text


def test_templates_of_the_user_take_precedence(newspaper: Path, tmp_path: Path) -> None:
    (tmp_path / "row-archive-articles.html").write_text("mine: {{ article.headline }}")
    with browsing(newspaper, template_dir=str(tmp_path)) as get:
        assert get("/archive/articles/1").text == "mine: Baku’s new formula"


def test_new_articles_are_visible_immediately(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article())
        with browsing(path) as get:
            assert get("/archive/articles/2").status_code == 404
            save(archive, article("another", headline="Just in"))
            assert "Just in" in get("/archive/articles/2").text
