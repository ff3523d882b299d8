"""Fields whose selector has failed while the rest of the layout still fits: only that selector is replaced.

On a site without a definition these are fields that the page need not have: authors, section, view counter. A trusted
layout without its headline, date or text does not fit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from caliber_crawler.items import Capture, Extraction
from caliber_crawler.learning.layout import Part

FIELDS: dict[Part, str] = {
    "headline": "headline",
    "date": "published_at",
    "authors": "authors",
    "section": "section_label",
    "views": "views_shown",
}
LEARNED_FIELDS: dict[Part, str] = {"authors": "authors", "section": "section_label", "views": "views_shown"}
"""Parts of a layout, and the field in whose extraction method the selector shows."""
WINDOW, MAX_FAILED = 10, 5
MAX_KEPT = 20
SELECTOR = "selector"


class FieldWatch:
    """Counts for each part of a layout the pages on which its selector finds nothing any more.

    ``method``: the extraction method of a value that a selector of the layout found.
    """

    def __init__(self, fields: Mapping[Part, str], method: str = SELECTOR) -> None:
        self._fields, self._method = fields, method
        self._recent: dict[Part, deque[bool]] = {part: deque(maxlen=WINDOW) for part in fields}
        self._failed: dict[Part, deque[Capture]] = {part: deque(maxlen=MAX_KEPT) for part in fields}
        self._tried: dict[Part, int] = {}

    def note(self, extraction: Extraction, stored: Mapping[str, str]) -> Part | None:
        """Note a page of a known article; return the part whose selector has failed by now.

        ``stored``: the extraction methods of the article's stored text. A field that no selector found there says
        nothing: many articles have no author.
        """
        failed_part = None
        for part, recent in self._recent.items():
            field = self._fields[part]
            if stored.get(field) != self._method:
                continue
            failed = extraction.methods.get(field) != self._method
            recent.append(failed)
            if failed:
                self._failed[part].append(extraction.capture)
                count = len(self._failed[part])
                if sum(recent) >= MAX_FAILED and count >= self._tried.get(part, 0) + MAX_FAILED:
                    self._tried[part] = count if count < MAX_KEPT else 0
                    failed_part = failed_part or part
        return failed_part

    def pages(self, part: Part) -> list[Capture]:
        """The last pages on which the selector of a part found nothing."""
        return list(self._failed[part])

    def fitting(self, part: Part) -> tuple[int, int]:
        """On how many of the last pages the selector of a part found something."""
        recent = self._recent[part]
        return len(recent) - sum(recent), len(recent)

    def forget(self, part: Part) -> None:
        """Start to count again: the selector was replaced."""
        self._recent[part].clear()
        self._failed[part].clear()
        self._tried.pop(part, None)
