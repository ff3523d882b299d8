"""Field coverage of a run: on how many pages each field was found, by layout and extraction method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from itemadapter import ItemAdapter

COVERED = ("headline", "subtitle", "body", "published_at", "authors", "section", "views", "signature", "cover_image")
"""The fields whose coverage a run reports."""


class FieldCoverage:
    """Counts, article by article."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._read: Counter[str] = Counter()
        self._filled: Counter[tuple[str, str, str]] = Counter()

    def count(self, layout: str, article: ItemAdapter, methods: Mapping[str, str]) -> None:
        """Count which fields this layout filled, and by which method."""
        self._read[layout] += 1
        for name in COVERED:
            filled = article[name] not in (None, "", ())
            self._filled[layout, name, methods.get(name, "") if filled else ""] += filled

    def rows(self) -> list[tuple[str, str, str, str, int, int]]:
        """Rows of site, layout, field, method, pages read, and pages on which that method gave the field.

        A field that was empty on some page has a row without a method, which gave nothing.
        """
        return [
            (self._site, layout, name, method, self._read[layout], filled)
            for (layout, name, method), filled in sorted(self._filled.items())
        ]
