"""Analyses of an archive, as its attributes. Each is imported when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliber_crawler.archive.core.connection import Connection

if TYPE_CHECKING:
    from caliber_crawler.archive.analysis.alerts.interface import SavedSearches
    from caliber_crawler.archive.analysis.coding.interface import ContentAnalysis
    from caliber_crawler.archive.analysis.copies import Copies
    from caliber_crawler.archive.analysis.editions import Editions
    from caliber_crawler.archive.analysis.names import Names
    from caliber_crawler.archive.analysis.words.words import Words


class Analyses:
    """The part of :class:`~caliber_crawler.archive.Archive` that gives access to its analyses."""

    _connection: Connection

    @property
    def words(self) -> Words:
        """Concordances, collocates, word lists, keyness and n-grams of the current texts."""
        from caliber_crawler.archive.analysis.words.words import Words

        return Words(self._connection)

    @property
    def copies(self) -> Copies:
        """Near-duplicates and excerpts: texts that several articles have in common."""
        from caliber_crawler.archive.analysis.copies import Copies

        return Copies(self._connection)

    @property
    def editions(self) -> Editions:
        """Articles of the same story in other languages; call it with the ID of an article."""
        from caliber_crawler.archive.analysis.editions import Editions

        return Editions(self._connection)

    @property
    def names(self) -> Names:
        """People, places and organizations that texts mention, and who said what."""
        from caliber_crawler.archive.analysis.names import Names

        return Names(self._connection)

    def forget_deleted(self) -> None:
        """Remove from every side file what it holds of articles that were deleted. Call it after a takedown."""
        self.copies.forget_deleted()
        self.editions.forget_deleted()

    @property
    def alerts(self) -> SavedSearches:
        """Alerts: saved searches, and the events that they found since."""
        from caliber_crawler.archive.analysis.alerts.interface import SavedSearches

        return SavedSearches(self._connection)

    @property
    def coding(self) -> ContentAnalysis:
        """Content analysis: samples, codebook, codes that people gave to articles, and their agreement."""
        from caliber_crawler.archive.analysis.coding.interface import ContentAnalysis

        return ContentAnalysis(self._connection)
