"""Facet and filter by author, from the table ``article_authors``.

Datasette's own facet and filter on JSON lists parse the list of every article. With hundreds of thousands of articles
this exceeds its time limit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datasette.database import QueryInterrupted
from datasette.facets import Facet
from datasette.filters import FilterArguments
from datasette.utils import path_with_added_args, path_with_removed_args

if TYPE_CHECKING:
    from datasette.utils.asgi import Request

ARGUMENT = "_author"
"""``?_author=NAME``: articles with this author; given twice, articles with both authors."""

COUNTED = """
SELECT p.name AS value, sum(f.articles) AS articles
FROM (SELECT author_id, count(*) AS articles FROM article_authors {where} GROUP BY author_id) f
JOIN authors p ON p.id = f.author_id
GROUP BY p.name ORDER BY articles DESC, value LIMIT {limit}"""
OF_ARTICLES = "WHERE article_id IN (SELECT id FROM ({sql}))"
"""Not needed for all articles: a list of them would take most of the time."""

WRITTEN_BY = """id IN (
  SELECT w.article_id FROM authors p JOIN article_authors w ON w.author_id = p.id WHERE p.name = :{parameter})"""


class AuthorFacet(Facet):  # type: ignore[misc]
    """Number of shown articles per author; in the metadata of a table, ``{"author": "authors"}``."""

    type = "author"

    async def facet_results(self) -> tuple[list[dict[str, object]], list[str]]:
        """Return the results of the facet, and its name if it exceeded the time limit."""
        if not self.get_configs():
            return [], []
        size = self.get_facet_size()
        where = OF_ARTICLES.format(sql=self.sql) if re.search(r"\bwhere\b", self.sql, re.IGNORECASE) else ""
        try:
            counted = await self.ds.execute(
                self.database,
                COUNTED.format(where=where, limit=size + 1),
                self.params if where else {},
                truncate=False,
                custom_time_limit=self.ds.setting("facet_time_limit_ms"),
            )
        except QueryInterrupted:
            return [], ["authors"]
        rows = counted.rows[:size]
        shown = {
            "name": "authors",
            "type": self.type,
            "hideable": False,
            "toggle_url": None,
            "results": [self._facet_value(row["value"], row["articles"]) for row in rows],
            "truncated": len(counted.rows) > size,
        }
        return [shown], []

    def _facet_value(self, name: str, count: int) -> dict[str, object]:
        selected = name in self.request.args.getlist(ARGUMENT)
        toggled = (path_with_removed_args if selected else path_with_added_args)(self.request, {ARGUMENT: name})
        return {
            "value": name,
            "label": name,
            "count": count,
            "toggle_url": self.ds.absolute_url(self.request, self.ds.urls.path(toggled)),
            "selected": selected,
        }


def by_author(request: Request) -> FilterArguments | None:
    """Return the filter of ``articles`` for ``?_author=``."""
    names = request.args.getlist(ARGUMENT)
    if not names:
        return None
    parameters = {f"author_{number}": name for number, name in enumerate(names)}
    return FilterArguments(
        [WRITTEN_BY.format(parameter=parameter) for parameter in parameters],
        params=parameters,
        human_descriptions=[f"by {name}" for name in names],
    )
