"""Crawls of a synthetic site without a server and without worker processes: the same learning, healing and saving."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from caliber_crawler.archive import Archive
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.processes.limits import Limits
from caliber_crawler.site import Site
from caliber_crawler.site_learning.running import LearningInCrawl

START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
HEADERS = (("Content-Type", "text/html; charset=utf-8"),)


async def call_here(function: Callable[..., object], *arguments: object, limits: Limits | None) -> object:
    """Run a function in this process."""
    return function(*arguments)


@dataclass
class Rehearsal:
    """An archive into which crawls of a site are saved page by page, as the pipelines do."""

    archive: Archive
    site: Site
    counts: Counter[str] = field(default_factory=Counter)
    reports: list[Problem] = field(default_factory=list)
    at: datetime = START

    def crawl(self, pages: Iterable[tuple[str, str]], after: timedelta = timedelta(hours=1)) -> Counter[str]:
        """Crawl pages, each a URL and its HTML; return the outcomes of their articles."""
        self.at += after
        self.run_id = self.archive.runs.start(
            "crawl", site=self.site.name, arguments={}, settings={}, software={"python": "3"}
        )
        self.learning = LearningInCrawl(self.archive, self.site, call_here, report=self.reports.append)
        self.aside: list[int] = []
        self.counts = Counter()
        for number, (url, html) in enumerate(pages):
            capture = Capture(
                site=self.site.name,
                url=url,
                fetched_at=self.at + timedelta(seconds=number),
                status=200,
                headers=HEADERS,
                body=html.encode(),
            )
            asyncio.run(self._process(self.archive.captures.store(capture, self.run_id)))
        return self.counts

    async def _process(self, capture: Capture) -> None:
        outcome = self._extract(capture)
        ids = await self.learning.heal(capture, outcome)
        if ids is not None:
            for id in ids:
                if id != capture.id:
                    again = self._extract(replace(self.archive.captures.get(id), kind="article"))
                    if not isinstance(again, Extraction):
                        continue
                    if (problem := self.learning.doubt_again(again)) is not None:
                        self._put_aside(again.capture, problem)
                    else:
                        self._save(again)
            outcome = self._extract(capture)
        if not isinstance(outcome, Extraction):
            assert isinstance(outcome, Problem)
            self._put_aside(capture, outcome)
            return
        if (problem := self.learning.doubt(outcome)) is not None:
            self._put_aside(capture, problem)
            return
        self._save(outcome)
        await self.learning.note(capture)

    def _extract(self, capture: Capture) -> object:
        return extract_page(capture, self.learning.site, datetime.now(UTC))

    def _again(self, capture: Capture) -> Extraction | None:
        found = self._extract(replace(capture, kind="article"))
        return found if isinstance(found, Extraction) else None

    def _put_aside(self, capture: Capture, problem: Problem) -> None:
        self.archive.runs.record_problem(self.run_id, problem, url=capture.url, capture_id=capture.id)
        self.counts[problem.reason] += 1

    def _save(self, extraction: Extraction) -> None:
        assert extraction.extractor == extractor_of(self.learning.site)
        urls = self.learning.site.article_urls(extraction.article.urls)
        saved = self.archive.articles.save(extraction, self.run_id, urls, self._again)
        self.counts[saved.outcome] += 1

    def values(self, sql: str) -> list[object]:
        return [row[0] for row in self.archive.db.execute(sql)]

    @property
    def edits(self) -> int:
        return int(str(self.values("SELECT count(*) FROM edits")[0]))
