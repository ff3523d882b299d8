"""Numbers in the documentation that the code decides are those of the code."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from caliber_crawler import settings, throttle
from caliber_crawler.alerts import delivery
from caliber_crawler.archive.analysis.copies import shingles, sketches
from caliber_crawler.archive.analysis.editions import matching
from caliber_crawler.archive.analysis.names import names as found_names
from caliber_crawler.archive.analysis.names import quotations
from caliber_crawler.archive.analysis.names import search as name_search
from caliber_crawler.archive.pages import dictionaries
from caliber_crawler.archive.reports import baselines, site_reports
from caliber_crawler.archive.search import ranking
from caliber_crawler.archive.upkeep import file_repair
from caliber_crawler.browse import limits, public
from caliber_crawler.bulk import engines, parts
from caliber_crawler.cluster import crawler, jobs, publication, shards, worker
from caliber_crawler.crawling import accounts, commits, health, settlement
from caliber_crawler.discovery import exploration, explored_links
from caliber_crawler.exploration import confirmed, walk
from caliber_crawler.export import workbook
from caliber_crawler.extraction import checks, page
from caliber_crawler.fetching import download_handler, scrolling
from caliber_crawler.middlewares import robots
from caliber_crawler.notification import deadline
from caliber_crawler.page_files import har, saved_page
from caliber_crawler.processes.limits import PAGE_LIMITS
from caliber_crawler.site import Links, Revisits, Sitemaps
from caliber_crawler.site.layouts import ListingLayout
from caliber_crawler.site.urls import MAX_URL_LENGTH
from caliber_crawler.warc import content, rotation
from tests.tooling.repository import ROOT

MB = 1024 * 1024
WORDS = {1: "one", 2: "two", 3: "three", 5: "five", 8: "eight", 10: "ten", 12: "twelve", 16: "sixteen", 50: "fifty"}
REVISITS = Revisits()
(MAX_SCROLLS,) = (field.default for field in fields(ListingLayout) if field.name == "max_scrolls")


def hours() -> str:
    return ", ".join(str(age // timedelta(hours=1)) for age in REVISITS.ages if age < timedelta(days=1))


def days() -> str:
    return ", ".join(str(age.days) for age in REVISITS.ages if age >= timedelta(days=1))


def stated(sentence: str, is_true: bool) -> str:
    """A sentence in words; another one if it is not true any more."""
    return sentence if is_true else f"no longer: {sentence}"


SENTENCES = {
    "README.md": [stated("One request per second", settings.DOWNLOAD_DELAY == 1)],
    "docs/explanation/discovery.md": [
        f"| `TRAP_VARIANTS` | {settings.TRAP_VARIANTS} |",
        f"| `TRAP_SEGMENTS` | {settings.TRAP_SEGMENTS} |",
        f"| `TRAP_PARAMETERS` | {settings.TRAP_PARAMETERS} |",
        f"| `TRAP_PAGES` | {settings.TRAP_PAGES:,} |",
        f"| `Links(depth=…)` | {Links().depth} |",
        f"{Sitemaps().max_sitemaps} per run, the rest in the next run",
        f"{WORDS[int(settings.CDX_DELAY)]} seconds (`CDX_DELAY`)",
        f"counts as unknown if it is before {checks.MIN_YEAR} or later than tomorrow",
        f"at most {walk.MAX_CANDIDATES:,} links are remembered, and the frontier is read in portions of"
        f" {explored_links.PORTION:,} waiting links",
        f"learned from the last {explored_links.MAX_RECALLED:,} pages",
        f"the {WORDS[explored_links.MAX_LISTS_AGAIN]} lists that named most articles",
        f"{WORDS[exploration.MAX_OUTSIDE]} articles in a row that are older",
        f"at least {confirmed.DATED_SHARE:.0%}".replace("%", " %"),
        f"(of {WORDS[confirmed.MIN_CONFIRMED]} or more)",
        f"at most {MAX_SCROLLS} times, {scrolling.MAX_TEASERS:,} teasers or {scrolling.MAX_SECONDS / 60:.0f} minutes",
        f"at most {settings.REVISITS_MAX:,} visits",
        f"after {hours()} hours, {days()} days, then quarterly",
        f"fell by {health.MAX_COVERAGE_DROP * 100:.0f} percentage points",
        stated("less than half as many teasers", health.MIN_TEASER_SHARE == 0.5),
        stated("less than a quarter of the usual number", health.MIN_NEWS_SHARE == 0.25),
        stated("more than one page in twenty", accounts.MAX_FAILED_SHARE == 0.05),
    ],
    "docs/explanation/hostile.md": [
        f"URL longer than {MAX_URL_LENGTH:,} characters",
        f"decompression stops at {settings.DOWNLOAD_MAXSIZE // MB} MiB",
        f"or at {download_handler.MAX_HEADER_BYTES // 1024} KiB of headers",
        f"{settings.DOWNLOAD_TIMEOUT} s per page",
        f"{WORDS[settings.RETRY_TIMES + 1]} attempts",
        f"at most {settings.BACKOFF_MAX / 60:.0f} minutes; {WORDS[settings.BACKOFF_TRIES]} in a row end the run",
        f"the first {robots.MAX_ROBOTS_BYTES // 1024} KiB count; at most {WORDS[int(throttle.MAX_DELAY / 60)]} minutes",
        f"{WORDS[settings.FAILURES_MAX]} failures in a row",
        f"takes more than {PAGE_LIMITS.cpu_seconds:.0f} s of CPU time",
        f"or {PAGE_LIMITS.wall_seconds:.0f} s by the clock",
        f"takes more than {PAGE_LIMITS.memory // MB // 1024} GiB of memory",
        f"more than {page.MAX_TEXT_BYTES // 1_000_000} MB, an article of more than"
        f" {checks.MAX_LENGTH // 1_000_000} million characters or {checks.MAX_REFERENCES:,} links and images,"
        f" a headline of more than {checks.MAX_TITLE_LENGTH:,} characters",
        stated("fetched again after a day", settings.ROBOTSTXT_MAX_AGE == 86_400),
        stated("holds up the whole crawl for a minute", settings.STALL_TIMEOUT == 60),
    ],
    "docs/guides/pipelines.md": [
        f"| CPU time | {PAGE_LIMITS.cpu_seconds:.0f} s |",
        f"| wall-clock time | {PAGE_LIMITS.wall_seconds:.0f} s |",
        f"| additional memory | {PAGE_LIMITS.memory // MB // 1024} GiB of address space |",
    ],
    "docs/guides/browsing.md": [
        stated("the newest thousand hits in headline", ranking.MAX_RANKED_HEADLINES == 1_000),
        f"limited to {int(public.TIME_LIMITS['sql_time_limit_ms']) / 1000:g} s, {limits.MAX_VALUE_BYTES // MB} MB a"
        f" value, {limits.MAX_RESULT_BYTES // MB} MB a result, {limits.MAX_SQL_BYTES // 1000} kB of SQL, and"
        f" {limits.MAX_HEAP_BYTES // MB} MB of memory",
        f"Search ranks up to {ranking.MAX_RANKED:,} hits completely",
    ],
    "docs/guides/cluster.md": [
        f"(`--lease {worker.LEASE:.0f}`: {worker.LEASE * 1.25:.0f} s)",
        f"(`--back-off`), {WORDS[jobs.MAX_ATTEMPTS]} times",
        f"given up after {WORDS[jobs.MAX_ATTEMPTS]} attempts",
        f"after {shards.MAX_PARTS} files, a whole archive is published again",
        f"({WORDS[len(publication.PAUSES)]} pauses, 1/8 to {publication.PAUSES[-1]} times `--back-off`)",
        stated(
            "The worker tries to publish for four minutes", 3.5 < sum(publication.PAUSES) * jobs.BACK_OFF / 60 < 4.5
        ),
        stated("for at most seven days", crawler.UNPUBLISHED_DAYS == 7),
        stated("every five minutes", worker.PING_INTERVAL == 300),
    ],
    "docs/guides/bulk.md": [
        f"or each {parts.PART_BYTES // MB} MiB of a larger one",
        f"retried up to {WORDS[engines.MAX_RETRIES]} times",
    ],
    "docs/guides/alerts.md": [
        f"newest {delivery.FEED_ENTRIES} events",
        f"at most {delivery.BATCH} events",
        f"at most {deadline.TIMEOUT:.0f} seconds",
    ],
    "docs/guides/attention.md": [f"{hours()} hours, {', '.join(days().split(', ')[:4])} days after publication"],
    "docs/guides/copies.md": [
        f"every run of {WORDS[shingles.SHINGLE_WORDS]} words",
        f"similarity of at least {shingles.SIMILAR}",
        f"containment of at least {shingles.CONTAINED}",
        f"fewer than {shingles.MIN_WORDS} words",
        f"one in {WORDS[shingles.SAMPLE]} runs of {WORDS[shingles.RUN_WORDS]} words",
        f"more than {sketches.MAX_OF_KEY} first articles",
    ],
    "docs/guides/editions.md": [
        f"within {matching.MAX_HOURS} hours",
        f"the evidence is at least {matching.MIN_EVIDENCE:.0f} and at least {matching.MIN_SHARE * 100:.0f} %",
        f"it is {matching.MIN_LEAD} times that of the second best pair",
        f"e^(−evidence/{matching.SCALE:.0f})",
    ],
    "docs/guides/exports.md": [
        f"More than {workbook.MAX_ROWS - 1:,} rows",
        f"more than {workbook.MAX_CELL:,} characters",
    ],
    "docs/guides/names.md": [
        f"commits every {name_search.BATCH_SIZE}",
        f"a whole sentence of at least {WORDS[quotations.MIN_WORDS_ALONE]} words",
        f"the names in most articles ({found_names.MAX_NODES},",
    ],
    "docs/guides/schedule.md": [
        f"the last {site_reports.DAYS} days",
        f"the median of the {site_reports.DAYS - 1} such periods before",
        f"more than {baselines.MAX_COVERAGE_DROP * 100:.0f} percentage points, on at least {baselines.MIN_PAGES} pages",
        stated("the three crawls before it", site_reports.COVERAGE_RUNS - 1 == 3),
    ],
    "docs/explanation/politeness.md": [
        stated("The second challenge ends the run", settlement.MAX_CHALLENGES == 2),
        stated("One request per second and host", settings.DOWNLOAD_DELAY == 1),
        stated("fetched again after a day", settings.ROBOTSTXT_MAX_AGE == 86_400),
    ],
    "docs/guides/web-archives.md": [
        f"among its entries, up to {har.MAX_HAR_BYTES // MB} MiB",
        f"as browsers save it, up to {saved_page.MAX_MHTML_BYTES // MB} MiB",
        f"more than {content.MAX_CONTENT_BYTES // MB} MiB, compressed or decompressed",
        f"reaches `--max-size` ({rotation.MAX_FILE_BYTES // 1_000_000_000} GB)",
    ],
    "docs/explanation/architecture.md": [
        f"up to {WORDS[dictionaries.MAX_PAGES]} earlier pages",
        f"within {WORDS[round(commits.COMMIT_INTERVAL * 1000)]} milliseconds",
        stated("at most half a second", commits.SYNC_INTERVAL == 0.5),
        f"has stayed for {WORDS[settings.LASTING_DAYS]} days",
        f"ranks up to {ranking.MAX_RANKED:,} hits completely",
    ],
    "docs/explanation/damage.md": [f"at most {file_repair.MAX_FINDINGS:,} findings"],
    "docs/glossary.md": [f"a run of {WORDS[shingles.SHINGLE_WORDS]} words"],
}


@pytest.mark.parametrize(
    ("document", "sentence"), [(document, each) for document, found in SENTENCES.items() for each in found]
)
def test_a_number_in_a_document_is_that_of_the_code(document: str, sentence: str) -> None:
    text = " ".join((ROOT / document).read_text("utf-8").split())
    assert sentence
    assert " ".join(sentence.split()) in text
