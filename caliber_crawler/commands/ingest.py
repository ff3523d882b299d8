"""``caliber ingest``."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import click
from tqdm import tqdm

from caliber_crawler import revisit
from caliber_crawler.archive import Archive, Entry, Saved
from caliber_crawler.commands.crawling import known_spiders, project_settings
from caliber_crawler.commands.options import MOMENT, archive_option, echo_json, json_option
from caliber_crawler.crawl_run import software
from caliber_crawler.errors import InputError, NotAPage, SiteError
from caliber_crawler.items import Capture, Problem, Reading
from caliber_crawler.reading import Unreadable, check, read_page
from caliber_crawler.saved_pages import capture_saved, find_pages
from caliber_crawler.site import Site

CHECKS_FAILED = 3
DEFAULT_SITE = "caliber"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@click.option("--url", help="The address the page was saved from (for one page).")
@click.option(
    "--fetched-at", type=MOMENT, help="When it was saved, ISO 8601, UTC.  [default: when the file was last written]"
)
@click.option("--site", "site_name", help="Whose pages they are.  [default: told by the address, else caliber]")
@json_option
def ingest(
    paths: tuple[Path, ...],
    archive: Path,
    url: str | None,
    fetched_at: datetime | None,
    site_name: str | None,
    *,
    as_json: bool,
) -> None:
    """Read saved pages: HTML, or the plain text of a page. PATHS are files, or folders of them.

    The page itself is kept, and read with the same rules as a fetched one. A text page without --url gets a name of its
    own, so that the same article is found again whatever its file is called.

    \b
    Example:
      caliber ingest saved/ --archive data/archive.db
      caliber ingest page.html --url https://caliber.az/en/post/some-article --fetched-at 2026-01-07T10:00:00Z
    """
    pages = list(find_pages(paths))
    if url and len(pages) > 1:
        raise click.UsageError(f"--url names one page, and there are {len(pages)}.")
    site = _site(site_name, url)
    with Intake(archive, site) as intake:
        for page in tqdm(pages, unit=" pages", disable=None if len(pages) > 1 else True):
            try:
                intake.take(page, capture_saved(page, site, url=url, fetched_at=fetched_at))
            except InputError as error:
                if len(pages) == 1:
                    raise
                click.echo(f"Refused: {error}", err=True)
    if as_json:
        echo_json({"run": intake.run_id, **intake.counts, "articles": [asdict(taken) for taken in intake.taken]})
    else:
        for line in intake.summary():
            click.echo(line)
    sys.exit(intake.exit_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one saved page."""

    path: str
    article: int
    outcome: str
    headline: str


class Intake:
    """Takes saved pages into an archive, which is opened (and, if need be, made) only when there is a sound page."""

    def __init__(self, path: Path, site: Site) -> None:
        self._path = path
        self._site = site
        self._archive: Archive | None = None
        self.run_id: int | None = None
        self.counts: Counter[str] = Counter()
        self.taken: list[Taken] = []
        self._refused: list[tuple[Problem, Capture]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._archive is None or self.run_id is None:
            return
        for problem, capture in self._refused:
            self._archive.runs.note(self.run_id, problem, url=capture.url)
        self._archive.runs.finish(self.run_id, "failed" if kind else "finished", None, dict(self.counts))
        self._archive.close()

    def take(self, path: Path, capture: Capture) -> None:
        """Read a page, then commit page and article. Raises :class:`NotAPage` when there is no article on it."""
        self.counts["pages"] += 1
        reading, problem = self._read(capture)
        if reading is None:
            assert problem is not None
            self.counts["refused"] += 1
            self._refused.append((problem, capture))
            raise NotAPage(f"{path} is no article: {problem.message}")
        archive, run_id = self._opened()
        kept = archive.captures.keep(capture, run_id)
        saved = self._save(replace(reading, capture=kept), archive, run_id)
        self.counts[saved.outcome] += 1
        self.taken.append(
            Taken(path=str(path), article=saved.article_id, outcome=saved.outcome, headline=reading.article.headline)
        )

    def _read(self, capture: Capture) -> tuple[Reading | None, Problem | None]:
        try:
            reading = read_page(capture, self._site)
        except Unreadable as unreadable:
            return None, Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
        fatal = next((p for p in check(reading, self._site, datetime.now(UTC)) if p.fatal), None)
        return (None, fatal) if fatal else (reading, None)

    def _opened(self) -> tuple[Archive, int]:
        if self._archive is None or self.run_id is None:
            self._archive = Archive.open(self._path, mode="write")
            self._archive.sites.keep(self._site)
            self.run_id = self._archive.runs.start(
                "ingest", site=self._site.name, arguments={}, settings={}, software=software()
            )
        return self._archive, self.run_id

    def _save(self, reading: Reading, archive: Archive, run_id: int) -> Saved:
        article, capture = reading.article, reading.capture
        addresses = [address for url in article.urls if (address := self._site.address(url))]
        with archive.transaction():
            for problem in check(reading, self._site, datetime.now(UTC)):
                archive.runs.note(run_id, problem, url=article.url, capture_id=capture.id)
            saved = archive.articles.save(reading, run_id, addresses)
            if addresses:
                self._join_frontier(archive, run_id, reading, saved)
        return saved

    def _join_frontier(self, archive: Archive, run_id: int, reading: Reading, saved: Saved) -> None:
        """A page with an address of the site is followed from now on, like one that was crawled."""
        article, visited_at = reading.article, reading.capture.fetched_at
        entry = Entry(
            url=article.url,
            site=article.site,
            kind="article",
            language=article.language,
            section=article.section,
            road="ingest",
        )
        archive.frontier.add([entry], run_id)
        archive.frontier.done(
            article.url,
            visited_at,
            status=reading.capture.status,
            article_id=saved.article_id,
            due_at=revisit.next_visit(article.published_at, visited_at),
        )

    def summary(self) -> list[str]:
        """One line a page that was taken, and a total when there were several."""
        lines = [f"{taken.outcome}: article {taken.article}: {taken.headline}" for taken in self.taken]
        if self.counts["pages"] > 1:
            outcomes = ", ".join(f"{self.counts[name]:,} {name}" for name in ("new", "updated", "unchanged", "refused"))
            lines.append(f"{self.counts['pages']:,} pages: {outcomes}.")
        return lines

    @property
    def exit_code(self) -> int:
        """0 all taken, 3 some refused, 6 all refused."""
        if not self.taken:
            return NotAPage.exit_code
        return CHECKS_FAILED if self.counts["refused"] else 0


def _site(name: str | None, url: str | None) -> Site:
    sites = {name: spider.site for name, spider in known_spiders(project_settings()).items()}
    if name:
        if name not in sites:
            raise SiteError(f"There is no site {name!r}; known sites: {', '.join(sites)}.")
        return sites[name]
    return next((site for site in sites.values() if url and site.owns(site.normal_url(url))), sites[DEFAULT_SITE])
