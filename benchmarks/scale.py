"""Resources needed to follow many sites: python -m benchmarks.scale [--sites N]... [--articles-per-day N] [--years N]

A small simulation: hourly crawls visit one article as the revisit plan requires; the result is multiplied. The inputs
are measurements (:class:`Measured`), assumptions (:class:`Outlet`, :class:`Chosen`) and the plan. The output is in
docs/explanation/scale.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tabulate import tabulate

from caliber_crawler.revisit import next_visit
from caliber_crawler.site import Revisits

DAY, YEAR = timedelta(days=1), timedelta(days=365)
SECONDS_PER_DAY = 86_400
KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12
EXTRACTION_CORES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The assumed average site. Caliber.Az publishes about 223 articles per day in three editions."""

    articles_per_day: float = 50
    listings: int = 10
    """Listing pages fetched by every crawl."""
    crawls_per_day: int = 24
    older_articles: int = 100_000
    """Articles published earlier, to be fetched once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Measurements on one core of a shared machine with two cores; the program is given in brackets."""

    sent_bytes: float = 30 * KB
    """Compressed page on the network: pages of 82 to 252 KB took 16 to 46 KB [benchmarks/archive.py]."""
    body_bytes: float = 3.65 * KB
    """Page in an archive: the same pages took 2.7 to 4.6 KB [benchmarks/archive.py]."""
    article_bytes: float = 13.7 * KB
    """All other rows and indexes of a new article of 400 words, including its text and its search index
    [newsstand.create_archive: size of the file, without bodies]."""
    visit_bytes: float = 0.85 * KB
    """All other rows of another visit [newsstand.create_archive with ten more visits]."""
    request_s: float = 0.0098
    """CPU time per crawled page: 7.9 ms for a page of the demo site, from two crawls of 39 and 5 requests
    [benchmarks/cluster_jobs.py], and 1.9 ms to extract and compress a page of real size [benchmarks/extraction.py]."""
    job_s: float = 0.083
    """CPU time per job without its requests, from the same two crawls [benchmarks/cluster_jobs.py]."""
    extraction_s: float = 1 / 150
    """CPU time to extract a stored page of a generic site again [benchmarks/bulk.py]."""
    published_bytes: float = 4.8 * KB
    """What a job publishes for each article that it stores or visits [benchmarks/shard_costs.py]."""
    collected_s: float = 0.0025
    """CPU time to collect a new article or another visit [benchmarks/shard_costs.py]."""
    collect_s: float = 0.023
    """CPU time to collect a shard without news [benchmarks/shard_costs.py]."""
    job_statements: float = 4.8
    """PostgreSQL statements per job [benchmarks/cluster_jobs.py]."""
    job_database_s: float = 0.0016
    """Execution time of these statements [benchmarks/cluster_jobs.py]."""
    job_log_bytes: float = 2.1 * KB
    """PostgreSQL's write-ahead log per job [benchmarks/cluster.py]."""
    idle_statements_per_minute: float = 32
    """Statements of each worker with or without jobs: lease and background tasks [benchmarks/cluster_jobs.py]."""
    jobs_per_second: float = 220
    """Empty jobs that a worker runs from a queue of 8,000 while it shares two cores with PostgreSQL: the minimum of
    several runs; the maximum is 630 for two workers [benchmarks/cluster.py]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Assumptions that are chosen, not measured."""

    busy: float = 0.5
    """Average load of a core by crawling; the other half is for the hours when most sites publish."""
    collecting_h: float = 6
    """Maximum hours per day for collecting into one archive."""
    rewriting: float = 3
    """What is published relative to increments alone, at most: a whole shard is published again when the increments
    since the last one exceed half of it."""
    archive_bytes: float = 1 * TB
    """Maximum growth per year of a file that can still be copied, verified and moved in a night."""


def visits_of_an_article(age: timedelta, outlet: Outlet, plan: Revisits) -> int:
    """The number of fetches of an article up to an age, if crawls run at equal intervals and none is missed."""
    step = DAY / outlet.crawls_per_day
    published = datetime(2026, 1, 1, tzinfo=UTC)
    visited, visits = published + step, 1
    while True:
        due = next_visit(published, visited, plan)
        steps = -(-(due - published) // step)
        visited = published + steps * step
        if visited - published > age:
            return visits
        visits += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The resources per day for a number of sites, after some years."""

    sites: int
    years: float = 1
    outlet: Outlet = Outlet()
    measured: Measured = Measured()
    chosen: Chosen = Chosen()
    plan: Revisits = field(default_factory=Revisits)

    @property
    def articles(self) -> float:
        return self.sites * self.outlet.articles_per_day

    @property
    def visits(self) -> float:
        """Fetches of articles per day: the new articles of a day times the visits of one article in all its days."""
        return self.articles * visits_of_an_article(self.years * YEAR, self.outlet, self.plan)

    @property
    def listings(self) -> float:
        return self.sites * self.outlet.listings * self.outlet.crawls_per_day

    @property
    def requests(self) -> float:
        return self.visits + self.listings

    @property
    def jobs(self) -> float:
        return self.sites * self.outlet.crawls_per_day

    @property
    def growth(self) -> float:
        """Growth of the archives in bytes per day."""
        measured = self.measured
        visit_bytes = measured.body_bytes + measured.visit_bytes
        return self.articles * (measured.article_bytes - measured.visit_bytes) + self.requests * visit_bytes

    @property
    def cores(self) -> float:
        cpu_s = self.requests * self.measured.request_s + self.jobs * self.measured.job_s
        return cpu_s / SECONDS_PER_DAY / self.chosen.busy

    @property
    def published(self) -> float:
        """Bytes per day that jobs send to the shared storage, whole shards included."""
        return self.visits * self.measured.published_bytes * self.chosen.rewriting

    @property
    def collecting_s(self) -> float:
        """CPU time of a daily collect of all shards into one archive."""
        return self.sites * self.measured.collect_s + self.visits * self.measured.collected_s

    @property
    def statements_per_second(self) -> float:
        idle = max(1, self.cores) * self.measured.idle_statements_per_minute / 60
        return self.jobs * self.measured.job_statements / SECONDS_PER_DAY + idle

    @property
    def reextraction_s(self) -> float:
        """CPU time to extract every page of the last year again."""
        return self.visits * 365 * self.measured.extraction_s

    def rows(self) -> Iterator[tuple[str, str]]:
        """The rows of the table."""
        host = self.requests / self.sites
        yield "articles published per day", number(self.articles)
        yield "requests per day", number(self.requests)
        yield "requests per second, all hosts", number(self.requests / SECONDS_PER_DAY)
        yield "share of the day that one host is crawled (one request per second)", f"{host / SECONDS_PER_DAY:.1%}"
        yield "data received per day", size(self.requests * self.measured.sent_bytes)
        yield "growth of archives per day", size(self.growth)
        yield "growth of archives per year", size(self.growth * 365)
        yield (
            f"a shard after {self.years:g} years" if self.years != 1 else "a shard after a year",
            size(self.growth * 365 * self.years / self.sites),
        )
        yield "jobs per day", number(self.jobs)
        yield "published to the shared storage per day, at most", size(self.published)
        yield "PostgreSQL: statements per second", number(self.statements_per_second)
        yield (
            "PostgreSQL: load of one core by jobs",
            f"{self.jobs * self.measured.job_database_s / SECONDS_PER_DAY:.1%}",
        )
        yield "PostgreSQL: write-ahead log per day", size(self.jobs * self.measured.job_log_bytes)
        yield (
            "load of the queue, relative to its measured throughput",
            f"{self.jobs / SECONDS_PER_DAY / self.measured.jobs_per_second:.1%}",
        )
        yield f"cores for crawling, {self.chosen.busy:.0%} busy", number(self.cores)
        yield "time to collect the crawls of one day, one writer", duration(self.collecting_s)
        yield (
            f"time to re-extract the pages of one year, {EXTRACTION_CORES} cores",
            duration(self.reextraction_s / EXTRACTION_CORES),
        )


def max_sites_of_one_archive(outlet: Outlet | None = None, years: float = 1) -> tuple[int, int]:
    """The maximum number of sites for one archive, limited by the time to collect and by the growth per year."""
    one = Cost(sites=1, years=years, outlet=outlet or Outlet())
    collecting = one.chosen.collecting_h * 3600 / one.collecting_s
    return int(collecting), int(one.chosen.archive_bytes / (one.growth * 365))


def number(value: float) -> str:
    """Format a number with three digits, the precision of the measurements."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:,g}"


def size(value: float) -> str:
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        if value >= unit:
            return f"{number(value / unit)} {name}"
    return f"{number(value / KB)} KB"


def duration(seconds: float) -> str:
    for unit, name in ((SECONDS_PER_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{number(seconds / unit)} {name}"
    return f"{number(seconds)} seconds"


def table(costs: Sequence[Cost]) -> str:
    """A Markdown table with one column for each cost."""
    columns = [dict(cost.rows()) for cost in costs]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    heads = ["", *(f"{cost.sites:,} sites" for cost in costs)]
    return tabulate(
        rows, headers=heads, tablefmt="pipe", colalign=["left", *["right"] * len(costs)], disable_numparse=True
    )


def sentences(outlet: Outlet, years: float) -> Iterator[str]:
    """Further results, as sentences."""
    plan = Revisits()
    visits = visits_of_an_article(years * YEAR, outlet, plan)
    yield f"An article is fetched {visits} times in {number(365 * years)} days."
    yield (
        f"Fetching {outlet.older_articles:,} older articles of one site once, at one request per second, takes "
        f"{duration(outlet.older_articles)}."
    )
    collecting, size_of_file = max_sites_of_one_archive(outlet, years)
    chosen = Chosen()
    yield (
        f"One archive is sufficient for {number(collecting)} sites if collecting may take {chosen.collecting_h:g} hours"
        f" per day, and for {number(size_of_file)} sites if it may grow by {size(chosen.archive_bytes)} per year."
    )


def report(costs: Sequence[Cost], outlet: Outlet, years: float) -> str:
    """The table and the sentences, in Markdown."""
    return "\n".join([table(costs), "", *(f"- {sentence}" for sentence in sentences(outlet, years))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, action="append")
    parser.add_argument("--articles-per-day", type=float, default=Outlet().articles_per_day)
    parser.add_argument("--years", type=float, default=1)
    options = parser.parse_args()
    outlet = Outlet(articles_per_day=options.articles_per_day)
    costs = [Cost(sites=sites, years=options.years, outlet=outlet) for sites in options.sites or (1_000, 100_000)]
    print(report(costs, outlet, options.years))


if __name__ == "__main__":
    main()
