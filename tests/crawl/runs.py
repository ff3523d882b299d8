"""A run on its own archive, without Scrapy and without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import article

SITE = CaliberSpider.site
SCOPE = Scope(site=SITE, languages=("en",), sections=("analytics",))
AGO = timedelta(minutes=5)


@contextmanager
def running_on(folder: Path, *, revisits: int | None = None, **scope: Any) -> Iterator[CrawlRun]:
    """Start a run."""
    with Archive.open(folder / "run.db", mode="write") as archive:
        yield CrawlRun(archive, replace(SCOPE, **scope), user_agent="test", settings={}, revisits=revisits)


def url_of(slug: str) -> str:
    return f"{SITE.base_url}/en/post/{slug}"


def entry(slug: str, **fields: Any) -> Entry:
    """A due frontier entry, by default of an article."""
    usual: dict[str, Any] = {
        "url": url_of(slug),
        "site": SITE.name,
        "kind": "article",
        "language": "en",
        "section": "analytics",
        "discovered_via": "listing",
        "priority": 50,
        "due_at": datetime.now(UTC) - AGO,
    }
    return Entry(**usual | fields)


def add(run: CrawlRun, *entries: Entry) -> None:
    """Add entries to the frontier and count them as discovery does."""
    added = run.archive.frontier.add(entries, run.id)
    run.accounts.counts["discovered"] += sum(each.kind == "article" for each in added)


def dispatched(run: CrawlRun, *slugs: str, **fields: Any) -> list[Capture]:
    """Add articles to the frontier and dispatch them; return their captures."""
    add(run, *(entry(slug, **fields) for slug in slugs))
    run.dispatcher.next_batch(100)
    return [capture(slug) for slug in slugs]


def capture(slug: str, **fields: Any) -> Capture:
    usual: dict[str, Any] = {"site": SITE.name, "url": url_of(slug), "fetched_at": datetime.now(UTC), "status": 200}
    return Capture(**usual | fields)


def problem(reason: str) -> Problem:
    return Problem(stage="extract", reason=reason, message=f"It is {reason}.", fatal=True)


def frontier_entry(run: CrawlRun, slug: str) -> Entry:
    found = run.archive.frontier.get(url_of(slug))
    assert found is not None
    return found


def expect_counts(run: CrawlRun, **expected: int) -> None:
    """Check that these are all counts, and that they balance when the remaining pages are counted."""
    usual = {"discovered": run.accounts.counts["discovered"], "pages": run.accounts.counts["pages"]}
    assert {name: count for name, count in run.accounts.counts.items() if count and name not in usual} == expected
    run.accounts.counts["remaining"] = run.dispatcher.due_count("article")
    assert run.accounts.balanced


def reasons(run: CrawlRun) -> list[str]:
    return [row["reason"] for row in run.archive.db.query("select reason from problems order by id")]


def store(run: CrawlRun, page: Capture) -> Capture:
    return asyncio.run(run.settlement.store_capture(page))


def save(run: CrawlRun, page: Capture, also: Any = None, **fields: Any) -> Extraction:
    """Store a page and save the article extracted from it."""
    body = page.body or f"<p>{page.url}</p>".encode()
    stored = store(run, replace(page, body=body))
    url = page.final_url or page.url
    text = {"body": f"This is the text at {url} and at no other URL.", "url": url, "urls": (url,)}
    extraction = Extraction(capture=stored, article=article(**text | fields), layout="new", extractor="test 1")
    asyncio.run(run.settlement.save(extraction, also) if also else run.settlement.save(extraction))
    return extraction
