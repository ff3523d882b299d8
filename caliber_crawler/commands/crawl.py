"""``caliber crawl``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.commands.crawl_options import CrawlCommand, takes
from caliber_crawler.commands.notification import ALL_SITES, Notice, notify, ping, resend
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.exit_code import exit_code
from caliber_crawler.crawling.run_error import run_error
from caliber_crawler.errors import CHECKS_FAILED, ArchiveLocked, CaliberError, SiteUnreachable
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.settings import Settings

    from caliber_crawler.crawl_process import Crawl
    from caliber_crawler.crawling.run import CrawlRun
    from caliber_crawler.news_spider import NewsSpider

MAX_NAMED = 5
"""Maximum number of sites that a message about all sites of a command names."""
PAGE_CRAWL_LIMIT = 50
"""Default maximum number of articles of a crawl that starts at the URL of a page."""
OPTIONAL_LINES = {
    "resumed": (
        "resumed",
        "article that a killed crawl had fetched and not processed",
        "articles that a killed crawl had fetched and not processed",
    ),
    "missing": ("missing", "post ID without a page", "post IDs without a page"),
    "out_of_scope": ("skipped", "out-of-scope link", "out-of-scope links"),
    "not_articles": ("skipped", "URL that is not an article of the site", "URLs that are not articles of the site"),
    "invalid_entries": ("skipped", "entry of a list without a valid URL", "entries of lists without a valid URL"),
    "sitemaps_deferred": (
        "postponed",
        "further sitemap, to be fetched by the next runs",
        "further sitemaps, to be fetched by the next runs",
    ),
    "dead_links": ("skipped", "link that did not lead to an article", "links that did not lead to an article"),
    "trapped": ("skipped", "URL that looks endless (a trap)", "URLs that look endless (a trap)"),
    "problems": (
        "problems",
        "noted (caliber status lists it by reason)",
        "noted (caliber status lists them by reason)",
    ),
}
"""Lines of the summary for counts that are not zero: the label, what is counted, and its plural."""


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@archive_option
@takes(CrawlCommand)
@json_option
def crawl(options: CrawlCommand) -> None:
    """Fetch new articles of each SITE, and revisit those that are due.

    SITE is the name of a site with a site definition (default: caliber), or the URL of any page of any site, with or
    without https://: a site without a definition is explored from there, until its pages name no new articles. Several
    sites are crawled in parallel; a failure on one site does not affect the others.

    The archive stores each raw page before it is extracted. Stop or kill a crawl at any time: the next one resumes
    where it left off. Rate limit: one request per second and site, no concurrency; robots.txt is obeyed.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber crawl --section analytics --language en --since 2026-01-01
      grep /post/ links.txt | caliber crawl --urls -
      caliber crawl example.org --requests 2000
      caliber crawl --sites sites.txt --limit 500
      caliber crawl --all --due
    """
    from caliber_crawler.commands.alerts import send_alerts
    from caliber_crawler.commands.crawling import run_crawls
    from caliber_crawler.crawling.liveness import hanging_crawl
    from caliber_crawler.known_sites import known_spiders, project_settings
    from caliber_crawler.settings import user_agent

    settings = project_settings(
        **options.as_settings(),
        **({"USER_AGENT": user_agent(options.contact)} if options.contact else {}),
        ARCHIVE=str(options.archive),
        LOG_LEVEL="INFO" if options.verbose else "ERROR",
    )
    crawls = crawls_of(options, settings)

    subject = next(iter(crawls)) if len(crawls) == 1 else ALL_SITES
    names = ", ".join(crawls) if len(crawls) <= MAX_NAMED else quantity(len(crawls), "site")
    account: dict[str, object] = {"site": names, "outcome": None}

    def notify_error(error: Exception, why: str) -> None:
        if options.ping:
            ping(options.ping, is_healthy=False)
        if options.notify:
            code = code_of(error)
            notice = Notice(subject, SiteState(code), None, {**account, "why": why, "exit_code": code})
            notify(options.notify, options.archive, [notice])

    if options.notify:
        resend(options.notify, options.archive)
    try:
        run_crawls(list(crawls.values()), settings, parallel=options.parallel)
    except ArchiveLocked as error:
        # A crawl that is running and alive posts its own summary.
        if why := hanging_crawl(options.archive):
            echo(why, err=True)
            notify_error(error, why)
        raise
    except Exception as error:
        notify_error(error, str(error))
        raise
    results = [Result(name, crawl) for name, crawl in crawls.items()]
    if options.notify:
        notices = [result.notice() for result in results]
        if subject == ALL_SITES:
            healthy = SiteState(0)
            notices.insert(
                0, Notice(subject, healthy, healthy, {**account, "why": "Crawls start again.", "exit_code": 0})
            )
        notify(options.notify, options.archive, notices)
    if options.ping:
        ping(options.ping, is_healthy=all(result.exit_code == 0 for result in results))
    if options.as_json:
        accounts = [result.account() for result in results]
        echo_json(accounts if len(accounts) > 1 or options.all else accounts[0])
    for result in results:
        if not options.as_json and (lines := result.lines(named=len(results) > 1)):
            echo("\n".join(lines))
        if result.error is not None:
            echo(f"Error: {result.error}", err=True)
        if isinstance(result.error, SiteUnreachable):
            echo("Check the URL and the network connection, then run the same command again.", err=True)
    send_alerts(options.archive)
    failed = known_spiders(settings).errors if options.all else {}
    sys.exit(worst([*(result.exit_code for result in results), *(error.exit_code for error in failed.values())]))


def crawls_of(options: CrawlCommand, settings: Settings) -> dict[str, Crawl]:
    """The crawls of a command, by the name or URL that was given. Raises usage errors and :class:`SiteError`."""
    from caliber_crawler.known_sites import (
        is_scheme_assumed,
        known_spiders,
        sites_in,
        spider_among,
        spider_over_http,
        start_url,
    )
    from caliber_crawler.spiders import DEFAULT_SITE

    if options.all and (options.sites or options.sites_file):
        raise click.UsageError("--all crawls every site; do not name a site as well.")
    spiders = known_spiders(settings)
    listed = sites_in(Path(options.sites_file)) if options.sites_file else {}
    given = {start_url(name, spiders): is_scheme_assumed(name, spiders) for name in options.sites}
    assumed = {**listed, **given}
    names = list(dict.fromkeys(spiders if options.all else [*given, *listed] or [DEFAULT_SITE]))
    if len(names) > 1 and (options.base_url or "-" in (options.urls, options.cdx)):
        raise click.UsageError("--base-url and URLs from standard input apply to one site; name only one.")
    crawls = {name: _crawl_of(spider_among(spiders, name), name, options) for name in names}
    for name, crawl in crawls.items():
        if assumed.get(name):
            crawl.over_http = spider_over_http(name.removeprefix("https://"), spiders)
    return crawls


def _crawl_of(spider: type[NewsSpider], name: str, options: CrawlCommand) -> Crawl:
    """The crawl of one site; from the URL of a page of a known site, its limit is :data:`PAGE_CRAWL_LIMIT`."""
    from caliber_crawler.crawl_process import Crawl

    is_page = "://" in name and spider.site.has_layouts
    return Crawl(
        spider=spider, options=replace(options, limit=options.limit or PAGE_CRAWL_LIMIT) if is_page else options
    )


def code_of(error: Exception) -> int:
    """The exit code of a command that ends with an error."""
    return error.exit_code if isinstance(error, CaliberError) else 1


class Result:
    """The outcome of one site's crawl, for people and as JSON."""

    def __init__(self, name: str, crawl: Crawl) -> None:
        self.name, self.run, self.remark = name, crawl.run, crawl.remark
        self.error = _error(name, crawl)
        """An error that is printed after the summary and decides the exit code."""

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        assert self.run is not None
        return exit_code(self.run)

    def lines(self, *, named: bool) -> list[str]:
        """The lines of the summary; the first begins with the site's name if ``named``."""
        lines = [] if self.run is None or self.run.accounts.outcome is None else summary(self.run)
        if lines and self.remark:
            lines.insert(1, f"  scheme: {self.remark}")
        return [f"{self.name}: {lines[0]}", *lines[1:]] if named and lines else lines

    def account(self) -> dict[str, object]:
        """The outcome as JSON."""
        run = self.run
        if run is None:
            return {"site": self.name, "outcome": None, "why": str(self.error)}
        return {
            "run": run.id,
            "site": self.name,
            "outcome": run.accounts.outcome,
            "why": run.accounts.why,
            "replaced": run.accounts.replaced,
            "anomalies": [problem.message for problem in run.accounts.anomalies],
            **({"scheme": self.remark} if self.remark else {}),
            **run.accounts.counts,
        }

    def notice(self) -> Notice:
        """The state of the site, and the account that is sent to the operator if it is news."""
        state, before = (None, None) if self.run is None else (self.run.state, self.run.state_before)
        state = state or SiteState(self.exit_code)
        account = {
            **self.account(),
            "alarms": list(state.alarms),
            "exit_code": self.exit_code,
            "summary": self.lines(named=False),
        }
        return Notice(self.name, state, before, account)


def _error(name: str, crawl: Crawl) -> CaliberError | None:
    run = crawl.run
    if isinstance(crawl.error, CaliberError):
        return crawl.error
    if crawl.error is not None:
        return CaliberError(f"{name}: internal error: {type(crawl.error).__name__}: {crawl.error}. Please report it.")
    if run is None or run.accounts.outcome is None:
        return CaliberError(f"{name}: stopped before the crawl began.")
    return run_error(run)


def worst(codes: Iterable[int]) -> int:
    """One exit code for several crawls: the only one that is not 0, or 1 if they differ. Others override 3."""
    failures = {code for code in codes if code}
    if len(failures) > 1:
        failures.discard(CHECKS_FAILED)
    return min(failures, default=0) if len(failures) <= 1 else 1


def summary(run: CrawlRun) -> list[str]:
    """The counts of a run in a few lines. They add up."""
    accounts, counts = run.accounts, run.accounts.counts
    reported = ("stored", "unchanged", "refused", "failed", *(("missing",) if counts["missing"] else ()), "remaining")
    outcomes = " + ".join(f"{name} {counts[name]:,}" for name in reported)
    lines = [
        f"Run {run.id} {accounts.outcome}" + (f": {accounts.why}." if accounts.why else "."),
        f"discovered {counts['discovered']:,} = {outcomes}",
        f"  stored: {quantity(counts['new'], 'new article')}, {quantity(counts['updated'], 'new version')} of"
        f" known articles",
        f"  unchanged: {counts['revisited']:,} revisited, {counts['not_due']:,} already archived and not due",
        f"  requests: {quantity(accounts.visited, 'article')},"
        f" {quantity(counts['pages'] - accounts.visited, 'listing page')}",
    ]
    lines += [
        f"  {label}: {quantity(counts[name], thing, things)}"
        for name, (label, thing, things) in OPTIONAL_LINES.items()
        if counts[name]
    ]
    lines += [f"  healed: {sentence}" for sentence in accounts.replaced]
    lines += exploration_lines(run)
    lines += [f"  unusual: {problem.message}" for problem in accounts.anomalies]
    if not accounts.balanced:
        lines.append("  These numbers do not add up; please report it.")
    if counts["remaining"]:
        lines.append("  Run the same command again to resume.")
    return lines


def exploration_lines(run: CrawlRun) -> list[str]:
    """What an exploration found, and what it leaves."""
    if run.explorer is None:
        return []
    counts = run.accounts.counts
    size, known = counts["site_size"], counts["articles_known"]
    share = f" ({known / size:.0%})" if size else ""
    lines = [f"  site: at least {quantity(size, 'article')}, of which {known:,}{share} are known to be stored"]
    if counts["articles_left"] or counts["lists_left"]:
        why = "" if run.accounts.outcome != "finished" else "; pages like them named no new articles"
        articles = quantity(counts["articles_left"], "probable article")
        lines.append(f"  not requested: {articles} and {quantity(counts['lists_left'], 'other page')}{why}")
    return lines
