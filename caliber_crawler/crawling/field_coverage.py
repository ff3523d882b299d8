"""Field coverage of a run: the number of pages on which each field was found, by layout and extraction method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from itemadapter import ItemAdapter

COVERED = ("headline", "subtitle", "body", "published_at", "authors", "section", "views", "signature", "cover_image")
"""Fields whose coverage a run reports."""


class FieldCoverage:
    """Counts fields, article by article."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._pages: Counter[str] = Counter()
        self._filled: Counter[tuple[str, str, str]] = Counter()

    def count(self, layout: str, article: ItemAdapter, methods: Mapping[str, str]) -> None:
        """Count the fields that were found with a layout, and their methods."""
        self._pages[layout] += 1
        for name in COVERED:
            filled = article[name] not in (None, "", ())
            self._filled[layout, name, methods.get(name, "") if filled else ""] += filled

    def rows(self) -> list[tuple[str, str, str, str, int, int]]:
        """Return rows: site, layout, field, method, number of pages, number of pages where the method found the field.

        A field that was empty on a page has a row with an empty method and 0 pages.
        """
        return [
            (self._site, layout, name, method, self._pages[layout], filled)
            for (layout, name, method), filled in sorted(self._filled.items())
        ]
