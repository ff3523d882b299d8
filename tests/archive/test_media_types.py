"""Captures whose rows are lost: what their pages are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.upkeep.media_types import UNKNOWN, media_type_of
from tests.archive.newsroom import capture, minutes, start_run
from tests.archive.test_salvage import overwrite, pages_of

FEED = b'<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>'
PAGES = {
    b"<!DOCTYPE html><title>Talks</title>": "text/html",
    b"\xef\xbb\xbf\n<html><body><p>Talks": "text/html",
    b"<p>Talks resume</p>": "text/html",
    "<html><p>Talks".encode("utf-16"): "text/html",
    b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">': "application/xhtml+xml",
    FEED: "application/xml",
    b"<urlset></urlset>": "application/xml",
    b'{"headline": "Talks resume"}': "application/json",
    b"[1, 2]": "application/json",
    b"{not JSON": "text/plain",
    b"[" * 100_000: "text/plain",
    "Переговоры возобновлены".encode(): "text/plain",
    b"https://caliber.az/en/post/1\n": "text/plain",
    b"\x89PNG\r\n\x1a\n\0\0": UNKNOWN,
    b"": UNKNOWN,
}


@pytest.mark.parametrize(("page", "media_type"), PAGES.items(), ids=[repr(page[:30]) for page in PAGES])
def test_a_page_says_what_it_is(page: bytes, media_type: str) -> None:
    assert media_type_of(page) == media_type


SERVED = {
    "/en/post/1": (b"<html><p>Talks", "text/html"),
    "/rss.xml": (FEED, "application/rss+xml"),
    "/api/1": (b'{"headline": "Talks resume"}', "application/json"),
    "/1.txt": (b"Talks resume", "text/plain"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with captures of four media types, each page captured once."""
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive, archive.transaction():
        run = start_run(archive)
        for place, (body, media_type) in SERVED.items():
            headers = (("Content-Type", f"{media_type}; charset=utf-8"),)
            url = f"https://caliber.az{place}"
            archive.captures.store(capture(minutes(0), url=url, headers=headers, body=body), run)
    return path


def media_types(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT substr(url, 19), media_type FROM captures"))


def test_a_restored_capture_has_the_media_type_of_its_page(path: Path) -> None:
    overwrite(path, *pages_of(path, "captures"))
    Archive.repair_file(path, lambda _: None, {})
    # Nothing repeats that the XML is a feed.
    assert media_types(path) == {place: served[1] for place, served in SERVED.items()} | {"/rss.xml": "application/xml"}
