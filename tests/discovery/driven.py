"""Crawls of a newspaper in memory: discovery as in a real crawl, but without a server and without Scrapy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from caliber_crawler import extraction_steps
from caliber_crawler.archive import Archive, Entry
from caliber_crawler.crawling import commits
from caliber_crawler.crawling.pagination import End
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery import Discovery, due_seeds
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.url_lists import ListKind, UrlList, add_list
from caliber_crawler.extraction_steps import check
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.page_exploration import explore_page
from caliber_crawler.site import DiscoverySource, Edition, Layout, ListingLayout, Section, Site

BASE_URL = "https://paper.example"
FIRST_DAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
PAGE_SIZE = 10
LISTING = ListingLayout(
    teaser="article.teaser", link="a", headline="h2", date="time", more="?page={page}", page_size=10
)


def section_of(name: str) -> Section:
    return Section(path=f"/{name}", labels=(name.title(),))


def paper_site(*sections: str, **facts: Any) -> Site:
    """The site definition of the newspaper. Its listings are at ``/<section>``."""
    names = sections or ("world",)
    return Site(
        **{
            "name": "paper",
            "title": "The Paper",
            "base_url": BASE_URL,
            "timezone": "UTC",
            "article_path": r"/story/(?P<number>\d+)|/(?P<slug>[a-z0-9-]+)\.html",
            "date_formats": ("%d %B %Y, %H:%M",),
            "default_sections": names,
            "editions": (Edition(language="en", name="en", sections={name: section_of(name) for name in names}),),
            "layouts": (Layout(name="new", article="article.story", headline="h1", date="time", body=".text"),),
            "listing": LISTING,
            **facts,
        }
    )


@dataclass(frozen=True)
class Answer:
    """A response of the newspaper."""

    body: str | bytes = ""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    etag: str = ""


def day(number: int) -> datetime:
    """The publication date of a story."""
    return FIRST_DAY + timedelta(days=number)


def teaser(number: int, *, dated: bool = True) -> str:
    date = f"<time>{day(number):%d %B %Y, %H:%M}</time>" if dated else ""
    return f'<article class="teaser"><a href="/story/{number}"><h2>Story {number}</h2></a>{date}</article>'


def listing_of(stories: list[int], sidebar: str = "", *, dated: bool = True) -> Answer:
    return Answer(f"<main>{''.join(teaser(story, dated=dated) for story in stories)}</main>{sidebar}")


@dataclass
class Paper:
    """The stories of each section, newest first. ``pages`` overrides paths; a page may depend on the query."""

    sections: dict[str, list[int]] = field(default_factory=lambda: {"world": list(range(25, 0, -1))})
    pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    dated: bool = True
    links: dict[int, list[str]] = field(default_factory=dict)
    """URLs in the text of each story."""

    def part(self, section: str, page: int) -> list[int]:
        return self.sections[section][(page - 1) * PAGE_SIZE : page * PAGE_SIZE]

    def answer(self, url: str) -> Answer:
        parts = urlsplit(url)
        query, path = dict(parse_qsl(parts.query)), parts.path
        if parts.fragment:  # a form to be posted
            query |= dict(parse_qsl(parts.fragment)) | {"#posted": ""}
        if (answer := self.pages.get(path)) is not None:
            return answer(query) if callable(answer) else answer
        section = path.strip("/")
        if section in self.sections:
            return listing_of(self.part(section, int(query.get("page", 1))), dated=self.dated)
        kind, _, number = section.partition("/")
        if kind == "story" and any(number == str(story) for stories in self.sections.values() for story in stories):
            return self.story(int(number))
        return Answer("<h1>Not found</h1>", 404)

    def story(self, number: int) -> Answer:
        links = "".join(f'<p>See <a href="{url}">there</a>.</p>' for url in self.links.get(number, ()))
        text = f"<p>Story {number} is about the council.</p><p>And of the harbour.</p>{links}"
        return Answer(
            f'<article class="story"><h1>Story {number} of the town</h1><time>{day(number):%d %B %Y, %H:%M}</time>'
            f'<div class="text">{text}</div></article>'
        )


class Answering(Protocol):
    """A site in memory."""

    def answer(self, url: str) -> Answer: ...


@dataclass
class Crawl:
    """The requests and results of a crawl."""

    requested: list[str] = field(default_factory=list)
    """Paths with their queries, in order."""
    ends: dict[str, End] = field(default_factory=dict)
    """Why the crawl of a list ended, by the path of its last page."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of each page that could not be parsed."""
    counts: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    """Pages that are still due."""

    @property
    def lists(self) -> list[str]:
        return [path for path in self.requested if not path.startswith("/story/")]

    @property
    def stories(self) -> list[int]:
        return sorted(int(path.rpartition("/")[2]) for path in self.requested if path.startswith("/story/"))


@cache
def empty_archive() -> bytes:
    """The bytes of an empty archive. It is cached, because creating one takes as long as a small crawl."""
    with TemporaryDirectory() as folder:
        Archive.open(Path(folder) / "a.db", mode="write").close()
        return (Path(folder) / "a.db").read_bytes()


class PaperCrawler:
    """Crawls a newspaper into one archive, any number of times."""

    def __init__(self, path: Path, paper: Answering, site: Site | None = None) -> None:
        self.path, self.paper = path, paper
        path.write_bytes(empty_archive())
        self.site = site or paper_site(*(paper.sections if isinstance(paper, Paper) else ()))

    def scope(self, **options: Any) -> Scope:
        sections = self.site.default_sections
        sources = tuple(source for source in self.site.sources if source.is_default)
        return Scope(**{"site": self.site, "languages": ("en",), "sections": sections, "sources": sources, **options})

    def run(self, **options: Any) -> CrawlRun:
        """A new run without seeds."""
        return CrawlRun(Archive.open(self.path, mode="write"), self.scope(**options), user_agent="test", settings={})

    def crawl(
        self, *, stop_after: int | None = None, lists: Callable[[CrawlRun], None] | None = None, **options: Any
    ) -> Crawl:
        """Crawl. The crawl is killed after ``stop_after`` pages. ``lists`` commits lists of URLs first."""
        # A crawl collects the writes of several pages in one commit. Here, each page would wait for others in vain.
        with mock.patch.object(commits, "COMMIT_INTERVAL", 0.0):
            return asyncio.run(self._crawl(stop_after, lists, options))

    async def _crawl(
        self, stop_after: int | None, lists: Callable[[CrawlRun], None] | None, options: dict[str, Any]
    ) -> Crawl:
        run, crawl = self.run(**options), Crawl()
        discovery = Discovery(run)
        run.seed(due_seeds(run))
        if lists is not None:
            lists(run)
        while (stop_after is None or len(crawl.requested) < stop_after) and (entries := run.dispatcher.next_batch(1)):
            await self._page(entries[0], run, discovery, crawl)
        crawl.counts = run.accounts.counts
        crawl.left = run.dispatcher.due_count("article", "listing", "feed", "sitemap")
        run.close("finished" if stop_after is None else "killed")
        return crawl

    async def _page(self, entry: Entry, run: CrawlRun, discovery: Discovery, crawl: Crawl) -> None:
        path = entry.url.removeprefix(self.site.base_url)
        crawl.requested.append(path)
        answer = self.paper.answer(entry.url)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        headers = (("Content-Type", answer.media_type), *((("ETag", answer.etag),) if answer.etag else ()))
        capture = Capture(
            site=self.site.name,
            kind=entry.kind,
            url=entry.url,
            fetched_at=datetime.now(UTC),
            status=answer.status,
            headers=headers,
            body=body,
        )
        capture = await run.settlement.store_capture(capture)
        if run.explorer is not None and entry.kind in ("article", "listing"):
            explored = explore_page(capture, self.site, is_linked=run.explorer.is_linked(entry.url))
            found = explored if isinstance(explored, Problem) else check(explored, self.site, capture.fetched_at)
        else:
            found = extraction_steps.extract_page(capture, self.site, capture.fetched_at)
        match found:
            case Problem():
                crawl.problems.append((path, found.reason))
                run.settlement.reject(capture, found)
            case Extraction():
                await run.settlement.save(found, discovery.follow)
            case Listing() if found.links is not None and discovery.explorer is not None:
                await discovery.explorer.process(found)
            case Listing():
                end = await discovery.process(found)
                if end is not None:
                    crawl.ends[path] = end
                entry_now = run.archive.frontier.get(entry.url)
                if entry_now is not None and entry_now.state != "done":
                    crawl.problems.append((path, f"http_{answer.status}"))

    def entry(self, path: str) -> Entry | None:
        with Archive.open(self.path) as archive:
            return archive.frontier.get(path if "://" in path else self.site.base_url + path)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with Archive.open(self.path) as archive:
            return [tuple(row) for row in archive.db.execute(sql).fetchall()]


def url_list(urls: list[str], kind: ListKind = "url_list") -> Callable[[CrawlRun], None]:
    """A function that commits a list of URLs, like ``caliber crawl --urls``."""

    def commit(run: CrawlRun) -> None:
        for _ in add_list(UrlList("urls.txt", kind, urls), run, Discoveries(run)):
            pass

    return commit


def with_listing(**facts: Any) -> ListingLayout:
    return replace(LISTING, **facts)


def paper_of(count: int) -> Paper:
    return Paper({"world": list(range(count, 0, -1))})


def site_with(*sources: DiscoverySource, **facts: object) -> Site:
    return paper_site(sources=tuple(replace(source, is_default=True) for source in sources), **facts)
