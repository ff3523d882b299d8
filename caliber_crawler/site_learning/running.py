"""Learning during a crawl: lessons in the worker process, while other pages are fetched."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from zlib import crc32

from caliber_crawler.archive import Archive
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.processes import TooSlow, WorkerCrashed
from caliber_crawler.processes.limits import Limits
from caliber_crawler.site import Site
from caliber_crawler.site_learning.facts import learned_layout
from caliber_crawler.site_learning.healing import Healing
from caliber_crawler.site_learning.learner import is_lesson_due, lesson_number, sample_pages, store_lesson
from caliber_crawler.site_learning.relearning import learn_from_known
from caliber_crawler.site_learning.teaching import LIMITS, compare_page, learn_pages
from caliber_crawler.site_learning.view_labels import view_labels

COMPARED_SHARE = 10
"""One page in so many of a trusted site is extracted without the learned rules too, to see whether they still hold."""
WINDOW, MAX_DIFFERENT = 10, 2
"""A site is learned again when so many of the last compared pages differ."""

logger = logging.getLogger(__name__)


class RunCall(Protocol):
    """Runs a function in a worker process, within limits."""

    def __call__(
        self, function: Callable[..., object], *arguments: object, limits: Limits | None
    ) -> Awaitable[object]: ...


class LearningInCrawl:
    """Learns a generic site while it is crawled. ``site`` is the site with what is known of its layout."""

    def __init__(
        self, archive: Archive, site: Site, call: RunCall, *, report: Callable[[Problem], None] = lambda problem: None
    ) -> None:
        self._archive, self._call = archive, call
        self._is_busy = False
        self._saved = archive.captures.count_articles(site.name)
        """An upper limit of the number of stored articles."""
        self._lessons: set[int] = set()
        """The numbers of articles at which a lesson was tried in this run: one may teach nothing."""
        self._different: deque[bool] = deque(maxlen=WINDOW)
        self._plain = site
        self._report = report
        self._view_labels = tuple(label for edition in site.editions for label in edition.view_labels)
        self._healing = Healing(archive, site)
        self.put_aside: set[str] = set()
        """The URLs of pages that this run put aside."""
        self.site = self._healing.site
        if not site.has_layouts:
            self.site = self._healing.site = replace(site, learned=learned_layout(archive, site.name))

    async def heal(self, capture: Capture, outcome: object) -> list[int] | None:
        """Note the outcome of a page of a site with a definition, and replace its layout if that has failed.

        Returns the IDs of the pages to extract again if :attr:`site` has changed, else ``None``.
        """
        known = self._healing.note(capture, outcome)
        if not known or self._is_busy:
            return None
        self._is_busy, part = True, self._healing.part
        try:
            trusted = self._healing.trusted_layout
            # A site without a definition states no labels: those of earlier counts are known.
            labels = self._view_labels or tuple(view_labels(self._archive, self._plain.name))
            learned = await self._call(learn_from_known, known, labels, trusted, limits=LIMITS)
            problem = self._healing.apply(learned, part, datetime.now(UTC))  # type: ignore[arg-type]
        except (TooSlow, WorkerCrashed, MemoryError) as error:
            logger.warning("Learning the new layout of %s stopped: %s.", self.site.name, error)
            return None
        finally:
            self._is_busy = False
        if problem is None:
            return None
        self.site = self._healing.site
        self._report(problem)
        return self._healing.failed_pages(part)

    def take_extracted(self) -> list[str]:
        """The URLs that this run put aside, and whose pages have an article by now; they are then forgotten."""
        extracted = [
            url for url in self.put_aside if (entry := self._archive.frontier.get(url)) and entry.state == "done"
        ]
        self.put_aside.difference_update(extracted)
        return extracted

    def doubt(self, extraction: Extraction) -> Problem | None:
        """Why the page of a known article must be put aside until its new layout is known; ``None`` if it need not."""
        return self._healing.doubt(extraction)

    def doubt_again(self, extraction: Extraction) -> Problem | None:
        """Why a page that failed must be put aside though its site has a new layout; ``None`` if it need not."""
        return self._healing.doubt_again(extraction)

    async def note(self, capture: Capture) -> bool:
        """Note the page of a saved article; return whether :attr:`site` has changed."""
        if self._plain.has_layouts or self._is_busy:
            return False
        self._is_busy = True
        try:
            self._saved += 1
            if self._is_due():
                return await self._learn()
            return await self._compare(capture) and await self._learn()
        except (TooSlow, WorkerCrashed, MemoryError) as error:
            logger.warning("Learning the layout of %s stopped: %s.", self.site.name, error)
            return False
        finally:
            self._is_busy = False

    def _is_due(self) -> bool:
        if lesson_number(self._saved) in self._lessons or not is_lesson_due(self._archive, self.site.name, self._saved):
            return False
        self._saved = self._archive.captures.count_articles(self.site.name)
        number = lesson_number(self._saved)
        is_due = number not in self._lessons and is_lesson_due(self._archive, self.site.name, self._saved)
        self._lessons.add(number)
        return is_due

    async def _learn(self) -> bool:
        now = datetime.now(UTC)
        captures = sample_pages(self._archive, self.site.name)
        lesson = await self._call(learn_pages, captures, self._plain, now, limits=LIMITS)
        store_lesson(self._archive, self.site.name, lesson, now)  # type: ignore[arg-type]
        before = self.site
        self.site = replace(self._plain, learned=learned_layout(self._archive, self.site.name))
        self._healing.site = self.site
        self._different.clear()
        return extractor_of(self.site) != extractor_of(before)

    async def _compare(self, capture: Capture) -> bool:
        """Compare some pages of a trusted site with the whole extraction; return whether too many differ."""
        layout = self.site.learned
        if (
            layout is None
            or not layout.is_trusted
            or layout.earlier is not None
            or crc32(capture.url.encode()) % COMPARED_SHARE
        ):
            return False
        is_equal = await self._call(
            compare_page, replace(capture, kind="article"), self.site, datetime.now(UTC), limits=None
        )
        self._different.append(not is_equal)
        return sum(self._different) >= MAX_DIFFERENT
