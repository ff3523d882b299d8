"""Judge a site definition by a sample of the site's pages, without fetching anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from parsel import Selector

from caliber_crawler.discovery.links import linked_articles
from caliber_crawler.extraction.dates import find_date
from caliber_crawler.extraction.decoding import decode
from caliber_crawler.extraction.slots import parse_rule
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.quantity import quantity
from caliber_crawler.site import (
    DiscoverySource,
    Feed,
    Layout,
    Links,
    Listings,
    PostIds,
    Search,
    Site,
    Sitemaps,
    StartPage,
)

WANTED = ("headline", "body", "published_at", "section", "views")
"""Fields that every article page must have."""
OPTIONAL = ("subtitle", "authors", "signature", "cover_image")
"""Fields that an article may lack."""
SELECTORS = {"published_at": "date", "cover_image": "cover"}
"""The selector's name in a layout, if it differs from the field's name."""
MAX_VALUE_LENGTH = 60
"""Maximum number of characters of a printed value."""
DEFINED_METHODS = ("selector",)
"""Extraction methods that use the site definition."""
ADVICE = {
    Listings.name: "correct the section's path",
    Feed.name: "correct the feed's path, or remove the source",
    Sitemaps.name: "add the sitemaps' paths, or remove the source",
    Search.name: "correct the search's path, or remove the source",
    PostIds.name: "correct the paths of the post IDs, or remove the source",
    StartPage.name: "see the page in a browser",
}
"""What to do if the first page of a discovery source is unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the sample, and how it was discovered."""

    capture: Capture
    discovered_via: str
    page_number: int = 1
    sure: bool = True
    """Whether the page is known to exist; a guessed post ID is not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    subject: str
    sound: bool | None
    """Whether the page matches the definition; ``None`` if these pages cannot show it."""
    found: str
    advice: str = ""
    """What to change or where to look if it does not match."""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def check_site(pages: Sequence[Page], site: Site) -> list[Finding]:
    """The results of all checks of a sample: a few pages of each discovery source and a few articles."""
    lists = [page for page in pages if page.capture.kind != "article"]
    numbered = [page for page in pages if page.discovered_via == PostIds.name]
    articles = [page for page in pages if page.capture.kind == "article" and page.discovered_via != PostIds.name]
    extractions = [_extract(page.capture, site) for page in (*articles, *numbered)]
    sound = [extraction for extraction in extractions if isinstance(extraction, Extraction)]
    findings = [*_lists(lists, site), *_numbers(numbered, site), *_links(sound, site)]
    findings += [_missing(source) for source in site.sources if not any(_is_of(source, page, sound) for page in pages)]
    for page, extraction in zip(articles, extractions, strict=False):
        findings += _article(page.capture, extraction, site)
    return [*findings, *_optional(sound, site)]


# --- discovery sources ------------------------------------------------------------------------------------------------


def _lists(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    seen: set[str] = set()
    for page in pages:
        is_available = page.capture.error is None and page.capture.status == 200
        yield _list(page, site, seen) if is_available else _unavailable(page)


def _unavailable(page: Page) -> Finding:
    capture = page.capture
    advice = ADVICE.get(page.discovered_via, "see the page in a browser")
    if page.page_number > 1:
        advice = f"correct {_more(page.discovered_via)}"
    if capture.error_code == "robots" or (capture.error or "").startswith("robots.txt "):
        advice = "remove the source: robots.txt disallows it"
    return Finding(f"{page.discovered_via} {capture.url}", False, capture.error or f"answered {capture.status}", advice)


def _list(page: Page, site: Site, seen: set[str]) -> Finding:
    subject = f"{page.discovered_via} {page.capture.url}"
    listing = extract_isolated(page.capture, site, page.capture.fetched_at)
    if not isinstance(listing, Listing):
        found = listing.message if isinstance(listing, Problem) else "an article"
        return Finding(subject, False, found, ADVICE.get(page.discovered_via, "see the page in a browser"))
    if page.discovered_via == Sitemaps.name:
        sound = bool(listing.teasers or listing.sitemaps)
        found = f"{quantity(len(listing.teasers), 'article')}, {quantity(len(listing.sitemaps), 'further sitemap')}"
        return Finding(subject, sound, found, "" if sound else ADVICE[Sitemaps.name])
    if listing.teasers:
        return _teasers(subject, page, listing, seen)
    if page.page_number > 1:
        advice = f"if the list has more articles than its first page, correct {_more(page.discovered_via)}"
        return Finding(subject, None, "no further articles", advice)
    if listing.unmatched is not None:
        found = f"no articles: the teasers link to pages such as {listing.unmatched}"
        return Finding(subject, False, found, f"correct article_path, which they do not match: {site.article_path}")
    advices = {
        Listings.name: "correct listing.teaser and listing.link",
        Search.name: "correct the search's path: a headline contains the word",
    }
    return Finding(subject, False, "no articles", advices.get(page.discovered_via, "see the page in a browser"))


def _teasers(subject: str, page: Page, listing: Listing, seen: set[str]) -> Finding:
    urls = {teaser.url for teaser in listing.teasers}
    dated = sum(teaser.published_at is not None for teaser in listing.teasers)
    found = f"{quantity(len(urls), 'article')}, {dated} of them with a date"
    if page.page_number > 1 and urls <= seen:
        advice = f"correct {_more(page.discovered_via)}"
        advice += ": caliber doctor --scroll finds it" if page.discovered_via == Listings.name else ""
        return Finding(subject, False, f"{found}, none new", advice)
    seen |= urls
    if page.discovered_via in (Listings.name, Feed.name) and 2 * dated < len(urls):
        what = "listing.date and date_formats" if page.discovered_via == Listings.name else "the dates of the feed"
        return Finding(subject, False, found, f"correct {what}")
    return Finding(subject, True, found)


def _more(via: str) -> str:
    return "Search.more" if via == Search.name else "listing.more or listing.next"


def _numbers(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    """A post ID belongs to an article in one language, so one article among all languages is enough."""
    extractions = [(page, _extract(page.capture, site)) for page in pages]
    sound = [page for page, extraction in extractions if isinstance(extraction, Extraction)]
    for page in sound:
        yield Finding(f"post_ids {page.capture.url}", True, "an article")
    for page, extraction in () if sound else extractions:
        if page.sure or page.capture.status not in (404, 410):
            yield _unavailable(page) if page.capture.status != 200 else _no_article(page, extraction)
        else:
            advice = "the post ID is a guess: repeat with an archive that has articles with post IDs"
            yield Finding(f"post_ids {page.capture.url}", None, f"answered {page.capture.status}", advice)


def _no_article(page: Page, extraction: Extraction | Problem) -> Finding:
    assert isinstance(extraction, Problem)
    return Finding(f"post_ids {page.capture.url}", False, extraction.message, ADVICE[PostIds.name])


def _links(extractions: Sequence[Extraction], site: Site) -> Iterator[Finding]:
    if extractions and any(isinstance(source, Links) for source in site.sources):
        linked = sum(len(linked_articles(extraction, site)) for extraction in extractions)
        advice = "" if linked else "check longer articles; if none links to another, remove the source"
        yield Finding("links", True if linked else None, f"{linked} in {quantity(len(extractions), 'article')}", advice)


def _is_of(source: DiscoverySource, page: Page, extractions: Sequence[Extraction]) -> bool:
    return bool(extractions) if isinstance(source, Links) else page.discovered_via == source.name


def _missing(source: DiscoverySource) -> Finding:
    why = {
        Search.name: "no article was extracted whose words can be searched for",
        Links.name: "no article was extracted",
    }
    return Finding(source.name, None, "not checked", why.get(source.name, "no page led there"))


# --- articles ---------------------------------------------------------------------------------------------------------


def _extract(capture: Capture, site: Site) -> Extraction | Problem:
    """The article on a page, or the problem, as in a crawl."""
    found = extract_isolated(capture, site, capture.fetched_at)
    if isinstance(found, Listing):
        return Problem(stage="extract", reason="not_an_article", message=f"{capture.url} lists articles.", fatal=True)
    return found


def _article(capture: Capture, extraction: Extraction | Problem, site: Site) -> Iterator[Finding]:
    subject = f"article {capture.url}"
    if isinstance(extraction, Problem):
        if capture.error is not None or capture.status != 200:
            yield Finding(subject, False, capture.error or f"answered {capture.status}", "see the page in a browser")
        elif extraction.field is not None:
            advice = f"correct the layout's {selector(extraction.field)}"
            yield Finding(f"{subject}: {extraction.field}", False, extraction.message, advice)
        else:
            yield Finding(subject, False, extraction.message, "add a layout for the page")
        return
    layout = _layout(extraction, site)
    if layout is None:
        yield Finding(subject, False, f"layout {extraction.layout}", "add a layout for the page")
        return
    yield from (_field(subject, field, extraction) for field in WANTED if getattr(layout, selector(field)))
    printed = _printed_date(capture, layout)
    if printed and extraction.methods.get("published_at") in DEFINED_METHODS and find_date(printed, site) is None:
        advice = "the date was guessed: add its format to date_formats"
        yield Finding(f"{subject}: date_formats", None, f"{printed[:MAX_VALUE_LENGTH]} matches none of them", advice)


def _printed_date(capture: Capture, layout: Layout) -> str:
    """The text of the date element of the layout; empty if an attribute contains the date."""
    css, attribute = parse_rule(layout.date)
    page = Selector(text=decode(capture.body, capture.header("content-type")))
    element = page.css(css)[:1]
    if attribute or not element or element[0].css("[datetime], [content]"):
        return ""
    return clean_inline(element.xpath("string()").get(""))


def _layout(extraction: Extraction, site: Site) -> Layout | None:
    return next((layout for layout in site.layouts if layout.name == extraction.layout), None)


def _field(subject: str, field: str, extraction: Extraction) -> Finding:
    method = extraction.methods.get(field)
    value = getattr(extraction.article, field)
    advice = f"correct the layout's {selector(field)}"
    if value in (None, "", ()):
        return Finding(f"{subject}: {field}", False, "not found", advice)
    text = " ".join(str(value).split())
    text = text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"
    if method not in DEFINED_METHODS:
        return Finding(f"{subject}: {field}", False, f"{text} (by {method})", advice)
    return Finding(f"{subject}: {field}", True, text)


def _optional(extractions: Sequence[Extraction], site: Site) -> Iterator[Finding]:
    for field in OPTIONAL:
        described = [r for r in extractions if (layout := _layout(r, site)) and getattr(layout, selector(field))]
        given = sum(extraction.methods.get(field) in DEFINED_METHODS for extraction in described)
        if described:
            advice = "" if given else f"if articles have one, correct the layout's {selector(field)}"
            yield Finding(f"articles: {field}", True if given else None, f"in {given} of {len(described)}", advice)


def selector(field: str) -> str:
    """The name of a field's selector in a layout."""
    return SELECTORS.get(field, field)
