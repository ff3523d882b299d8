"""Does a live site still look as its file says? Judged from a handful of its pages, without fetching anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from parsel import Selector

from caliber_crawler.isolated_extraction import extract_isolated
from caliber_crawler.items import Capture, Listing, Problem, Reading
from caliber_crawler.reading.dates import find_date
from caliber_crawler.reading.decoding import decode
from caliber_crawler.reading.text import clean_inline
from caliber_crawler.roads.links import linked_articles
from caliber_crawler.site import Feed, Layout, Links, Listings, Numbers, Road, Search, Site, Sitemaps, StartPage

WANTED = ("headline", "body", "published_at", "section", "views")
"""Fields without which an article page is not as a site's file says."""
OPTIONAL = ("subtitle", "authors", "signature", "cover_image")
"""Fields that an article may well be without."""
SELECTORS = {"published_at": "date", "cover_image": "cover"}
"""What a field is called in a layout, where that differs."""
LONGEST_SHOWN = 60
"""Characters of a value."""
SURE = ("selector",)
"""Rungs that a site's own file gives."""
ADVICE = {
    Listings.name: "correct the section's path",
    Feed.name: "correct the feed's path, or take the road out",
    Sitemaps.name: "name the site maps' paths, or take the road out",
    Search.name: "correct the search's path, or take the road out",
    Numbers.name: "correct the paths of the numbers, or take the road out",
    StartPage.name: "see what stands there",
}
"""What to do about the first page of a road that cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was looked at, and how it was come by."""

    capture: Capture
    road: str
    batch: int = 1
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
    numbered = [page for page in pages if page.road == Numbers.name]
    articles = [page for page in pages if page.capture.kind == "article" and page.road != Numbers.name]
    readings = [_read(page.capture, site) for page in (*articles, *numbered)]
    sound = [reading for reading in readings if isinstance(reading, Reading)]
    findings = [*_lists(lists, site), *_numbers(numbered, site), *_links(sound, site)]
    findings += [_missing(road) for road in site.roads if not any(_is_of(road, page, sound) for page in pages)]
    for page, reading in zip(articles, readings, strict=False):
        findings += _article(page.capture, reading, site)
    return [*findings, *_optional(sound, site)]


# --- roads ------------------------------------------------------------------------------------------------------------


def _lists(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    seen: set[str] = set()
    for page in pages:
        answered = page.capture.error is None and page.capture.status == 200
        yield _list(page, site, seen) if answered else _unanswered(page)


def _unanswered(page: Page) -> Finding:
    capture = page.capture
    advice = ADVICE.get(page.road, "see what stands there")
    if page.batch > 1:
        advice = f"correct {_more(page.road)}"
    if capture.error_code == "robots" or "robots.txt forbids" in (capture.error or ""):
        advice = "take the road out: it may not be taken"
    return Finding(f"{page.road} {capture.url}", False, capture.error or f"answered {capture.status}", advice)


def _list(page: Page, site: Site, seen: set[str]) -> Finding:
    subject = f"{page.road} {page.capture.url}"
    listing = extract_isolated(page.capture, site, page.capture.fetched_at)
    if not isinstance(listing, Listing):
        found = listing.message if isinstance(listing, Problem) else "an article"
        return Finding(subject, False, found, ADVICE.get(page.road, "see what stands there"))
    if page.road == Sitemaps.name:
        sound = bool(listing.cards or listing.maps)
        found = f"{len(listing.cards)} articles, {len(listing.maps)} further maps"
        return Finding(subject, sound, found, "" if sound else ADVICE[Sitemaps.name])
    if listing.cards:
        return _cards(subject, page, listing, seen)
    if page.batch > 1:
        told = f"if there are more than the first page shows, correct {_more(page.road)}"
        return Finding(subject, None, "no further articles", told)
    advice = {
        Listings.name: "correct listing.card and listing.link",
        Search.name: "correct the search's path: the word stands in a headline",
    }
    return Finding(subject, False, "no articles", advice.get(page.road, "look at what it holds"))


def _cards(subject: str, page: Page, listing: Listing, seen: set[str]) -> Finding:
    urls = {card.url for card in listing.cards}
    dated = sum(card.published_at is not None for card in listing.cards)
    found = f"{len(urls)} articles, {dated} of them with a date"
    if page.batch > 1 and urls <= seen:
        told = f"correct {_more(page.road)}"
        told += ": caliber doctor --scroll finds it" if page.road == Listings.name else ""
        return Finding(subject, False, f"{found}, none new", told)
    seen |= urls
    if page.road in (Listings.name, Feed.name) and 2 * dated < len(urls):
        what = "listing.date and date_formats" if page.road == Listings.name else "how the feed tells its dates"
        return Finding(subject, False, found, f"correct {what}")
    return Finding(subject, True, found)


def _more(road: str) -> str:
    return "the search's more" if road == Search.name else "listing.more or listing.next"


def _numbers(pages: Sequence[Page], site: Site) -> Iterator[Finding]:
    """A post number is an article's in one language, so one answer among those of all languages is enough."""
    read = [(page, _read(page.capture, site)) for page in pages]
    sound = [page for page, reading in read if isinstance(reading, Reading)]
    for page in sound:
        yield Finding(f"numbers {page.capture.url}", True, "an article")
    for page, reading in () if sound else read:
        if page.sure or page.capture.status not in (404, 410):
            yield _unanswered(page) if page.capture.status != 200 else _no_article(page, reading)
        else:
            told = "guessed: an archive with numbered articles, or a list that names some, would tell"
            yield Finding(f"numbers {page.capture.url}", None, f"answered {page.capture.status}", told)


def _no_article(page: Page, reading: Reading | Problem) -> Finding:
    assert isinstance(reading, Problem)
    return Finding(f"numbers {page.capture.url}", False, reading.message, ADVICE[Numbers.name])


def _links(readings: Sequence[Reading], site: Site) -> Iterator[Finding]:
    if readings and any(isinstance(road, Links) for road in site.roads):
        linked = sum(len(linked_articles(reading.article, site)) for reading in readings)
        told = "" if linked else "look at longer articles; where none links to another, take the road out"
        yield Finding("links", True if linked else None, f"{linked} in {len(readings)} articles", told)


def _is_of(road: Road, page: Page, readings: Sequence[Reading]) -> bool:
    return bool(readings) if isinstance(road, Links) else page.road == road.name


def _missing(road: Road) -> Finding:
    why = {
        Search.name: "no article was read whose words could be searched for",
        Links.name: "no article was read",
    }
    return Finding(road.name, None, "not looked at", why.get(road.name, "nothing led there"))


# --- articles ---------------------------------------------------------------------------------------------------------


def _read(capture: Capture, site: Site) -> Reading | Problem:
    """The article on a page, or the problem why there is none, as in a crawl."""
    found = extract_isolated(capture, site, capture.fetched_at)
    if isinstance(found, Listing):
        return Problem(stage="extract", reason="not_an_article", message=f"{capture.url} lists articles.", fatal=True)
    return found


def _article(capture: Capture, reading: Reading | Problem, site: Site) -> Iterator[Finding]:
    subject = f"article {capture.url}"
    if isinstance(reading, Problem):
        if capture.error is not None or capture.status != 200:
            yield Finding(subject, False, capture.error or f"answered {capture.status}", "see what stands there")
        elif reading.field is not None:
            advice = f"correct the layout's {selector(reading.field)}"
            yield Finding(f"{subject}: {reading.field}", False, reading.message, advice)
        else:
            yield Finding(subject, False, reading.message, "describe the page in a layout")
        return
    layout = _layout(reading, site)
    if layout is None:
        yield Finding(subject, False, f"layout {reading.layout}", "describe the page in a layout")
        return
    yield from (_field(subject, field, reading) for field in WANTED if getattr(layout, selector(field)))
    printed = _printed_date(capture, layout)
    if printed and reading.rungs.get("published_at") in SURE and find_date(printed, site) is None:
        told = "it had to be guessed at: add its form to date_formats"
        yield Finding(f"{subject}: date_formats", None, f"{printed[:LONGEST_SHOWN]} is in none of them", told)


def _printed_date(capture: Capture, layout: Layout) -> str:
    """What stands where the layout has its date; empty where an attribute tells the moment."""
    page = Selector(text=decode(capture.body, capture.header("content-type")))
    shown = page.css(layout.date)[:1]
    if not shown or shown[0].css("[datetime], [content]"):
        return ""
    return clean_inline(shown.xpath("string()").get(""))


def _layout(reading: Reading, site: Site) -> Layout | None:
    return next((layout for layout in site.layouts if layout.name == reading.layout), None)


def _field(subject: str, field: str, reading: Reading) -> Finding:
    rung = reading.rungs.get(field)
    value = getattr(reading.article, field)
    advice = f"correct the layout's {selector(field)}"
    if value in (None, "", ()):
        return Finding(f"{subject}: {field}", False, "not found", advice)
    shown = " ".join(str(value).split())
    shown = shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + "…"
    if rung not in SURE:
        return Finding(f"{subject}: {field}", False, f"{shown} (by {rung})", advice)
    return Finding(f"{subject}: {field}", True, shown)


def _optional(readings: Sequence[Reading], site: Site) -> Iterator[Finding]:
    for field in OPTIONAL:
        described = [r for r in readings if (layout := _layout(r, site)) and getattr(layout, selector(field))]
        given = sum(reading.rungs.get(field) in SURE for reading in described)
        if described:
            told = "" if given else f"where articles have one, correct the layout's {selector(field)}"
            yield Finding(f"articles: {field}", True if given else None, f"in {given} of {len(described)}", told)


def selector(field: str) -> str:
    """The selector of a field, as layouts name it."""
    return SELECTORS.get(field, field)
