"""CPU time of the web pages of a large archive: ``python -m benchmarks.browse --articles 200000``.

Goals, with 200,000 articles: home page and article page within 200 ms, every other page within 300 ms. Datasette runs
in this process, without a network. Each page is requested several times; the median of its CPU time counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, product
from pathlib import Path
from statistics import median

from datasette.app import Datasette

from caliber_crawler.archive import Archive
from caliber_crawler.browse.canned_queries import canned_queries
from caliber_crawler.browse.charts_page import charts
from caliber_crawler.items import Article, Capture, Extraction, Link
from caliber_crawler.site import Site

SITE = Site(
    name="caliber",
    title="Caliber.Az",
    base_url="https://caliber.az",
    timezone="Asia/Baku",
    editions=(),
    article_path=r"(?:/\w+)?/post/(?:(?P<number>\d+)|(?P<slug>[^/]+))",
    reuse="with a link",
)
LANGUAGES = ("ru", "en", "hy")
SECTIONS = ("politics", "economics", "world", "analytics", "interviews", "opinion", "karabakh")
START = datetime(2021, 6, 1, tzinfo=UTC)
BATCH_SIZE = 500
WORDS = 320
EDITED = 12
"""One article in this many was edited."""
ROUNDS = 5

SYLLABLES = ["".join(pair) for pair in product("bcdfgklmnprstvz", "aeiou")]
VOCABULARY = ["".join(parts) for parts in product(SYLLABLES, SYLLABLES, SYLLABLES[::11])]
random.Random(2).shuffle(VOCABULARY)

VALUES = {
    "term_over_time": "term={common}",
    "mentioned_together": "first={known}&second={other}",
    "who_links_to": "host=host7.example",
}
"""Parameters of canned queries."""

GOALS = {
    "home": ("/", 200),
    "article": ("/{database}/articles/{article}", 200),
    "search, a common word": ("/{database}/-/search?q={common}", 300),
    "search, in every article": ("/{database}/-/search?q={everywhere}", 300),
    "search, two words": ("/{database}/-/search?q={known}+{other}", 300),
    "search, a rare word": ("/{database}/-/search?q={rare}", 300),
    "search, newest first": ("/{database}/-/search?q={common}&order=newest", 300),
    "all articles": ("/{database}/-/search", 300),
    "all articles of a section": ("/{database}/-/search?section=politics&language=en", 300),
    "all articles, page 500": ("/{database}/-/search?page=500", 300),
    "attention": ("/{database}/-/attention?q={common}", 300),
    "edits": ("/{database}/-/edits", 300),
    "changes": ("/{database}/-/changes/{edited}", 300),
    "compare": ("/{database}/-/compare?a={article}&b={edited}", 300),
    "copies": ("/{database}/-/copies", 300),
    "coding": ("/{database}/-/coding", 300),
    "alerts": ("/{database}/-/alerts", 300),
    "health": ("/{database}/-/health", 300),
    **{f"chart {name}": (f"/{{database}}/-/charts/{name}", 300) for name in charts()},
    **{f"query {name}": (f"/{{database}}/-/queries/{name}?{VALUES.get(name, '')}", 300) for name in canned_queries()},
    "feed of the newest": ("/{database}/-/feeds/articles", 300),
    "table articles": ("/{database}/articles", None),
}
"""URL of each page, and the goal for its CPU time in milliseconds; tables are those of Datasette."""


@dataclass(frozen=True)
class Measurement:
    """The CPU times of one page in milliseconds."""

    name: str
    times: list[float]
    goal: int | None
    size: int

    @property
    def is_met(self) -> bool:
        return self.goal is None or median(self.times) <= self.goal


def create_archive(path: Path, articles: int) -> None:
    """Create an archive with natural word frequencies, some edited articles and three view counts per article."""
    dice = random.Random(1)
    cumulative = list(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))  # Zipf's law
    step = timedelta(days=365 * 5) / articles
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(SITE)
        run = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        for start in range(0, articles, BATCH_SIZE):
            with archive.transaction():
                for number in range(start, min(start + BATCH_SIZE, articles)):
                    body = paragraphs(dice.choices(VOCABULARY, cum_weights=cumulative, k=WORDS))
                    for article, seen_at in visits(number, START + number * step, body):
                        save(archive, run, article, seen_at)
        archive.runs.finish(run, "finished", None, {"discovered": articles, "stored": articles})


def paragraphs(words: list[str]) -> str:
    return "\n\n".join(" ".join(words[start : start + 40]) + "." for start in range(0, len(words), 40))


def visits(number: int, published_at: datetime, body: str) -> Iterator[tuple[Article, datetime]]:
    """The article at three visits; at the last one its text may have been edited."""
    language, section = LANGUAGES[number % 3], SECTIONS[number % len(SECTIONS)]
    url = f"https://caliber.az/{language}/post/article-{number}"
    for visit, hours in enumerate((1, 24, 120)):
        is_edited = visit == 2 and number % EDITED == 0
        text = body.replace(f"{VOCABULARY[0]} ", "", 1) + "\n\nOne more paragraph." if is_edited else body
        yield (
            Article(
                site="caliber",
                language=language,
                url=url,
                urls=(url,),
                headline=f"{' '.join(body.split()[:8])} {number}" + (", updated" if is_edited else ""),
                body=text,
                published_at=published_at,
                authors=(f"Author {number % 60}",),
                section=section,
                section_label=section.upper(),
                views=(number * 7919) % 5000 * (visit + 1),
                views_shown="Views",
                links=(Link(url=f"https://host{number % 90}.example/{number}", text="there"),),
            ),
            published_at + timedelta(hours=hours),
        )


def save(archive: Archive, run: int, article: Article, seen_at: datetime) -> None:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    page = f"<h1>{article.headline}</h1>{article.url}".encode()
    capture = Capture(site="caliber", url=article.url, fetched_at=seen_at, status=200, headers=headers, body=page)
    stored = archive.captures.store(capture, run)
    extraction = Extraction(
        capture=stored, article=article, layout="new", extractor="benchmark", methods={"headline": "selector"}
    )
    article_url = SITE.article_url(article.url)
    archive.articles.save(extraction, run, [article_url] if article_url else [])


async def measure(path: Path, articles: int) -> list[Measurement]:
    """Request every page once to warm up, then :data:`ROUNDS` times."""
    datasette = Datasette([str(path)], settings={"suggest_facets": False, "sql_time_limit_ms": 10_000})
    numbers = {"article": articles // 2, "edited": articles // 2 // EDITED * EDITED + 1}
    words = {
        "database": path.stem,
        "everywhere": VOCABULARY[2],
        "common": VOCABULARY[100],
        "known": VOCABULARY[40],
        "other": VOCABULARY[90],
        "rare": VOCABULARY[-3],
    }
    found = []
    for name, (pattern, goal) in GOALS.items():
        url = pattern.format(**numbers, **words)
        times, size = [], 0
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            response = await datasette.client.get(url)
            times.append((time.process_time() - started) * 1000)
            size = len(response.content)
            if response.status_code != 200:
                raise SystemExit(f"{url} returned status {response.status_code}")
        found.append(Measurement(name, times[1:], goal, size))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--archive", type=Path, help="archive of an earlier run; created if it does not exist")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.archive or Path(folder) / "archive.db"
        if not path.exists():
            started = time.perf_counter()
            create_archive(path, options.articles)
            print(f"{options.articles:,} articles created in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        measured = asyncio.run(measure(path, options.articles))
        size = path.stat().st_size
    report(measured, options.articles, size, as_json=options.json)
    return 0 if all(each.is_met for each in measured) else 3


def report(measured: list[Measurement], articles: int, size: int, *, as_json: bool) -> None:
    if as_json:
        pages = {each.name: {"median_ms": round(median(each.times), 1), "goal_ms": each.goal} for each in measured}
        print(json.dumps({"articles": articles, "archive_bytes": size, "pages": pages}, indent=2))
        return
    print(f"{articles:,} articles, {size / 1e6:,.0f} MB; median (and maximum) CPU time of {ROUNDS} requests")
    for each in measured:
        goal = f"goal {each.goal} ms{'' if each.is_met else ', NOT MET'}" if each.goal else ""
        print(
            f"{each.name:26} {median(each.times):7.0f} ms ({max(each.times):.0f})  {each.size / 1000:6.0f} kB  {goal}"
        )


if __name__ == "__main__":
    sys.exit(main())
