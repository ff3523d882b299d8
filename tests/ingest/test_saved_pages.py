"""Saved pages: the files that are pages, and the URL and date of each."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from caliber_crawler.errors import InputError, NoPages
from caliber_crawler.ingest.saved_pages import capture_from_file, find_pages
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
URL = "https://caliber.az/en/post/a"
AT = datetime(2026, 1, 7, 12, tzinfo=UTC)


def saved_from(url: str) -> str:
    return f"<!DOCTYPE html>\n<!-- saved from url=({len(url):04})\n".replace("\n", "") + f"{url} -->\n<h1>A</h1>"


def page(folder: Path, text: str, name: str = "page.html") -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (AT.timestamp(), AT.timestamp()))
    return path


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (saved_from(URL), URL),
        (saved_from(f"{URL}/?fbclid=1"), URL),
        (saved_from("https://caliber.az/en/about"), None),
        (saved_from("https://elsewhere.example/en/post/a"), None),
        ("<h1>A</h1>", None),
        (" " * 2048 + saved_from(URL), None),
    ],
)
def test_the_comment_of_a_browser_gives_the_url_of_a_saved_page(tmp_path: Path, text: str, url: str | None) -> None:
    capture = capture_from_file(page(tmp_path, text), SITE)
    assert capture.url == (url or f"urn:sha256:{sha256(text.encode()).hexdigest()}")


def test_a_given_url_and_date_take_precedence(tmp_path: Path) -> None:
    path = page(tmp_path, saved_from(URL))
    now = datetime(2026, 2, 1, tzinfo=UTC)
    capture = capture_from_file(path, SITE, url="https://caliber.az/en/post/b/", fetched_at=now)
    assert (capture.url, capture.fetched_at, capture.status) == ("https://caliber.az/en/post/b", now, 200)
    assert (capture.site, capture.body) == (SITE.name, path.read_bytes())
    assert capture_from_file(path, SITE).fetched_at == AT


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.html", "text/html"),
        ("page.HTM", "text/html"),
        ("page.xhtml", "application/xhtml+xml"),
        ("page.txt", "text/plain"),
        ("page", None),
    ],
)
def test_the_name_of_a_file_gives_its_media_type(tmp_path: Path, name: str, media_type: str | None) -> None:
    capture = capture_from_file(page(tmp_path, "<h1>A</h1>", name), SITE)
    assert capture.header("content-type") == media_type
    assert capture.header("content-disposition") == f'attachment; filename="{name}"'


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        capture_from_file(tmp_path, SITE)


def test_the_pages_and_web_archives_of_a_folder_are_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "folder.html").mkdir()
    for name in ("b/two.HTML", "one.txt", "crawl.warc.gz", "picture.png", "notes"):
        page(tmp_path, "<p>", name)
    found = list(find_pages([tmp_path / "notes", tmp_path]))
    assert [str(path.relative_to(tmp_path)) for path in found] == ["notes", "b/two.HTML", "crawl.warc.gz", "one.txt"]


def test_a_folder_without_pages_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    page(tmp_path, "", "picture.png")
    with pytest.raises(NoPages, match="contains no pages"):
        list(find_pages([tmp_path]))
    with pytest.raises(InputError, match="does not exist"):
        list(find_pages([tmp_path / "absent"]))
