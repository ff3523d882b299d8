"""The results about near-duplicates and excerpts, and the pass that finds them: ``archive.copies``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import TypedDict, Unpack

from caliber_crawler.archive.analysis.copies.near_duplicates import NearDuplicates
from caliber_crawler.archive.analysis.copies.sketches import Sketches
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.side_files import COPIES, side_file
from caliber_crawler.archive.core.times import utc_now
from caliber_crawler.archive.search.selection import ArticleFilter, Selection, condition, selection_of

MEMBERS = """
SELECT * FROM near_duplicates WHERE group_id IN (SELECT value FROM json_each(?))
ORDER BY group_id, published_at IS NULL, published_at, article_id"""
EXCERPTS = """
SELECT c.article_id, a.headline, a.url, a.site, a.language, a.published_at, c.original_id,
  o.headline AS original_headline, o.url AS original_url, o.published_at AS original_published_at, c.similarity,
  c.containment, c.method, c.found_at
FROM copies c JOIN articles a ON a.id = c.article_id JOIN articles o ON o.id = c.original_id
WHERE c.relation = 'excerpt' AND a.duplicate_of IS NULL AND o.duplicate_of IS NULL
  AND a.current_version_id IS NOT NULL AND o.current_version_id IS NOT NULL"""
MEMBER_IDS = """
SELECT original_id AS group_id, article_id FROM copies WHERE relation = 'near-duplicate'
UNION SELECT original_id, original_id FROM copies WHERE relation = 'near-duplicate'"""
GROUPS_OF = """
SELECT original_id FROM copies WHERE relation = 'near-duplicate' AND (article_id = ?1 OR original_id = ?1)"""


class CopyMember(TypedDict):
    """An article of a group of near-duplicates: a row of the view ``near_duplicates``."""

    group_id: int
    """The ID of the article of the group that was published first."""
    article_id: int
    site: str
    language: str
    section: str | None
    published_at: str | None
    headline: str
    url: str
    similarity: float
    """Jaccard index of the shingles of this text and of the first; 1 for the first itself."""
    containment: float
    """Share of the shorter of the two texts that the longer one contains."""
    method: str
    found_at: str


class Excerpt(TypedDict):
    """A text that a longer one contains."""

    article_id: int
    headline: str
    url: str
    site: str
    language: str
    published_at: str | None
    original_id: int
    """The article with the longer text, whichever was published first."""
    original_headline: str
    original_url: str
    original_published_at: str | None
    similarity: float
    containment: float
    method: str
    found_at: str


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """Near-duplicates of one article, in order of publication; it is the first."""

    members: tuple[CopyMember, ...]

    @property
    def first(self) -> CopyMember:
        return next(member for member in self.members if member["article_id"] == member["group_id"])


@dataclass(frozen=True, slots=True)
class CopyStatus:
    """What the last pass found."""

    is_searched: bool
    """Whether the texts of this archive were compared on this machine."""
    near_duplicates: int
    groups: int
    excerpts: int
    found_at: str | None
    """The time of the newest result."""


class Copies:
    """Near-duplicates and excerpts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self) -> NearDuplicates:
        """A pass over the texts that are new or changed. Iterate it to the end; then see its ``result``."""
        return NearDuplicates(self._connection, utc_now())

    def groups(self, **filters: Unpack[ArticleFilter]) -> list[CopyGroup]:
        """The groups of near-duplicates with at least one article that matches the filters, newest first.

        The filters are those of ``Archive.articles``. A group has all of its articles, also those that do not match.
        """
        return self.groups_with_ids(self.group_ids(selection_of(**filters)))

    def group_ids(self, selection: Selection) -> list[int]:
        """The IDs of the groups with at least one selected article, the newest first article first."""
        where, values = condition(self._connection, selection)
        return self._connection.values(
            f"""SELECT DISTINCT m.group_id FROM ({MEMBER_IDS}) m JOIN articles a ON a.id = m.article_id
            JOIN articles o ON o.id = m.group_id WHERE {where} ORDER BY o.published_at DESC, o.id DESC""",
            values,
        )

    def groups_with_ids(self, ids: Sequence[int]) -> list[CopyGroup]:
        """The groups with these IDs, in this order."""
        rows = self._connection.rows_of(CopyMember, MEMBERS, (json.dumps(list(ids)),))
        groups = {id: CopyGroup(tuple(members)) for id, members in groupby(rows, lambda row: row["group_id"])}
        return [groups[id] for id in ids if id in groups and len(groups[id].members) > 1]

    def group_of(self, article_id: int) -> CopyGroup | None:
        """The group of an article, if it is or has a near-duplicate."""
        ids = self._connection.values(GROUPS_OF, (article_id,))
        return next(iter(self.groups_with_ids(ids[:1])), None)

    def excerpts(self, **filters: Unpack[ArticleFilter]) -> list[Excerpt]:
        """The excerpts that match the filters, the newest first."""
        return self.selected_excerpts(selection_of(**filters))

    def selected_excerpts(self, selection: Selection) -> list[Excerpt]:
        """The selected excerpts, the newest first."""
        where, values = condition(self._connection, selection)
        return self._connection.rows_of(
            Excerpt, f"{EXCERPTS} AND {where} ORDER BY a.published_at DESC, a.id, o.id", values
        )

    def excerpts_of(self, article_id: int) -> list[Excerpt]:
        """The excerpts of an article, and the longer texts of which it is one."""
        return self._connection.rows_of(
            Excerpt,
            f"{EXCERPTS} AND (c.article_id = ?1 OR c.original_id = ?1) ORDER BY a.published_at, a.id, o.id",
            (article_id,),
        )

    def status(self) -> CopyStatus:
        """Numbers of results."""
        row = self._connection.row(
            """SELECT count(*) FILTER (WHERE relation = 'near-duplicate') AS near_duplicates,
              count(DISTINCT original_id) FILTER (WHERE relation = 'near-duplicate') AS groups,
              count(*) FILTER (WHERE relation = 'excerpt') AS excerpts, max(found_at) AS found_at FROM copies"""
        )
        assert row is not None
        return CopyStatus(is_searched=side_file(self._connection.path, COPIES).exists(), **row)

    def forget_deleted(self) -> None:
        """Remove the hashes of the texts of articles that were deleted from the side file, if there is one."""
        if side_file(self._connection.path, COPIES).exists():
            left = set(self._connection.values("SELECT id FROM articles"))
            with closing(Sketches(self._connection.path)) as sketches, sketches.errors:
                sketches.begin()
                sketches.discard([text.article_id for text in sketches.texts() if text.article_id not in left])
                sketches.commit()
