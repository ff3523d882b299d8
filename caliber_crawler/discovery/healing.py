"""Healing: facts of a site definition that fail are replaced in the same run.

A listing that is missing or has no teasers is replaced by the one to which the section's label or key links on the
home page; a request for further teasers that repeats or fails, by those that the listing itself contains; a feed that
is gone, by the one that the home page states. The run reports each fact that failed and what it used instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from caliber_crawler.archive import Entry
from caliber_crawler.discovery.entries import LATER_PAGE, list_entry, next_page
from caliber_crawler.extraction.further_pages import filled
from caliber_crawler.items import Listing, Problem
from caliber_crawler.site import Feed, Listings, StartPage

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun


class Healing:
    """Replaces facts of the site definition that fail during a run."""

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._site, self._frontier = run.scope.site, run.archive.frontier
        self._failed: dict[tuple[str | None, str], Entry] = {}
        """Listings that failed and have no replacement, by language and section."""
        self._replaced: dict[str, Entry] = {}
        """Listings that were replaced, by the URL of the replacement."""
        self._known: dict[str, str] = {}
        """URLs of sections by key, from the pages of this run."""
        self._guesses: dict[str, list[str]] = {}
        """Requests for further teasers that were not tried, by the URL of their listing."""
        self._teasers: dict[str, int] = {}
        """Number of teasers on the first page of a listing."""
        self._tried: dict[str, str] = {}
        """The guess behind a request, until it is known to be right."""
        self._homes: set[str] = set()

    @property
    def _applies(self) -> bool:
        return self._site.has_layouts and self._run.explorer is None

    # --- sections and feeds -------------------------------------------------------------------------------------------

    def list_failed(self, entry: Entry, why: str) -> None:
        """Look for a replacement of a listing or a feed that failed. Runs inside the caller's transaction or alone."""
        if not self._applies or entry.page_number > 1 or entry.url in self._replaced:
            return
        if entry.discovered_via == Listings.name and entry.section is not None:
            self._failed[entry.language, entry.section] = entry
            self._note_failure(f"The listing of section {entry.section} at {entry.url} failed: {why}.")
        elif entry.discovered_via == Feed.name and entry.discovered_on is None:
            self._note_failure(f"The feed {entry.url} failed: {why}.")
        else:
            return
        edition = self._site.edition(entry.language) if entry.language else None
        prefix = next(iter(edition.prefixes), "") if edition is not None else ""
        home = self._site.normal_url(f"{prefix}/")
        if home not in self._homes:
            self._homes.add(home)
            self._frontier.add(
                [
                    list_entry(
                        home,
                        self._site,
                        "listing",
                        StartPage.name,
                        entry.traversal_started_at or self._run.started_at,
                        language=entry.language,
                    )
                ],
                self._run.id,
            )
        self._replace_listings(entry.url)

    def learn(self, listing: Listing, entry: Entry) -> None:
        """Learn from a list that was fetched: links to sections, and requests for further teasers."""
        if not self._applies:
            return
        for key, url in listing.sections:
            self._known.setdefault(key, url)
        if entry.page_number == 1 and listing.further:
            self._guesses.setdefault(entry.url, list(listing.further))
            self._teasers[entry.url] = len(listing.teasers)
        if entry.url in self._replaced and listing.teasers:
            failed = self._replaced.pop(entry.url)
            alike = sum(teaser.section == failed.section for teaser in listing.teasers)
            self._report(
                f"Used {entry.url} as the listing of section {failed.section} instead of {failed.url};"
                f" {alike} of {len(listing.teasers)} teasers on it have the section's label."
            )
        self._replace_listings(entry.url)
        if entry.url in self._homes:
            for url in listing.feeds[:1]:
                self._report(f"Used the feed {url}, which {entry.url} states.")

    def _replace_listings(self, found_on: str) -> None:
        for (language, section), failed in list(self._failed.items()):
            url = self._known.get(section)
            if url is None:
                continue
            page = self._site.parse_url(url)
            if page.url == failed.url or (edition := self._site.edition_at(page.url)) is None:
                continue
            if edition.language != language:
                continue
            del self._failed[language, section]
            self._replaced[page.url] = failed
            traversal = failed.traversal_started_at or self._run.started_at
            replacement = list_entry(
                page.url,
                self._site,
                "listing",
                Listings.name,
                traversal,
                found_on=found_on,
                language=language,
                section=section,
                request_url=page.request_url,
            )
            self._frontier.add([replacement], self._run.id)

    # --- pagination ---------------------------------------------------------------------------------------------------

    def replace_pagination(self, entry: Entry, start: str, why: str) -> bool:
        """Queue another request for page 2 of a listing, if its first page contains one; return whether it does."""
        if not self._applies or entry.page_number == 1 or entry.discovered_via != Listings.name:
            return False
        first = self._frontier.get(start)
        guesses = self._guesses.get(start)
        if first is None or not guesses:
            return False
        if entry.url not in self._tried:
            self._note_failure(f"The request for further teasers of {start} ({entry.url}) failed: {why}.")
        while guesses:
            guess = guesses.pop(0)
            url = self._absolute(filled(guess, page=2, offset=self._teasers.get(start, 0)), start)
            if url is not None and url != entry.url:
                following = next_page(first, url, found_on=start, due_at=self._run.started_at)
                following = replace(following, traversal_started_at=entry.traversal_started_at, priority=LATER_PAGE)
                self._tried[url] = guess
                self._frontier.add([following], self._run.id)
                return True
        return False

    def guess_failed(self, entry: Entry, why: str) -> None:
        """Forget a guess whose request failed, and try the next one."""
        now = self._run.started_at
        self._frontier.mark_refused(entry.url, now, status=entry.last_status, reason="listing_repeats")
        self.replace_pagination(entry, entry.discovered_on or entry.url, why)

    def is_tried(self, entry: Entry) -> bool:
        """Whether a page was requested by a guess that is not known to be right."""
        return entry.url in self._tried

    def confirm(self, entry: Entry, fresh: int) -> None:
        """Note that a guess was right: its response has ``fresh`` teasers that were not known."""
        if (guess := self._tried.pop(entry.url, None)) is not None:
            self._report(
                f"Used {guess} for further teasers of {entry.discovered_on}; its first response has {fresh} new ones."
            )

    def _absolute(self, request: str, start: str) -> str | None:
        url, mark, form = request.partition("#")
        try:
            absolute = self._site.normal_url(urljoin(start, url))
        except ValueError:
            return None
        return f"{absolute}{mark}{form}" if self._site.owns(absolute) else None

    # --- reports ------------------------------------------------------------------------------------------------------

    def _note_failure(self, message: str) -> None:
        self._run.accounts.replaced.append(message)

    def _report(self, message: str) -> None:
        self._run.accounts.replaced.append(message)
        problem = Problem(stage="pagination", reason="fact_replaced", message=message)
        self._run.accounts.record_problem(problem)
