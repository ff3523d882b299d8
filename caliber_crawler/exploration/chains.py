"""Chains of pages: the pages of one list, whose URLs differ in a number."""

from __future__ import annotations

import re

from caliber_crawler.exploration.templates import paging_chain

MAX_PROBES = 3
"""How often the far end of one chain is requested when nothing else is left."""
MAX_DATED_PROBES = 6
"""Probes in a row of all chains of a calendar (``/calendar/2026-01-#``) that may lead to nothing new."""
_DATED = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


class Chains:
    """The pages of each list that are known and not requested."""

    def __init__(self) -> None:
        self._pages: dict[str, dict[int, str]] = {}
        self._probes: dict[str, int] = {}
        self._dated_probes = 0

    def add(self, url: str) -> None:
        """Add a page that a link to further pages of a list leads to."""
        if (found := paging_chain(url)) is not None:
            chain, number = found
            self._pages.setdefault(chain, {})[number] = url

    def remove(self, url: str) -> None:
        """Remove a page that is requested."""
        if (found := paging_chain(url)) is not None and found[0] in self._pages:
            self._pages[found[0]].pop(found[1], None)

    def far_end(self) -> str | None:
        """The page of the highest number in a chain that was not probed often enough; it counts as probed."""
        for chain, pages in self._pages.items():
            is_dated = _DATED.search(chain) is not None
            if is_dated and self._dated_probes >= MAX_DATED_PROBES:
                continue
            if pages and self._probes.get(chain, 0) < MAX_PROBES:
                self._dated_probes += is_dated
                self._probes[chain] = self._probes.get(chain, 0) + 1
                return pages[max(pages)]
        return None

    def reward(self, url: str) -> None:
        """Let a probe that led to a new article not count, so that the pages beside it follow."""
        found = paging_chain(url)
        if found is not None and self._probes.get(found[0], 0) > 0:
            self._probes[found[0]] -= 1
            self._dated_probes = 0
