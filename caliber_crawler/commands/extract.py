"""``caliber extract``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import click

from caliber_crawler.commands.extraction_table import explanation_json, explanation_lines
from caliber_crawler.commands.options import echo_json
from caliber_crawler.commands.terminal import echo, list_counts
from caliber_crawler.errors import CHECKS_FAILED, InputError, NoPages, NotAPage
from caliber_crawler.extraction.candidates import Explanation
from caliber_crawler.extraction_steps import Outcome
from caliber_crawler.ingest import SiteResolver, extract_ahead
from caliber_crawler.ingest.page_readers import page_sources, require_pages
from caliber_crawler.ingest.saved_pages import capture_from_file, capture_of_any_site, find_pages, site_and_url
from caliber_crawler.isolated_extraction import explain_isolated, extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.known_sites import known_sites
from caliber_crawler.page_files import FileForm, form_of, origins_of
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.site.unknown import unknown_site
from caliber_crawler.warc import ResolvedURL, Skipped

STANDARD_INPUT = Path("-")
FIELDS = (
    *("headline", "subtitle", "published_at", "authors", "section", "language", "views", "body"),
    *("layout", "methods"),
)
"""Fields of a line written with ``--jsonl``, after its ``id``."""


@click.command()
@click.argument("pages", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--url", help="The URL that the page was saved from (for one page).")
@click.option("--site", "site_name", help="The site of the pages.  [default: the site that the page names]")
@click.option(
    "--jsonl", is_flag=True, help="Read one page per line of PAGES: {id, url, html}; write one extraction per line."
)
@click.option("--explain", is_flag=True, help="Print every candidate of every field, and why one of them is used.")
@click.option("--json", "as_json", is_flag=True, help="With --explain: print JSON instead of a table.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Number of worker processes.")
def extract(
    pages: tuple[Path, ...],
    url: str | None,
    site_name: str | None,
    jobs: int,
    *,
    jsonl: bool,
    explain: bool,
    as_json: bool,
) -> None:
    """Extract articles from saved pages, print them as JSON, and store nothing.

    PAGES are pages (HTML, MHTML, or the plain text of a page), web archives (WARC, ARC, WACZ, HAR), folders of them, or
    - for standard input. One page gives one object, several a list. The generic extractor is used for a page of a site
    without a definition. A page that a crawl would refuse gives an object with an
    `error`; `problems` lists warnings.

    With --explain, a table lists every value that the page offers for each field, its source, and why it is used
    or not, also for a page that is refused. It shows what a site definition has to correct.

    \b
    Example:
      caliber extract page.html --url https://caliber.az/en/post/some-article
      caliber extract --explain page.html --url https://news.example/politics/some-article
      caliber extract --jsonl --jobs 4 pages.jsonl > extractions.jsonl
    """
    if explain and jsonl:
        raise click.UsageError("--explain and --jsonl cannot be combined. Use --explain --json.")
    sites = known_sites()
    if site_name:
        sites.named(site_name)
    extractor = PageExtractor(sites, site_name)
    files = [path for page in pages for path in ([page] if page == STANDARD_INPUT else find_pages([page]))]
    if url and (jsonl or len(files) > 1):
        raise click.UsageError("--url applies to one page, but several may be given.")
    with ExitStack() as stack:
        streams = ((path, _open(path, stack)) for path in files) if jsonl else ()
        items = _lines_of(streams, extractor) if jsonl else _pages_in(files, extractor, url)
        if explain:
            counts = _write_explanations(extract_ahead(items, _capture_of, extractor.explain, jobs), as_json=as_json)
        else:
            outcomes = extract_ahead(items, _capture_of, extractor, jobs)
            counts = _write_lines(outcomes) if jsonl else _write_objects(outcomes)
    sys.exit(_exit_code(counts))


def _write_lines(outcomes: Outcomes) -> Counter[bool]:
    """Print one line per page as soon as it is extracted; return the numbers of articles and of failures."""
    counts: Counter[bool] = Counter()
    for item, outcome in outcomes:
        counts[isinstance(outcome, Extraction)] += 1
        echo(json.dumps(_line(item, outcome), ensure_ascii=False))
    return counts


def _write_objects(outcomes: Outcomes) -> Counter[bool]:
    extracted = [(_object(item, outcome), isinstance(outcome, Extraction)) for item, outcome in outcomes]
    echo_json(extracted[0][0] if len(extracted) == 1 else [page for page, _ in extracted])
    return Counter(is_article for _, is_article in extracted)


def _write_explanations(
    explained: Iterable[tuple[Item, tuple[Extraction | Problem, Explanation] | Problem]], *, as_json: bool
) -> Counter[bool]:
    """Print the candidates of every page; return the numbers of articles and of failures."""
    counts: Counter[bool] = Counter()
    objects = []
    for item, found in explained:
        outcome, explanation = (found, Explanation()) if isinstance(found, Problem) else found
        if as_json:
            objects.append(explanation_json(item.id, item.capture.url, outcome, explanation))
        else:
            echo("\n" * bool(counts) + "\n".join(explanation_lines(item.id, item.capture.url, outcome, explanation)))
        counts[isinstance(outcome, Extraction)] += 1
    if as_json:
        echo_json(objects[0] if len(objects) == 1 else objects)
    return counts


def _exit_code(counts: Counter[bool]) -> int:
    """0 if every page is an article, 3 if some are not, 5 for no pages, 6 if none is an article."""
    if not counts:
        return NoPages.exit_code
    if not counts[False]:
        return 0
    return CHECKS_FAILED if counts[True] else NotAPage.exit_code


@dataclass(frozen=True, slots=True)
class Item:
    """A page and its ID in the input."""

    id: Any
    capture: Capture


def _capture_of(item: Item) -> Capture:
    return item.capture


@dataclass(frozen=True, slots=True)
class PageExtractor:
    """Extracts pages of known sites and of any other site. Can be pickled for a worker process."""

    sites: SiteRegistry
    name: str | None = None
    """The site of all pages, if ``--site`` was given."""

    def site_of(self, url: str) -> Site:
        """The site of a URL; the unknown site for anything but a web URL."""
        if self.name:
            return self.sites[self.name]
        try:
            return self.sites.site_of(url)
        except ValueError:
            return unknown_site()

    def resolve(self, url: str) -> ResolvedURL | None:
        """The page at a URL in a web archive; ``None`` if it is not a web page."""
        return SiteResolver(sites=self.sites, default=unknown_site(), any_site=True)(url)

    def __call__(self, capture: Capture) -> Extraction | Problem:
        """The article on a page, or the problem."""
        if capture.error is not None:
            return _unreadable(capture, capture.error)
        return _without_body(extract_isolated(capture, self._definition_of(capture), datetime.now(UTC)), capture)

    def explain(self, capture: Capture) -> tuple[Extraction | Problem, Explanation]:
        """The same with every candidate of every field."""
        if capture.error is not None:
            return _unreadable(capture, capture.error), Explanation()
        outcome, explanation = explain_isolated(capture, self._definition_of(capture), datetime.now(UTC))
        return _without_body(outcome, capture), explanation

    def _definition_of(self, capture: Capture) -> Site:
        return self.sites.definition_for(capture) or self.site_of(capture.url)


def _unreadable(capture: Capture, error: str) -> Problem:
    return Problem(stage="fetch", reason=capture.error_code or "bad_input", message=error, fatal=True)


def _without_body(outcome: Outcome, capture: Capture) -> Extraction | Problem:
    assert not isinstance(outcome, Listing), "saved pages are extracted as articles"
    return replace(outcome, capture=replace(capture, body=b"")) if isinstance(outcome, Extraction) else outcome


Outcomes = Iterable[tuple[Item, Extraction | Problem]]


def _open(path: Path, stack: ExitStack) -> BinaryIO:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return stack.enter_context(path.open("rb"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _pages_in(files: Iterable[Path], extractor: PageExtractor, url: str | None) -> Iterator[Item]:
    """The pages in files; a web archive has several."""
    for path in files:
        if path == STANDARD_INPUT:
            yield Item("-", _capture(sys.stdin.buffer.read(), url, extractor))
        elif (form := form_of(path)) in ("warc", "har"):
            yield from _archived_pages(path, form, extractor)
        elif url or extractor.name:
            yield Item(str(path), capture_from_file(path, extractor.site_of(url or ""), url=url))
        else:
            yield Item(str(path), capture_of_any_site(path, extractor.sites))


def _archived_pages(path: Path, form: FileForm, extractor: PageExtractor) -> Iterator[Item]:
    skipped: Counter[str] = Counter()
    found = 0
    with page_sources(path, form, extractor.resolve) as sources:
        for source in sources:
            damage: Skipped | None = None
            for each in source.reader:
                if isinstance(each, Skipped):
                    skipped[each.reason] += 1
                    damage = damage or each
                else:
                    found += 1
                    yield Item(f"{path}#{each.effective_url}", each)
            skipped.update(source.reader.others)
            require_pages(source.name, source.reader, damage)
    if skipped:
        echo(
            f"{path}: {quantity(found, 'page')}; skipped {quantity(skipped.total(), 'record')}:"
            f" {list_counts(skipped)}.",
            err=True,
        )


def _lines_of(files: Iterable[tuple[Path, BinaryIO]], extractor: PageExtractor) -> Iterator[Item]:
    """The pages in files of JSON lines. A line that is not a page gives a capture with an error."""
    for path, file in files:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                page = json.loads(line)
                body = page["html"].encode("utf-8", errors="replace")
                yield Item(page.get("id"), _capture(body, page.get("url"), extractor))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                message = f"Line {number} of {path} is not a JSON object with the text of a page in `html`."
                failed = Capture(site="", url="", fetched_at=datetime.now(UTC), error=message, error_code="bad_line")
                yield Item(None, failed)


def _capture(body: bytes, given_url: Any, extractor: PageExtractor) -> Capture:
    url = given_url if given_url and isinstance(given_url, str) else None
    site = extractor.site_of(url) if url else None
    if site is None and extractor.name is None:
        site, url = site_and_url(body, origins_of(body), extractor.sites)
    name = site.name if site is not None else str(extractor.name)
    url = url or f"urn:sha256:{sha256(body).hexdigest()}"
    return Capture(site=name, url=url, fetched_at=datetime.now(UTC), status=200, body=body)


def _line(item: Item, outcome: Extraction | Problem) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        return {"id": item.id, "error": _error(outcome)}
    fields = _as_json(outcome)
    return {"id": item.id} | {field: fields[field] for field in FIELDS}


def _object(item: Item, outcome: Extraction | Problem) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        return {"page": item.id, "error": _error(outcome)}
    return {"page": item.id} | _as_json(outcome) | {"problems": [_error(problem) for problem in outcome.warnings]}


def _as_json(extraction: Extraction) -> dict[str, Any]:
    article = extraction.article
    published_at = article.published_at.isoformat() if article.published_at else None
    return asdict(article) | {
        "published_at": published_at,
        "layout": extraction.layout,
        "extractor": extraction.extractor,
        "methods": dict(extraction.methods),
    }


def _error(problem: Problem) -> dict[str, Any]:
    return {name: value for name, value in asdict(problem).items() if name != "stage" and value is not None}
