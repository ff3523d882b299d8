"""Articles by language, section, site and month, as triggers count them: no article is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.selection import Selection

Column = Literal["language", "section", "site", "month"]
WITHOUT_TEXT = "SELECT EXISTS (SELECT 1 FROM articles WHERE current_version_id IS NULL AND duplicate_of IS NULL)"


def group_totals(
    connection: Connection, selection: Selection, columns: Sequence[Column]
) -> list[dict[str, Any]] | None:
    """A row for each group of a selection's articles, with ``articles``; ``None`` if SQLite must count these.

    That is so if the selection has filters besides sites, sections and languages, or if damage took the texts of an
    article: the totals include it, and a selection does not.
    """
    if replace(selection, sites=(), sections=(), languages=()) != Selection() or connection.value(WITHOUT_TEXT):
        return None
    filters = {"site": selection.sites, "section": selection.sections, "language": selection.languages}
    conditions = [f"{name} IN (SELECT value FROM json_each(:{name}))" for name, names in filters.items() if names]
    return connection.rows(
        f"""SELECT {", ".join(f"nullif({name}, '') AS {name}" for name in columns)}, sum(articles) AS articles
        FROM article_totals WHERE {" AND ".join(conditions) or "1"} GROUP BY {", ".join(columns)}""",
        {name: json.dumps(names) for name, names in filters.items()},
    )
