"""Stores pages in an archive: the capture of each, and its article or the reason why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Self

from caliber_crawler.archive import Archive, PageSetAside
from caliber_crawler.archive.core.transactions import BatchUndone
from caliber_crawler.archive.pages.bodies import CompressedBody
from caliber_crawler.archive.reports.runs import Outcome
from caliber_crawler.archive.texts.absence import GONE, GONE_REASONS
from caliber_crawler.errors import CaliberError
from caliber_crawler.ingest.parallel import PackingExtractor
from caliber_crawler.ingest.site_resolver import SiteResolver
from caliber_crawler.items import Capture, Extraction, Problem, internal_error
from caliber_crawler.reextraction import NOT_EXTRACTED, Reextractor
from caliber_crawler.site import ArticleURL, Site
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.unknown import unknown_site
from caliber_crawler.site_learning import learned_layouts
from caliber_crawler.visits import ingest_entry, record_visit
from caliber_crawler.warc import Skipped

PAGES_PER_COMMIT = 50
"""Pages committed together. A kill loses at most this many."""

REPORTED_SKIPS = (
    "bad_date",
    "damaged",
    "internal_error",
    "no_content",
    "no_original",
    "too_large",
    "truncated",
    "undecodable",
)
"""Reasons for skipping a record that are reported to the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A page to ingest. A ``saved`` page was named on the command line; others are records of a web archive."""

    path: Path
    capture: Capture
    saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """The outcome of one saved page."""

    path: str
    article: int
    outcome: str
    headline: str


class Ingester:
    """Stores pages in an archive. It opens (or creates) the archive only when there is something to store.

    ``synced_every`` is the time in seconds after which commits are synced to disk; 0 syncs each commit.
    """

    def __init__(
        self,
        path: Path,
        site_resolver: SiteResolver,
        software: Mapping[str, str],
        inputs: Iterable[Path],
        *,
        synced_every: float = 0.0,
    ) -> None:
        self._path = path
        self._synced_every = synced_every
        self._site_resolver = site_resolver
        self._software = software
        self._inputs = [str(each) for each in inputs]
        self._reextract = Reextractor(site_resolver.sites)
        self._archive: Archive | None = None
        self._run_id = 0
        self._sites: dict[str, Site] = {}
        self._pending: list[tuple[Item, Extraction | Problem, CompressedBody | None]] = []
        self._refused: list[tuple[Problem, str | None]] = []
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        """Records of web archives that are not captures, by reason."""
        self.other_records: Counter[str] = Counter()
        """Records of web archives that describe others or the file, by type."""
        self.ingested: list[Ingested] = []

    @property
    def run_id(self) -> int | None:
        """The run's ID in the archive; ``None`` while nothing was stored."""
        return self._run_id or None

    def __enter__(self) -> Self:
        if self._path.exists():
            with Archive.open(self._path, mode="write") as archive:
                self._site_resolver.sites.remember(archive.sites.base_urls())
                self._site_resolver.sites.remember_layouts(learned_layouts(archive))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._commit()
        except BaseException:
            if self._archive is not None:
                self._archive.close()
            raise
        if self._archive is None:
            return
        outcome: Outcome = "finished" if kind is None else "stopped" if kind is KeyboardInterrupt else "failed"
        withdrawn = self._archive.articles.admission.review_undated(self._run_id)
        self.counts["new"] -= withdrawn
        self.counts["refused"] += withdrawn
        counts = {**self.counts, **{f"skipped_{reason}": count for reason, count in self.skipped.items()}}
        with closing(self._archive), self._archive.transaction():
            for problem, url in self._refused:
                self._archive.runs.record_problem(self._run_id, problem, url=url)
            self._archive.runs.finish(self._run_id, outcome, None, counts)

    def extract(self, capture: Capture) -> Extraction | Problem:
        """The article on a page, or the reason why there is none."""
        return self._reextract.extract(capture)

    @property
    def packing_extractor(self) -> PackingExtractor:
        """A function that extracts pages in worker processes and compresses them for storage."""
        return PackingExtractor(self._reextract, self._path.absolute())

    def is_new(self, capture: Capture) -> bool:
        """Whether a page of a web archive was not ingested before. Known pages cost only this look-up."""
        self.counts["pages"] += 1
        if self._open_archive().captures.is_processed(capture):
            self.counts["known"] += 1
            return False
        return True

    def ingest(self, item: Item, outcome: Extraction | Problem, packed: CompressedBody | None = None) -> None:
        """Queue a page and its outcome for storage. Pages are committed in batches, the last one on exit."""
        self._pending.append((item, outcome, packed))
        if len(self._pending) >= PAGES_PER_COMMIT:
            self._commit()

    def refuse(self, capture: Capture | None, problem: Problem) -> None:
        """Reject a saved page. The reason is recorded if an archive is opened."""
        self.counts["pages"] += 1
        self.counts["refused"] += 1
        self._refused.append((problem, capture.url if capture else None))

    def skip(self, path: Path, record: Skipped) -> None:
        """Count a record of a web archive that is not a capture."""
        self.skipped[record.reason] += 1
        if record.reason in REPORTED_SKIPS:
            message = f"The record at {record.unit} {record.offset:,} of {path} was skipped: {record.message}."
            problem = Problem(stage="fetch", reason=record.reason, message=message, fatal=True)
            self._refused.append((problem, record.url))

    def follow(self, urls: Iterable[str]) -> None:
        """Queue the article URLs of the selected sites for the next crawl; skip all others."""
        entries = []
        for url in urls:
            resolved = self._site_resolver(url)
            site = self._site_resolver.site_at(url)
            if resolved is None or site is None:
                self.skipped["other_site"] += 1
            elif (article_url := site.article_url(url)) is None:
                self.skipped["not_an_article"] += 1
            else:
                request_url = article_url.request_url
                entries.append(ingest_entry(article_url.url, site, article_url.language, request_url=request_url))
                self._sites.setdefault(site.name, site)
        if entries:
            archive = self._open_archive()
            for site in self._sites.values():
                self._store_site(archive, site)
            self.counts["queued"] += len(archive.frontier.add(entries, self._run_id))
            self.counts["urls"] += len(entries)

    def _open_archive(self) -> Archive:
        if self._archive is None:
            self._archive = Archive.open(self._path, mode="write")
            self._run_id = self._archive.runs.start(
                "ingest", site=None, arguments={"paths": self._inputs}, settings={}, software=self._software
            )
        return self._archive

    def _commit(self) -> None:
        if not self._pending:
            return
        archive = self._open_archive()
        counts, sites, ingested = self.counts.copy(), self._sites.copy(), len(self.ingested)
        try:
            with archive.batch(synced_every=self._synced_every):
                self._store_pending(archive, self._store_outcome)
        except CaliberError:
            raise
        except (Exception, BatchUndone):  # noqa: BLE001 - one page must not stop the others
            # One of the pages failed: now each is stored with a savepoint of its own, which takes longer.
            self.counts, self._sites = counts, sites
            del self.ingested[ingested:]
            with archive.transaction(synced_every=self._synced_every):
                self._store_pending(archive, self._store)
        self._pending.clear()

    def _store_pending(
        self, archive: Archive, store: Callable[[Archive, Item, Extraction | Problem, CompressedBody | None], object]
    ) -> None:
        for item, outcome, packed in self._pending:
            store(archive, item, outcome, packed)
        archive.runs.heartbeat(self._run_id, self.counts)

    def _store(
        self, archive: Archive, item: Item, outcome: Extraction | Problem, packed: CompressedBody | None
    ) -> None:
        """Store a page and its outcome. If that fails because of the page, store only the page and the problem."""
        counts, sites = self.counts.copy(), self._sites.copy()
        try:
            with archive.transaction():
                self._store_outcome(archive, item, outcome, packed)
            return
        except CaliberError:
            raise
        except Exception as error:  # noqa: BLE001 - one page must not stop the others
            self.counts, self._sites = counts, sites.copy()
            problem = internal_error(item.capture.effective_url, error, "extract")
        try:
            with archive.transaction():
                self._store_outcome(archive, item, problem, packed)
        except CaliberError:
            raise
        except Exception:  # noqa: BLE001 - the page itself cannot be stored
            self.counts, self._sites = counts, sites
            self.counts["failed"] += 1
            self._refused.append((problem, None))

    def _store_outcome(
        self, archive: Archive, item: Item, outcome: Extraction | Problem, packed: CompressedBody | None
    ) -> None:
        site = self._site_of(archive, item.capture)
        if archive.takedowns.covers(site.name, article_urls_of(site, item.capture, outcome)):
            self.counts["taken_down"] += 1
            self.counts["pages"] += item.saved
            return
        capture = archive.captures.store(item.capture, self._run_id, packed)
        if isinstance(outcome, Extraction):
            self._save(archive, site, item, replace(outcome, capture=capture))
        else:
            self.counts["pages"] += item.saved
            self._record_no_article(archive, capture, outcome)

    def _save(self, archive: Archive, site: Site, item: Item, extraction: Extraction) -> None:
        article, capture = extraction.article, extraction.capture
        article_urls = site.article_urls(article.urls)
        for problem in extraction.warnings:
            archive.runs.record_problem(self._run_id, problem, url=article.url, capture_id=capture.id)
        try:
            saved = archive.articles.save(extraction, self._run_id, article_urls, self._reextract)
        except PageSetAside as aside:
            archive.runs.record_problem(self._run_id, aside.problem, url=capture.url, capture_id=capture.id)
            withdrawn = archive.articles.withdraw(aside.others, self._run_id)
            self.counts["new"] -= withdrawn
            self.counts["refused"] += 1 + withdrawn
            self.counts["pages"] += item.saved
            return
        for problem in saved.problems:
            archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
            if problem.reason in GONE_REASONS:
                self._apply_absence(archive, capture)
        archive.absences.apply(saved.article_id)
        if article_urls:
            record_visit(archive, site, extraction, saved.article_id, self._run_id, is_new=saved.outcome == "new")
        self.counts[saved.outcome] += 1
        self.counts["new"] -= saved.withdrawn
        self.counts["refused"] += saved.withdrawn
        if item.saved:
            self.counts["pages"] += 1
            ingested = Ingested(
                path=str(item.path), article=saved.article_id, outcome=saved.outcome, headline=article.headline
            )
            self.ingested.append(ingested)

    def _record_no_article(self, archive: Archive, capture: Capture, problem: Problem) -> None:
        """Record why a page of a web archive has no article: an error, a listing, a 304 response or a bad page."""
        if capture.status == HTTPStatus.NOT_MODIFIED:
            self._apply_absence(archive, capture)
            self.counts["not_modified"] += 1
        elif problem == NOT_EXTRACTED:
            self.counts["kept"] += 1
        elif capture.status in GONE or problem.reason in GONE_REASONS:
            archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self._apply_absence(archive, capture)
            self._leave_frontier(archive, capture)
            self.counts["gone"] += 1
        else:
            archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self.counts["failed" if problem.stage == "fetch" else "refused"] += 1

    def _apply_absence(self, archive: Archive, capture: Capture) -> None:
        article_id = archive.articles.find(capture.url)
        if article_id is not None:
            archive.absences.apply(article_id)

    def _leave_frontier(self, archive: Archive, capture: Capture) -> None:
        """Mark a URL that is gone, unless it was visited or discovered after this capture."""
        known = archive.frontier.get(capture.url)
        if known is None:
            return
        last_known_at = known.visited_at or known.discovered_at
        if last_known_at is None or last_known_at < capture.fetched_at:
            archive.frontier.mark_gone(capture.url, capture.fetched_at, status=capture.status)
            archive.aliases.resume(capture.url, capture.fetched_at)

    def _site_of(self, archive: Archive, capture: Capture) -> Site:
        site = self._sites.get(capture.site)
        if site is None:
            site = self._site_resolver.sites.definition_for(capture) or site_at(capture.url)
            self._sites[capture.site] = site
            self._store_site(archive, site)
        return site

    def _store_site(self, archive: Archive, site: Site) -> None:
        known = archive.sites.get(site.name)
        # A site that was crawled from another base URL (a mirror, the demo site) keeps that URL.
        if known is None or known["url"] == site.base_url:
            archive.sites.store(site)


def article_urls_of(site: Site, capture: Capture, outcome: Extraction | Problem) -> list[ArticleURL]:
    """Every URL of a page."""
    urls = [capture.url, capture.effective_url, *(outcome.article.urls if isinstance(outcome, Extraction) else ())]
    return [article_url_of(site, url) for url in dict.fromkeys(urls)]


def article_url_of(site: Site, url: str) -> ArticleURL:
    try:
        return site.article_url(url) or ArticleURL(url=url)
    except ValueError:  # an invalid URL such as http://[
        return ArticleURL(url=url)


def site_at(url: str) -> Site:
    """The generic site of a page whose site has no definition any more."""
    try:
        return generic_site(url)
    except ValueError:
        return unknown_site()
