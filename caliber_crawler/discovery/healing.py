"""Healing: facts of a site definition that fail are replaced in the same run.

A listing that is missing or has no teasers is replaced by the one to which the section's label or key links on the
home page; a request for further teasers that is not stated, repeats or fails, by those that the listing itself
contains; a feed that is gone, by the one that the home page states; a sitemap that is gone, by those that robots.txt
names or that stand at a usual location. The run reports each fact that failed and what it used instead. The archive
keeps what was used, and the next runs begin with it: see :mod:`caliber_crawler.discovery.healed_facts`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from caliber_crawler.archive import BEGINNING, Entry
from caliber_crawler.discovery.entries import LATER_PAGE, list_entry, next_page
from caliber_crawler.discovery.healed_facts import HealedFact, HealedFacts, HealedName, stated_pagination
from caliber_crawler.discovery.sitemaps import sitemap_entry
from caliber_crawler.extraction.further_pages import filled
from caliber_crawler.items import Listing, Problem
from caliber_crawler.lists.sitemaps import ROBOTS, USUAL_PATHS
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Feed, Listings, Sitemaps, StartPage

if TYPE_CHECKING:
    from caliber_crawler.crawling.run import CrawlRun
    from caliber_crawler.site import Site


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
        self._sought: set[str] = set()
        """Listings of which the definition states no pagination that finds anything."""
        self._is_paginated = False
        """Whether the stated pagination was right on some listing."""
        self._remembered: set[str] = set()
        """Requests for further teasers that an earlier run found."""
        self._homes: set[str] = set()
        self._failed_feed: str | None = None
        self._feeds: dict[str, str] = {}
        """Feeds that the home page states, each with the page that does."""
        self._failed_sitemap: str | None = None
        self._sitemap_places: list[str] = []
        """Where to look for sitemaps instead, in this order."""
        self._facts = HealedFacts(run.archive, run.scope.site, run.started_at)

    @property
    def _applies(self) -> bool:
        return self._site.has_layouts and self._run.explorer is None

    # --- sections and feeds -------------------------------------------------------------------------------------------

    def list_failed(self, entry: Entry, why: str) -> None:
        """Look for a replacement of a listing or a feed that failed. Runs inside the caller's transaction or alone."""
        if not self._applies or entry.page_number > 1 or entry.url in self._replaced:
            return
        is_named = entry.discovered_on is not None
        if entry.discovered_via == Sitemaps.name:
            if not is_named:
                self._sitemap_failed(entry, why)
            elif self._failed_sitemap is not None and entry.discovered_on == self._failed_sitemap:
                self._ask_next_sitemap()
            return
        if entry.discovered_via == Listings.name and entry.section is not None:
            sentence = f"The listing of section {entry.section} at {entry.url} failed: {why}."
        elif entry.discovered_via == Feed.name and not is_named:
            sentence = f"The feed {entry.url} failed: {why}."
        else:
            return
        self._note_failure(sentence)
        if (fact := self._facts.using(entry.url)) is not None:
            self._return_to_stated(fact, entry)
            return
        if entry.discovered_via == Listings.name:
            self._failed[entry.language, str(entry.section)] = entry
        else:
            self._failed_feed = entry.url
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
                f" {alike} of {quantity(len(listing.teasers), 'teaser')} on it have the section's label."
            )
            self._facts.store("healed_listing", failed.url, entry.url, found=(alike, len(listing.teasers)))
        self._replace_listings(entry.url)
        if entry.url in self._homes:
            for url in listing.feeds[:1] if self._failed_feed is not None else ():
                self._feeds[self._site.normal_url(url)] = entry.url

    def list_processed(self, listing: Listing, entry: Entry) -> None:
        """Note that a feed or sitemap was right which stands for one that failed."""
        named = len(listing.teasers) + len(listing.sitemaps)
        if entry.kind == "feed" and named and self._failed_feed and (home := self._feeds.pop(entry.url, None)):
            self._report(f"Used the feed {entry.url}, which {home} states.")
            self._facts.store("healed_feed", self._failed_feed, entry.url, found=(named, named))
        elif entry.kind == "sitemap" and self._failed_sitemap and entry.discovered_on == self._failed_sitemap:
            if named:
                self._report(f"Used {entry.url} for sitemaps instead of {self._failed_sitemap}.")
                self._facts.store("healed_sitemap", self._failed_sitemap, entry.url, found=(named, named))
                self._failed_sitemap = None
            else:
                self._ask_next_sitemap()

    def _sitemap_failed(self, entry: Entry, why: str) -> None:
        self._note_failure(f"The sitemap {entry.url} failed: {why}.")
        if (fact := self._facts.using(entry.url)) is not None:
            self._return_to_stated(fact, entry)
        elif self._failed_sitemap is None and not self._sitemap_places:
            stated = {self._site.normal_url(path) for each in self._sources() for path in each.paths}
            places = (self._site.normal_url(path) for path in (ROBOTS, *USUAL_PATHS))
            self._failed_sitemap, self._sitemap_places = entry.url, [url for url in places if url not in stated]
            self._ask_next_sitemap()

    def _sources(self) -> list[Sitemaps]:
        return [source for source in self._site.sources if isinstance(source, Sitemaps)]

    def _ask_next_sitemap(self) -> None:
        if self._sitemap_places:
            place = self._sitemap_places.pop(0)
            self._frontier.add(
                [sitemap_entry(place, self._site, self._failed_sitemap, self._run.started_at)], self._run.id
            )

    def _return_to_stated(self, fact: HealedFact, failed: Entry) -> None:
        """Try the stated fact again, because what replaced it in earlier runs fails now."""
        self._facts.withdraw(fact)
        page = self._site.parse_url(fact.stated)
        stated = replace(failed, id=None, discovered_at=None, url=page.url, request_url=page.request_url)
        self._frontier.add([replace(stated, due_at=self._run.started_at)], self._run.id)

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
        if not self._applies or entry.discovered_via != Listings.name:
            return False
        if entry.page_number == 1 and start not in self._sought:
            return False
        if entry.url in self._remembered:
            self._remembered.discard(entry.url)
            if (fact := self._pagination_fact(start)) is not None:
                self._facts.withdraw(fact)
        first = self._frontier.get(start)
        guesses = self._guesses.get(start)
        if first is None or not guesses:
            if start in self._sought:  # it has one page, as the definition says
                self._frontier.set_crawled_since(start, self._run.scope.window.since or BEGINNING)
            return False
        if entry.url not in self._tried and start not in self._sought:
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

    def seek_pagination(self, entry: Entry, *, is_over: bool) -> bool:
        """Queue a guessed request for page 2 of a listing that seems to have one page; return whether there is one.

        ``is_over``: whether the definition states no request for page 2, or finds no link to it.
        """
        layout = self._site.listing
        if entry.page_number > 1 or entry.discovered_via != Listings.name or layout is None or layout.scroll:
            return False
        if not is_over:
            self._is_paginated = True
        if not is_over or self._is_paginated or not self._guesses.get(entry.url):
            return False
        self._sought.add(entry.url)
        return self.replace_pagination(entry, entry.url, "")

    def has_replaced(self, start: str) -> bool:
        """Whether other requests for further teasers of a listing are used than the definition states."""
        return start in self._sought or self._pagination_fact(start) is not None

    def is_sought(self, entry: Entry) -> bool:
        """Whether a page was requested by a guess although the definition states no pagination: it may fail."""
        return self.is_tried(entry) and entry.discovered_on in self._sought

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
        guess = self._tried.pop(entry.url, None)
        if guess is None or entry.url in self._remembered:
            return
        if entry.discovered_on in self._sought:
            self._note_failure(f"The definition finds no pagination on {entry.discovered_on}.")
        self._report(
            f"Used {guess} for further teasers of {entry.discovered_on}; its first response has {fresh} new ones."
        )
        stated = stated_pagination(self._site)
        self._facts.store("healed_pagination", stated, guess, page=entry.discovered_on or "", found=(fresh, fresh))

    def known_page(self, entry: Entry, teasers: int) -> str | None:
        """The request for page 2 of a listing that an earlier run used instead of the stated one."""
        if not self._applies or entry.page_number > 1 or entry.discovered_via != Listings.name:
            return None
        fact = self._pagination_fact(entry.url)
        url = self._absolute(filled(fact.used, page=2, offset=teasers), entry.url) if fact is not None else None
        if fact is not None and url is not None:
            self._tried[url] = fact.used
            self._remembered.add(url)
        return url

    def _pagination_fact(self, listing_url: str) -> HealedFact | None:
        return self._facts.find("healed_pagination", stated_pagination(self._site), listing_url)

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
        self._run.accounts.report_replaced(Problem(stage="pagination", reason="fact_replaced", message=message))


def healed_seed(entry: Entry, run: CrawlRun) -> Entry:
    """A seed of a site definition, or what earlier runs used instead of it. Reports what is used."""
    names: dict[str, HealedName] = {
        Listings.name: "healed_listing",
        Feed.name: "healed_feed",
        Sitemaps.name: "healed_sitemap",
    }
    name = names.get(entry.discovered_via)
    if name is None or not run.scope.site.has_layouts:
        return entry
    site, facts = run.scope.site, HealedFacts(run.archive, run.scope.site, run.started_at)
    found = [facts.find(name, entry.url)]
    healed = _seed_at(found[0].used, entry, site) if found[0] is not None else entry
    found.append(facts.find("healed_pagination", stated_pagination(site), healed.url))
    for fact in found:
        if fact is not None:
            where = f" of {fact.page}" if fact.page else ""
            stated = f"instead of {fact.stated}" if fact.stated else "for further teasers"
            message = (
                f"Used {fact.used} {stated}{where}, as an earlier run found;"
                " correct the site definition (see `caliber doctor`)."
            )
            run.accounts.report_replaced(Problem(stage="pagination", reason="fact_replaced", message=message))
    return healed


def _seed_at(url: str, stated: Entry, site: Site) -> Entry:
    page = site.parse_url(url)
    return replace(stated, url=page.url, request_url=page.request_url)
