"""``caliber ingest``."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from tqdm import tqdm

from caliber_crawler.commands.options import MOMENT, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import Forgotten, InputError, NoPages, NotAPage
from caliber_crawler.intake import Intake, Item, Recogniser, extract_ahead, urls_in
from caliber_crawler.intake.ahead import Extracted
from caliber_crawler.intake.intake import NOTED
from caliber_crawler.intake.saved_pages import capture_saved, find_pages
from caliber_crawler.items import Capture, Problem
from caliber_crawler.known_sites import known_sites
from caliber_crawler.site import SiteRegistry
from caliber_crawler.software import software
from caliber_crawler.spiders import DEFAULT_SITE
from caliber_crawler.warc import Originals, Skipped, WarcReader, WarcSource, is_index, is_web_archive, warcs_in

CHECKS_FAILED = 3


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@click.option("--url", help="The address the page was saved from (for one page).")
@click.option(
    "--fetched-at", type=MOMENT, help="When it was saved, ISO 8601, UTC.  [default: when the file was last written]"
)
@click.option("--site", "site_name", help="Whose pages they are.  [default: told by the address, else caliber]")
@click.option("--any-site", is_flag=True, help="Take pages of every site out of web archives and lists of addresses.")
@click.option("--base-url", metavar="URL", help="The site as it was served elsewhere: a mirror, the demo site.")
@click.option("--jobs", type=click.IntRange(min=1), help="Number of worker processes.  [default: one per core]")
@json_option
def ingest(
    paths: tuple[Path, ...],
    archive: Path,
    url: str | None,
    fetched_at: datetime | None,
    site_name: str | None,
    base_url: str | None,
    jobs: int | None,
    *,
    any_site: bool,
    as_json: bool,
) -> None:
    """Take in saved pages, web archives and lists of addresses.

    PATHS are pages (HTML, or the plain text of one), web archives (WARC in any packing, WET, WACZ), text files with an
    address on each line, or folders of them. The page itself is kept, with its time, and read with the same rules as a
    fetched one. A text page without --url gets a name of its own, so that the same article is found again whatever its
    file is called.

    From web archives the pages of known sites are taken, and what they say of articles that moved or are gone; bad
    records are counted and skipped. What was taken in before is not read again: after a stop, the same command goes on.
    The addresses of a list are fetched by the next crawl.

    \b
    Example:
      caliber ingest saved/ --archive data/archive.db
      caliber ingest page.html --url https://caliber.az/en/post/some-article --fetched-at 2026-01-07T10:00:00Z
      caliber ingest CC-NEWS-20260107.warc.gz browser-session.wacz
    """
    files = list(find_pages(paths))
    if url and len(files) > 1:
        raise click.UsageError(f"--url names one page, and there are {len(files)}.")
    recogniser = _recogniser(site_name, url, base_url, any_site=any_site)
    with Intake(archive, recogniser, software(), paths) as intake:
        pages = Pages(intake, recogniser, files, url, fetched_at)
        with closing(pages.each()) as items:
            for item, extracted in extract_ahead(
                items, capture_of, intake.packing_extractor, jobs or os.cpu_count() or 1
            ):
                outcome, packed = extracted if isinstance(extracted, Extracted) else (extracted, None)
                if item.saved and isinstance(outcome, Problem):
                    pages.refuse(item.path, not_an_article(item.path, outcome), item.capture, outcome)
                else:
                    intake.take(item, outcome, packed)
    if as_json:
        taken = [asdict(each) for each in intake.taken]
        echo_json({"run": intake.run_id, **intake.counts, "skipped": dict(intake.skipped), "articles": taken})
    else:
        for line in _summary(intake):
            echo(line)
    sys.exit(_exit_code(intake))


def capture_of(item: Item) -> Capture:
    return item.capture


def not_an_article(path: Path, problem: Problem) -> NotAPage:
    return NotAPage(f"{path} is no article: {problem.message}")


class Pages:
    """The pages in some files, each as it comes up."""

    def __init__(
        self,
        intake: Intake,
        recogniser: Recogniser,
        files: Sequence[Path],
        url: str | None,
        fetched_at: datetime | None,
    ) -> None:
        self._intake = intake
        self._recogniser = recogniser
        self._files = files
        self._url = url
        self._fetched_at = fetched_at
        self._originals = Originals()

    def each(self) -> Generator[Item, None, None]:
        """Every page, in the order of the files."""
        for path in tqdm(self._files, unit=" files", disable=None if len(self._files) > 1 else True):
            try:
                yield from self._in_file(path)
            except InputError as error:
                self.refuse(path, error)

    def refuse(
        self, path: Path, error: InputError, capture: Capture | None = None, problem: Problem | None = None
    ) -> None:
        """Do without a file; of several, the rest still counts."""
        message = str(error)
        self._intake.refuse(capture, problem or Problem(stage="fetch", reason="input", message=message, fatal=True))
        if len(self._files) == 1:
            raise error
        echo(f"Refused: {message}", err=True)

    def _in_file(self, path: Path) -> Iterator[Item]:
        if is_index(path):
            raise NotAPage(f"{path} is an index of web archives and holds no pages; ingest the WARC files it names.")
        if is_web_archive(path):
            with warcs_in(path) as warcs:
                for warc in warcs:
                    yield from self._in_warc(path, warc)
        elif self._url is None and (urls := urls_in(path)) is not None:
            self._intake.follow(urls)
        else:
            default = self._recogniser.default
            capture = capture_saved(path, default, url=self._url, fetched_at=self._fetched_at)
            yield Item(path=path, capture=capture, saved=True)

    def _in_warc(self, path: Path, warc: WarcSource) -> Iterator[Item]:
        reader = WarcReader(warc.open_file, self._recogniser, originals=self._originals)
        skipped: list[Skipped] = []
        with tqdm(desc=path.name, total=warc.size, unit="B", unit_scale=True, disable=None, leave=False) as line:
            for found in reader:
                line.update(reader.offset - line.n)
                if isinstance(found, Skipped):
                    self._intake.skip(path, found)
                    skipped = [found] if reader.records == 0 else []
                elif self._intake.is_new(found):
                    yield Item(path=path, capture=found, saved=False)
        if reader.records == reader.described > 0:
            raise NotAPage(f"{warc.name} holds no pages but what somebody noted of them (WAT); ingest its WARC or WET.")
        if reader.records == 0 and skipped:
            raise NotAPage(f"{warc.name} cannot be read as a WARC: {skipped[0].message}.")


def _summary(intake: Intake) -> list[str]:
    """One line for each saved page that was taken, and totals when there was more than one page."""
    counts = intake.counts
    lines = [f"{taken.outcome}: article {taken.article}: {taken.headline}" for taken in intake.taken]
    if counts["pages"] > 1 or counts["pages"] > len(intake.taken):
        names = (
            "new",
            "updated",
            "unchanged",
            "refused",
            "failed",
            "gone",
            "not_modified",
            "kept",
            "known",
            "forgotten",
        )
        always = ("new", "updated", "unchanged", "refused")
        told = [f"{counts[name]:,} {name.replace('_', ' ')}" for name in names if counts[name] or name in always]
        lines.append(f"{counts['pages']:,} pages: {', '.join(told)}.")
    if counts["addresses"]:
        lines.append(f"{counts['addresses']:,} addresses: {counts['queued']:,} new, for the next crawl.")
    if intake.skipped:
        reasons = (f"{count:,} {reason.replace('_', ' ')}" for reason, count in intake.skipped.most_common())
        lines.append(f"{intake.skipped.total():,} records or addresses were skipped: {', '.join(reasons)}.")
    return lines


def _exit_code(intake: Intake) -> int:
    """0 all taken; 3 some refused or damaged; 5 nothing in it for us; 6 all refused; 16 all taken down before."""
    counts = intake.counts
    bad = counts["refused"] + sum(intake.skipped[reason] for reason in NOTED)
    if counts["pages"] + counts["addresses"] == 0 and not bad:
        return NoPages.exit_code
    if counts["forgotten"] == counts["pages"] > 0:
        return Forgotten.exit_code
    if counts["refused"] == counts["pages"] > 0:
        return NotAPage.exit_code
    return CHECKS_FAILED if bad else 0


def _recogniser(name: str | None, url: str | None, base_url: str | None, *, any_site: bool) -> Recogniser:
    known = known_sites()
    default = known.named(name or DEFAULT_SITE)
    sites = known.only(name) if name else known
    if base_url:
        sites = sites.served_at({default.name: base_url})
        default = sites[default.name]
    if name is None and url is not None:
        try:
            default = sites.owner(url) or known.site_of(url)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--url") from None
        sites = SiteRegistry([*sites.values(), default])
    return Recogniser(sites=sites, default=default, any_site=any_site)
