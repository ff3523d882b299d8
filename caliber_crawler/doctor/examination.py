"""Compare a live site with its definition: fetch a sample and judge its pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.crawling.run_error import run_error
from caliber_crawler.discovery.healed_facts import healed_facts
from caliber_crawler.doctor.corrections import healed_findings
from caliber_crawler.doctor.judgement import Finding, Page, check_site
from caliber_crawler.doctor.sampling import Sampling, sample_spider
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.trial_crawl import Progress, Trial, trial_crawl


def check_live_site(
    spider: type[NewsSpider],
    memory: Path,
    *,
    base_url: str = "",
    section: str = "",
    delay: float | None = None,
    progress: Progress = lambda crawls: None,
) -> list[Finding]:
    """Fetch a sample of a site and judge it.

    ``memory`` is the path of the user's archive, which may be missing. Raises the error of the crawl if no page was
    fetched.
    """
    options = CrawlOptions(base_url=base_url, section=section or next(iter(spider.site.default_sections), ""))
    site = options.site(spider.site)
    plan = Sampling(_known_number(memory, site.name))
    with trial_crawl(sample_spider(spider), plan, memory, options=options, delay=delay, progress=progress) as trial:
        pages = list(_pages(trial, plan))
        healed = list(healed_facts(trial.archive, site))
    error = run_error(trial.run)
    if error is not None and not pages:
        raise error
    if memory.exists():
        with Archive.open(memory) as archive:
            healed += [fact for fact in healed_facts(archive, site) if fact not in healed]
    findings = [*check_site(pages, site), *healed_findings(healed, site)]
    if error is not None:
        findings.insert(0, Finding(site.base_url, False, str(error).rstrip("."), "try again later"))
    return findings or [Finding(site.base_url, False, "nothing was fetched", "correct base_url and the sections")]


def _known_number(memory: Path, site: str) -> tuple[str, int] | None:
    if not memory.exists():
        return None
    with Archive.open(memory, mode="write") as archive:  # like the trial crawl: it may need a migration
        return archive.articles.latest_post_number(site)


def _pages(trial: Trial, plan: Sampling) -> Iterator[Page]:
    assert plan.probes is not None
    for capture in trial.archive.captures.each():
        entry = trial.archive.frontier.get(capture.url)
        assert entry is not None
        source = plan.probes.requested.get(capture.url, entry.discovered_via)
        yield Page(
            capture=capture, discovered_via=source, page_number=entry.page_number, sure=plan.probes.known is not None
        )
