"""Exports respect rights reservations."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive, Selection
from tests.archive.newsroom import Newsroom, capture, minutes
from tests.warc.newsstand import run

OPEN_URL, RESERVED_URL = "https://caliber.az/en/post/open", "https://caliber.az/en/post/reserved"
NOARCHIVE = (("Content-Type", "text/html"), ("X-Robots-Tag", "noarchive"))
TO_PASS_ON = Selection(include_opted_out=False)


def visit(newsroom: Newsroom, url: str, at: float = 0, *, opted_out: bool = False) -> None:
    headers = {"headers": NOARCHIVE} if opted_out else {}
    page = newsroom.archive.captures.store(capture(minutes(at), url=url, **headers), newsroom.run_id)
    newsroom.save(minutes(at), kept=page, article_urls=(url,), headline=url.rpartition("/")[2], body=f"Text of {url}.")


def exported_headlines(archive: Archive) -> list[str]:
    return [row["headline"] for row in archive.rows(TO_PASS_ON)]


@pytest.fixture
def one_of_two_reserved(newsroom: Newsroom) -> Newsroom:
    visit(newsroom, OPEN_URL)
    visit(newsroom, RESERVED_URL, opted_out=True)
    return newsroom


def test_a_capture_records_the_rights_reservation_of_its_page(one_of_two_reserved: Newsroom) -> None:
    kept = one_of_two_reserved.values("SELECT opt_outs FROM captures ORDER BY id")
    assert kept == [None, json.dumps({"noarchive": "header"})]
    assert [finding for finding in one_of_two_reserved.archive.verify() if finding] == []


def test_a_reserved_article_is_archived_but_not_exported(one_of_two_reserved: Newsroom) -> None:
    archive = one_of_two_reserved.archive
    assert exported_headlines(archive) == ["open"]
    assert [page.url for page in archive.selected_captures(TO_PASS_ON)] == [OPEN_URL]
    assert len(list(archive.rows(Selection()))) == len(list(archive.selected_captures(Selection()))) == 2
    assert archive.count_opted_out(TO_PASS_ON, "articles") == archive.count_opted_out(TO_PASS_ON, "captures") == 1
    assert archive.count_opted_out(Selection(), "articles") == 0


def test_the_latest_capture_decides_about_the_reservation(newsroom: Newsroom) -> None:
    visit(newsroom, RESERVED_URL, 0)
    visit(newsroom, RESERVED_URL, 10, opted_out=True)
    assert exported_headlines(newsroom.archive) == []
    assert list(newsroom.archive.selected_captures(TO_PASS_ON)) == []
    visit(newsroom, RESERVED_URL, 20)
    assert exported_headlines(newsroom.archive) == ["reserved"]
    # The capture with the reservation is not exported.
    assert [page.fetched_at for page in newsroom.archive.selected_captures(TO_PASS_ON)] == [minutes(0), minutes(20)]


def test_a_reserved_listing_is_not_exported(newsroom: Newsroom) -> None:
    page = capture(url="https://caliber.az/en/category/analytics", kind="listing", headers=NOARCHIVE)
    newsroom.archive.captures.store(page, newsroom.run_id)
    assert list(newsroom.archive.selected_captures(TO_PASS_ON)) == []


def test_the_command_prints_the_number_of_excluded_articles(one_of_two_reserved: Newsroom) -> None:
    one_of_two_reserved.archive.close()
    path = one_of_two_reserved.archive.path
    exported = run("export", "jsonl", "--archive", path)
    assert [json.loads(line)["headline"] for line in io.StringIO(exported.stdout)] == ["open"]
    assert "Skipped 1 article with a rights reservation" in exported.stderr
    whole = run("export", "jsonl", "--archive", path, "--include-opted-out")
    assert len(whole.stdout.splitlines()) == 2
    assert "Skipped" not in whole.stderr


@pytest.mark.parametrize("format", ["csv", "parquet", "rss", "sqlite", "warc", "wacz"])
def test_no_format_exports_a_reserved_article(one_of_two_reserved: Newsroom, tmp_path: Path, format: str) -> None:
    one_of_two_reserved.archive.close()
    result = run("export", format, "--archive", one_of_two_reserved.archive.path, "-o", tmp_path / f"out.{format}")
    assert result.exit_code == 0
    assert result.stderr.startswith("Exported 1 ")
