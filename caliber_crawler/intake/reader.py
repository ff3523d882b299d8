"""Reading pages that come from files, here or in another process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from multiprocessing import parent_process
from pathlib import Path
from typing import NamedTuple

from caliber_crawler.archive import Archive
from caliber_crawler.archive.bodies import Packed
from caliber_crawler.errors import ArchiveError
from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.processes.deadline import TooSlow, deadline
from caliber_crawler.reading.impostors import recognise
from caliber_crawler.rereading import Rereader

LONGEST_READING = 6.0
"""Seconds in which a page must be read, as in a crawl; the capture of a slower one stays."""

UNREAD = Problem(stage="extract", reason="unread", message="It is kept, and was not to be read.")


class Read(NamedTuple):
    """What was read on a page, and the page ready to be stored."""

    outcome: Reading | Problem
    packed: Packed | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages that come from files. Can be sent to another process."""

    reread: Rereader

    def __call__(self, capture: Capture) -> Reading | Problem:
        """The article on a page, or why there is none."""
        if (problem := unread(capture)) is not None:
            return problem
        try:
            with deadline(LONGEST_READING):
                return self._impostor(capture) or self.reread.read(capture)
        except TooSlow as error:
            message = f"{capture.address} was put aside: {error}."
            return Problem(stage="extract", reason="too_slow", message=message, fatal=True)

    def _impostor(self, capture: Capture) -> Problem | None:
        # A text has no shape that could give an impostor away.
        if capture.media_type == "text/plain":
            return None
        site = self.reread.sites.definition_for(capture)
        return None if site is None else recognise(capture, site)


@dataclass(frozen=True, slots=True)
class PackingReader:
    """Reads pages for an archive; in another process it packs them too, so that whoever writes has less to do."""

    read: Reader
    archive: Path

    def __call__(self, capture: Capture) -> Read:
        """What a page holds. The page itself is not sent back to where it came from."""
        outcome = self.read(capture)
        if parent_process() is None:
            return Read(outcome)
        if isinstance(outcome, Reading):
            outcome = replace(outcome, capture=replace(capture, body=b""))
        return Read(outcome, self._packed(capture))

    def _packed(self, capture: Capture) -> Packed | None:
        try:
            return opened(self.archive).captures.pack(capture)
        except ArchiveError:
            # Whoever writes will meet it too, and say so.
            return None


@cache
def opened(path: Path) -> Archive:
    return Archive.open(path)


def unread(capture: Capture) -> Problem | None:
    """Why there is no article to be read on a capture, if that can be told without looking at it."""
    if capture.error is not None:
        message = f"{capture.address} could not be fetched: {capture.error}."
        return Problem(stage="fetch", reason=capture.error_code or "network", message=message, fatal=True)
    if capture.kind != "article" or capture.status == HTTPStatus.NOT_MODIFIED:
        return UNREAD
    if 300 <= (capture.status or 0) < 400:
        message = f"{capture.address} leads to the home page: it is gone."
        return Problem(stage="fetch", reason="redirect_home", message=message, fatal=True)
    if capture.status != HTTPStatus.OK:
        message = f"{capture.address} answered {capture.status}."
        return Problem(stage="fetch", reason=f"http_{capture.status}", message=message, fatal=True)
    return None
