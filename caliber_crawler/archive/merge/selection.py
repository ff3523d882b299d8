"""The rows of another archive that a merge reads: those after the marks, and those that they change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.times import utc_text, utc_time
from caliber_crawler.archive.merge.marks import Marks

MARGIN = timedelta(hours=1)
"""How much later than its time a visit may be committed."""
AMONG = "IN (SELECT value FROM json_each(:among))"

AT_CAPTURES = f"""SELECT u.article_id FROM captures c JOIN article_urls u ON u.url IN (c.url, c.final_url)
WHERE c.id {AMONG}
UNION SELECT u.article_id FROM captures c JOIN url_claims u ON u.url IN (c.url, c.final_url) WHERE c.id {AMONG}
UNION SELECT article_id FROM captures WHERE id {AMONG} AND article_id IS NOT NULL
UNION SELECT article_id FROM view_counts WHERE capture_id {AMONG}"""
"""The articles that captures belong to, or whose URLs were requested."""
AFTER = """SELECT id FROM articles WHERE id > :articles
UNION SELECT article_id FROM versions WHERE id > :versions
UNION SELECT article_id FROM frontier WHERE id > :frontier AND article_id IS NOT NULL
UNION SELECT article_id FROM codes WHERE coded_at >= :coded_at"""
SURVIVORS = f"SELECT DISTINCT coalesce(duplicate_of, id) FROM articles WHERE id {AMONG} ORDER BY 1"
FAMILIES = f"SELECT id FROM articles WHERE id {AMONG} UNION SELECT id FROM articles WHERE duplicate_of {AMONG}"
CAPTURES_OF = f"""SELECT id FROM captures WHERE article_id {AMONG}
UNION SELECT capture_id FROM versions WHERE article_id {AMONG}
UNION SELECT capture_id FROM view_counts WHERE article_id {AMONG}"""
FRONTIER = f"""SELECT id FROM frontier WHERE id > :id
UNION SELECT id FROM frontier WHERE kind <> 'article'
UNION SELECT id FROM frontier WHERE visited_at >= :visited_at
UNION SELECT f.id FROM captures c JOIN frontier f ON f.url = c.url WHERE c.id {AMONG}"""


class Selection:
    """The IDs there of the rows to merge. Articles are those that are no duplicates of others."""

    def __init__(self, there: Connection, marks: Marks | None) -> None:
        self._there = there
        self._marks = marks
        self.captures: list[int]
        self.articles: list[int]
        if marks is None:
            self.captures = there.values("SELECT id FROM captures ORDER BY id")
            self.articles = there.values("SELECT id FROM articles WHERE duplicate_of IS NULL ORDER BY id")
            return
        new = set(there.values("SELECT id FROM captures WHERE id > ?", (marks.captures,))) | {*marks.unprocessed}
        new |= set(
            there.values("SELECT capture_id FROM problems WHERE id > ? AND capture_id IS NOT NULL", (marks.problems,))
        )
        numbers = {name: getattr(marks, name) for name in ("articles", "versions", "frontier")}
        touched = set(there.values(AFTER, numbers | {"coded_at": marks.coded_at}))
        touched |= set(self._among(AT_CAPTURES, new))
        self.articles = self._among(SURVIVORS, touched)
        self._families = self._among(FAMILIES, self.articles)
        self._new = new
        self.captures = sorted(new | set(self._among(CAPTURES_OF, self._families)))

    def __len__(self) -> int:
        return len(self.captures) + len(self.articles)

    @property
    def runs(self) -> list[int]:
        """The runs to merge, besides those to which other rows refer."""
        return self._there.values(
            "SELECT id FROM runs WHERE id > ? ORDER BY id", (self._marks.runs if self._marks else 0,)
        )

    @property
    def problems(self) -> list[int]:
        return self._there.values(
            "SELECT id FROM problems WHERE id > ? ORDER BY id", (self._marks.problems if self._marks else 0,)
        )

    @property
    def frontier(self) -> list[int]:
        """The rows of the frontier that are new, or that a visit, a capture or an article may have changed."""
        if self._marks is None:
            return self._there.values("SELECT id FROM frontier ORDER BY id")
        visited_at = self._marks.visited_at
        since = utc_text(utc_time(visited_at) - MARGIN) if visited_at else ""
        found = set(self._among(FRONTIER, self._new, id=self._marks.frontier, visited_at=since))
        return sorted(found | set(self._among(f"SELECT id FROM frontier WHERE article_id {AMONG}", self._families)))

    def _among(self, sql: str, ids: Iterable[int], **values: object) -> list[int]:
        return self._there.values(sql, {"among": json.dumps(sorted(ids)), **values})
