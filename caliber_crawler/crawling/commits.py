"""Group commit: pages that are ready at nearly the same time are committed in one transaction.

A crawl with a delay between requests commits each page alone. In a fast crawl further pages become ready during a
commit and shortly after; one transaction for all of them costs little more than a transaction for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveError

T = TypeVar("T")

COMMIT_INTERVAL = 0.01
"""Seconds from the end of one commit to the next: in a fast crawl, several writes share a commit."""
SYNC_INTERVAL = 0.5
"""Seconds between syncs of commits to disk. After a power failure the unsynced pages are due again."""


@dataclass(frozen=True, slots=True)
class Work:
    """The writes of one page, and the future that is resolved by their commit."""

    write: Callable[[], Any]
    committed: asyncio.Future[Any]


class Commits:
    """Runs functions that write to an archive. Each is atomic, and its failure does not affect the others."""

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
        except Exception as error:  # noqa: BLE001 - every waiting page receives it
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
            # A full disk or a damaged file affects every page.
            raise
        except Exception as error:  # noqa: BLE001 - the waiting page receives it
            return False, error
