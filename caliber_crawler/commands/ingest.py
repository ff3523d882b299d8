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

from caliber_crawler.commands.alerts import send_alerts
from caliber_crawler.commands.options import TIMESTAMP, archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, list_counts
from caliber_crawler.errors import CHECKS_FAILED, ArticleTakenDown, InputError, NoPages, NotAPage
from caliber_crawler.ingest import Ingester, Item, SiteResolver, extract_ahead, parse_url_list
from caliber_crawler.ingest.ingester import REPORTED_SKIPS
from caliber_crawler.ingest.page_readers import PageSource, page_sources, require_pages
from caliber_crawler.ingest.parallel import Extracted
from caliber_crawler.ingest.saved_pages import capture_from_file, capture_of_any_site, find_pages
from caliber_crawler.items import Capture, Problem
from caliber_crawler.known_sites import known_sites
from caliber_crawler.page_files import form_of
from caliber_crawler.quantity import quantity
from caliber_crawler.site import SiteRegistry
from caliber_crawler.site.unknown import unknown_site
from caliber_crawler.software import software
from caliber_crawler.spiders import DEFAULT_SITE
from caliber_crawler.warc import FAULTS, Originals, Skipped


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@click.option("--url", help="The URL that the page was saved from (for one page).")
@click.option(
    "--fetched-at", type=TIMESTAMP, help="When it was saved, ISO 8601, UTC.  [default: modification time of the file]"
)
@click.option("--site", "site_name", help="The site of the pages.  [default: the site that the page names]")
@click.option("--any-site", is_flag=True, help="Ingest pages of every site from web archives and URL lists.")
@click.option("--base-url", metavar="URL", help="The site at another URL: a mirror, the demo site.")
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
    """Ingest saved pages, web archives and lists of URLs.

    PATHS are pages (HTML, MHTML, or the plain text of a page), web archives (WARC and ARC with any compression, WET,
    WACZ, HAR), text files with one URL per line, or folders of them. Each raw page is stored with its time and
    extracted like a fetched page. Without --url or --site, a page belongs to the site of the URL that the browser wrote
    into it or that its canonical link names, a plain text to the site whose signature it has; any other to the site
    `unknown`. A page without a URL gets an identifier made from its text: a renamed file gives the same article.

    From web archives, pages of known sites are ingested, as are redirects and deletions of articles. Bad records are
    counted and skipped. Pages that were ingested before are skipped; rerun a stopped command to resume. The next crawl
    fetches the URLs of a list.

    \b
    Example:
      caliber ingest saved/ --archive data/archive.db
      caliber ingest page.html --url https://caliber.az/en/post/some-article --fetched-at 2026-01-07T10:00:00Z
      caliber ingest CC-NEWS-20260107.warc.gz browser-session.wacz
    """
    ignored: list[Path] = []
    files = list(find_pages(paths, ignored))
    if url and len(files) > 1:
        raise click.UsageError(
            f"--url applies to one page, but {quantity(len(files), 'file was', 'files were')} given."
        )
    site_resolver = _site_resolver(site_name, url, base_url, any_site=any_site)
    with Ingester(archive, site_resolver, software(), paths) as ingester:
        is_any_site = not (url or site_name or base_url)
        pages = Pages(ingester, site_resolver, files, url, fetched_at, is_any_site=is_any_site)
        with closing(pages.each()) as items:
            for item, extracted in extract_ahead(
                items, capture_of, ingester.packing_extractor, jobs or os.cpu_count() or 1
            ):
                outcome, packed = extracted if isinstance(extracted, Extracted) else (extracted, None)
                if item.saved and isinstance(outcome, Problem):
                    pages.refuse(item.path, not_an_article(item.path, outcome), item.capture, outcome)
                else:
                    ingester.ingest(item, outcome, packed)
    if as_json:
        ingested = [asdict(each) for each in ingester.ingested]
        skipped, others = dict(ingester.skipped), dict(ingester.other_records)
        counts = {**ingester.counts, "skipped": skipped, "other_records": others, "ignored_files": len(ignored)}
        echo_json({"run": ingester.run_id, **counts, "articles": ingested})
    else:
        for line in _summary(ingester):
            echo(line)
        if ignored:
            echo(f"Files in folders that are not pages or web archives by their names: {len(ignored):,}.")
    send_alerts(archive)
    exit_code = _exit_code(ingester)
    if exit_code == NoPages.exit_code:
        echo(f"Error: {_no_pages(files, ingester)}", err=True)
    sys.exit(exit_code)


def _no_pages(files: Sequence[Path], ingester: Ingester) -> str:
    """Why nothing was ingested."""
    what = str(files[0]) if len(files) == 1 else f"The {quantity(len(files), 'file')}"
    hint = " Use --any-site to ingest pages of every site." if ingester.skipped["other_site"] else ""
    found = list_counts(ingester.skipped + ingester.other_records)
    return f"{what} contained no pages to ingest, only records of these kinds: {found}.{hint}"


def capture_of(item: Item) -> Capture:
    return item.capture


def not_an_article(path: Path, problem: Problem) -> NotAPage:
    return NotAPage(f"{path} is not an article: {problem.message}")


class Pages:
    """The pages of the input files, one by one."""

    def __init__(
        self,
        ingester: Ingester,
        site_resolver: SiteResolver,
        files: Sequence[Path],
        url: str | None,
        fetched_at: datetime | None,
        *,
        is_any_site: bool,
    ) -> None:
        self._ingester = ingester
        self._is_any_site = is_any_site
        """Whether saved pages belong to the sites that they name."""
        self._site_resolver = site_resolver
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
            except FAULTS as error:
                self.refuse(path, InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."))

    def refuse(
        self, path: Path, error: InputError, capture: Capture | None = None, problem: Problem | None = None
    ) -> None:
        """Report a file that cannot be ingested. Raises its error if it is the only one."""
        message = str(error)
        self._ingester.refuse(
            capture, problem or Problem(stage="fetch", reason="bad_input", message=message, fatal=True)
        )
        if len(self._files) == 1:
            raise error
        echo(f"Refused: {message}", err=True)

    def _in_file(self, path: Path) -> Iterator[Item]:
        form = form_of(path)
        if form in ("warc", "har"):
            with page_sources(path, form, self._site_resolver, self._originals) as sources:
                for source in sources:
                    yield from self._in_source(path, source)
        elif form == "page" and self._url is None and (urls := parse_url_list(path)) is not None:
            self._ingester.follow(urls)
        else:
            yield Item(path=path, capture=self._saved_page(path), saved=True)

    def _in_source(self, path: Path, source: PageSource) -> Iterator[Item]:
        reader = source.reader
        damage: Skipped | None = None
        with tqdm(desc=path.name, total=source.size, unit="B", unit_scale=True, disable=None, leave=False) as line:
            for found in reader:
                line.update(reader.offset - line.n)
                if isinstance(found, Skipped):
                    self._ingester.skip(path, found)
                    damage = damage or found
                elif self._ingester.is_new(found):
                    yield Item(path=path, capture=found, saved=False)
        self._ingester.other_records.update(reader.others)
        require_pages(source.name, reader, damage)

    def _saved_page(self, path: Path) -> Capture:
        if self._is_any_site:
            return capture_of_any_site(path, self._site_resolver.sites, fetched_at=self._fetched_at)
        return capture_from_file(path, self._site_resolver.default, url=self._url, fetched_at=self._fetched_at)


def _summary(ingester: Ingester) -> list[str]:
    """One line for each saved page that was ingested, and totals if there was more than one page."""
    counts = ingester.counts
    lines = [f"{page.outcome}: article {page.article}: {page.headline}" for page in ingester.ingested]
    if counts["pages"] > 1 or counts["pages"] > len(ingester.ingested):
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
            "taken_down",
        )
        always = ("new", "updated", "unchanged", "refused")
        totals = [f"{counts[name]:,} {name.replace('_', ' ')}" for name in names if counts[name] or name in always]
        lines.append(f"{quantity(counts['pages'], 'page')}: {', '.join(totals)}.")
    if counts["urls"]:
        lines.append(f"{quantity(counts['urls'], 'URL')}: queued {counts['queued']:,} new ones for the next crawl.")
    if ingester.skipped:
        skipped = quantity(ingester.skipped.total(), "record or URL", "records or URLs")
        lines.append(f"Skipped {skipped}: {list_counts(ingester.skipped)}.")
    if ingester.other_records:
        lines.append(f"Records that contain no page: {list_counts(ingester.other_records)}.")
    return lines


def _exit_code(ingester: Ingester) -> int:
    """0 for success, 3 for some refused or damaged, 5 for no pages, 6 for all refused, 16 for all taken down before."""
    counts = ingester.counts
    bad = counts["refused"] + sum(ingester.skipped[reason] for reason in REPORTED_SKIPS)
    if counts["pages"] + counts["urls"] == 0 and not bad:
        return NoPages.exit_code
    if counts["taken_down"] == counts["pages"] > 0:
        return ArticleTakenDown.exit_code
    if counts["refused"] == counts["pages"] > 0:
        return NotAPage.exit_code
    return CHECKS_FAILED if bad else 0


def _site_resolver(name: str | None, url: str | None, base_url: str | None, *, any_site: bool) -> SiteResolver:
    known = known_sites()
    default = known.named(name) if name else unknown_site()
    sites = known.only(name) if name else known
    if base_url:
        served = name or DEFAULT_SITE
        sites = sites.served_at({served: base_url})
        default = sites[served]
    if name is None and url is not None:
        try:
            default = sites.owner(url) or known.site_of(url)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--url") from None
        sites = SiteRegistry([*sites.values(), default])
    return SiteResolver(sites=sites, default=default, any_site=any_site)
