"""``caliber doctor``."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tabulate import tabulate

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, secho
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.spiders import DEFAULT_SITE

if TYPE_CHECKING:
    from caliber_crawler.doctor import Finding
    from caliber_crawler.news_spider import NewsSpider
    from caliber_crawler.site import Site

MAX_SUBJECT_LENGTH = 60
"""Maximum number of characters of a subject in the table."""
MARKS = {True: "ok", False: "WRONG", None: "?"}


@click.command()
@click.argument("site", default=DEFAULT_SITE)
@archive_option
@click.option("--section", default="", help="Check the listings of this section.  [default: the first of the site]")
@click.option("--base-url", default="", metavar="URL", help="The site at another URL: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
@click.option("--scroll", is_flag=True, help="Scroll a listing in a browser and report which request returns teasers.")
@json_option
def doctor(
    site: str, archive: Path, section: str, base_url: str, delay: float | None, *, scroll: bool, as_json: bool
) -> None:
    """Test the definition of SITE against the live site in about a dozen requests.

    Pages are fetched as in a crawl and are not archived. If the archive exists, it stores the time of the last request
    to the site, and no other command may write to it. The exit code is 3 if something differs from the definition;
    "?" marks what these pages cannot show.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber doctor
    """
    from caliber_crawler.archive.reports.status import sqlite_warning
    from caliber_crawler.commands.crawling import ProgressLine
    from caliber_crawler.doctor import check_live_site, find_scroll_request
    from caliber_crawler.known_sites import project_settings, spider_named

    if warning := sqlite_warning(sqlite3.sqlite_version_info):
        secho(warning, fg="yellow", err=True)
    spider = spider_named(site, project_settings())
    if not spider.site.has_layouts and not scroll:
        _report_learned(spider.site, archive, as_json=as_json)
        return
    with ProgressLine() as line:
        if scroll:
            request = find_scroll_request(
                spider, archive, base_url=base_url, section=section, delay=delay, progress=line.show
            )
        else:
            findings = check_live_site(
                spider, archive, base_url=base_url, section=section, delay=delay, progress=line.show
            )
    if scroll:
        if as_json:
            echo_json(request.as_row())
        else:
            echo(request.sentence)
        sys.exit(0 if request.more else CHECKS_FAILED)
    if as_json:
        echo_json([finding.as_row() for finding in findings])
    else:
        echo(_table(findings, base_url.rstrip("/") or spider.site.base_url))
        if changes := _corrections(spider, archive):
            echo(f"\nCrawls replaced facts of the definition that failed. The corrected definition:\n\n{changes}")
    sys.exit(CHECKS_FAILED if any(finding.sound is False for finding in findings) else 0)


def _report_learned(site: Site, archive: Path, *, as_json: bool) -> None:
    """Print what was learned about a site without a definition."""
    from caliber_crawler.archive import Archive
    from caliber_crawler.site_learning import layout_facts

    facts = []
    if archive.exists():
        with Archive.open(archive) as opened:
            facts = [fact for fact in layout_facts(opened, site.name) if fact.fact != "boilerplate_line"]
    rows = [(fact.fact, fact.value, fact.pages_confirming, fact.pages_examined) for fact in facts]
    if as_json:
        echo_json(
            [dict(zip(("fact", "value", "pages_confirming", "pages_examined"), row, strict=True)) for row in rows]
        )
    elif rows:
        echo(f"{site.name} has no site definition. Learned from its stored pages:\n")
        echo(tabulate(rows, headers=("fact", "value", "pages that confirm it", "of"), tablefmt="simple"))
        echo(f"\n`caliber learn {site.base_url}` writes a site definition.")
    else:
        echo(f"{site.name} has no site definition, and {archive} contains too few of its articles to learn its layout.")
        echo(f"Crawl more: caliber crawl {site.base_url} --limit 50")
    sys.exit(0 if rows else CHECKS_FAILED)


def _corrections(spider: type[NewsSpider], archive: Path) -> str:
    """The definition of a site with what crawls learned and used instead, as a diff; empty if nothing was replaced."""
    from caliber_crawler.archive import Archive
    from caliber_crawler.discovery.healed_facts import healed_facts
    from caliber_crawler.doctor.corrections import corrected_definition
    from caliber_crawler.known_sites import definition_path
    from caliber_crawler.site_learning import learned_layout
    from caliber_crawler.site_learning.update import diff_of

    if not archive.exists():
        return ""
    with Archive.open(archive) as opened:
        learned = learned_layout(opened, spider.site.name)
        healed = healed_facts(opened, spider.site)
    path = definition_path(spider)
    source = path.read_text(encoding="utf-8")
    return diff_of(path, source, corrected_definition(source, spider.site, learned, healed))


def _table(findings: list[Finding], base_url: str) -> str:
    rows = [
        (MARKS[finding.sound], shorten(finding.subject.replace(f"{base_url}/", "/")), finding.found, finding.advice)
        for finding in findings
    ]
    return tabulate(rows, headers=("", "checked", "found", "to do"), tablefmt="simple")


def shorten(subject: str) -> str:
    """A subject; if it is long, without the middle of its URL."""
    if len(subject) <= MAX_SUBJECT_LENGTH:
        return subject
    half = (MAX_SUBJECT_LENGTH - 1) // 2
    return f"{subject[:half]}…{subject[-half:]}"
