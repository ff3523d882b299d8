"""Group commit: the writes of several pages are committed together where they are ready at nearly the same time.

A crawl with a delay between requests commits page by page. A fast one has further pages ready while it commits and
shortly after, and one transaction for all of them costs little more than one for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveError

T = TypeVar("T")

COMMIT_INTERVAL = 0.005
"""Seconds between the end of one commit and the next: about eight writes share a commit, each a tenth cheaper."""
SYNC_INTERVAL = 0.5
"""Seconds in which commits are synced to disk together: after a power cut these pages are due again."""


@dataclass(frozen=True, slots=True)
class Work:
    """The writes of one page, and the future that their commit completes."""

    write: Callable[[], Any]
    committed: asyncio.Future[Any]


class Commits:
    """Runs functions that write to an archive; each fails alone, and is committed as a whole or not at all."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._waiting: list[Work] = []
        self._next_at = 0.0

    async def __call__(self, write: Callable[[], T]) -> T:
        """Return the result of ``write`` once it is committed."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_at(self._next_at, self._commit)
        work = Work(write, loop.create_future())
        self._waiting.append(work)
        result: T = await work.committed
        return result

    def _commit(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            with self._archive.transaction(synced_every=SYNC_INTERVAL):
                outcomes = [self._attempt(work) for work in group]
        except Exception as error:  # noqa: BLE001 - every waiting page gets it
            outcomes = [(False, error)] * len(group)
        for work, (done, outcome) in zip(group, outcomes, strict=True):
            if not work.committed.done():
                (work.committed.set_result if done else work.committed.set_exception)(outcome)
        self._next_at = asyncio.get_running_loop().time() + COMMIT_INTERVAL

    def _attempt(self, work: Work) -> tuple[bool, Any]:
        try:
            with self._archive.transaction():
                return True, work.write()
        except ArchiveError:
            # A full disk or a broken file affects every page.
            raise
        except Exception as error:  # noqa: BLE001 - the waiting page gets it
            return False, error
