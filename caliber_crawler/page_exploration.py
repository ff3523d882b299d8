"""A page of a site that is explored: its links, and the article on it or the reason why there is none.

Any page may be an article, a list of articles, or both. :mod:`caliber_crawler.discovery.exploration` decides with what
is known of the links that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from caliber_crawler import extraction
from caliber_crawler.exploration.page_links import FoundLink, page_links
from caliber_crawler.exploration.templates import is_followed
from caliber_crawler.extraction import Page, Unreadable
from caliber_crawler.extraction.non_articles import classify
from caliber_crawler.extraction_steps import status_problem
from caliber_crawler.items import Capture, Extraction, Listing, PageLink, Problem
from caliber_crawler.lists import parse_list_page
from caliber_crawler.lists.feeds import feeds_named
from caliber_crawler.site import Site
from caliber_crawler.site.urls import MAX_URL_LENGTH, browser_url, is_http_url

OTHER_TYPES = ("not_html", "not_text")


def explore_page(capture: Capture, site: Site, *, is_linked: bool) -> Listing | Problem:
    """The links of a page and the article on it.

    ``is_linked``: a list names the page as an article, so that a short or undated text is enough to be one.
    """
    problem = status_problem(capture) or classify(capture, site)
    if problem is not None:
        return problem
    try:
        page = replace(extraction.open_page(capture, site), is_linked=is_linked)
        root = page.root
    except Unreadable as unreadable:
        if unreadable.reason in OTHER_TYPES:
            try:
                return parse_list_page(replace(capture, kind="feed"), site)
            except Unreadable:
                pass
        return Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
    links = tuple(own_links(root, page)) if root is not None else ()
    feeds = feeds_named(root, capture, site) if root is not None else ()
    found, refusal = _article_on(page, site)
    return Listing(capture=capture, teasers=(), links=links, feeds=feeds, extraction=found, refusal=refusal)


def own_links(root: etree._Element, page: Page) -> Iterator[PageLink]:
    """The links of a page to other pages of its site, in order."""
    resolved: dict[str, tuple[str, str | None] | None] = {}
    for link in page_links(root):
        if link.href not in resolved:
            resolved[link.href] = _resolve(link, page)
        target = resolved[link.href]
        if target is not None:
            yield PageLink(target[0], link.link_class.value, link.signature, target[1])


def _resolve(link: FoundLink, page: Page) -> tuple[str, str | None] | None:
    """The URL that a link leads to in both forms, if it is a page of the site that may be requested."""
    try:
        url = browser_url(link.href, page.base_url)
        if len(url) > MAX_URL_LENGTH or not is_http_url(url) or not page.site.owns(url) or not is_followed(url):
            return None
        parsed = page.site.parse_url(url)
    except ValueError:
        return None
    return parsed.url, parsed.request_url


def _article_on(page: Page, site: Site) -> tuple[Extraction | None, Problem | None]:
    try:
        found = extraction.extract_article(extraction.clean_page(page))
    except Unreadable as unreadable:
        return None, Problem(stage="extract", reason=unreadable.reason, message=unreadable.message, fatal=True)
    problem = extraction.check_length(found) or extraction.check_address(found, site)
    return (None, problem) if problem is not None else (found, None)
