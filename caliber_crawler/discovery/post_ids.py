"""The enumeration of post IDs: bounded, resumable, ascending or descending.

IDs are added to the frontier in windows, and only when nothing else is due, so that an enumeration of 250,000 IDs does
not delay news. Its progress is stored in a frontier entry of its own that is not a page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caliber_crawler.archive import Entry
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.entries import article_entry, list_entry
from caliber_crawler.site import PostIds

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

WINDOW = 100
"""Number of IDs that are committed together."""


class PostIdEnumeration:
    """Enumerates the post IDs of all requested languages in parallel. Both ends of the range are included."""

    def __init__(self, source: PostIds, run: CrawlRun, discoveries: Discoveries) -> None:
        self._run = run
        self._discoveries = discoveries
        self._frontier = run.archive.frontier
        self._from, self._to = run.scope.ids or (source.last, source.first)
        site = run.scope.site
        self._ranges = {
            f"{site.base_url}{path}#{self._from}-{self._to}": (language, site.base_url + path)
            for language, path in source.paths.items()
            if language in run.scope.languages
        }
        for state in self._ranges:
            self._begin(state)

    @property
    def left(self) -> int:
        """Number of IDs that are not in the frontier yet."""
        return sum(self._length - self._progress(state) for state in self._ranges)

    def enqueue(self) -> bool:
        """Commit the next window of every language. Return false if all of them are finished."""
        enqueued = False
        for state, (language, template) in self._ranges.items():
            progress = self._progress(state)
            count = min(WINDOW, self._length - progress)
            if count <= 0:
                continue
            enqueued = True
            entries = [self._entry(template, language, place) for place in range(progress, progress + count)]
            with self._run.archive.transaction():
                self._discoveries.commit(entries)
                self._frontier.set_page_number(state, progress + count + 1)
        return enqueued

    @property
    def _length(self) -> int:
        return abs(self._to - self._from) + 1

    def _progress(self, state: str) -> int:
        entry = self._frontier.get(state)
        return entry.page_number - 1 if entry else 0

    def _begin(self, state: str) -> None:
        if self._frontier.get(state) is None:
            language, _ = self._ranges[state]
            now = datetime.now(UTC)
            with self._run.archive.transaction():
                entry = list_entry(state, self._run.scope.site, "post_ids", PostIds.name, now, language=language)
                self._frontier.add([entry], self._run.id)
                self._frontier.mark_done(state, now, status=None)

    def _entry(self, template: str, language: str, place: int) -> Entry:
        number = self._from + (place if self._to >= self._from else -place)
        site = self._run.scope.site
        page, started_at = site.parse_url(template.format(number=number)), self._run.started_at
        return article_entry(
            page.url,
            site,
            PostIds.name,
            started_at,
            found_on=template,
            language=language,
            request_url=page.request_url,
        )
