"""``caliber doctor``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from tabulate import tabulate

from caliber_crawler.commands.options import echo_json, json_option
from caliber_crawler.errors import MissingExtra, SiteError

if TYPE_CHECKING:
    from caliber_crawler.checkup import Finding
    from caliber_crawler.news_spider import NewsSpider
    from caliber_crawler.site import Site

CHECKS_FAILED = 3
ARTICLES = 3
MAPS = 2
"""Site maps that are looked at, robots.txt aside."""


@click.command()
@click.argument("site", default="caliber")
@click.option("--base-url", default="", metavar="URL", help="The same site served elsewhere: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
@click.option("--scroll", is_flag=True, help="Scroll a listing in a browser, and tell which request brings more cards.")
@json_option
def doctor(site: str, base_url: str, delay: float | None, *, scroll: bool, as_json: bool) -> None:
    """Check whether SITE still looks as its file says, in a dozen polite requests: roads, selectors, dates.

    Nothing is archived. The exit code is 3 when something is not as the file says.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber doctor
    """
    from caliber_crawler.known_sites import project_settings, spider_named

    spider = spider_named(site, project_settings())
    if scroll:
        sys.exit(_scroll(spider.site.at(base_url) if base_url else spider.site, as_json=as_json))
    findings = examine(spider, base_url, delay)
    if as_json:
        echo_json([finding.as_row() for finding in findings])
    else:
        rows = [("ok" if f.sound else "WRONG", f.subject, f.found, f.advice) for f in findings]
        click.echo(tabulate(rows, headers=("", "looked at", "found", "to do"), tablefmt="simple"))
    sys.exit(0 if all(finding.sound for finding in findings) else CHECKS_FAILED)


def examine(spider: type[NewsSpider], base_url: str, delay: float | None) -> list[Finding]:
    """Crawl a little of a site into an archive that is thrown away, and judge the pages."""
    from caliber_crawler.archive import Archive
    from caliber_crawler.checkup import Finding, check_site
    from caliber_crawler.commands.crawling import run_spider
    from caliber_crawler.known_sites import project_settings

    site = spider.site.at(base_url) if base_url else spider.site
    with TemporaryDirectory(prefix="caliber-doctor-") as folder:
        path = Path(folder) / "doctor.db"
        settings = project_settings(ARCHIVE=str(path), DOWNLOAD_DELAY=delay, LOG_LEVEL="ERROR")
        section = next(iter(site.default_sections), "")
        arguments = {"base_url": base_url, "section": section, "limit": ARTICLES}
        run = run_spider(cautious(spider), settings, arguments)
        with Archive.open(path) as archive:
            ids = [row["id"] for row in archive.db.query("select id from captures order by id")]
            captures = [archive.captures.get(id) for id in ids]
    findings = check_site(captures, site)
    if run.halted:
        findings.insert(0, Finding(site.base_url, False, run.halted.clause, "try again later"))
    return findings or [Finding(site.base_url, False, "nothing was fetched", "correct base_url and the sections")]


def cautious(spider: type[NewsSpider]) -> type[NewsSpider]:
    """The same spider, for the first pages of each road only, and for a listing's second batch."""
    from caliber_crawler.roads import seeds
    from caliber_crawler.roads.finds import LIST
    from caliber_crawler.site import Feed, Listings, Sitemaps

    roads = tuple(
        replace(road, by_default=True, most=MAPS) if isinstance(road, Sitemaps) else road
        for road in spider.site.roads
        if isinstance(road, Listings | Feed | Sitemaps)
    )

    class Cautious(spider):  # type: ignore[valid-type, misc]
        site: Site = replace(spider.site, roads=roads)

        async def start(self) -> AsyncIterator[Any]:
            run = self._run
            first = next((entry for entry, _ in seeds(self.scope, run.started_at) if entry.kind == "listing"), None)
            more = self.scope.site.batch_url(first.url, 2, first.section) if first else None
            async for request in super().start():
                yield request
            if first and more:
                run.seed([replace(first, url=more, batch=2, discovered_on=first.url, priority=LIST - 1)])

    return Cautious


def _scroll(site: Site, *, as_json: bool) -> int:
    try:
        from caliber_crawler.fetching.scroll_search import find_request
    except ImportError:
        raise MissingExtra("browser") from None
    from caliber_crawler.known_sites import project_settings, require_contact

    settings = project_settings()
    require_contact(site, settings)
    listings = [site.listing_url(e, s) for s in site.default_sections for e in site.editions if s in e.sections]
    if not listings:
        raise SiteError(f"{site.title}'s file names no listing.")
    found = find_request(site, listings[0], settings["USER_AGENT"])
    if as_json:
        echo_json(found.as_row())
    else:
        click.echo(found.sentence)
    return 0 if found.more else CHECKS_FAILED
