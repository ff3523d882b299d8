"""Adds the articles that lists name to the frontier, each with the discovery source and the page it was found on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.traps import Trap, url_trap, variant_trap
from caliber_crawler.discovery.entries import article_entry
from caliber_crawler.items import Capture, Problem, Teaser

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

USER_CHOSEN = ("url_list", "post_ids")
"""Discovery sources whose URLs a person chose."""
TEASERS_PER_COMMIT = 500
"""Maximum number of teasers that are committed together: more would delay the other pages and signals."""
MAX_REPORTED_TRAPS = 50
"""Maximum number of traps that a run reports; the others are only counted."""


class Discoveries:
    """Adds the articles that lists name to a run's frontier, and counts them.

    An article outside the requested languages, sections or dates is skipped. One whose language, section or date the
    list does not state is followed, because it may be in scope.
    """

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._frontier = run.archive.frontier
        self._idle: set[str] = set()
        self._reported: set[tuple[str, str]] = set()
        self._added_ahead: defaultdict[str, set[str]] = defaultdict(set)

    def add(
        self,
        teasers: Collection[Teaser],
        source: str,
        *,
        found_on: str,
        language: str | None = None,
        section: str | None = None,
        depth: int = 1,
    ) -> None:
        """Commit the articles that these teasers name.

        ``source`` is the name of the discovery source, ``found_on`` the page with the teasers. The teasers inherit the
        language and section of that page, if it has them. ``depth`` counts the links from the nearest list.
        """
        ahead = self._added_ahead.pop(found_on, None)
        if ahead:
            teasers = [teaser for teaser in teasers if teaser.url not in ahead]
        self._add(teasers, source, found_on=found_on, language=language, section=section, depth=depth)

    async def add_ahead(
        self, teasers: Sequence[Teaser], source: str, *, found_on: str, language: str | None, section: str | None
    ) -> None:
        """Commit all but the last portion of many teasers, in portions; :meth:`add` then commits the rest.

        Other pages are processed between the portions. A crawl that is killed there fetches the page again.
        """
        add = partial(self._add, source=source, found_on=found_on, language=language, section=section)
        for begin in range(0, len(teasers) - TEASERS_PER_COMMIT, TEASERS_PER_COMMIT):
            portion = teasers[begin : begin + TEASERS_PER_COMMIT]
            await self._run.settlement.commits(partial(add, portion))
            self._added_ahead[found_on].update(teaser.url for teaser in portion)

    def _add(
        self,
        teasers: Collection[Teaser],
        source: str,
        *,
        found_on: str,
        language: str | None,
        section: str | None,
        depth: int = 1,
    ) -> None:
        scope = self._run.scope
        entries = [
            article_entry(
                teaser.url,
                scope.site,
                source,
                self._run.started_at,
                found_on=found_on,
                language=language,
                section=section or teaser.section,
                depth=depth,
                request_url=teaser.request_url,
            )
            for teaser in teasers
            if self._in_window(teaser)
        ]
        wanted = [entry for entry in entries if scope.covers(entry.language, entry.section)]
        self.commit(wanted)
        self._run.accounts.counts["out_of_scope"] += len(teasers) - len(wanted)

    def mark_fetched(self, capture: Capture) -> None:
        """Record that a list was fetched. The next crawl decides when it is due again."""
        self._frontier.mark_done(
            capture.url,
            capture.fetched_at,
            status=capture.status,
            etag=capture.header("etag"),
            last_modified=capture.header("last-modified"),
        )

    def commit(self, entries: Collection[Entry]) -> None:
        """Add article entries unchanged, except for traps."""
        if self._run.explorer is not None:
            entries = [entry for entry in entries if not self.is_trap(entry, variants=False)]
            self._run.accounts.counts["found"] += len(self._run.explorer.add_entries(entries))
            return
        entries = [entry for entry in entries if not self.is_trap(entry)]
        new = {entry.url for entry in self._frontier.add(entries, self._run.id)}
        new |= {entry.url for entry in entries if entry.discovered_via == "url_list" and self._make_due(entry)}
        counts = self._run.accounts.counts
        counts["found"] += len(new)
        counts["discovered"] += len(new)
        self._count_idle(entry.url for entry in entries if entry.url not in new)

    def _in_window(self, teaser: Teaser) -> bool:
        window = self._run.scope.window
        if teaser.published_at is None and teaser.modified_at and window.since:
            return teaser.modified_at >= window.since
        return window.contains(teaser.published_at)

    def _make_due(self, entry: Entry) -> bool:
        """Make a URL due again that was gone, refused or failed and that a person now lists. Return whether it was."""
        known = self._frontier.get(entry.url)
        if known is None or known.state not in ("gone", "refused", "failed"):
            return False
        now, scope = self._run.started_at, self._run.scope
        if (known.due_at is not None and known.due_at <= now) or not scope.covers(known.language, known.section):
            return False
        self._frontier.make_due(entry.url, now)
        return True

    def is_trap(self, entry: Entry, *, variants: bool = True) -> bool:
        """Whether to skip an entry as a trap. Known URLs and those that a person chose are always followed.

        ``variants``: whether many URLs that differ only in their query are a trap.
        """
        trap = None if entry.discovered_via in USER_CHOSEN else self._trap(entry.url, variants=variants)
        if trap is None or self._frontier.get(entry.url) is not None:
            return False
        self.report_trap(trap, entry.url, entry.discovered_on)
        return True

    def report_trap(self, trap: Trap, url: str, found_on: str | None) -> None:
        """Count a URL that is skipped as a trap; report each trap once."""
        run = self._run
        run.accounts.counts["trapped"] += 1
        if (trap.code, trap.pattern) not in self._reported and len(self._reported) < MAX_REPORTED_TRAPS:
            self._reported.add((trap.code, trap.pattern))
            message = f"Skipped {url[:200]}: {trap.clause}, so there may be any number of such URLs."
            run.accounts.record_problem(Problem(stage="pagination", reason=trap.code, message=message), url=found_on)

    def _trap(self, url: str, *, variants: bool) -> Trap | None:
        bounds, site = self._run.scope.bounds, self._run.scope.site
        trap = url_trap(url, bounds)
        if trap is None and variants and urlsplit(url).query:
            article_url = site.article_url(url)
            named = article_url is not None and article_url.kind != "other"
            trap = variant_trap(url, self._frontier.count_query_variants(url), bounds, named=named)
        return trap

    def _count_idle(self, urls: Iterable[str]) -> None:
        idle = self._frontier.idle_urls(set(urls) - self._idle, self._run.started_at)
        self._idle |= idle
        for name in ("discovered", "unchanged", "not_due"):
            self._run.accounts.counts[name] += len(idle)
