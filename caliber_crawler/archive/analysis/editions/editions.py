"""The counterparts of articles in other languages, and the pass that finds them: ``archive.editions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, Unpack

from caliber_crawler.archive.analysis.editions.search import EditionSearch
from caliber_crawler.archive.analysis.editions.stories import Stories
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.side_files import EDITIONS, side_file
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.search.selection import ArticleFilter, Selection, condition, selection_of


class Counterpart(TypedDict):
    """An article and one counterpart of it: a row of the view ``editions``."""

    article_id: int
    language: str
    headline: str
    published_at: str | None
    counterpart_id: int
    counterpart_language: str
    counterpart_headline: str
    counterpart_published_at: str | None
    counterpart_url: str
    method: str
    """``hreflang`` or ``link`` (a page states it), or ``content``."""
    score: float
    """1 for ``hreflang``, 0.95 for ``link``; for ``content`` it grows with the evidence and stays below 1."""
    evidence: str
    """What both have in common, as JSON."""
    found_at: str


@dataclass(frozen=True, slots=True)
class EditionStatus:
    """What the last pass found."""

    is_searched: bool
    """Whether the articles of this archive were compared on this machine."""
    pairs: int
    found_at: str | None
    """The time of the newest result."""


class Editions:
    """Counterparts in other languages. Call it with the ID of an article to get its counterparts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, article_id: int) -> list[Counterpart]:
        """The counterparts of an article, by language."""
        return self._connection.rows_of(
            Counterpart,
            "SELECT * FROM editions WHERE article_id = ? ORDER BY counterpart_language, score DESC, counterpart_id",
            (article_id,),
        )

    def find(self) -> EditionSearch:
        """A pass over the articles that are new or changed. Iterate it to the end; then see its ``result``."""
        return EditionSearch(self._connection, utc_now())

    def pairs(self, **filters: Unpack[ArticleFilter]) -> list[Counterpart]:
        """The counterparts of the articles that match the filters, newest first.

        The filters are those of ``Archive.articles``. If both articles match, the pair occurs once for each of them.
        """
        return self.selected_pairs(selection_of(**filters))

    def selected_pairs(self, selection: Selection) -> list[Counterpart]:
        """The counterparts of the selected articles, newest first."""
        where, values = condition(self._connection, selection)
        return self._connection.rows_of(
            Counterpart,
            f"""SELECT e.* FROM editions e JOIN articles a ON a.id = e.article_id WHERE {where}
            ORDER BY e.published_at DESC, e.article_id, e.counterpart_language, e.counterpart_id""",
            values,
        )

    def status(self) -> EditionStatus:
        """Numbers of results."""
        row = self._connection.row("SELECT count(*) AS pairs, max(found_at) AS found_at FROM counterparts")
        assert row is not None
        return EditionStatus(is_searched=side_file(self._connection.path, EDITIONS).exists(), **row)

    def forget_deleted(self) -> None:
        """Remove articles that were deleted from the side file, if there is one."""
        if side_file(self._connection.path, EDITIONS).exists():
            left = set(self._connection.values("SELECT id FROM articles"))
            stories = Stories(self._connection.path)
            try:
                with stories.errors:
                    stories.begin()
                    stories.discard([story.article_id for story in stories.all() if story.article_id not in left])
                    stories.commit()
            finally:
                stories.close()
