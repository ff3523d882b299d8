"""``caliber doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from tabulate import tabulate

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.errors import MissingExtra, SiteError

if TYPE_CHECKING:
    from caliber_crawler.archive import Archive
    from caliber_crawler.checkup import Finding, Page
    from caliber_crawler.crawling.run import CrawlRun
    from caliber_crawler.news_spider import NewsSpider
    from caliber_crawler.site import Site

CHECKS_FAILED = 3
LONGEST_SUBJECT = 60
"""Characters of what was looked at that a line shows."""
SITE_RESERVATIONS = "caliber_crawler.middlewares.site_reservations.SiteReservationsMiddleware"
MARKS = {True: "ok", False: "WRONG", None: "?"}


@click.command()
@click.argument("site", default="caliber")
@archive_option
@click.option("--section", default="", help="Look at the listings of this section.  [default: the site's first]")
@click.option("--base-url", default="", metavar="URL", help="The same site served elsewhere: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
@click.option("--scroll", is_flag=True, help="Scroll a listing in a browser, and tell which request brings more cards.")
@json_option
def doctor(
    site: str, archive: Path, section: str, base_url: str, delay: float | None, *, scroll: bool, as_json: bool
) -> None:
    """Check whether SITE still looks as its file says, in a dozen polite requests: roads, selectors, dates.

    Nothing is archived; an archive that is there already tells when the site was asked last, and may not be written to
    meanwhile. The exit code is 3 when something is not as the file says; what cannot be told is marked with "?".

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber doctor
    """
    from caliber_crawler.known_sites import project_settings, spider_named

    spider = spider_named(site, project_settings())
    if scroll:
        sys.exit(_scroll(spider.site.at(base_url) if base_url else spider.site, as_json=as_json))
    findings = examine(spider, archive, {"section": section, "base_url": base_url}, delay)
    if as_json:
        echo_json([finding.as_row() for finding in findings])
    else:
        here = base_url.rstrip("/") or spider.site.base_url
        rows = [(MARKS[f.sound], shortened(f.subject.replace(f"{here}/", "/")), f.found, f.advice) for f in findings]
        click.echo(tabulate(rows, headers=("", "looked at", "found", "to do"), tablefmt="simple"))
    sys.exit(CHECKS_FAILED if any(finding.sound is False for finding in findings) else 0)


def shortened(subject: str) -> str:
    """A subject with the middle of its address left out, where it is long."""
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    half = (LONGEST_SUBJECT - 1) // 2
    return f"{subject[:half]}…{subject[-half:]}"


def examine(spider: type[NewsSpider], archive: Path, arguments: dict[str, str], delay: float | None) -> list[Finding]:
    """Crawl a little of a site into an archive that is thrown away, and judge the pages."""
    from caliber_crawler.archive import Archive

    if not archive.exists():
        return _examined(spider, None, arguments, delay)
    with Archive.open(archive, mode="write") as memory:
        return _examined(spider, memory, arguments, delay)


def _examined(
    spider: type[NewsSpider], memory: Archive | None, arguments: dict[str, str], delay: float | None
) -> list[Finding]:
    from caliber_crawler.archive import Archive
    from caliber_crawler.checkup import Finding, check_site
    from caliber_crawler.commands.crawl import HALTS
    from caliber_crawler.commands.crawling import run_spider
    from caliber_crawler.commands.sampling import sampling
    from caliber_crawler.crawling.options import CrawlOptions
    from caliber_crawler.known_sites import project_settings
    from caliber_crawler.settings import DOWNLOADER_MIDDLEWARES

    base_url, section = arguments["base_url"], arguments["section"]
    site = spider.site.at(base_url) if base_url else spider.site
    section = section or next(iter(site.default_sections), "")
    known = _numbered(memory, site) if memory else None
    with TemporaryDirectory(prefix="caliber-doctor-") as folder:
        path = Path(folder) / "doctor.db"
        settings = project_settings(
            ARCHIVE=str(path),
            DOWNLOAD_DELAY=delay,
            LOG_LEVEL="ERROR",
            # What is passed on to nobody need not be asked for: every request counts.
            DOWNLOADER_MIDDLEWARES={**DOWNLOADER_MIDDLEWARES, SITE_RESERVATIONS: None},
        )
        sample = sampling(spider, memory.hosts if memory else None, known)
        run = run_spider(sample, settings, CrawlOptions(base_url=base_url, section=section))
        with Archive.open(path) as looked_at:
            pages = list(_pages(looked_at, run))
    if run.accounts.halted and not pages:
        raise HALTS[run.accounts.halted.code](f"{run.accounts.halted.clause}.")
    findings = check_site(pages, site)
    if run.accounts.halted:
        findings.insert(0, Finding(site.base_url, False, run.accounts.halted.clause, "try again later"))
    return findings or [Finding(site.base_url, False, "nothing was fetched", "correct base_url and the sections")]


def _pages(archive: Archive, run: CrawlRun) -> Iterator[Page]:
    from caliber_crawler.checkup import Page
    from caliber_crawler.commands.sampling import Probes

    probes = run.dispatcher.backlog
    assert isinstance(probes, Probes)
    for row in archive.db.query("SELECT id FROM captures ORDER BY id"):
        capture = archive.captures.get(row["id"])
        entry = archive.frontier.get(capture.url)
        assert entry is not None
        road = probes.asked.get(capture.url, entry.road)
        yield Page(capture=capture, road=road, batch=entry.batch, sure=probes.known is not None)


def _numbered(archive: Archive, site: Site) -> tuple[str, int] | None:
    """The language and post number of an article that was on the site when it was last asked for."""
    rows = archive.db.query(
        """SELECT language, post_number FROM articles WHERE site = ? AND post_number IS NOT NULL AND gone_at IS NULL
        ORDER BY last_seen_at DESC LIMIT 1""",
        (site.name,),
    )
    return next(((row["language"], row["post_number"]) for row in rows), None)


def _scroll(site: Site, *, as_json: bool) -> int:
    try:
        from caliber_crawler.fetching.scroll_search import find_request
    except ImportError:
        raise MissingExtra("browser") from None
    from caliber_crawler.fetching.contact import require_contact
    from caliber_crawler.known_sites import project_settings

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
