"""``caliber crawl``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.errors import (
    ArchiveFull,
    ArchiveLocked,
    CaliberError,
    RobotsUnavailable,
    SiteBusy,
    SiteChallenged,
    SiteUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from caliber_crawler.crawling.run import CrawlRun
    from caliber_crawler.side_by_side import Crawl

AT_ONCE = 32
"""Sites that one process crawls at a time unless told otherwise."""
CHECKS_FAILED = 3
HALTS: dict[str, type[CaliberError]] = {
    "archive": ArchiveFull,
    "robots_unavailable": RobotsUnavailable,
    "busy": SiteBusy,
    "failing": SiteBusy,
    "challenged": SiteChallenged,
    "unreachable": SiteUnreachable,
}
FROM_A_PAGE = 50
"""Articles fetched at most where a crawl begins at the address of a page and no limit is given."""
TOLERATED_FAILURES = 0.05
"""Share of the visited pages that may be refused or fail before a crawl's exit code says so."""
FEW_FAILURES = 2
"""Pages that may in any case with ``--due``: a crawl from cron visits but a few, and they are tried again."""


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@archive_option
@click.option("--all", "every", is_flag=True, help="Crawl every site that has a file.")
@click.option("--section", default="", help="Sections, separated by commas; 'all' for all.  [default: the site's own]")
@click.option(
    "--language", default="", help="Editions by language (en, ru, arm …), separated by commas.  [default: all]"
)
@click.option("--since", default="", metavar="DATE", help="Only articles published at this date or after it.")
@click.option("--until", default="", metavar="DATE", help="Only articles published before this date.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"Fetch at most so many article pages.  [default: all; {FROM_A_PAGE} from the address of a page]",
)
@click.option(
    "--road",
    default="",
    help="Ways to find articles, separated by commas: listing, feed, sitemap, search, numbers, links; 'all' for all."
    "  [default: the site's own]",
)
@click.option("--search", default="", metavar="WORDS", help="Ask the site's own search; several, separated by commas.")
@click.option("--numbers", default="", metavar="FROM-TO", help="Walk through post numbers: 500-1 downwards, 1-500 up.")
@click.option(
    "--urls", default="", metavar="FILE", help="Fetch the articles whose addresses stand in a file; - reads stdin."
)
@click.option(
    "--cdx",
    default="",
    metavar="WHERE",
    help="The same with the index of a web archive (CDX): 'wayback', 'commoncrawl', the address of one, a file or -.",
)
@click.option("--due", is_flag=True, help="Only what is due by now, listings and feeds included: made for cron.")
@click.option("--whole", is_flag=True, help="Walk listings to their end, known or not: what was added further down.")
@click.option("--base-url", default="", metavar="URL", help="The same site served elsewhere: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
@click.option("--concurrency", type=click.IntRange(min=1), help="Requests at the same time.  [default: 1]")
@click.option(
    "--at-once", type=click.IntRange(min=1), default=AT_ONCE, show_default=True, help="Sites crawled side by side."
)
@click.option("--revisits", type=click.IntRange(min=0), help="Visit at most so many articles again.  [default: 1000]")
@click.option(
    "--contact",
    default=None,
    metavar="WHO",
    help="E-mail address or web page of whoever crawls.  [env: CALIBER_CONTACT]",
)
@click.option(
    "--notify",
    default="",
    metavar="URL",
    envvar="CALIBER_NOTIFY",
    help="Post the summary as JSON to this address (a webhook).  [env: CALIBER_NOTIFY]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every page to stderr.")
@json_option
def crawl(
    sites: tuple[str, ...],
    archive: Path,
    section: str,
    language: str,
    since: str,
    until: str,
    limit: int | None,
    road: str,
    search: str,
    numbers: str,
    urls: str,
    cdx: str,
    base_url: str,
    delay: float | None,
    concurrency: int | None,
    at_once: int,
    revisits: int | None,
    contact: str | None,
    notify: str,
    *,
    every: bool,
    due: bool,
    whole: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Fetch what is new on each SITE, and the articles that are due for another look.

    SITE is the name of a site that has a file (caliber, if none is given), or the address of a page of any site: that
    page is read, and the articles it links to. Several sites are crawled side by side; one's trouble is no trouble of
    the others.

    Every raw page is kept before it is read. A crawl may be stopped or killed at any moment: the next one goes on where
    it was. A site is asked once a second, one request at a time, as its robots.txt allows.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber crawl --section analytics --language en --since 2026-01-01
      grep /post/ links.txt | caliber crawl --urls -
      caliber crawl https://example.org/world --limit 20
      caliber crawl --all --due
    """
    from caliber_crawler.commands.crawling import run_crawls
    from caliber_crawler.commands.notice import notify as tell
    from caliber_crawler.commands.status import hanging
    from caliber_crawler.known_sites import known_spiders, project_settings, spider_named
    from caliber_crawler.settings import user_agent
    from caliber_crawler.side_by_side import Crawl

    settings = project_settings(
        ARCHIVE=str(archive),
        DOWNLOAD_DELAY=delay,
        CONCURRENT_REQUESTS_PER_DOMAIN=concurrency,
        REVISITS_MAX=revisits,
        **({"CONTACT": contact, "USER_AGENT": user_agent(contact)} if contact else {}),
        LOG_LEVEL="INFO" if verbose else "ERROR",
    )
    if every and sites:
        raise click.UsageError("--all is every site: name none beside it.")
    names = list(dict.fromkeys(known_spiders(settings) if every else sites or ("caliber",)))
    if len(names) > 1 and (base_url or "-" in (urls, cdx)):
        raise click.UsageError("--base-url, and addresses from standard input, are those of one site.")
    arguments = {
        "section": section,
        "language": language,
        "since": since,
        "until": until,
        "road": road,
        "search": search,
        "numbers": numbers,
        "urls": urls,
        "cdx": cdx,
        "due": due,
        "whole": whole,
        "base_url": base_url,
    }
    crawls = {
        name: Crawl(
            spider=spider_named(name, settings),
            arguments={**arguments, "limit": limit or (FROM_A_PAGE if "://" in name else None)},
        )
        for name in names
    }
    try:
        run_crawls(list(crawls.values()), settings, at_once=at_once)
    except ArchiveLocked as error:
        if told := hanging(archive):
            click.echo(told, err=True)
        if told and notify:  # else an earlier crawl is still under way, and will tell of itself
            tell(notify, [{"site": ", ".join(names), "outcome": None, "why": told, "exit_code": error.exit_code}])
        raise
    except Exception as error:
        if notify:
            tell(notify, [{"site": ", ".join(names), "outcome": None, "why": str(error), "exit_code": code_of(error)}])
        raise
    results = [Result(name, crawl) for name, crawl in crawls.items()]
    if notify:
        tell(notify, (result.notice() for result in results))
    if as_json:
        accounts = [result.account() for result in results]
        echo_json(accounts if len(accounts) > 1 or every else accounts[0])
    for result in results:
        if not as_json:
            click.echo("\n".join(result.lines(named=len(results) > 1)))
        if result.error is not None:
            click.echo(f"Error: {result.error}", err=True)
    sys.exit(worst(result.exit_code for result in results))


def code_of(error: Exception) -> int:
    """The exit code of a command that an error ends."""
    return error.exit_code if isinstance(error, CaliberError) else 1


class Result:
    """What came of one site's crawl, to be told."""

    def __init__(self, name: str, crawl: Crawl) -> None:
        self.name, self.run = name, crawl.run
        self.error = _error(name, crawl)
        """What is to be said beside the summary, with an exit code of its own."""

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        assert self.run is not None
        return exit_code(self.run)

    def lines(self, *, named: bool) -> list[str]:
        """The summary, under the site's name where there are several."""
        lines = [] if self.run is None or self.run.accounts.outcome is None else summary(self.run)
        return [f"{self.name}: {lines[0]}", *lines[1:]] if named and lines else lines

    def account(self) -> dict[str, object]:
        """The same as JSON."""
        run = self.run
        if run is None:
            return {"site": self.name, "outcome": None, "why": str(self.error)}
        return {
            "run": run.id,
            "site": self.name,
            "outcome": run.accounts.outcome,
            "why": run.accounts.why,
            "unusual": [problem.message for problem in run.accounts.unusual],
            **run.accounts.counts,
        }

    def notice(self) -> dict[str, object]:
        """The account for whoever is notified."""
        return {**self.account(), "exit_code": self.exit_code, "summary": self.lines(named=False)}


def _error(name: str, crawl: Crawl) -> CaliberError | None:
    run = crawl.run
    if isinstance(crawl.error, CaliberError):
        return crawl.error
    if crawl.error is not None:
        return CaliberError(f"{name} met an error of this program: {type(crawl.error).__name__}: {crawl.error}.")
    if run is None or run.accounts.outcome is None:
        return CaliberError(f"{name}: stopped at once.")
    if run.accounts.unreachable:
        return SiteUnreachable(f"{run.accounts.why}.")
    return HALTS[run.accounts.halted.code](f"{run.accounts.why}.") if run.accounts.halted else None


def worst(codes: Iterable[int]) -> int:
    """One exit code for several crawls: the one trouble there was, 1 for trouble of several kinds; 3 is the least."""
    troubles = {code for code in codes if code}
    if len(troubles) > 1:
        troubles.discard(CHECKS_FAILED)
    return min(troubles, default=0) if len(troubles) <= 1 else 1


def visited(run: CrawlRun) -> int:
    """Article pages that were asked for."""
    met = sum(run.accounts.counts[outcome] for outcome in ("stored", "visited", "refused", "failed", "missing"))
    return met - run.accounts.counts["taken_up"]


def summary(run: CrawlRun) -> list[str]:
    """What the run did, in a few lines that add up."""
    counts = run.accounts.counts
    told = ("stored", "unchanged", "refused", "failed", *(("missing",) if counts["missing"] else ()), "left")
    outcomes = " + ".join(f"{name} {counts[name]:,}" for name in told)
    lines = [
        f"Run {run.id} {run.accounts.outcome}" + (f": {run.accounts.why}." if run.accounts.why else "."),
        f"discovered {counts['discovered']:,} = {outcomes}",
        f"  stored: {counts['new']:,} new articles, {counts['updated']:,} new versions of known ones",
        f"  unchanged: {counts['visited']:,} read again, {counts['held']:,} held already and not due",
        f"  requests: {visited(run):,} articles, {counts['pages'] - visited(run):,} pages that name articles",
    ]
    if counts["taken_up"]:
        lines.append(
            f"  from the archive: {counts['taken_up']:,} articles that a killed crawl had fetched and not read"
        )
    if counts["missing"]:
        lines.append(f"  missing: {counts['missing']:,} post numbers that lead nowhere")
    if counts["outside_scope"]:
        lines.append(f"  passed over: {counts['outside_scope']:,} mentions outside what was asked for")
    if counts["passed_over"]:
        lines.append(f"  passed over: {counts['passed_over']:,} addresses that are no articles of the site")
    if counts["sitemaps_later"]:
        lines.append(f"  later: {counts['sitemaps_later']:,} further site maps, left to the next runs")
    if counts["trapped"]:
        lines.append(f"  left out: {counts['trapped']:,} addresses that go on for ever (a trap)")
    if counts["problems"]:
        lines.append(f"  problems: {counts['problems']:,} (caliber status tells them by reason)")
    lines += [f"  unusual: {problem.message}" for problem in run.accounts.unusual]
    if not run.accounts.balanced:
        lines.append("  These numbers do not add up: please report it.")
    if counts["left"]:
        lines.append("  The same command goes on with what is left.")
    return lines


def exit_code(run: CrawlRun) -> int:
    """0 done, 1 failed, 3 too much refused, less than usual, a walk broken off, or numbers that do not add up."""
    asked_to_stop = run.dispatcher.limit_reached or run.dispatcher.revisits_used_up
    if run.accounts.outcome == "failed" or (run.accounts.outcome == "stopped" and not asked_to_stop):
        return 1
    # What was refused before says nothing new of the site.
    bad = run.accounts.counts["refused"] + run.accounts.counts["failed"] - run.accounts.counts["refused_again"]
    tolerated = max(TOLERATED_FAILURES * visited(run), FEW_FAILURES if run.scope.due_only else 0)
    sound = (
        not run.accounts.unusual
        and bad <= tolerated
        and not run.accounts.counts["broken_walks"]
        and run.accounts.balanced
    )
    return 0 if sound else CHECKS_FAILED
