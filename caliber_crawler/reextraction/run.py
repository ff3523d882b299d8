"""Re-extraction: stored pages extracted again with today's code, and what is new stored, a batch of articles at a time.

Worker processes read the archive and extract; this process alone writes. Every page has the name of the extractor that
was last used on it: a run that was killed goes on where its last batch ended, and one that ended leaves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from caliber_crawler.archive import Archive, Change
from caliber_crawler.errors import ArchiveError
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.isolated_extraction import LIMITS_EXCEEDED, limit_problem
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.processes import Call, Executor
from caliber_crawler.reextraction.reextractor import Reextractor
from caliber_crawler.visits import record_visit

BATCH_PAGES = 100
"""Pages written together: what a kill can cost."""
MAX_IN_FLIGHT_PER_PROCESS = 64
"""Pages under way for each worker: enough to work on while a batch is written."""

Outcome = Extraction | Problem
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


class ReextractionRun:
    """Reads captures of one archive again and takes over what is new; with ``dry_run``, only tells."""

    def __init__(
        self, archive: Archive, reextract: Reextractor, *, only: str | None = None, dry_run: bool = False, jobs: int = 1
    ) -> None:
        self._archive = archive
        self._reextract = reextract
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
        executor = Executor[int](
            extract_stored,
            lambda id: (id,),
            self._jobs,
            context=StoredPages(self._archive.path.absolute(), self._reextract),
            ahead=MAX_IN_FLIGHT_PER_PROCESS,
        )
        extracted = executor.map(id for batch in todo for article in batch for id in article)
        with closing(extracted):
            for batch in todo:
                count = sum(map(len, batch))
                yield batch, {id: self._outcome(id, call) for id, call in islice(extracted, count)}

    def _outcome(self, id: int, call: Call) -> Outcome:
        try:
            outcome: Outcome = call.result()
        except LIMITS_EXCEEDED as error:
            return limit_problem(self._archive.captures.get(id).effective_url, error)
        return outcome

    def _compare(self, outcomes: Sequence[Outcome]) -> None:
        extractions = [outcome for outcome in outcomes if isinstance(outcome, Extraction)]
        self._count(outcomes)
        if known := [extraction for extraction in extractions if self._archive.reextractions.has_article(extraction)]:
            changes = [change for extraction in known for change in self._archive.reextractions.changes(extraction)]
            self.tally.note(changes, self._only)

    def _take_over(self, outcomes: Sequence[tuple[int, Outcome]], run_id: int) -> None:
        self._compare([outcome for _, outcome in outcomes])
        extractions = [outcome for _, outcome in outcomes if isinstance(outcome, Extraction)]
        known = [extraction for extraction in extractions if self._archive.reextractions.has_article(extraction)]
        self._archive.reextractions.apply(known, run_id, self._only)
        for extraction in extractions:
            if extraction not in known:
                self._save(extraction, run_id)
        for id, outcome in outcomes:
            if isinstance(outcome, Problem):
                capture = self._archive.captures.get(id)
                if (site := self._reextract.sites.definition_for(capture)) is not None:
                    self._archive.reextractions.mark(id, extractor_of(site))

    def _save(self, extraction: Extraction, run_id: int) -> None:
        """A page that gave no article before: it is saved like one that was just fetched."""
        site = self._reextract.sites.definition_for(extraction.capture)
        assert site is not None, "nothing is read without a definition"
        article_urls = site.article_urls(extraction.article.urls)
        saved = self._archive.articles.save(extraction, run_id, article_urls, self._reextract)
        self.tally.counts["saved"] += 1
        self._archive.absences.apply(saved.article_id)
        record_visit(self._archive, site, extraction, saved.article_id, run_id)

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


@dataclass(slots=True)
class StoredPages:
    """The pages of an archive, for a worker process."""

    path: Path
    reextractor: Reextractor
    _archive: Archive | None = field(default=None, init=False)

    @property
    def archive(self) -> Archive:
        """The archive, open to read."""
        if self._archive is None:
            self._archive = Archive.open(self.path)
        return self._archive

    def close(self) -> None:
        """Let go of the archive."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def extract_stored(pages: StoredPages, id: int) -> Outcome:
    """What a stored page holds. The page itself stays where it is: what is sent between processes is small."""
    try:
        capture = pages.archive.captures.get(id)
    except ArchiveError as error:
        return Problem(stage="extract", reason="damaged", message=str(error), fatal=True)
    outcome = pages.reextractor.read(capture)
    return replace(outcome, capture=replace(capture, body=b"")) if isinstance(outcome, Extraction) else outcome
