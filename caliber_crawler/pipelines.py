"""The pipelines: from a fetched page to a row of the archive in five stages.

    Capture ── CapturePipeline ──> Capture ── CleanPipeline ──> CleanedPage ── ExtractPipeline ──> Extraction or Listing
    ── CheckPipeline ──> Extraction or Listing ── ArchivePipeline ──> Article

All items are dataclasses of :mod:`caliber_crawler.items`. A stage passes items of other types on unchanged. It drops
pages that are not processed further; in a crawl of this project the reason is recorded first. Each stage can be used
alone in another project: see ``docs/guides/pipelines.md``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self
from weakref import WeakKeyDictionary

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery import Discovery
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.extraction.learned import METHOD
from caliber_crawler.extraction_steps import NOT_MODIFIED, Outcome, fetch_problem
from caliber_crawler.fetching.failures import PERMANENT_FAILURES
from caliber_crawler.fetching.headers import header_pairs
from caliber_crawler.isolated_extraction import IsolatedSteps
from caliber_crawler.items import Article, Capture, CleanedPage, Extraction, Listing, Problem
from caliber_crawler.plain_archive import PlainArchive
from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.reextraction.run import ReextractionRun
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.learned import HEALED
from caliber_crawler.site_learning.running import LearningInCrawl

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response


LEARNING: WeakKeyDictionary[CrawlRun, LearningInCrawl] = WeakKeyDictionary()
"""What each run learns about its site."""


def capture_from(response: Response) -> Capture:
    """Convert a response to the item that the stages process; for spiders of other projects."""
    requested = response.request.url if response.request is not None else response.url
    first, *between = (
        (*response.meta.get("redirect_urls", ()), requested) if response.request is not None else (requested,)
    )
    return Capture(
        site=generic_site(response.url).name,
        url=first,
        final_url=response.url if response.url != first else None,
        redirects=tuple(url for url in between if url != response.url),
        fetched_at=datetime.now(UTC),
        status=response.status,
        headers=header_pairs(response),
        body=response.body,
    )


class Stage:
    """A stage of a crawl. ``run`` is ``None`` in other projects, which have no accounts of pages."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = crawler.get_extension(CrawlRun)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def drop(self, capture: Capture, problem: Problem) -> None:
        """Record why a page is not processed further, and drop it."""
        if self.run is not None:
            self.run.settlement.reject(capture, problem)
        raise DropItem(problem.message)


class ExtractionStage(Stage):
    """A stage that runs its step in a worker process, which all stages and crawls of this process share."""

    executor: ClassVar = AsyncExecutor()

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._steps: dict[str, IsolatedSteps] = {}

    def open_spider(self) -> None:
        self.executor.join()

    async def close_spider(self) -> None:
        await self.executor.leave()

    def explores(self, capture: Capture) -> bool:
        """Whether a page is one of a site that is explored: it may be an article, a list, or both."""
        is_page = capture.kind in ("article", "listing")
        return is_page and self.run is not None and self.run.explorer is not None

    def steps(self, capture: Capture) -> IsolatedSteps:
        """The extraction steps for the site of a page: the spider's site, or else a generic one."""
        site = self.run.extracted_site if self.run is not None else getattr(self.crawler.spider, "site", None)
        name = site.name if isinstance(site, Site) else capture.site
        known = self._steps.get(name)
        if known is None or (isinstance(site, Site) and known.site is not site):
            known = self._steps[name] = IsolatedSteps(
                self.executor, site if isinstance(site, Site) else generic_site(capture.url)
            )
        return known


class CapturePipeline(Stage):
    """Stores the raw response, and drops failed requests and 304 (not modified) responses."""

    async def process_item(self, item: object) -> object:
        if not isinstance(item, Capture):
            return item
        capture = item
        if self.run is not None:
            self.run.watch(item.url)
        if item.id is None and self.run is not None:
            capture = await self.run.settlement.store_capture(item)
        elif item.id is None:
            capture = plain_archive(self.crawler).store_capture(item)
        problem = fetch_problem(capture)
        if problem is None:
            return capture
        if self.run is not None:
            if problem.reason == NOT_MODIFIED:
                self.run.settlement.not_modified(capture)
            elif capture.error_code in PERMANENT_FAILURES:
                self.run.settlement.refuse(capture, problem)
            else:
                self.run.settlement.fail(capture, problem)
        raise DropItem(problem.message)


class CleanPipeline(ExtractionStage):
    """Removes the site's boilerplate from a page, and drops non-article pages: login walls, bot challenges."""

    async def process_item(self, item: object) -> object:
        if not isinstance(item, Capture):
            return item
        if self.explores(item):
            return item
        cleaned = await self.steps(item).clean(item, extracts=self.run is not None)
        if isinstance(cleaned, Problem):
            self.drop(item, cleaned)
        return cleaned


class ExtractPipeline(ExtractionStage):
    """Extracts the fields of an article or the teasers of a listing. Cleans a capture that is not cleaned yet."""

    async def process_item(self, item: object) -> object:
        if not isinstance(item, Capture | CleanedPage):
            return item
        capture = item if isinstance(item, Capture) else item.capture
        found: Outcome
        if self.run is not None and self.run.explorer is not None and self.explores(capture):
            is_linked = self.run.explorer.is_linked(capture.url)
            steps = self.steps(capture)
            found = await steps.explore(capture, is_linked=is_linked)
            extraction = found.extraction if isinstance(found, Listing) else None
            await self._heal(replace(capture, kind="article"), extraction or found)
            if steps is not self.steps(capture):
                found = await self.steps(capture).explore(capture, is_linked=is_linked)
        else:
            found = await self._extract(item, capture)
        if isinstance(found, Problem):
            self.drop(capture, found)
        return found

    async def _extract(self, item: Capture | CleanedPage, capture: Capture) -> Outcome:
        steps = self.steps(capture)
        found = await steps.extract(item)
        if self.run is not None and steps is self.steps(capture):
            await self._heal(capture, found)
        if steps is not self.steps(capture):  # what is known of the site has changed meanwhile
            found = await self.steps(capture).extract(capture)
        return found

    async def _heal(self, capture: Capture, found: object) -> None:
        """Replace the layout of the site if it has failed."""
        assert self.run is not None
        learning = LEARNING.get(self.run)
        if learning is None or capture.kind != "article":
            return
        pages = await learning.heal(capture, found)
        if pages is None:
            return
        self.run.extracted_site = learning.site
        # The pages that failed are extracted again, all but this one: it is still to be saved.
        ids = [[id] for id in pages if id != capture.id]
        run = ReextractionRun(self.run.archive, Reextractor(SiteRegistry([learning.site])), doubt=learning.doubt_again)
        for _ in run.run(ids, self.run.id):
            pass
        self.run.settlement.count_again(learning.take_extracted())


class CheckPipeline(ExtractionStage):
    """Refuses invalid articles, and counts the fields that were found."""

    async def process_item(self, item: object) -> object:
        if not isinstance(item, Extraction | Listing):
            return item
        checked = await self.steps(item.capture).check(item, datetime.now(UTC))
        if isinstance(checked, Problem):
            self.drop(item.capture, checked)
        if self.run is not None and isinstance(checked, Extraction):
            self.run.accounts.coverage.count(checked.layout, ItemAdapter(checked.article), checked.methods)
        return checked


class ArchivePipeline(ExtractionStage):
    """Commits an article together with the frontier and passes it on. Listings end here."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.discovery: Discovery | None = None
        if self.run is not None:
            self.discovery = Discovery(self.run)
            report = self.run.accounts.report_replaced
            self.learning = LearningInCrawl(
                self.run.archive, self.run.scope.site, ExtractionStage.executor.call, report=report
            )
            LEARNING[self.run] = self.learning
            self._use(self.learning.site)
            self.run.settlement.reextract = self._extract_again

    def _use(self, site: Site) -> None:
        """Extract the pages of the run with what is known of the site by now."""
        assert self.run is not None
        self.run.extracted_site = site
        self._sites = SiteRegistry([site])

    async def process_item(self, item: object) -> object:
        if not isinstance(item, Extraction | Listing):
            return item
        if self.run is not None:
            self.run.watch(item.capture.url)
        article = await self._save(item) if self.run is not None else self._save_alone(item)
        if article is None:
            clause = (
                "lists articles" if isinstance(item, Listing) else "is under a takedown, or not the article at its URL"
            )
            raise DropItem(f"{item.capture.effective_url} {clause}.", log_level="DEBUG")
        return article

    async def _current(self, extraction: Extraction) -> Extraction:
        """An extraction with what is known of the site by now, if the layout of the site was replaced meanwhile."""
        assert self.run is not None
        site = self.run.extracted_site
        is_fitting = (
            extraction.methods.get("body") == METHOD
            if not site.has_layouts
            else extraction.layout not in ("unknown", HEALED)
        )
        if is_fitting or extraction.extractor == extractor_of(site):
            return extraction
        return await self._extract_again(extraction.capture) or extraction

    def _check_doubt(self, extraction: Extraction) -> None:
        """Put the page of a known article aside whose text may only seem changed, until its layout is known."""
        if (problem := self.learning.doubt(extraction)) is not None:
            self.learning.put_aside.add(extraction.capture.url)
            self.drop(extraction.capture, problem)

    async def _learn_from(self, capture: Capture) -> None:
        """Learn the site when enough of its articles are stored, or when its layout has changed."""
        if await self.learning.note(capture):
            self._use(self.learning.site)

    async def _save(self, item: Extraction | Listing) -> Article | None:
        assert self.run is not None
        assert self.discovery is not None
        if isinstance(item, Extraction):
            item = await self._current(item)
            self._check_doubt(item)
            saved = await self.run.settlement.save(item, self.discovery.follow)
            if saved is None:
                return None
            await self._learn_from(item.capture)
            return saved.article or item.article
        if self.run.archive.frontier.get(item.capture.url) is None:
            raise DropItem(f"{item.capture.url} is not in the frontier, so its pagination cannot continue.")
        if item.links is not None and self.discovery.explorer is not None:
            if item.extraction is not None:
                page = replace(item.capture, kind="article")
                extraction = await self._current(replace(item.extraction, capture=page))
                self._check_doubt(extraction)
                item = replace(item, extraction=extraction)
            explored = await self.discovery.explorer.process(item)
            if explored is not None:
                await self._learn_from(item.capture)
            return explored
        end = await self.discovery.process(item)
        article = None
        if item.extraction is not None:
            self.run.accounts.counts["discovered"] += 1
            saved = await self.run.settlement.save(item.extraction)
            article = None if saved is None else saved.article or item.extraction.article
        if end is not None and not end.complete:
            problem = Problem(
                stage="pagination",
                reason=f"listing_{end.name.lower()}",
                message=f"Pagination of {item.capture.url} ended early: {end.value}.",
            )
            self.run.accounts.record_problem(problem, item.capture)
        return article

    async def _extract_again(self, capture: Capture) -> Extraction | None:
        """Extract a stored page again; ``None`` if it is not an article, or of another site."""
        if capture.kind != "article" or self._sites.definition_for(capture) is None:
            return None
        steps = self.steps(capture)
        try:
            found = await steps.extract(capture)
            if isinstance(found, Extraction):
                found = await steps.check(found, datetime.now(UTC))
        except Exception:  # noqa: BLE001 - an internal error on one page must not stop another
            return None
        return found if isinstance(found, Extraction) else None

    def _save_alone(self, item: Extraction | Listing) -> Article | None:
        return plain_archive(self.crawler).save(item) if isinstance(item, Extraction) else None


_plain_archives: WeakKeyDictionary[Crawler, PlainArchive] = WeakKeyDictionary()


def plain_archive(crawler: Crawler) -> PlainArchive:
    """The archive for stages in another project, shared by all stages of a crawl."""
    archive = _plain_archives.get(crawler)
    if archive is None:
        archive = _plain_archives[crawler] = PlainArchive.from_crawler(crawler)
    return archive
