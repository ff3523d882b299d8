"""Stored pages that the commit of an article needs to have extracted again: they are extracted between two attempts.

An extraction may take seconds. Inside the transaction, the event loop would wait for it, and hear no signal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from caliber_crawler.archive import Archive, PageSetAside
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Extraction

ExtractAgain = Callable[[Capture], Awaitable[Extraction | None]]
"""Extracts a stored page with the current code; ``None`` if it is not an article."""


class NotExtracted(Exception):
    """A page must be extracted again before an article can be committed."""


class SecondExtractions:
    """The second extractions for one article. Pass it to ``articles.save``, within :meth:`complete`."""

    def __init__(self, archive: Archive, extract: ExtractAgain) -> None:
        self._archive, self._extract = archive, extract
        self._found: dict[int, Extraction | None] = {}
        self._missing: list[int] = []

    def __call__(self, capture: Capture) -> Extraction | None:
        """The extraction of a stored page. ``None`` if there is none yet; then the attempt is repeated."""
        assert capture.id is not None
        if capture.id not in self._found:
            self._missing.append(capture.id)
        return self._found.get(capture.id)

    @contextmanager
    def complete(self) -> Iterator[None]:
        """Raise ``NotExtracted`` at the end if pages were missing: what was decided without them is rolled back."""
        self._missing.clear()
        try:
            yield
        except PageSetAside:
            if not self._missing:
                raise
        if self._missing:
            raise NotExtracted

    async def extract_missing(self) -> None:
        """Extract the pages that were missing in the last attempt. A damaged page cannot be extracted again."""
        for id in self._missing:
            try:
                capture = self._archive.captures.get(id)
            except ArchiveError:
                self._found[id] = None
            else:
                self._found[id] = await self._extract(capture)
