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
from caliber_crawler.archive.answers import GONE, LED_AWAY
from caliber_crawler.archive.bodies import Packed
from caliber_crawler.archive.runs import Outcome
from caliber_crawler.intake.ahead import PackingExtractor
from caliber_crawler.intake.recognition import Recogniser
from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.rereading import LISTED, Rereader
from caliber_crawler.site import Address, Site
from caliber_crawler.site.unfiled import unfiled
from caliber_crawler.visits import ingest_entry, record_visit
from caliber_crawler.warc import Skipped

BATCH = 50
"""Pages committed together: what a kill can cost."""

NOTED = ("damaged", "no_original", "too_large", "truncated", "undecodable")
"""Reasons for skipping a record that a person should know of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A page on its way in. A ``saved`` one was named by a person; others come from a web archive, by the thousand."""

    path: Path
    capture: Capture
    saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one saved page."""

    path: str
    article: int
    outcome: str
    headline: str


class Intake:
    """Takes pages into an archive, which is opened (and, if need be, made) only when there is something to keep.

    What it commits is on the disk at once, or when ``synced_every`` so many seconds have passed.
    """

    def __init__(
        self,
        path: Path,
        recogniser: Recogniser,
        software: Mapping[str, str],
        inputs: Iterable[Path],
        *,
        synced_every: float = 0.0,
    ) -> None:
        self._path = path
        self._synced_every = synced_every
        self._recogniser = recogniser
        self._software = software
        self._inputs = [str(each) for each in inputs]
        self._reread = Rereader(recogniser.sites)
        self._archive: Archive | None = None
        self._run_id = 0
        self._sites: dict[str, Site] = {}
        self._pending: list[tuple[Item, Reading | Problem, Packed | None]] = []
        self._refused: list[tuple[Problem, str | None]] = []
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        """Records of web archives that gave no capture, by reason."""
        self.taken: list[Taken] = []

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
                self._archive.runs.note(self._run_id, problem, url=url)
            self._archive.runs.finish(self._run_id, outcome, None, counts)

    def extract(self, capture: Capture) -> Reading | Problem:
        """The article on a page, or why there is none."""
        return self._reread.read(capture)

    @property
    def packing_extractor(self) -> PackingExtractor:
        """Extracts pages in worker processes, and makes them ready to be stored."""
        return PackingExtractor(self._reread, self._path.absolute())

    def is_new(self, capture: Capture) -> bool:
        """Is there anything left to do for a page of a web archive? One taken before costs no more than asking."""
        self.counts["pages"] += 1
        if self._opened().captures.settled(capture):
            self.counts["known"] += 1
            return False
        return True

    def take(self, item: Item, outcome: Reading | Problem, packed: Packed | None = None) -> None:
        """Take in a page and what was read on it. It is committed with others, at the latest when the intake ends."""
        self._pending.append((item, outcome, packed))
        if len(self._pending) >= BATCH:
            self._commit()

    def refuse(self, capture: Capture | None, problem: Problem) -> None:
        """Do without a saved page; the reason is kept if an archive is."""
        self.counts["pages"] += 1
        self.counts["refused"] += 1
        self._refused.append((problem, capture.url if capture else None))

    def skip(self, path: Path, record: Skipped) -> None:
        """Count a record of a web archive that gave no capture."""
        self.skipped[record.reason] += 1
        if record.reason in NOTED:
            message = f"The record at byte {record.offset} of {path} was skipped: {record.message}."
            problem = Problem(stage="fetch", reason=record.reason, message=message, fatal=True)
            self._refused.append((problem, record.url))

    def follow(self, urls: Iterable[str]) -> None:
        """Have the next crawl fetch these addresses, as far as they are articles of the sites asked for."""
        entries = []
        for url in urls:
            recognised = self._recogniser(url)
            site = self._recogniser.site_at(url)
            if recognised is None or site is None:
                self.skipped["other_site"] += 1
            elif (address := site.address(url)) is None:
                self.skipped["not_an_article"] += 1
            else:
                entries.append(ingest_entry(address.url, site, address.language))
                self._sites.setdefault(site.name, site)
        if entries:
            archive = self._opened()
            for site in self._sites.values():
                self._keep_site(archive, site)
            self.counts["queued"] += len(archive.frontier.add(entries, self._run_id))
            self.counts["addresses"] += len(entries)

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
                if archive.takedowns.covers(site.name, addresses_of(site, item.capture, outcome)):
                    self.counts["forgotten"] += 1
                    self.counts["pages"] += item.saved
                    continue
                capture = archive.captures.keep(item.capture, self._run_id, packed)
                if isinstance(outcome, Reading):
                    self._save(archive, site, item, replace(outcome, capture=capture))
                else:
                    self._note(archive, capture, outcome)
            archive.runs.heartbeat(self._run_id, self.counts)
        self._pending.clear()

    def _save(self, archive: Archive, site: Site, item: Item, reading: Reading) -> None:
        article, capture = reading.article, reading.capture
        addresses = site.addresses(article.urls)
        for problem in reading.remarks:
            archive.runs.note(self._run_id, problem, url=article.url, capture_id=capture.id)
        saved = archive.articles.save(reading, self._run_id, addresses, self._reread)
        archive.answers.settle(saved.article_id)
        if addresses:
            record_visit(archive, site, reading, saved.article_id, self._run_id)
        self.counts[saved.outcome] += 1
        if item.saved:
            self.counts["pages"] += 1
            taken = Taken(
                path=str(item.path), article=saved.article_id, outcome=saved.outcome, headline=article.headline
            )
            self.taken.append(taken)

    def _note(self, archive: Archive, capture: Capture, problem: Problem) -> None:
        """Say why a page of a web archive gave no article: an error, a list, an answer of not modified, a bad page."""
        if capture.status == HTTPStatus.NOT_MODIFIED:
            self._settle(archive, capture)
            self.counts["not_modified"] += 1
        elif problem == LISTED:
            self.counts["kept"] += 1
        elif capture.status in GONE or problem.reason in LED_AWAY:
            archive.runs.note(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self._settle(archive, capture)
            self._leave_frontier(archive, capture)
            self.counts["gone"] += 1
        else:
            archive.runs.note(self._run_id, problem, url=capture.url, capture_id=capture.id)
            self.counts["failed" if problem.stage == "fetch" else "refused"] += 1

    def _settle(self, archive: Archive, capture: Capture) -> None:
        article_id = archive.articles.find(capture.url)
        if article_id is not None:
            archive.answers.settle(article_id)

    def _leave_frontier(self, archive: Archive, capture: Capture) -> None:
        """An address that is no more is not asked for again, unless more is known of it since."""
        known = archive.frontier.get(capture.url)
        if known is None:
            return
        heard_of = known.visited_at or known.discovered_at
        if heard_of is None or heard_of < capture.fetched_at:
            archive.frontier.gone(capture.url, capture.fetched_at, status=capture.status)
            archive.aliases.wake(capture.url, capture.fetched_at)

    def _site_of(self, archive: Archive, capture: Capture) -> Site:
        site = self._sites.get(capture.site)
        if site is None:
            site = self._recogniser.sites.definition_for(capture) or unfiled(capture.url)
            self._sites[site.name] = site
            self._keep_site(archive, site)
        return site

    def _keep_site(self, archive: Archive, site: Site) -> None:
        known = archive.sites.get(site.name)
        # A site that was crawled from another address, as a mirror or the demo, stays there.
        if known is None or known["url"] == site.base_url:
            archive.sites.keep(site)


def addresses_of(site: Site, capture: Capture, outcome: Reading | Problem) -> list[Address]:
    """Every address a page is known by."""
    urls = [capture.url, capture.address, *(outcome.article.urls if isinstance(outcome, Reading) else ())]
    return [site.address(url) or Address(url=url) for url in dict.fromkeys(urls)]
