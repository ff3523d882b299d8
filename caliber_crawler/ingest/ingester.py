"""Taking pages into an archive: each with its capture, its article and the reason when there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Self

from caliber_crawler.archive import Archive
from caliber_crawler.archive.pages.bodies import CompressedBody
from caliber_crawler.archive.reports.runs import Outcome
from caliber_crawler.archive.texts.absence import GONE, GONE_REASONS
from caliber_crawler.ingest.parallel import PackingExtractor
from caliber_crawler.ingest.site_resolver import SiteResolver
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.reextraction import LISTED, Reextractor
from caliber_crawler.site import ArticleURL, Site
from caliber_crawler.site.generic import generic_site
from caliber_crawler.visits import ingest_entry, record_visit
from caliber_crawler.warc import Skipped

PAGES_PER_COMMIT = 50
"""Pages committed together: what a kill can cost."""

REPORTED_SKIPS = ("damaged", "no_original", "too_large", "truncated", "undecodable")
"""Reasons for skipping a record that a person should know of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A page on its way in. A ``saved`` one was named by a person; others come from a web archive, by the thousand."""

    path: Path
    capture: Capture
    saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What came of one saved page."""

    path: str
    article: int
    outcome: str
    headline: str


class Ingester:
    """Takes pages into an archive, which is opened (and, if need be, made) only when there is something to keep.

    What it commits is on the disk at once, or when ``synced_every`` so many seconds have passed.
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
        """Records of web archives that gave no capture, by reason."""
        self.ingested: list[Ingested] = []

    @property
    def run_id(self) -> int | None:
        """The run in the archive's accounts; ``None`` while nothing was kept."""
        return self._run_id or None

    def __enter__(self) -> Self:
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
        counts = {**self.counts, **{f"skipped_{reason}": count for reason, count in self.skipped.items()}}
        with closing(self._archive), self._archive.transaction():
            for problem, url in self._refused:
                self._archive.runs.record_problem(self._run_id, problem, url=url)
            self._archive.runs.finish(self._run_id, outcome, None, counts)

    def extract(self, capture: Capture) -> Extraction | Problem:
        """The article on a page, or why there is none."""
        return self._reextract.read(capture)

    @property
    def packing_extractor(self) -> PackingExtractor:
        """Extracts pages in worker processes, and makes them ready to be stored."""
        return PackingExtractor(self._reextract, self._path.absolute())

    def is_new(self, capture: Capture) -> bool:
        """Is there anything left to do for a page of a web archive? One taken before costs no more than asking."""
        self.counts["pages"] += 1
        if self._opened().captures.is_processed(capture):
            self.counts["known"] += 1
            return False
        return True

    def ingest(self, item: Item, outcome: Extraction | Problem, packed: CompressedBody | None = None) -> None:
        """Take in a page and what was read on it. It is committed with others, at the latest when the intake ends."""
        self._pending.append((item, outcome, packed))
        if len(self._pending) >= PAGES_PER_COMMIT:
            self._commit()

    def refuse(self, capture: Capture | None, problem: Problem) -> None:
        """Do without a saved page; the reason is kept if an archive is."""
        self.counts["pages"] += 1
        self.counts["refused"] += 1
        self._refused.append((problem, capture.url if capture else None))

    def skip(self, path: Path, record: Skipped) -> None:
        """Count a record of a web archive that gave no capture."""
        self.skipped[record.reason] += 1
        if record.reason in REPORTED_SKIPS:
            message = f"The record at byte {record.offset} of {path} was skipped: {record.message}."
            problem = Problem(stage="fetch", reason=record.reason, message=message, fatal=True)
            self._refused.append((problem, record.url))

    def follow(self, urls: Iterable[str]) -> None:
        """Have the next crawl fetch these addresses, as far as they are articles of the sites asked for."""
        entries = []
        for url in urls:
            resolved = self._site_resolver(url)
            site = self._site_resolver.site_at(url)
            if resolved is None or site is None:
                self.skipped["other_site"] += 1
            elif (article_url := site.article_url(url)) is None:
                self.skipped["not_an_article"] += 1
            else:
                entries.append(ingest_entry(article_url.url, site, article_url.language))
                self._sites.setdefault(site.name, site)
        if entries:
            archive = self._opened()
            for site in self._sites.values():
                self._keep_site(archive, site)
            self.counts["queued"] += len(archive.frontier.add(entries, self._run_id))
            self.counts["urls"] += len(entries)

    def _opened(self) -> Archive:
        if self._archive is None:
            self._archive = Archive.open(self._path, mode="write")
            self._run_id = self._archive.runs.start(
                "ingest", site=None, arguments={"paths": self._inputs}, settings={}, software=self._software
            )
        return self._archive

    def _commit(self) -> None:
        if not self._pending:
            return
        archive = self._opened()
        with archive.transaction(synced_every=self._synced_every):
            for item, outcome, packed in self._pending:
                site = self._site_of(archive, item.capture)
                if archive.takedowns.covers(site.name, article_urls_of(site, item.capture, outcome)):
                    self.counts["taken_down"] += 1
                    self.counts["pages"] += item.saved
                    continue
                capture = archive.captures.store(item.capture, self._run_id, packed)
                if isinstance(outcome, Extraction):
                    self._save(archive, site, item, replace(outcome, capture=capture))
                else:
                    self._note(archive, capture, outcome)
            archive.runs.heartbeat(self._run_id, self.counts)
        self._pending.clear()

    def _save(self, archive: Archive, site: Site, item: Item, extraction: Extraction) -> None:
        article, capture = extraction.article, extraction.capture
        article_urls = site.article_urls(article.urls)
        for problem in extraction.warnings:
            archive.runs.record_problem(self._run_id, problem, url=article.url, capture_id=capture.id)
        saved = archive.articles.save(extraction, self._run_id, article_urls, self._reextract)
        archive.absences.apply(saved.article_id)
        if article_urls:
            record_visit(archive, site, extraction, saved.article_id, self._run_id)
        self.counts[saved.outcome] += 1
        if item.saved:
            self.counts["pages"] += 1
            taken = Ingested(
                path=str(item.path), article=saved.article_id, outcome=saved.outcome, headline=article.headline
            )
            self.ingested.append(taken)

    def _note(self, archive: Archive, capture: Capture, problem: Problem) -> None:
        """Say why a page of a web archive gave no article: an error, a list, an answer of not modified, a bad page."""
        if capture.status == HTTPStatus.NOT_MODIFIED:
            self._settle(archive, capture)
            self.counts["not_modified"] += 1
        elif problem == LISTED:
            self.counts["kept"] += 1
        elif capture.status in GONE or problem.reason in GONE_REASONS:
            archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self._settle(archive, capture)
            self._leave_frontier(archive, capture)
            self.counts["gone"] += 1
        else:
            archive.runs.record_problem(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self.counts["failed" if problem.stage == "fetch" else "refused"] += 1

    def _settle(self, archive: Archive, capture: Capture) -> None:
        article_id = archive.articles.find(capture.url)
        if article_id is not None:
            archive.absences.apply(article_id)

    def _leave_frontier(self, archive: Archive, capture: Capture) -> None:
        """An address that is no more is not asked for again, unless more is known of it since."""
        known = archive.frontier.get(capture.url)
        if known is None:
            return
        heard_of = known.visited_at or known.discovered_at
        if heard_of is None or heard_of < capture.fetched_at:
            archive.frontier.mark_gone(capture.url, capture.fetched_at, status=capture.status)
            archive.aliases.resume(capture.url, capture.fetched_at)

    def _site_of(self, archive: Archive, capture: Capture) -> Site:
        site = self._sites.get(capture.site)
        if site is None:
            site = self._site_resolver.sites.definition_for(capture) or generic_site(capture.url)
            self._sites[site.name] = site
            self._keep_site(archive, site)
        return site

    def _keep_site(self, archive: Archive, site: Site) -> None:
        known = archive.sites.get(site.name)
        # A site that was crawled from another address, as a mirror or the demo, stays there.
        if known is None or known["url"] == site.base_url:
            archive.sites.store(site)


def article_urls_of(site: Site, capture: Capture, outcome: Extraction | Problem) -> list[ArticleURL]:
    """Every address a page is known by."""
    urls = [capture.url, capture.effective_url, *(outcome.article.urls if isinstance(outcome, Extraction) else ())]
    return [site.article_url(url) or ArticleURL(url=url) for url in dict.fromkeys(urls)]
