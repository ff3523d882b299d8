"""``caliber ingest`` of saved pages: the extraction rules are those of fetched pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Result

PAGES = Path(__file__).parent / "pages" / "caliber"
SEED = PAGES / "baku-s-geopolitical-formula-as-text" / "page.txt"

pytestmark = pytest.mark.slow


def test_saved_text_page_becomes_a_complete_article(caliber: Callable[..., Result]) -> None:
    assert caliber("ingest", SEED).exit_code == 0
    article = caliber("show", 1, "--json").json
    assert article["headline"] == "Baku’s geopolitical formula How Azerbaijan is redefining sovereignty"
    assert article["published_at"] == "2026-01-06T15:13:00Z"
    assert article["published_local"] == "2026-01-06T19:13:00+04:00"
    assert article["section"] == "analytics"
    assert article["language"] == "en"
    assert article["views"] == 354
    paragraphs = article["body"].split("\n\n")
    assert len(paragraphs) == 8
    assert paragraphs[0].startswith("On January 5, the northern port council")
    assert paragraphs[-1].endswith("no ferry line survives.")
    assert "Caliber.Az" not in article["body"]


def test_markdown_of_a_text_is_stored(caliber: Callable[..., Result]) -> None:
    caliber("ingest", PAGES / "news-with-embeds" / "page.html", "--site", "caliber")
    article = caliber("show", 1, "--json").json
    post = "https://twitter.com/CaliberEnglish/status/1953900000000000000"
    assert f"\n\n[Post on X: {post}]\n\n" in article["body"]
    blocks = article["body_markdown"].split("\n\n")
    assert blocks[1:5] == [
        f"[Post on X]({post})",
        "“It is a project the whole region has been [waiting](https://www.worldbank.org/en/region) for,” he said.",
        f'![Map](https://cdn.caliber.az/media/photos/original/{"5555aaaa" * 4}.webp "Map: Caliber.Az")',
        "### What changes",
    ]
    assert blocks[5] == "First, the time: a lorry will need a **day** instead of three."


def test_text_page_under_another_file_name_is_the_same_article(caliber: Callable[..., Result], tmp_path: Path) -> None:
    later = tmp_path / "the same page under another name.txt"
    later.write_text(SEED.read_text(encoding="utf-8").replace("Views: 354", "Views: 5 120"), encoding="utf-8")
    caliber("ingest", SEED, "--fetched-at", "2026-01-07T00:00:00Z")
    again = caliber("ingest", later, "--fetched-at", "2026-02-07T00:00:00Z", "--json").json
    assert again["unchanged"] == 1
    article = caliber("show", 1, "--json").json
    assert [count["views"] for count in article["view_counts"]] == [354, 5120]
    assert len(article["versions"]) == 1


def test_article_is_found_by_each_form_of_its_url(caliber: Callable[..., Result]) -> None:
    url = "https://caliber.az/en/post/baku-s-geopolitical-formula"
    caliber("ingest", SEED, "--url", url + "/?fbclid=abc", "--fetched-at", "2026-01-07T00:00:00Z")
    assert caliber("show", url, "--json").json["url"] == url
    assert caliber("show", url + "/", "--json").json["url"] == url


def test_folder_is_ingested_page_by_page(caliber: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "good.txt").write_bytes(SEED.read_bytes())
    (folder / "empty.html").write_bytes(b"")
    (folder / "notes.md").write_text("not a page")
    result = caliber("ingest", folder, "--json")
    assert result.exit_code == 3
    assert (result.json["pages"], result.json["new"], result.json["refused"]) == (2, 1, 1)
    assert "empty.html" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "exit_code"),
    [
        ("missing.html", None, 4),
        ("folder", "folder", 5),
        ("binary.html", bytes(range(256)) * 40, 6),
        ("empty.html", b"", 6),
        ("blank.txt", b" \n\n\t\n", 6),
        ("no-article.html", b"<html><body><p>Nothing here.</p></body></html>", 6),
    ],
)
def test_bad_input_is_reported_in_one_line_and_creates_no_archive(
    caliber: Callable[..., Result], tmp_path: Path, name: str, content: bytes | str | None, exit_code: int
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    archive = tmp_path / "archive.db"
    result = caliber("ingest", path, "--archive", archive)
    assert result.exit_code == exit_code
    assert len(result.stderr.strip().splitlines()) == 1
    assert str(path) in result.stderr
    assert not archive.exists()


def test_foreign_database_is_refused_and_not_modified(caliber: Callable[..., Result], tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("create table dishes (name)")
    before = foreign.read_bytes()
    for verb in (("ingest", SEED), ("show", 1), ("search", "Baku"), ("status",), ("browse",)):
        result = caliber(*verb, "--archive", foreign)
        assert result.exit_code == 7
        assert str(foreign) in result.stderr
    assert foreign.read_bytes() == before


def test_missing_archive_is_named_in_the_error(caliber: Callable[..., Result], tmp_path: Path) -> None:
    for verb in (("show", 1), ("search", "Baku"), ("status",), ("browse",)):
        result = caliber(*verb, "--archive", tmp_path / "nowhere.db")
        assert result.exit_code == 4
        assert "nowhere.db" in result.stderr


def test_unknown_article_is_named_in_the_error(caliber: Callable[..., Result]) -> None:
    caliber("ingest", SEED)
    result = caliber("show", "https://caliber.az/en/post/never-written")
    assert result.exit_code == 12
    assert "never-written" in result.stderr


def test_search_finds_inflected_words(caliber: Callable[..., Result]) -> None:
    caliber("ingest", SEED)
    hits = caliber("search", "harbours engineer", "--json").json
    assert [hit["headline"] for hit in hits] == ["Baku’s geopolitical formula How Azerbaijan is redefining sovereignty"]
    assert caliber("search", "volcano", "--json").json == []
    assert caliber("search", '"unbalanced AND (', "--json").exit_code == 2


def test_status_counts_articles_and_runs(caliber: Callable[..., Result]) -> None:
    caliber("ingest", SEED)
    status = caliber("status", "--json").json
    assert status["editions"][0]["articles"] == status["articles"] == 1
    assert status["runs"][0]["command"] == "ingest"
    assert "ingest" in caliber("status").stdout
