"""What it takes to follow many sites: python -m benchmarks.scale [--sites N]... [--articles-a-day N] [--years N]

A small simulation: one article is visited as the revisit plan says, by crawls once an hour; the rest is multiplied.
What goes in was measured (:class:`Measured`), is chosen (:class:`Outlet`), or is the plan itself. docs/scale.md shows
what comes out.
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
SECONDS_A_DAY = 86_400
KB, MB, GB, TB = 1e3, 1e6, 1e9, 1e12
CORES_TO_READ = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A site as it is presumed to be on average; Caliber.Az publishes about 223 articles a day, in three editions."""

    articles_a_day: float = 50
    listings: int = 10
    """Listing pages that are looked at in every crawl."""
    crawls_a_day: int = 24
    older_articles: int = 100_000
    """What it has published before, to be fetched once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured, on one core of a shared machine with two; in brackets, with what."""

    sent_bytes: float = 30 * KB
    """Of a page over the wire, compressed: pages of 82 to 252 KB took 16 to 46 KB [benchmarks/archive.py]."""
    body_bytes: float = 3.65 * KB
    """Of a page in an archive: the same pages took 2.7 to 4.6 KB [benchmarks/archive.py]."""
    article_bytes: float = 13.7 * KB
    """Of all other rows and indexes of a new article of 400 words, its text and its search index among them
    [newsstand.made: size of the file, without bodies]."""
    visit_bytes: float = 0.85 * KB
    """Of all other rows of a further visit [newsstand.made with ten visits more]."""
    request_s: float = 0.0098
    """Of a processor for each page crawled: 7.9 ms for one of the demo site's, by two crawls of 39 and of 5 requests
    [benchmarks/cluster_jobs.py], and 1.9 ms more to read and pack one of real size [benchmarks/extraction.py]."""
    job_s: float = 0.083
    """Of a processor for each job besides its requests, by the same two crawls [benchmarks/cluster_jobs.py]."""
    read_s: float = 1 / 150
    """Of a processor to read a kept page once more, of any site [benchmarks/bulk.py]."""
    merged_article_s: float = 1 / 2_140
    """Of a processor to merge an article that is new [benchmarks/bulk.py]."""
    merged_visit_s: float = 1 / 970
    """Of a processor to merge a further visit of a known article [benchmarks/bulk.py]."""
    job_statements: float = 4.8
    """That PostgreSQL runs for each job [benchmarks/cluster_jobs.py]."""
    job_database_s: float = 0.0016
    """That these take it [benchmarks/cluster_jobs.py]."""
    job_log_bytes: float = 2.1 * KB
    """Of PostgreSQL's write-ahead log for each job [benchmarks/cluster.py]."""
    idle_statements_a_minute: float = 32
    """Of each worker, jobs or none: its lease, and its duties towards others [benchmarks/cluster_jobs.py]."""
    jobs_a_second: float = 220
    """That a worker takes from a queue of 8,000 and ends, when the jobs are nothing else and it shares two cores with
    PostgreSQL: the least of some runs, the most being 630 for two workers [benchmarks/cluster.py]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is chosen, not measured."""

    busy: float = 0.5
    """The part of a core that crawling may take: the other half is for the hours at which everybody publishes."""
    merging_h: float = 6
    """Hours a day that merging into one archive may take."""
    archive_bytes: float = 1 * TB
    """Up to which one file is copied, verified and moved in a night."""


def visits_of_an_article(age: timedelta, outlet: Outlet, plan: Revisits) -> int:
    """How often an article was fetched at some age, when crawls come in equal steps and never miss one."""
    step = DAY / outlet.crawls_a_day
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
    """What so many sites cost a day, after some years."""

    sites: int
    years: float = 1
    outlet: Outlet = Outlet()
    measured: Measured = Measured()
    chosen: Chosen = Chosen()
    plan: Revisits = field(default_factory=Revisits)

    @property
    def articles(self) -> float:
        return self.sites * self.outlet.articles_a_day

    @property
    def visits(self) -> float:
        """Fetches of articles. Every day some of each age are visited: as many as one article is in all its days."""
        return self.articles * visits_of_an_article(self.years * YEAR, self.outlet, self.plan)

    @property
    def listings(self) -> float:
        return self.sites * self.outlet.listings * self.outlet.crawls_a_day

    @property
    def requests(self) -> float:
        return self.visits + self.listings

    @property
    def jobs(self) -> float:
        return self.sites * self.outlet.crawls_a_day

    @property
    def growth(self) -> float:
        """Bytes that archives grow by."""
        measured = self.measured
        kept = measured.body_bytes + measured.visit_bytes
        return self.articles * (measured.article_bytes - measured.visit_bytes) + self.requests * kept

    @property
    def cores(self) -> float:
        spent = self.requests * self.measured.request_s + self.jobs * self.measured.job_s
        return spent / SECONDS_A_DAY / self.chosen.busy

    @property
    def merging_s(self) -> float:
        """Seconds of the one process that writes, if all becomes one archive."""
        return (
            self.articles * self.measured.merged_article_s
            + (self.visits - self.articles) * self.measured.merged_visit_s
        )

    @property
    def statements_a_second(self) -> float:
        idle = max(1, self.cores) * self.measured.idle_statements_a_minute / 60
        return self.jobs * self.measured.job_statements / SECONDS_A_DAY + idle

    @property
    def reading_again_s(self) -> float:
        """Seconds of a processor to read every page of the last year once more."""
        return self.visits * 365 * self.measured.read_s

    def rows(self) -> Iterator[tuple[str, str]]:
        """What is told of it."""
        host = self.requests / self.sites
        yield "articles published a day", number(self.articles)
        yield "requests a day", number(self.requests)
        yield "requests a second, all hosts together", number(self.requests / SECONDS_A_DAY)
        yield "of a day, one host is asked (one request a second)", f"{host / SECONDS_A_DAY:.1%}"
        yield "received a day", size(self.requests * self.measured.sent_bytes)
        yield "archives grow by, a day", size(self.growth)
        yield "archives grow by, a year", size(self.growth * 365)
        yield "jobs a day", number(self.jobs)
        yield "PostgreSQL: statements a second", number(self.statements_a_second)
        yield "PostgreSQL: of one core, for jobs", f"{self.jobs * self.measured.job_database_s / SECONDS_A_DAY:.1%}"
        yield "PostgreSQL: write-ahead log a day", size(self.jobs * self.measured.job_log_bytes)
        yield (
            "of the jobs that the queue sustained here",
            f"{self.jobs / SECONDS_A_DAY / self.measured.jobs_a_second:.1%}",
        )
        yield f"cores that crawl, {self.chosen.busy:.0%} busy", number(self.cores)
        yield "one writer merges a day's crawls in", duration(self.merging_s)
        yield f"{CORES_TO_READ} cores read a year's pages again in", duration(self.reading_again_s / CORES_TO_READ)


def one_archive_ends(outlet: Outlet | None = None, years: float = 1) -> tuple[int, int]:
    """For how many sites one archive is enough: by what merging may take, and by what a file may grow to in a year."""
    one = Cost(sites=1, years=years, outlet=outlet or Outlet())
    merging = one.chosen.merging_h * 3600 / one.merging_s
    return int(merging), int(one.chosen.archive_bytes / (one.growth * 365))


def number(value: float) -> str:
    """Three digits: more were never measured."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:,g}"


def size(value: float) -> str:
    for unit, name in ((TB, "TB"), (GB, "GB"), (MB, "MB")):
        if value >= unit:
            return f"{number(value / unit)} {name}"
    return f"{number(value / KB)} KB"


def duration(seconds: float) -> str:
    for unit, name in ((SECONDS_A_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{number(seconds / unit)} {name}"
    return f"{number(seconds)} seconds"


def table(costs: Sequence[Cost]) -> str:
    """The costs side by side, in Markdown."""
    columns = [dict(cost.rows()) for cost in costs]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    heads = ["", *(f"{cost.sites:,} sites" for cost in costs)]
    return tabulate(
        rows, headers=heads, tablefmt="pipe", colalign=["left", *["right"] * len(costs)], disable_numparse=True
    )


def sentences(outlet: Outlet, years: float) -> Iterator[str]:
    """What else is to be known."""
    plan = Revisits()
    visits = visits_of_an_article(years * YEAR, outlet, plan)
    yield f"An article is fetched {visits} times in {number(365 * years)} days."
    yield (
        f"To fetch {outlet.older_articles:,} older articles of one site, once, at one request a second, takes "
        f"{duration(outlet.older_articles)}."
    )
    merging, size_of_file = one_archive_ends(outlet, years)
    chosen = Chosen()
    yield (
        f"One archive is enough for {number(merging)} sites, if merging may take {chosen.merging_h:g} hours a day, "
        f"and for {number(size_of_file)}, if it may grow by {size(chosen.archive_bytes)} a year."
    )


def report(costs: Sequence[Cost], outlet: Outlet, years: float) -> str:
    """All of it, in Markdown."""
    return "\n".join([table(costs), "", *(f"- {sentence}" for sentence in sentences(outlet, years))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, action="append")
    parser.add_argument("--articles-a-day", type=float, default=Outlet().articles_a_day)
    parser.add_argument("--years", type=float, default=1)
    options = parser.parse_args()
    outlet = Outlet(articles_a_day=options.articles_a_day)
    costs = [Cost(sites=sites, years=options.years, outlet=outlet) for sites in options.sites or (1_000, 100_000)]
    print(report(costs, outlet, options.years))


if __name__ == "__main__":
    main()
