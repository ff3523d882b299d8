"""What a list of articles leads to: addresses in the frontier, each with the road and the page it was found on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.traps import Trap, url_trap, variant_trap
from caliber_crawler.discovery.entries import article_entry
from caliber_crawler.items import Capture, Problem, Teaser

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

USER_CHOSEN = ("url_list", "post_ids")
"""Roads whose addresses a person chose."""
MAX_REPORTED_TRAPS = 50
"""In one run; the others are only counted."""


class Discoveries:
    """Adds the articles that lists name to a run's frontier, and keeps the accounts of them.

    An article that is known to lie outside the languages, sections or dates asked for is passed over; one of which the
    list does not tell is followed, for it may be one of those asked for.
    """

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._frontier = run.archive.frontier
        self._held: set[str] = set()
        self._told: set[tuple[str, str]] = set()

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

        ``source`` is the name of the discovery source, ``found_on`` the page with the teasers. Its language and section
        are theirs where it has them. ``depth`` counts the links from the nearest list.
        """
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
            )
            for teaser in teasers
            if self._in_window(teaser)
        ]
        wanted = [entry for entry in entries if scope.covers(entry.language, entry.section)]
        self.commit(wanted)
        self._run.accounts.counts["out_of_scope"] += len(teasers) - len(wanted)

    def mark_read(self, capture: Capture) -> None:
        """A list was read: the next crawl decides when it is due again."""
        self._frontier.mark_done(
            capture.url,
            capture.fetched_at,
            status=capture.status,
            etag=capture.header("etag"),
            last_modified=capture.header("last-modified"),
        )

    def commit(self, entries: Collection[Entry]) -> None:
        """Add article entries as they are, but for traps."""
        entries = [entry for entry in entries if not self._is_trap(entry)]
        new = {entry.url for entry in self._frontier.add(entries, self._run.id)}
        new |= {entry.url for entry in entries if entry.discovered_via == "url_list" and self._revived(entry)}
        counts = self._run.accounts.counts
        counts["found"] += len(new)
        counts["discovered"] += len(new)
        self._count_held(entry.url for entry in entries if entry.url not in new)

    def _in_window(self, teaser: Teaser) -> bool:
        window = self._run.scope.window
        if teaser.published_at is None and teaser.modified_at and window.since:
            return teaser.modified_at >= window.since
        return window.holds(teaser.published_at)

    def _revived(self, entry: Entry) -> bool:
        """Ask again for what was gone, refused or failed, and what a person lists now."""
        known = self._frontier.get(entry.url)
        if known is None or known.state not in ("gone", "refused", "failed"):
            return False
        now, scope = self._run.started_at, self._run.scope
        if (known.due_at is not None and known.due_at <= now) or not scope.covers(known.language, known.section):
            return False
        self._frontier.make_due(entry.url, now)
        return True

    def _is_trap(self, entry: Entry) -> bool:
        """What is known already, and what a person wrote down, is followed whatever it looks like."""
        trap = None if entry.discovered_via in USER_CHOSEN else self._trap(entry.url)
        if trap is None or self._frontier.get(entry.url) is not None:
            return False
        run = self._run
        run.accounts.counts["trapped"] += 1
        if (trap.code, trap.pattern) not in self._told and len(self._told) < MAX_REPORTED_TRAPS:
            self._told.add((trap.code, trap.pattern))
            message = f"{entry.url[:200]} was left out: {trap.clause}, so it may be one of any number."
            problem = Problem(stage="pagination", reason=trap.code, message=message)
            run.accounts.note(problem, url=entry.discovered_on)
        return True

    def _trap(self, url: str) -> Trap | None:
        bounds, site = self._run.scope.bounds, self._run.scope.site
        trap = url_trap(url, bounds)
        if trap is None and urlsplit(url).query:
            article_url = site.article_url(url)
            named = article_url is not None and article_url.kind != "other"
            trap = variant_trap(url, self._frontier.count_query_variants(url), bounds, named=named)
        return trap

    def _count_held(self, urls: Iterable[str]) -> None:
        held = self._frontier.idle_urls(set(urls) - self._held, self._run.started_at)
        self._held |= held
        for name in ("discovered", "unchanged", "not_due"):
            self._run.accounts.counts[name] += len(held)
