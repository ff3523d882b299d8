"""The archive of the benchmarks has the rows that a crawl of the demo site would have stored."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks import demo_archive
from benchmarks.demo_archive import articles_of, create_archive, extraction_of, later_articles, site_named
from caliber_crawler.archive import Archive

pytestmark = pytest.mark.slow

TABLES = (
    *("articles", "versions", "captures", "view_counts", "article_urls", "sections", "authors", "article_authors"),
    *("images", "links", "sites"),
)
ARTICLES, SEED = 60, 3


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    with Archive.open(path) as archive:
        return {
            table: sorted(map(dict, archive.db.query(f"SELECT * FROM {table}")), key=repr)  # type: ignore[call-overload]
            for table in TABLES
        } | {"search": [dict(row) for row in archive.db.query("SELECT * FROM versions_vocab")]}


def save_all(path: Path) -> None:
    with Archive.open(path, mode="write") as archive:
        run = archive.runs.start("crawl", site=None, arguments={}, settings={}, software={})
        for truth in articles_of(ARTICLES, SEED, "caliber"):
            site = site_named(truth["site"])
            archive.sites.store(site)
            for visit in truth["visits"]:
                extraction = extraction_of(truth, visit)
                capture = archive.captures.store(extraction.capture, run)
                url = site.article_url(truth["url"])
                archive.articles.save(replace(extraction, capture=capture), run, [url] if url else [])


def test_rows_are_those_of_saved_articles(tmp_path: Path) -> None:
    save_all(tmp_path / "saved.db")
    create_archive(tmp_path / "inserted.db", ARTICLES, SEED)
    saved, inserted = rows_of(tmp_path / "saved.db"), rows_of(tmp_path / "inserted.db")
    assert any(row["version_count"] > 1 for row in saved["articles"])
    assert {row["site"] for row in saved["articles"]} == {"caliber", "copier"}
    for table, rows in saved.items():
        assert inserted[table] == rows, table


def test_later_articles_are_not_in_the_archive(tmp_path: Path) -> None:
    create_archive(tmp_path / "archive.db", ARTICLES, SEED)
    later = {truth["url"] for truth in islice(later_articles(50, SEED), 50)}
    assert len(later) == 50
    assert not later & {row["url"] for row in rows_of(tmp_path / "archive.db")["articles"]}


def test_further_sites_have_the_same_articles_in_a_valid_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_archive, "MAX_ARTICLES", ARTICLES)
    create_archive(tmp_path / "archive.db", 2 * ARTICLES + 10, SEED)
    found = rows_of(tmp_path / "archive.db")
    by_site = {
        site: [row["headline"] for row in found["articles"] if row["site"] == site]
        for site in ("caliber", "caliber2", "caliber3", "copier", "copier2")
    }
    assert sorted(by_site["caliber"]) == sorted(by_site["caliber2"])
    assert sorted(by_site["copier"]) == sorted(by_site["copier2"])
    assert len(by_site["caliber3"]) == 10
    assert len({row["body_digest"] for row in found["captures"]}) == len(found["captures"])
    with Archive.open(tmp_path / "archive.db") as archive:
        assert [outcome for outcome in archive.verify() if outcome is not None] == []
