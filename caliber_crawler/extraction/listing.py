"""Extraction of the teasers on a listing page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from lxml import etree

from caliber_crawler.extraction.dates import parse_date
from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.further_pages import MAX_REQUESTS, further_requests, linked_requests
from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.page import Page, decode_source
from caliber_crawler.extraction.text import fold
from caliber_crawler.extraction.tree import Unreadable, first, select, text_of
from caliber_crawler.extraction.urls import absolute, background_image, count_invalid_links, section_linked
from caliber_crawler.items import Capture, Listing, Problem, Teaser
from caliber_crawler.site import ArticleURL, ListingLayout, Site
from caliber_crawler.site.urls import browser_url, is_http_url

MAX_TITLE = 300
"""Characters of a title in JSON."""
_URL = re.compile(r"(?:https?://[^\s/]+)?/[^\s<>\"]{1,500}$")


def extract_listing(capture: Capture, site: Site) -> Listing:
    """The teasers of a listing page in order, each article once, with normal URLs.

    An empty response is a page without teasers, because some listings end that way. If no teaser of the known layout is
    found, every link to an article of the site counts as a teaser. Raises :class:`Unreadable`.
    """
    try:
        document = Document(html_in(decode_source(capture)))
        root = document.root
    except Unreadable as unreadable:
        if unreadable.reason == "empty":
            return Listing(capture=capture, teasers=())
        raise
    page = Page(capture=capture, site=site, document=document)
    layout = site.listing
    ended = layout is not None and bool(layout.continues) and first(root, layout.continues) is None
    teasers: dict[str, Teaser] = {}
    known = _known_teasers(page, root)
    for teaser in known or _linked_teasers(page, root):
        teasers.setdefault(teaser.url, teaser)
    is_later = capture.url.partition("#")[2] != ""
    listing = Listing(
        capture=capture,
        teasers=tuple(teasers.values()),
        guessed=not known and not is_later,
        ended=ended,
        sections=tuple(_section_links(page, root)),
        further=() if layout is None or is_later else _further(root),
        feeds=() if layout is None else tuple(_stated_feeds(page, root)),
        unmatched=None if known else _unmatched(page, root),
        invalid_entries=count_invalid_links(root, page),
    )
    if listing.unmatched is not None and not listing.teasers:
        message = (
            f"The teasers on {capture.effective_url} link to pages such as {listing.unmatched}, which do not match the"
            f" article_path of the site definition: {site.article_path}"
        )
        listing = replace(listing, warnings=(Problem(stage="extract", reason="article_path_unlike", message=message),))
    try:
        return replace(listing, next_url=_next_url(page, root))
    except ValueError as error:
        message = f"The link to the next page of {capture.effective_url} is not a valid URL: {error}."
        warning = Problem(stage="extract", reason="invalid_entries", message=message)
        return replace(listing, cut=True, invalid_entries=max(1, listing.invalid_entries), warnings=(warning,))


def _further(root: etree._Element) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*linked_requests(root), *further_requests(root))))[:MAX_REQUESTS]


def _section_links(page: Page, root: etree._Element) -> Iterator[tuple[str, str]]:
    """The links whose text is a section's label, or whose last path segment is its key or label."""
    if not page.site.editions or page.site.listing is None:
        return
    names = {
        fold(name): key
        for edition in page.site.editions
        for key, section in edition.sections.items()
        for name in (key, *section.labels)
    }
    for link in root.iter("a"):
        href = (link.get("href") or "").strip()
        key = names.get(fold(text_of(link))) or names.get(fold(href.rstrip("/").rpartition("/")[2]))
        if key is not None and href[:1] != "#" and (url := absolute(href, page)) and page.site.owns(url):
            yield key, url


def _stated_feeds(page: Page, root: etree._Element) -> Iterator[str]:
    for link in root.iter("link"):
        kind = (link.get("type") or "").lower()
        if "alternate" in (link.get("rel") or "").lower() and ("rss" in kind or "atom" in kind or "feed+json" in kind):
            url = absolute(link.get("href") or "", page)
            if url and page.site.owns(url):
                yield url


def _unmatched(page: Page, root: etree._Element) -> str | None:
    """A URL of the site that a teaser links to and that is not an article's."""
    layout = page.site.listing
    if layout is None:
        return None
    for element in select(root, layout.teaser):
        for link in select(element, layout.link) if layout.link else element.iter("a"):
            url = absolute(link.get("href") or "", page)
            if url and page.site.owns(url):
                return url
    return None


def _next_url(page: Page, root: etree._Element) -> str | None:
    """The next page of the list, if the page links to it. Raises ``ValueError`` for an invalid link."""
    link = first(root, page.site.listing.next) if page.site.listing else None
    href = link.get("href") if link is not None else None
    url = browser_url(href, page.base_url) if href else ""
    return url if is_http_url(url) else None


def html_in(source: bytes) -> bytes:
    """The HTML of a listing page. Requests for more teasers often return JSON with HTML in its strings."""
    if source.lstrip()[:1] not in (b"{", b"["):
        return source
    try:
        data = json.loads(source)
    except (ValueError, RecursionError):
        return source
    found: list[str] = []
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, str) and "<" in value:
            found.append(value)
        left += reversed(value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [])
    html = "\n".join(found) or "".join(_links_in(data)) or "<p></p>"
    return html.encode("utf-8", errors="replace")


def _links_in(data: object) -> Iterator[str]:
    """Links for the objects in a JSON response that have a URL, with their titles."""
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            urls = [each for each in value.values() if isinstance(each, str) and _URL.match(each)]
            title = max(
                (each for each in value.values() if isinstance(each, str) and each not in urls), key=len, default=""
            )
            yield from (f'<h2><a href="{escape(url)}">{escape(title[:MAX_TITLE])}</a></h2>' for url in urls)
        left += reversed(value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [])


def _known_teasers(page: Page, root: etree._Element) -> list[Teaser]:
    if page.site.listing is None:
        return []
    layout = page.site.listing
    teasers = (_extract_teaser(element, layout, page) for element in select(root, layout.teaser))
    return [teaser for teaser in teasers if teaser is not None]


def _extract_teaser(element: etree._Element, layout: ListingLayout, page: Page) -> Teaser | None:
    links = select(element, layout.link) if layout.link else list(element.iter("a"))
    article_url = next((found for link in links if (found := _article_url(link, page))), None)
    if article_url is None:
        return None
    title = first(element, layout.headline)
    label_element = first(element, layout.section)
    label = _text(label_element)
    edition = page.site.edition(article_url.language) if article_url.language else None
    section = page.site.section_named(label, edition) or page.site.section_named(label) if label else None
    if section is None and label_element is not None:
        section = section_linked(label_element, page)
    date = _text(first(element, layout.date))
    return Teaser(
        url=article_url.url,
        request_url=article_url.request_url,
        headline=(split_heading(title)[0] if title is not None else None) or _longest_text(links),
        section=section,
        section_label=label,
        published_at=parse_date(date, page.site) if date else None,
        image=background_image(first(element, layout.image) if layout.image else element, page),
    )


def _linked_teasers(page: Page, root: etree._Element) -> list[Teaser]:
    links: dict[str, list[etree._Element]] = {}
    printed: dict[str, ArticleURL] = {}
    for link in select(root, "a[href]"):
        if article_url := _article_url(link, page):
            printed.setdefault(article_url.url, article_url)
            links.setdefault(article_url.url, []).append(link)
    return [
        Teaser(url=url, request_url=printed[url].request_url, headline=_longest_text(same))
        for url, same in links.items()
    ]


def count_links(capture: Capture, site: Site) -> int:
    """The number of URLs of the site that a page links to."""
    page = Page(capture=capture, site=site, document=Document(decode_source(capture)))
    assert page.root is not None
    urls = (absolute(link.get("href") or "", page) for link in select(page.root, "a[href]"))
    return len({url for url in urls if url and site.owns(url)})


def _article_url(link: etree._Element, page: Page) -> ArticleURL | None:
    url = absolute(link.get("href") or "", page)
    return page.site.article_url(url) if url else None


def _text(element: etree._Element | None) -> str | None:
    return text_of(element) or None if element is not None else None


def _longest_text(links: list[etree._Element]) -> str | None:
    return max((_text(link) or "" for link in links), key=len, default="") or None
