"""Removal of everything that is not part of the article, before extraction."""

from __future__ import annotations

import copy
from dataclasses import replace

from lxml import etree

from caliber_crawler.extraction.boilerplate import is_advertising
from caliber_crawler.extraction.captions import move_captions
from caliber_crawler.extraction.embeds import replace_embeds
from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.lines import extract_lines
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.structured_data import extract_title
from caliber_crawler.extraction.text_page import find_parts
from caliber_crawler.extraction.tree import select
from caliber_crawler.site import Site

# Elements that are never part of an article.
NON_CONTENT = "script, style, noscript, template, svg, iframe, form, button, select, textarea, object, canvas, dialog"
HIDDEN = "[hidden], [style*='display:none'], [style*='display: none']"
# Elements around an article on a page of unknown layout.
SURROUNDINGS = "head, nav, footer, aside, [role=navigation], [role=search], [role=banner] nav"
DROPPED = "dropped"


def clean_page(page: Page) -> Page:
    """The page reduced to its article. The given page and its tree are not modified.

    Each embed is replaced by one line with its kind and URL. On a page that is extracted as text, this function
    identifies the parts of the article, and drops the lines before the headline and after the view counter. A page of a
    generic site is returned unchanged, because the generic extractor does its own cleaning.
    """
    if not page.site.has_layouts:
        return page
    if page.document is None or page.article is None:
        return replace(page, parts=find_parts(page.lines, page.site))
    article = copy.deepcopy(page.article)
    move_captions(article)
    replace_embeds(article, page)
    if page.layout is not None:
        _drop(article, ", ".join((NON_CONTENT, HIDDEN, *page.layout.drop)))
        return replace(page, article=article)
    _drop(article, ", ".join((NON_CONTENT, HIDDEN, SURROUNDINGS, *_boilerplate_selectors(page.site))))
    _drop_advertising(article)
    _split_headings(article)
    lines = tuple(line for line in extract_lines(article) if not is_advertising(line))
    return replace(page, article=article, lines=lines, parts=find_parts(lines, page.site, extract_title(page)))


def _boilerplate_selectors(site: Site) -> tuple[str, ...]:
    """Selectors of elements that are not part of an article in any layout: listing teasers, advertising."""
    dropped = [selector for layout in site.layouts for selector in layout.drop]
    return tuple(dict.fromkeys([*dropped, *([site.listing.teaser] if site.listing else [])]))


def _drop(article: etree._Element, css: str) -> None:
    """Remove elements, but keep the text after each."""
    for element in select(article, css):
        if element is not article:
            element.tag = DROPPED
    etree.strip_elements(article, DROPPED, with_tail=False)


def _drop_advertising(article: etree._Element) -> None:
    """Remove images in links marked ``sponsored`` or ``nofollow``: they are advertising."""
    for link in list(article.iter("a")):
        paid = {"sponsored", "nofollow"} & set((link.get("rel") or "").lower().split())
        if paid and next(link.iter("img"), None) is not None:
            link.tag = DROPPED
    etree.strip_elements(article, DROPPED, with_tail=False)


def _split_headings(article: etree._Element) -> None:
    """Put a subtitle inside a heading on a line of its own, so that extraction by lines finds it."""
    for heading in select(article, "h1"):
        headline, subtitle = split_heading(heading)
        if subtitle is not None:
            for child in list(heading):
                heading.remove(child)
            heading.text = headline
            etree.SubElement(heading, "br").tail = subtitle
