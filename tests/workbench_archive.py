"""The archive of docs/workbench.md: the newest articles of a demo site, visited four times, and a copy of one."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from caliber_crawler.archive import Archive
from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.truth import Truth, truth_of
from caliber_crawler.items import Article
from tests.browse.newsroom import SITE, save

NOW = datetime(2026, 1, 7, tzinfo=UTC)
AGES = (timedelta(hours=2), timedelta(hours=20), timedelta(hours=30), timedelta(days=8))
"""The ages at which each article is visited."""
ARTICLES = 120
TONES = ("positive", "neutral", "negative")
COPIER = replace(SITE, name="copier", title="Copier", base_url="https://copier.example", reuse=None)


def article_of(truth: Truth, **fields: Any) -> Article:
    """The article that a visitor sees."""
    names = ("language", "url", "headline", "subtitle", "body", "section", "section_label", "views", "views_shown")
    seen = {name: truth[name] for name in names}
    published_at = datetime.fromisoformat(truth["published_local"])
    seen |= {"site": "caliber", "published_at": published_at, "authors": tuple(truth["authors"])}
    return Article(**(seen | {"urls": (truth["url"],)} | fields))


def write_workbench_archive(path: Path) -> None:
    """Write an archive that has something to find for every task of docs/workbench.md."""
    demo = DemoSite(12_000, seed=1, base_url=SITE.base_url)
    newest = list(islice(demo.visible(NOW), ARTICLES))
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(SITE)
        archive.sites.store(COPIER)
        for each in newest:
            for age in AGES:
                seen_at = each.published_at + age
                save(archive, article_of(truth_of(each, demo.newsroom, SITE.base_url, seen_at)), seen_at=seen_at)
        copied = truth_of(newest[-1], demo.newsroom, SITE.base_url, NOW)
        url = f"{COPIER.base_url}/post/reprint"
        reprint = article_of(copied, site="copier", url=url, urls=(url,), headline=f"Reprint: {copied['headline']}")
        later = reprint.published_at + timedelta(hours=5) if reprint.published_at else None
        save(archive, replace(reprint, published_at=later), seen_at=NOW)


def fill_sheet(path: Path) -> None:
    """Fill in a coding sheet as a coder does; Boris reads every seventh article otherwise."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        differs = row["coder"] == "Boris" and number % 7 == 0
        row["tone"] = TONES[(number + differs) % len(TONES)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
