"""Articles of each language, section, site and month, as triggers count them: no article is read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TypedDict

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection

COUNTS = """
SELECT language, nullif(section, '') AS section, site, nullif(month, '') AS month, articles FROM article_totals
WHERE (:sites = '[]' OR site IN (SELECT value FROM json_each(:sites)))
  AND (:sections = '[]' OR section IN (SELECT value FROM json_each(:sections)))
  AND (:languages = '[]' OR language IN (SELECT value FROM json_each(:languages)))"""
WITHOUT_TEXT = "SELECT EXISTS (SELECT 1 FROM articles WHERE current_version_id IS NULL AND duplicate_of IS NULL)"


class GroupRow(TypedDict):
    """A group with the number of its articles that match."""

    language: str
    section: str | None
    site: str
    month: str | None
    articles: int


def group_totals(connection: Connection, selection: Selection) -> list[GroupRow] | None:
    """The groups of a selection's articles; ``None`` if SQLite must count these.

    That is so if the selection has filters besides sites, sections and languages, or if damage took the texts of an
    article: the totals include it, and a selection does not.
    """
    if replace(selection, sites=(), sections=(), languages=()) != Selection() or connection.value(WITHOUT_TEXT):
        return None
    names = {name: json.dumps(getattr(selection, name)) for name in ("sites", "sections", "languages")}
    return connection.rows_of(GroupRow, COUNTS, names)
