"""Access to the tables of an archive, as its attributes. Each is imported and made when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from caliber_crawler.archive.core.connection import Connection

if TYPE_CHECKING:
    from caliber_crawler.archive.core.takedowns import Takedowns
    from caliber_crawler.archive.pages.captures import Captures
    from caliber_crawler.archive.pages.cold_pages import ColdPages
    from caliber_crawler.archive.queue.aliases import Aliases
    from caliber_crawler.archive.queue.candidates import Candidates
    from caliber_crawler.archive.queue.frontier import Frontier
    from caliber_crawler.archive.queue.hosts import Hosts
    from caliber_crawler.archive.queue.traversals import Traversals
    from caliber_crawler.archive.reports.alarms import Alarms
    from caliber_crawler.archive.reports.run_history import RunHistory
    from caliber_crawler.archive.reports.runs import Runs
    from caliber_crawler.archive.reports.site_facts import SiteFacts
    from caliber_crawler.archive.reports.sites import Sites
    from caliber_crawler.archive.texts.absence import Absences
    from caliber_crawler.archive.texts.articles import Articles
    from caliber_crawler.archive.texts.confirmation import Confirmations
    from caliber_crawler.archive.texts.reextractions import Reextractions
    from caliber_crawler.archive.texts.split import Split
    from caliber_crawler.archive.upkeep.deletion import Deletion


class Tables:
    """The part of :class:`~caliber_crawler.archive.Archive` that gives access to its tables.

    A search needs none of these modules, and a command that needs one of them loads only that one.
    """

    _connection: Connection

    @cached_property
    def captures(self) -> Captures:
        """Every page as served, and every failed request."""
        from caliber_crawler.archive.pages.captures import Captures

        return Captures(self._connection)

    @cached_property
    def cold_pages(self) -> ColdPages:
        """Pages in cold storage, and the files there; ``caliber_crawler.cold_storage`` moves pages to it."""
        from caliber_crawler.archive.pages.cold_pages import ColdPages

        return ColdPages(self._connection)

    @cached_property
    def articles(self) -> Articles:
        """Articles; call it with keyword filters to get a row for each matching article."""
        from caliber_crawler.archive.texts.articles import Articles

        return Articles(self._connection)

    @cached_property
    def absences(self) -> Absences:
        """Answers without a page: "not modified" and "gone"."""
        from caliber_crawler.archive.texts.absence import Absences

        return Absences(self._connection)

    @cached_property
    def frontier(self) -> Frontier:
        """Every known URL, and when it is due."""
        from caliber_crawler.archive.queue.frontier import Frontier

        return Frontier(self._connection)

    @cached_property
    def candidates(self) -> Candidates:
        """URLs that perhaps lead to articles, with the page that named them."""
        from caliber_crawler.archive.queue.candidates import Candidates

        return Candidates(self._connection)

    @cached_property
    def aliases(self) -> Aliases:
        """Other URLs of an article, which crawls do not fetch."""
        from caliber_crawler.archive.queue.aliases import Aliases

        return Aliases(self._connection)

    @cached_property
    def traversals(self) -> Traversals:
        """How far each listing was crawled."""
        from caliber_crawler.archive.queue.traversals import Traversals

        return Traversals(self._connection)

    @cached_property
    def hosts(self) -> Hosts:
        """State of each host that must survive the process: last request, delay, Retry-After, robots.txt."""
        from caliber_crawler.archive.queue.hosts import Hosts

        return Hosts(self._connection)

    @cached_property
    def runs(self) -> Runs:
        """Commands that wrote to the archive, and the problems they recorded."""
        from caliber_crawler.archive.reports.runs import Runs

        return Runs(self._connection)

    @cached_property
    def run_history(self) -> RunHistory:
        """Earlier runs, for comparison with a new one."""
        from caliber_crawler.archive.reports.run_history import RunHistory

        return RunHistory(self._connection)

    @cached_property
    def alarms(self) -> Alarms:
        """What crawls found unusual about sites, until somebody acknowledges it."""
        from caliber_crawler.archive.reports.alarms import Alarms

        return Alarms(self._connection)

    @cached_property
    def sites(self) -> Sites:
        """The sites of the articles, with their terms of use; ``sites.report()`` describes the state of each."""
        from caliber_crawler.archive.reports.sites import Sites

        return Sites(self._connection)

    @cached_property
    def site_facts(self) -> SiteFacts:
        """Facts that were learned about sites from their stored pages."""
        from caliber_crawler.archive.reports.site_facts import SiteFacts

        return SiteFacts(self._connection)

    @cached_property
    def confirmations(self) -> Confirmations:
        """Articles that a re-extraction does not change."""
        from caliber_crawler.archive.texts.confirmation import Confirmations

        return Confirmations(self._connection)

    @cached_property
    def reextractions(self) -> Reextractions:
        """Re-extraction of stored pages."""
        from caliber_crawler.archive.texts.reextractions import Reextractions

        return Reextractions(self._connection)

    @cached_property
    def split(self) -> Split:
        """Splits articles that were joined by mistake."""
        from caliber_crawler.archive.texts.split import Split

        return Split(self._connection)

    @cached_property
    def takedowns(self) -> Takedowns:
        """Articles that the archive must not contain."""
        from caliber_crawler.archive.core.takedowns import Takedowns

        return Takedowns(self._connection)

    @cached_property
    def deletion(self) -> Deletion:
        """Deletes articles and records a takedown for each."""
        from caliber_crawler.archive.upkeep.deletion import Deletion

        return Deletion(self._connection)
