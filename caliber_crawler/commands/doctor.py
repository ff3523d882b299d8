"""``caliber doctor``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tabulate import tabulate

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.spiders import DEFAULT_SITE

if TYPE_CHECKING:
    from caliber_crawler.doctor import Finding

CHECKS_FAILED = 3
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
    from caliber_crawler.commands.crawling import ProgressLine
    from caliber_crawler.doctor import check_live_site, find_scroll_request
    from caliber_crawler.known_sites import project_settings, spider_named

    spider = spider_named(site, project_settings())
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
    sys.exit(CHECKS_FAILED if any(finding.sound is False for finding in findings) else 0)


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
