"""Does a live site still look as its file says? Judged from a handful of its pages, without fetching anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from parsel import Selector

from caliber_crawler.discovery.links import linked_articles
from caliber_crawler.extraction.dates import find_date
from caliber_crawler.extraction.decoding import decode
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
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
"""Fields without which an article page is not as a site's file says."""
OPTIONAL = ("subtitle", "authors", "signature", "cover_image")
"""Fields that an article may well be without."""
SELECTORS = {"published_at": "date", "cover_image": "cover"}
"""What a field is called in a layout, where that differs."""
MAX_VALUE_LENGTH = 60
"""Characters of a value."""
SURE = ("selector",)
"""Rungs that a site's own file gives."""
ADVICE = {
    Listings.name: "correct the section's path",
    Feed.name: "correct the feed's path, or take the road out",
    Sitemaps.name: "name the site maps' paths, or take the road out",
    Search.name: "correct the search's path, or take the road out",
    PostIds.name: "correct the paths of the numbers, or take the road out",
    StartPage.name: "see what stands there",
}
"""What to do about the first page of a road that cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was looked at, and how it was come by."""

    capture: Capture
    discovered_via: str
    page_number: int = 1
    sure: bool = True
    """Is it known that there is such a page? Of a guessed post number it is not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    sound: bool | None
    """Is it as the site's file says? ``None`` where that cannot be told from these pages."""
    found: str
    advice: str = ""
    """What to change, or where to look, where it is not sound."""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def check_site(pages: Sequence[Page], site: Site) -> list[Finding]:
    """What these pages, a few of every road and a few articles, say of the site's file."""
    lists = [page for page in pages if page.capture.kind != "article"]
    numbered = [page for page in pages if page.discovered_via == PostIds.name]
    articles = [page for page in pages if page.capture.kind == "article" and page.discovered_via != PostIds.name]
    extractions = [_read(page.capture, site) for page in (*articles, *numbered)]
    sound = [extraction for extraction in extractions if isinstance(extraction, Extraction)]
    findings = [*_lists(lists, site), *_numbers(numbered, site), *_links(sound, site)]
    findings += [_missing(source) for source in site.sources if not any(_is_of(source, page, sound) for page in pages)]
    for page, extraction in zip(articles, extractions, strict=False):
        findings += _article(page.capture, extraction, site)
    return [*findings, *_optional(sound, site)]


# --- roads ------------------------------------------------------------------------------------------------------------


def _lists(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    seen: set[str] = set()
    for page in pages:
        answered = page.capture.error is None and page.capture.status == 200
        yield _list(page, site, seen) if answered else _unanswered(page)


def _unanswered(page: Page) -> Finding:
    capture = page.capture
    advice = ADVICE.get(page.discovered_via, "see what stands there")
    if page.page_number > 1:
        advice = f"correct {_more(page.discovered_via)}"
    if capture.error_code == "robots" or "robots.txt forbids" in (capture.error or ""):
        advice = "take the road out: it may not be taken"
    return Finding(f"{page.discovered_via} {capture.url}", False, capture.error or f"answered {capture.status}", advice)


def _list(page: Page, site: Site, seen: set[str]) -> Finding:
    subject = f"{page.discovered_via} {page.capture.url}"
    listing = extract_isolated(page.capture, site, page.capture.fetched_at)
    if not isinstance(listing, Listing):
        found = listing.message if isinstance(listing, Problem) else "an article"
        return Finding(subject, False, found, ADVICE.get(page.discovered_via, "see what stands there"))
    if page.discovered_via == Sitemaps.name:
        sound = bool(listing.teasers or listing.sitemaps)
        found = f"{len(listing.teasers)} articles, {len(listing.sitemaps)} further maps"
        return Finding(subject, sound, found, "" if sound else ADVICE[Sitemaps.name])
    if listing.teasers:
        return _teasers(subject, page, listing, seen)
    if page.page_number > 1:
        told = f"if there are more than the first page shows, correct {_more(page.discovered_via)}"
        return Finding(subject, None, "no further articles", told)
    advice = {
        Listings.name: "correct listing.teaser and listing.link",
        Search.name: "correct the search's path: the word stands in a headline",
    }
    return Finding(subject, False, "no articles", advice.get(page.discovered_via, "look at what it holds"))


def _teasers(subject: str, page: Page, listing: Listing, seen: set[str]) -> Finding:
    urls = {teaser.url for teaser in listing.teasers}
    dated = sum(teaser.published_at is not None for teaser in listing.teasers)
    found = f"{len(urls)} articles, {dated} of them with a date"
    if page.page_number > 1 and urls <= seen:
        told = f"correct {_more(page.discovered_via)}"
        told += ": caliber doctor --scroll finds it" if page.discovered_via == Listings.name else ""
        return Finding(subject, False, f"{found}, none new", told)
    seen |= urls
    if page.discovered_via in (Listings.name, Feed.name) and 2 * dated < len(urls):
        what = (
            "listing.date and date_formats" if page.discovered_via == Listings.name else "how the feed tells its dates"
        )
        return Finding(subject, False, found, f"correct {what}")
    return Finding(subject, True, found)


def _more(via: str) -> str:
    return "the search's more" if via == Search.name else "listing.more or listing.next"


def _numbers(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    """A post number is an article's in one language, so one answer among those of all languages is enough."""
    read = [(page, _read(page.capture, site)) for page in pages]
    sound = [page for page, extraction in read if isinstance(extraction, Extraction)]
    for page in sound:
        yield Finding(f"post_ids {page.capture.url}", True, "an article")
    for page, extraction in () if sound else read:
        if page.sure or page.capture.status not in (404, 410):
            yield _unanswered(page) if page.capture.status != 200 else _no_article(page, extraction)
        else:
            told = "guessed: an archive with numbered articles, or a list that names some, would tell"
            yield Finding(f"post_ids {page.capture.url}", None, f"answered {page.capture.status}", told)


def _no_article(page: Page, extraction: Extraction | Problem) -> Finding:
    assert isinstance(extraction, Problem)
    return Finding(f"post_ids {page.capture.url}", False, extraction.message, ADVICE[PostIds.name])


def _links(extractions: Sequence[Extraction], site: Site) -> Iterator[Finding]:
    if extractions and any(isinstance(source, Links) for source in site.sources):
        linked = sum(len(linked_articles(extraction.article, site)) for extraction in extractions)
        told = "" if linked else "look at longer articles; where none links to another, take the road out"
        yield Finding("links", True if linked else None, f"{linked} in {len(extractions)} articles", told)


def _is_of(source: DiscoverySource, page: Page, extractions: Sequence[Extraction]) -> bool:
    return bool(extractions) if isinstance(source, Links) else page.discovered_via == source.name


def _missing(source: DiscoverySource) -> Finding:
    why = {
        Search.name: "no article was read whose words could be searched for",
        Links.name: "no article was read",
    }
    return Finding(source.name, None, "not looked at", why.get(source.name, "nothing led there"))


# --- articles ---------------------------------------------------------------------------------------------------------


def _read(capture: Capture, site: Site) -> Extraction | Problem:
    """The article on a page, or the problem why there is none, as in a crawl."""
    found = extract_isolated(capture, site, capture.fetched_at)
    if isinstance(found, Listing):
        return Problem(stage="extract", reason="not_an_article", message=f"{capture.url} lists articles.", fatal=True)
    return found


def _article(capture: Capture, extraction: Extraction | Problem, site: Site) -> Iterator[Finding]:
    subject = f"article {capture.url}"
    if isinstance(extraction, Problem):
        if capture.error is not None or capture.status != 200:
            yield Finding(subject, False, capture.error or f"answered {capture.status}", "see what stands there")
        elif extraction.field is not None:
            advice = f"correct the layout's {selector(extraction.field)}"
            yield Finding(f"{subject}: {extraction.field}", False, extraction.message, advice)
        else:
            yield Finding(subject, False, extraction.message, "describe the page in a layout")
        return
    layout = _layout(extraction, site)
    if layout is None:
        yield Finding(subject, False, f"layout {extraction.layout}", "describe the page in a layout")
        return
    yield from (_field(subject, field, extraction) for field in WANTED if getattr(layout, selector(field)))
    printed = _printed_date(capture, layout)
    if printed and extraction.methods.get("published_at") in SURE and find_date(printed, site) is None:
        told = "it had to be guessed at: add its form to date_formats"
        yield Finding(f"{subject}: date_formats", None, f"{printed[:MAX_VALUE_LENGTH]} is in none of them", told)


def _printed_date(capture: Capture, layout: Layout) -> str:
    """What stands where the layout has its date; empty where an attribute tells the moment."""
    page = Selector(text=decode(capture.body, capture.header("content-type")))
    shown = page.css(layout.date)[:1]
    if not shown or shown[0].css("[datetime], [content]"):
        return ""
    return clean_inline(shown.xpath("string()").get(""))


def _layout(extraction: Extraction, site: Site) -> Layout | None:
    return next((layout for layout in site.layouts if layout.name == extraction.layout), None)


def _field(subject: str, field: str, extraction: Extraction) -> Finding:
    method = extraction.methods.get(field)
    value = getattr(extraction.article, field)
    advice = f"correct the layout's {selector(field)}"
    if value in (None, "", ()):
        return Finding(f"{subject}: {field}", False, "not found", advice)
    shown = " ".join(str(value).split())
    shown = shown if len(shown) <= MAX_VALUE_LENGTH else shown[:MAX_VALUE_LENGTH] + "…"
    if method not in SURE:
        return Finding(f"{subject}: {field}", False, f"{shown} (by {method})", advice)
    return Finding(f"{subject}: {field}", True, shown)


def _optional(extractions: Sequence[Extraction], site: Site) -> Iterator[Finding]:
    for field in OPTIONAL:
        described = [r for r in extractions if (layout := _layout(r, site)) and getattr(layout, selector(field))]
        given = sum(extraction.methods.get(field) in SURE for extraction in described)
        if described:
            told = "" if given else f"where articles have one, correct the layout's {selector(field)}"
            yield Finding(f"articles: {field}", True if given else None, f"in {given} of {len(described)}", told)


def selector(field: str) -> str:
    """The selector of a field, as layouts name it."""
    return SELECTORS.get(field, field)
