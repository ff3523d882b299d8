"""Which articles count: those of a selection whose current text was searched."""

from __future__ import annotations

import json

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection, condition

FEW = 0.1
"""Share of the searched articles up to which the mentions of one after the other are read."""
STALE = """
SELECT s.article_id FROM name_searches s
LEFT JOIN articles a ON a.id = s.article_id AND a.current_version_id = s.version_id AND a.duplicate_of IS NULL
WHERE a.id IS NULL"""
SEARCHED = "JOIN name_searches s ON s.article_id = a.id AND s.version_id = a.current_version_id"


class Chosen:
    """The searched articles of a selection, as a condition for rows ``m`` with an ``article_id``.

    To join every mention with its article would take most of the time, so a list of IDs is computed first. If nothing
    is filtered, it has the few articles that do not count. The plus prevents an index on the articles.
    """

    def __init__(self, connection: Connection, selection: Selection) -> None:
        self.is_few = False
        """Whether it is faster to begin with the articles than with the names."""
        if selection == Selection():
            ids = connection.values(STALE)
            self.condition = "+m.article_id NOT IN (SELECT value FROM json_each(:ids))"
        else:
            where, values = condition(connection, selection)
            ids = connection.values(f"SELECT a.id FROM articles a {SEARCHED} WHERE {where}", values)
            self.condition = "+m.article_id IN (SELECT value FROM json_each(:ids))"
            self.is_few = len(ids) <= FEW * connection.value("SELECT count(*) FROM name_searches")
        self.ids = json.dumps(ids)

    @property
    def mentions(self) -> str:
        """The mentions that count, for ``SELECT … FROM``, with a condition."""
        if self.is_few:
            return "json_each(:ids) j CROSS JOIN mentions m ON m.article_id = j.value WHERE 1"
        return f"mentions m WHERE {self.condition}"
