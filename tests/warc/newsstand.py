"""An archive of demo pages as crawls leave it, and a comparison of two archives."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.commands.cli import main
from caliber_crawler.demo import DemoSite
from caliber_crawler.ingest import Ingester, Item, SiteResolver
from caliber_crawler.items import Capture
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"))
PAGE = """<div class="post"><h1 class="post_title">{headline}</h1><time class="post_time">06 January 2026 - 19:13</time>
<div class="post_body"><p>{body} The ministers met in Baku and spoke for hours about roads and rails.</p></div>
<span class="post_hits">Views: {views}</span></div>"""
VISITS = (timedelta(minutes=30), timedelta(days=3), timedelta(days=3, hours=1))

COMPARED = {
    "captures": """site, kind, url, fetched_at, status, error, final_url, redirects, media_type, headers, size,
      body_digest""",
    "articles": """site, language, section, headline, subtitle, published_at, published_local, url, views, views_at,
      version_count, first_seen_at, last_seen_at, post_number, slug, cover_image""",
    "versions": "content_digest, headline, body, authors, signature, seen_from, seen_until, layout, methods",
    "view_counts": "observed_at, views, shown",
    "article_urls": "url, kind, language, post_number, slug, first_seen_at",
    "images": "url, position, alt, first_seen_at, last_seen_at",
    "links": "url, position, host, text, first_seen_at, last_seen_at",
}
"""The columns that two archives of the same captures have in common, without IDs."""


def held(path: Path) -> dict[str, list[str]]:
    """Return the rows of an archive, without IDs, sorted."""
    with Archive.open(path) as archive:
        return {
            table: sorted(json.dumps(row) for row in archive.db.execute(f"SELECT {columns} FROM {table}").fetchall())
            for table, columns in COMPARED.items()
        }


def site_resolver(site: Site) -> SiteResolver:
    return SiteResolver(sites=SiteRegistry([site]), default=site)


def take_in(path: Path, captures: list[Capture], base_url: str = SITE.base_url) -> Ingester:
    """Store these captures and their extractions in an archive."""
    with Ingester(path, site_resolver(SITE.served_at(base_url)), {"python": "3"}, ()) as ingester:
        for capture in captures:
            if ingester.is_new(capture):
                ingester.ingest(Item(path=path, capture=capture, saved=False), ingester.extract(capture))
    return ingester


def visited(site: DemoSite, url: str, at: datetime, **fields: Any) -> Capture:
    """Return a page as the demo site served it at that time."""
    answer = site.respond(url.removeprefix(site.base_url), at)
    return Capture(
        **{
            "site": "caliber",
            "url": url,
            "fetched_at": at,
            "status": answer.status,
            "headers": HTML,
            "body": answer.body,
            **fields,
        }
    )


def crawled(articles: int = 12) -> list[Capture]:
    """Return the captures of several crawls: every article three times, a listing, and every kind of failure."""
    site = DemoSite(articles, base_url=SITE.base_url)
    pages = [
        visited(site, truth["url"], datetime.fromisoformat(truth["published_at"]) + age)
        for truth in site.truth()
        for age in VISITS
    ]
    last = max(page.fetched_at for page in pages)
    first = pages[0].url
    listing = SITE.listing_url(SITE.editions[0], "analytics")
    pages += [
        visited(site, listing, last + timedelta(minutes=1), kind="listing"),
        Capture(site="caliber", url=first, fetched_at=last + timedelta(days=1), status=304, headers=HTML),
        visited(site, "https://caliber.az/en/post/999999", last, status=404, body=b"<h1>Not found</h1>"),
        Capture(site="caliber", url=first, fetched_at=last + timedelta(days=2), error="no answer within 30 s"),
        Capture(
            site="caliber", url=first, fetched_at=last + timedelta(days=3), status=200, headers=HTML, body=b"<p>x</p>"
        ),
    ]
    return sorted(pages, key=lambda page: page.fetched_at)


def run(*arguments: object) -> Result:
    """Run ``caliber`` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def exported(archive: Path, path: Path, format: str = "warc") -> Path:
    result = run("export", format, "--archive", archive, "-o", path)
    assert result.exit_code == 0, result.output
    return path
