"""A page of a site that is explored: its links, and the article on it or the reason why there is none.

Any page may be an article, a list of articles, or both. :mod:`caliber_crawler.discovery.exploration` decides with what
is known of the links that lead to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from lxml import etree

from caliber_crawler import extraction
from caliber_crawler.exploration import LinkClass
from caliber_crawler.exploration.link_classes import PAGING
from caliber_crawler.exploration.page_links import FoundLink, page_links
from caliber_crawler.exploration.spellings import session_parameters, without_parameters
from caliber_crawler.exploration.templates import is_followed, template
from caliber_crawler.extraction import Page, Unreadable, article_series
from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.further_pages import filled, further_requests
from caliber_crawler.extraction.linked_data import parse_linked_data
from caliber_crawler.extraction.listing import html_in
from caliber_crawler.extraction.non_articles import classify
from caliber_crawler.extraction.page import decode_source
from caliber_crawler.extraction.page_state import linked_state
from caliber_crawler.extraction.urls import OTHER_SCHEMES
from caliber_crawler.extraction_steps import status_problem
from caliber_crawler.items import Capture, Extraction, Listing, PageLink, Problem
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.feeds import feeds_named
from caliber_crawler.site import Site
from caliber_crawler.site.urls import MAX_URL_LENGTH, browser_url, is_http_url

OTHER_TYPES = ("not_html", "not_text")
OF_ARTICLES = frozenset(each.value for each in (LinkClass.HEADLINE, LinkClass.TEXT, LinkClass.IMAGE))
"""Classes of most links to articles."""


def explore_page(capture: Capture, site: Site, *, is_linked: bool) -> Listing | Problem:
    """The links of a page and the article on it.

    ``is_linked``: a list names the page as an article, so that a short or undated text is enough to be one.
    """
    problem = status_problem(capture) or classify(capture, site)
    if problem is not None:
        return problem
    try:
        if capture.body.lstrip()[:1] in (b"{", b"["):
            return _explore_json(capture, site)
        page = replace(extraction.open_page(capture, site), is_linked=is_linked)
        root = page.root
    except Unreadable as unreadable:
        if unreadable.reason in OTHER_TYPES:
            try:
                return parse_list_page(replace(capture, kind="feed"), site)
            except Unreadable:
                pass
        return Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
    invalid: set[str] = set()
    links = tuple(own_links(root, page, invalid)) if root is not None else ()
    if root is not None:
        links += tuple(_of_state(root, page, links)) or tuple(_further(root, page, links))
    feeds = feeds_named(root, capture, site) if root is not None else ()
    series = article_series.series_of(page)
    refusal = article_series.later_page_problem(capture.effective_url, series)
    found = None
    if refusal is None:
        found, refusal = _article_on(page, site)
        found = article_series.in_series(found, page, series) if found is not None else None
    is_undated = found is not None and found.article.published_at is None
    return Listing(
        capture=capture,
        teasers=(),
        links=links,
        feeds=feeds,
        extraction=found,
        refusal=refusal,
        first_page=series.first_page if series is not None else None,
        invalid_entries=len(invalid),
        is_declared=is_undated and root is not None and _declares_article(root, capture.effective_url),
    )


def _declares_article(root: etree._Element, url: str) -> bool:
    # Imported here: only the worker process needs it, and the crawl's own process would load the extraction libraries.
    from caliber_crawler.extraction.generic.page_kind import declares_article

    return declares_article(root, parse_linked_data(root, url), url)


def _explore_json(capture: Capture, site: Site) -> Listing:
    """The links in a response with further teasers: in the HTML in its strings, or in its objects."""
    source = html_in(decode_source(capture))
    page = Page(capture=capture, site=site, document=Document(source))
    assert page.root is not None
    return Listing(capture=capture, teasers=(), links=tuple(own_links(page.root, page, set())))


def _of_state(root: etree._Element, page: Page, links: Collection[PageLink]) -> Iterator[PageLink]:
    """The links in the state of a page that a script draws, if the page itself names no article."""
    if any(link.link_class in OF_ARTICLES for link in links):
        return
    if source := linked_state(root):
        yield from own_links(Document(f"<html><body>{source}</body></html>".encode(errors="replace")).root, page, set())


def _further(root: etree._Element, page: Page, links: Collection[PageLink]) -> Iterator[PageLink]:
    """The guessed requests for further teasers of a list without links to further pages."""
    classes = {link.link_class for link in links}
    if classes & {each.value for each in PAGING}:
        return
    teasers = {link.url for link in links if link.link_class == LinkClass.HEADLINE.value}
    offset = len(teasers or {link.url for link in links if link.link_class == LinkClass.IMAGE.value})
    for guess in further_requests(root):
        url, mark, form = filled(guess, page=2, offset=offset).partition("#")
        try:
            target = _resolve(FoundLink(url, LinkClass.MORE, ""), page)
        except ValueError:  # a guess
            continue
        if target is not None:
            shape = template(f"{target[0]}?{form}" if form else target[0])
            yield PageLink(f"{target[0]}{mark}{form}", LinkClass.MORE.value, shape)


def own_links(root: etree._Element, page: Page, invalid: set[str]) -> Iterator[PageLink]:
    """The links of a page to other pages of its site, in order. Adds links that are not valid URLs to ``invalid``."""
    resolved: dict[str, tuple[str, str | None] | None] = {}
    links = list(page_links(root))
    for link in links:
        if link.href not in resolved:
            try:
                resolved[link.href] = _resolve(link, page)
            except ValueError:
                resolved[link.href] = None
                invalid.add(link.href)
    sessions = session_parameters({target[0] for target in resolved.values() if target is not None})
    for link in links:
        target = resolved[link.href]
        if target is not None:
            url, printed = (each and without_parameters(each, sessions) for each in target)
            yield PageLink(url or target[0], link.link_class.value, link.signature, printed)


def _resolve(link: FoundLink, page: Page) -> tuple[str, str | None] | None:
    """The URL that a link leads to in both forms, if it is a page of the site that may be requested.

    Raises ``ValueError`` for an invalid or too long URL.
    """
    if link.href.lower().startswith(OTHER_SCHEMES):
        return None
    url = browser_url(link.href, page.base_url)
    if len(url) > MAX_URL_LENGTH:
        raise ValueError("the URL is too long")
    if not is_http_url(url) or not page.site.owns(url) or not is_followed(url):
        return None
    parsed = page.site.parse_url(url)
    return parsed.url, parsed.request_url


def _article_on(page: Page, site: Site) -> tuple[Extraction | None, Problem | None]:
    try:
        found = extraction.extract_article(extraction.clean_page(page))
    except Unreadable as unreadable:
        return None, Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
    problem = extraction.check_length(found) or extraction.check_address(found, site)
    return (None, problem) if problem is not None else (found, None)
