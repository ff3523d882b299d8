"""Re-extraction: kept pages read again with today's code, and what is new taken over, a batch of articles at a time.

Worker processes open the archive to read and do nothing but read; this process alone writes. Every page remembers which
extractor read it last: so a run that was killed goes on where its last batch ended, and one that ended leaves nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path

from caliber_crawler.archive import Archive, Change
from caliber_crawler.errors import ArchiveError, CaliberError
from caliber_crawler.items import Problem, Reading
from caliber_crawler.processes.pool import worker_pool
from caliber_crawler.reading.extractor import extractor_of
from caliber_crawler.rereading.rereader import Rereader
from caliber_crawler.visits import record_visit

BATCH_PAGES = 100
"""Pages read and written together: what a kill can cost, and what a worker is given at once."""
AHEAD = 3
"""Batches per worker that may be under way or wait to be written."""

Outcome = Reading | Problem
Batch = list[list[int]]


@dataclass
class Tally:
    """What came of re-reading: pages and articles by outcome, and every field by how many articles it changed in."""

    counts: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Change] = field(default_factory=dict)

    def note(self, changes: Iterable[Change], only: str | None) -> None:
        """Count the changes to one article, each field once."""
        seen = {change.field: change for change in changes if only in (None, change.field)}
        self.fields.update(seen.keys())
        self.examples = seen | self.examples
        self.counts["changed" if seen else "unchanged"] += 1


class Reextraction:
    """Reads captures of one archive again and takes over what is new; with ``dry_run``, only tells."""

    def __init__(
        self, archive: Archive, reread: Rereader, *, only: str | None = None, dry_run: bool = False, jobs: int = 1
    ) -> None:
        self._archive = archive
        self._reread = reread
        self._only = only
        self._dry_run = dry_run
        self._jobs = jobs
        self.tally = Tally()

    def run(self, pages: Sequence[list[int]], run_id: int | None) -> Iterator[int]:
        """Work through articles, each given by its captures; yields how many pages are done after each batch."""
        for batch, outcomes in self._read(list(batches(pages))):
            if self._dry_run or run_id is None:
                for article in batch:
                    self._compare([outcomes[id] for id in article])
            else:
                with self._archive.transaction():
                    for article in batch:
                        self._take_over([(id, outcomes[id]) for id in article], run_id)
            yield sum(len(article) for article in batch)

    def _read(self, todo: list[Batch]) -> Iterator[tuple[Batch, dict[int, Outcome]]]:
        if self._jobs == 1:
            for batch in todo:
                yield batch, read_batch(self._archive, self._reread, batch)
            return
        with worker_pool(self._jobs, start_worker, self._archive.path, self._reread) as pool:
            under_way: deque[tuple[Batch, Future[dict[int, Outcome]]]] = deque()
            try:
                for batch in todo:
                    under_way.append((batch, pool.submit(read_in_worker, batch)))
                    if len(under_way) >= self._jobs * AHEAD:
                        done, future = under_way.popleft()
                        yield done, future.result()
                for done, future in under_way:
                    yield done, future.result()
            except BrokenProcessPool:
                raise CaliberError(
                    "A page, nobody knows which, ended the process that was reading it. What was read before is "
                    "taken over; with --jobs 1 the pages are read one after the other."
                ) from None
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _compare(self, outcomes: Sequence[Outcome]) -> None:
        readings = [outcome for outcome in outcomes if isinstance(outcome, Reading)]
        self._count(outcomes)
        if known := [reading for reading in readings if self._archive.rereads.knows(reading)]:
            changes = [change for reading in known for change in self._archive.rereads.changes(reading)]
            self.tally.note(changes, self._only)

    def _take_over(self, outcomes: Sequence[tuple[int, Outcome]], run_id: int) -> None:
        self._compare([outcome for _, outcome in outcomes])
        readings = [outcome for _, outcome in outcomes if isinstance(outcome, Reading)]
        known = [reading for reading in readings if self._archive.rereads.knows(reading)]
        self._archive.rereads.apply(known, run_id, self._only)
        for reading in readings:
            if reading not in known:
                self._save(reading, run_id)
        for id, outcome in outcomes:
            if isinstance(outcome, Problem):
                capture = self._archive.captures.get(id)
                if (site := self._reread.sites.definition_for(capture)) is not None:
                    self._archive.rereads.mark(id, extractor_of(site))

    def _save(self, reading: Reading, run_id: int) -> None:
        """A page that gave no article before: it is saved like one that was just fetched."""
        site = self._reread.sites.definition_for(reading.capture)
        assert site is not None, "nothing is read without a definition"
        addresses = site.addresses(reading.article.urls)
        saved = self._archive.articles.save(reading, run_id, addresses, self._reread)
        self.tally.counts["saved"] += 1
        self._archive.answers.settle(saved.article_id)
        record_visit(self._archive, site, reading, saved.article_id, run_id)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        self.tally.counts["pages"] += len(outcomes)
        self.tally.counts["articles"] += 1
        self.tally.counts["unreadable"] += sum(isinstance(outcome, Problem) for outcome in outcomes)


def batches(articles: Iterable[list[int]]) -> Iterator[Batch]:
    """Articles in batches of about :data:`BATCH_PAGES` pages; the pages of one article stay together."""
    batch: Batch = []
    for article in articles:
        batch.append(article)
        if sum(len(pages) for pages in batch) >= BATCH_PAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def read_batch(archive: Archive, reread: Rereader, batch: Batch) -> dict[int, Outcome]:
    """What each capture reads as. Pages of the same bytes are read each: their addresses may differ."""
    outcomes: dict[int, Outcome] = {}
    for id in (id for article in batch for id in article):
        try:
            outcome = reread.read(archive.captures.get(id))
        except ArchiveError as error:
            outcome = Problem(stage="extract", reason="damaged", message=str(error), fatal=True)
        # The page itself stays where it is: what is sent between processes is small.
        if isinstance(outcome, Reading):
            outcome = replace(outcome, capture=replace(outcome.capture, body=b""))
        outcomes[id] = outcome
    return outcomes


_worker: tuple[Archive, Rereader]


def start_worker(path: Path, reread: Rereader) -> None:
    """Open the archive in a worker process, to read."""
    global _worker
    _worker = Archive.open(path), reread


def read_in_worker(batch: Batch) -> dict[int, Outcome]:
    return read_batch(*_worker, batch)
