"""Group commit: what several pages led to is committed together, where they are ready at nearly the same time.

A crawl with a gap between requests commits page by page, at once. A fast one has the next pages ready while it commits
and shortly after, and a transaction for all of them costs little more than one for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from caliber_crawler.archive import Archive
from caliber_crawler.errors import ArchiveError

T = TypeVar("T")

APART = 0.005
"""Seconds between the end of one commit and the next: eight works in a group then, and a tenth less to do for each."""
SYNCED_EVERY = 0.5
"""Seconds in which commits may reach the disk together: after a power cut these pages are due again."""


@dataclass(frozen=True, slots=True)
class Work:
    """Writes of one page, and who waits for them to be committed."""

    write: Callable[[], Any]
    committed: asyncio.Future[Any]


class Commits:
    """Runs functions that write to an archive; each fails alone, and is kept whole or not at all."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._waiting: list[Work] = []
        self._next_at = 0.0

    async def __call__(self, write: Callable[[], T]) -> T:
        """What ``write`` gives, once it is committed."""
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
            with self._archive.transaction(synced_every=SYNCED_EVERY):
                outcomes = [self._attempt(work) for work in group]
        except Exception as error:  # noqa: BLE001 - all who wait are told
            outcomes = [(False, error)] * len(group)
        for work, (done, outcome) in zip(group, outcomes, strict=True):
            if not work.committed.done():
                (work.committed.set_result if done else work.committed.set_exception)(outcome)
        self._next_at = asyncio.get_running_loop().time() + APART

    def _attempt(self, work: Work) -> tuple[bool, Any]:
        try:
            with self._archive.transaction():
                return True, work.write()
        except ArchiveError:
            # A full disk or a broken file is no trouble of this page alone.
            raise
        except Exception as error:  # noqa: BLE001 - who waits for it is told
            return False, error
