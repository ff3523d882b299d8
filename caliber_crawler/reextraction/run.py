"""Re-extraction of an archive: extract stored pages with the current code and store the changes in batches.

Worker processes read the archive and extract; only this process writes. A worker also finds the articles of which all
pages give what is stored, so that only the extractor remains to be recorded. The archive records which extractor was
last used on each page. So a rerun resumes after the last batch of a killed run, and finds no work after a finished one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from caliber_crawler.archive import Archive, Change, PageSetAside
from caliber_crawler.archive.texts.confirmation import ArticleChanged, Confirmation
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.isolated_extraction import LIMITS_EXCEEDED, limit_problem
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.processes import Call, Executor, run_call
from caliber_crawler.reextraction.reextractor import Reextractor
from caliber_crawler.visits import record_visit

BATCH_PAGES = 100
"""Pages written together. A kill loses at most this many."""
UNAVAILABLE, DAMAGED = "cold_file_unavailable", "damaged"
"""Reasons why a stored page cannot be read."""
CALL_PAGES = 10
"""Pages sent to a worker together."""
CALLS_PER_PROCESS = 12
"""Calls in flight for each worker: enough to keep it busy while a batch is written."""

Outcome = Extraction | Problem
Result = Confirmation | list[Outcome]
"""The result for an article: that nothing changes, or the outcome for each of its pages."""
Batch = list[list[int]]


@dataclass
class Tally:
    """Outcomes of a re-extraction: pages and articles by outcome, and for each field the number of changed articles."""

    counts: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Change] = field(default_factory=dict)
    unavailable: str | None = None
    """Why a page could not be read, if its cold file is not available."""

    def note(self, changes: Iterable[Change], only: str | None) -> None:
        """Count the changes to one article, each field once."""
        by_field = {change.field: change for change in changes if only in (None, change.field)}
        self.fields.update(by_field.keys())
        self.examples = by_field | self.examples
        self.counts["changed" if by_field else "unchanged"] += 1


class ReextractionRun:
    """Extracts captures of one archive again and stores the changes; with ``dry_run``, only counts them.

    ``doubt``: why the text of a page must not be stored yet; ``None`` if it can be.
    """

    def __init__(
        self,
        archive: Archive,
        reextract: Reextractor,
        *,
        only: str | None = None,
        dry_run: bool = False,
        jobs: int = 1,
        doubt: Callable[[Extraction], Problem | None] = lambda extraction: None,
    ) -> None:
        self._archive = archive
        self._reextract = reextract
        self._only = only
        self._dry_run = dry_run
        self._jobs = jobs
        self._doubt = doubt
        self._pages = StoredPages(archive.path.absolute(), reextract)
        self.tally = Tally()

    def run(self, pages: Sequence[list[int]], run_id: int | None) -> Iterator[int]:
        """Process articles, each given by its capture IDs; yield the number of pages in each finished batch."""
        for batch, results in self._extract(list(batches(pages))):
            confirmed = [each for each in results if isinstance(each, Confirmation)]
            if self._dry_run or run_id is None:
                self._compare_all(results)
            elif not self._store_all(batch, results, run_id):
                # What was confirmed has changed meanwhile.
                extracted = [
                    [self._extract_alone(id) for id in article] if isinstance(each, Confirmation) else each
                    for article, each in zip(batch, results, strict=True)
                ]
                self._store_all(batch, extracted, run_id)
                confirmed = []
            self._count_confirmed(confirmed)
            yield sum(len(article) for article in batch)

    def _extract(self, pending: list[Batch]) -> Iterator[tuple[Batch, list[Result]]]:
        executor = Executor[Batch](
            extract_articles,
            lambda articles: (articles,),
            self._jobs,
            context=self._pages,
            max_in_flight=CALLS_PER_PROCESS,
            start_next=1,
        )
        calls = executor.map(part for batch in pending for part in batches(batch, CALL_PAGES))
        with closing(calls):
            for batch in pending:
                found: list[Result] = []
                while len(found) < len(batch):
                    found += self._results(*next(calls))
                yield batch, found

    def _results(self, articles: Batch, call: Call) -> list[Result]:
        """The results of a call; if it failed as a whole, each of its pages is extracted alone."""
        try:
            results: list[Result] = call.result()
        except LIMITS_EXCEEDED:
            return [[self._extract_alone(id) for id in article] for article in articles]
        return results

    def _extract_alone(self, id: int) -> Outcome:
        call = Call(extract_stored_alone, (StoredPages(self._pages.path, self._reextract), id))
        run_call(call)
        return self._outcome(id, call)

    def _outcome(self, id: int, call: Call) -> Outcome:
        try:
            outcome: Outcome = call.result()
        except LIMITS_EXCEEDED as error:
            return limit_problem(self._archive.captures.get(id).effective_url, error)
        return outcome

    def _compare_all(self, results: Sequence[Result]) -> None:
        for each in results:
            if not isinstance(each, Confirmation):
                self._compare(each)

    def _store_all(self, batch: Batch, results: Sequence[Result], run_id: int) -> bool:
        """Store the results for a batch of articles in one transaction.

        Return ``False``, and store nothing, if an article that a worker confirmed has changed meanwhile.
        """
        try:
            with self._archive.transaction():
                if self._only is None:
                    self._archive.confirmations.record([each for each in results if isinstance(each, Confirmation)])
                for article, each in zip(batch, results, strict=True):
                    if not isinstance(each, Confirmation):
                        self._store(list(zip(article, each, strict=True)), run_id)
        except ArticleChanged:
            return False
        return True

    def _count_confirmed(self, confirmed: Sequence[Confirmation]) -> None:
        if not confirmed:
            return
        self.tally.counts["pages"] += sum(len(each.captures) for each in confirmed)
        self.tally.counts["articles"] += len(confirmed)
        self.tally.counts["unchanged"] += len(confirmed)

    def _compare(self, outcomes: Sequence[Outcome]) -> None:
        extractions = [outcome for outcome in outcomes if isinstance(outcome, Extraction)]
        self._count(outcomes)
        if known := [extraction for extraction in extractions if self._archive.reextractions.has_article(extraction)]:
            changes = [change for extraction in known for change in self._archive.reextractions.changes(extraction)]
            self.tally.note(changes, self._only)

    def _store(self, outcomes: Sequence[tuple[int, Outcome]], run_id: int) -> None:
        self._compare([outcome for _, outcome in outcomes])
        found = [outcome for _, outcome in outcomes if isinstance(outcome, Extraction)]
        extractions = [extraction for extraction in found if not self._puts_aside(extraction, run_id)]
        known = [extraction for extraction in extractions if self._archive.reextractions.has_article(extraction)]
        self._archive.reextractions.apply(known, run_id, self._only)
        for extraction in extractions:
            if extraction not in known:
                self._save(extraction, run_id)
        for id, outcome in outcomes:
            # A page that could not be read was not extracted by this code.
            if isinstance(outcome, Problem) and outcome.reason not in (UNAVAILABLE, DAMAGED):
                capture = self._archive.captures.get(id)
                if (site := self._reextract.sites.definition_for(capture)) is not None:
                    self._archive.reextractions.mark(id, extractor_of(site))

    def _puts_aside(self, extraction: Extraction, run_id: int) -> bool:
        """Whether a page is put aside; one that has an article already keeps its text."""
        problem = self._doubt(extraction)
        if problem is not None and not self._archive.reextractions.has_article(extraction):
            capture = extraction.capture
            self._archive.runs.record_problem(run_id, problem, url=capture.url, capture_id=capture.id)
        return problem is not None

    def _save(self, extraction: Extraction, run_id: int) -> None:
        """Save the article of a page that had none before, as if the page had just been fetched."""
        site = self._reextract.sites.definition_for(extraction.capture)
        assert site is not None, "pages are extracted with a definition only"
        article_urls = site.article_urls(extraction.article.urls)
        try:
            saved = self._archive.articles.save(extraction, run_id, article_urls, self._reextract)
        except PageSetAside as aside:
            capture = extraction.capture
            self._archive.runs.record_problem(run_id, aside.problem, url=capture.url, capture_id=capture.id)
            self._archive.articles.withdraw(aside.others, run_id)
            if capture.id is not None:
                self._archive.reextractions.mark(capture.id, extraction.extractor)
            return
        self.tally.counts["saved"] += 1
        self._archive.absences.apply(saved.article_id)
        record_visit(self._archive, site, extraction, saved.article_id, run_id)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        self.tally.counts["pages"] += len(outcomes)
        self.tally.counts["articles"] += 1
        problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        unavailable = [problem for problem in problems if problem.reason == UNAVAILABLE]
        self.tally.counts["unreadable"] += len(problems) - len(unavailable)
        if unavailable:
            self.tally.counts["unavailable"] += len(unavailable)
            self.tally.unavailable = unavailable[0].message


def batches(articles: Iterable[list[int]], size: int = BATCH_PAGES) -> Iterator[Batch]:
    """Group articles into batches of about ``size`` pages. The pages of one article stay together."""
    batch: Batch = []
    for article in articles:
        batch.append(article)
        if sum(len(pages) for pages in batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(slots=True)
class StoredPages:
    """Access to the pages of an archive in a worker process."""

    path: Path
    reextractor: Reextractor
    _archive: Archive | None = field(default=None, init=False)

    @property
    def archive(self) -> Archive:
        """The archive, opened read-only on first use."""
        if self._archive is None:
            self._archive = Archive.open(self.path)
        return self._archive

    def close(self) -> None:
        """Close the archive."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def extract_articles(pages: StoredPages, articles: Batch) -> list[Result]:
    """The result for each article, by one state of the archive."""
    try:
        with pages.archive.confirmations.snapshot():
            return [extract_article(pages, article) for article in articles]
    except ArchiveError:  # a damaged file affects every page
        return [[extract_stored(pages, id) for id in article] for article in articles]


def extract_article(pages: StoredPages, ids: list[int]) -> Result:
    """What the pages of an article give: a confirmation that nothing changes, or the outcome for each page."""
    outcomes = [extract_stored(pages, id) for id in ids]
    extractions = [outcome for outcome in outcomes if isinstance(outcome, Extraction)]
    confirmation = pages.archive.confirmations.confirm(extractions) if len(extractions) == len(ids) else None
    return outcomes if confirmation is None else confirmation


def extract_stored_alone(pages: StoredPages, id: int) -> Outcome:
    """:func:`extract_stored`, for a call that shares its access with no other."""
    with closing(pages):
        return extract_stored(pages, id)


def extract_stored(pages: StoredPages, id: int) -> Outcome:
    """The outcome for a stored page, without the page's body, so that little is sent between processes."""
    try:
        capture = pages.archive.captures.get(id)
    except ColdFileUnavailable as error:
        return Problem(stage="extract", reason="cold_file_unavailable", message=str(error), fatal=True)
    except ArchiveError as error:
        return Problem(stage="extract", reason="damaged", message=str(error), fatal=True)
    outcome = pages.reextractor.extract(capture)
    return replace(outcome, capture=replace(capture, body=b"")) if isinstance(outcome, Extraction) else outcome
