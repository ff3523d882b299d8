"""Parallel extraction: worker processes extract pages ahead while this process stores the results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.bodies import CompressedBody
from caliber_crawler.errors import ArchiveError
from caliber_crawler.isolated_extraction import LIMITS_EXCEEDED, limit_problem
from caliber_crawler.items import Capture, Extraction, Problem, internal_error
from caliber_crawler.processes import Executor
from caliber_crawler.reextraction import Reextractor

Carrier = TypeVar("Carrier")
Outcome = TypeVar("Outcome")


def extract_ahead(
    items: Iterable[Carrier], capture_of: Callable[[Carrier], Capture], extract: Callable[[Capture], Outcome], jobs: int
) -> Iterator[tuple[Carrier, Outcome | Problem]]:
    """Yield each item with the result of ``extract`` for its capture, in order, from at most ``jobs`` worker processes.

    ``extract`` must be picklable. A page that crashes its worker becomes a problem and does not affect other pages.
    """
    executor = Executor[Carrier](_call, lambda item: (capture_of(item),), jobs, context=extract)
    for item, call in executor.map(items):
        outcome: Outcome | Problem
        try:
            outcome = call.result()
        except LIMITS_EXCEEDED as error:
            outcome = limit_problem(capture_of(item).effective_url, error)
        except Exception as error:  # noqa: BLE001 - one page must not stop the others
            outcome = internal_error(capture_of(item).effective_url, error, "extract")
        yield item, outcome


def _call(extract: Callable[[Capture], Outcome], capture: Capture) -> Outcome:
    return extract(capture)


class Extracted(NamedTuple):
    """The outcome for a page, and its compressed body."""

    outcome: Extraction | Problem
    packed: CompressedBody | None


@dataclass(slots=True)
class PackingExtractor:
    """Extracts and compresses pages in a worker process, so that the writing process has less to do."""

    reextractor: Reextractor
    path: Path
    _archive: Archive | None = field(default=None, init=False)

    def __call__(self, capture: Capture) -> Extracted:
        """The outcome for a page, without the page's body: the calling process has it already."""
        outcome = self.reextractor.extract(capture)
        if isinstance(outcome, Extraction):
            outcome = replace(outcome, capture=replace(capture, body=b""))
        return Extracted(outcome, self._compress(capture))

    def close(self) -> None:
        """Close the archive."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def _compress(self, capture: Capture) -> CompressedBody | None:
        try:
            if self._archive is None:
                self._archive = Archive.open(self.path)
            return self._archive.captures.compress(capture)
        except ArchiveError:
            # The writing process gets the same error and reports it.
            return None
