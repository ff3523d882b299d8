"""What a list of articles leads to: addresses in the frontier, each with the road and the page it was found on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.traps import Trap, deep, one_of_many
from caliber_crawler.items import Capture, Card, Problem
from caliber_crawler.roads.entries import article_entry

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun

TRUSTED = ("url_list", "numbers")
"""Roads whose addresses a person chose."""
TRAPS_TOLD = 50
"""In one run; the others are only counted."""


class Finds:
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
        cards: Collection[Card],
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
                card.url,
                scope.site,
                source,
                self._run.started_at,
                found_on=found_on,
                language=language,
                section=section or card.section,
                depth=depth,
            )
            for card in cards
            if self._in_window(card)
        ]
        wanted = [entry for entry in entries if scope.covers(entry.language, entry.section)]
        self.commit(wanted)
        self._run.accounts.counts["outside_scope"] += len(cards) - len(wanted)

    def mark_read(self, capture: Capture) -> None:
        """A list was read: the next crawl decides when it is due again."""
        self._frontier.done(
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
        new |= {entry.url for entry in entries if entry.road == "url_list" and self._revived(entry)}
        counts = self._run.accounts.counts
        counts["found"] += len(new)
        counts["discovered"] += len(new)
        self._count_held(entry.url for entry in entries if entry.url not in new)

    def _in_window(self, card: Card) -> bool:
        window = self._run.scope.window
        if card.published_at is None and card.modified_at and window.since:
            return card.modified_at >= window.since
        return window.holds(card.published_at)

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
        trap = None if entry.road in TRUSTED else self._trap(entry.url)
        if trap is None or self._frontier.get(entry.url) is not None:
            return False
        run = self._run
        run.accounts.counts["trapped"] += 1
        if (trap.code, trap.pattern) not in self._told and len(self._told) < TRAPS_TOLD:
            self._told.add((trap.code, trap.pattern))
            message = f"{entry.url[:200]} was left out: {trap.clause}, so it may be one of any number."
            problem = Problem(stage="walk", reason=trap.code, message=message)
            run.accounts.note(problem, url=entry.discovered_on)
        return True

    def _trap(self, url: str) -> Trap | None:
        bounds, site = self._run.scope.bounds, self._run.scope.site
        trap = deep(url, bounds)
        if trap is None and urlsplit(url).query:
            address = site.address(url)
            named = address is not None and address.kind != "other"
            trap = one_of_many(url, self._frontier.variants(url), bounds, named=named)
        return trap

    def _count_held(self, urls: Iterable[str]) -> None:
        held = self._frontier.at_rest(set(urls) - self._held, self._run.started_at)
        self._held |= held
        for name in ("discovered", "unchanged", "held"):
            self._run.accounts.counts[name] += len(held)
