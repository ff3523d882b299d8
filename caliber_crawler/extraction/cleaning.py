"""Cleaning: what is not of the article goes, before anything is read."""

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

# Never text of an article, on any page.
NON_CONTENT = "script, style, noscript, template, svg, iframe, form, button, select, textarea, object, canvas, dialog"
HIDDEN = "[hidden], [style*='display:none'], [style*='display: none']"
# Around an article, on a page of unknown layout.
SURROUNDINGS = "head, nav, footer, aside, [role=navigation], [role=search], [role=banner] nav"
DROPPED = "dropped"


def clean_page(page: Page) -> Page:
    """The page with its article alone; the given page and its tree are left as they are.

    What the article embeds leaves one line that says what and where. On a page that is read as text, the
    lines are told apart here, and those before the headline and after the view counter are gone. A page of a site that
    nobody described is left to the general reader, which does its own cleaning.
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
    _part_headings(article)
    lines = tuple(line for line in extract_lines(article) if not is_advertising(line))
    return replace(page, article=article, lines=lines, parts=find_parts(lines, page.site, extract_title(page)))


def _boilerplate_selectors(site: Site) -> tuple[str, ...]:
    """What a site's file says is never of an article, whatever the layout: listing teasers, advertising."""
    dropped = [selector for layout in site.layouts for selector in layout.drop]
    return tuple(dict.fromkeys([*dropped, *([site.listing.teaser] if site.listing else [])]))


def _drop(article: etree._Element, css: str) -> None:
    """Take elements out; the text behind each stays."""
    for element in select(article, css):
        if element is not article:
            element.tag = DROPPED
    etree.strip_elements(article, DROPPED, with_tail=False)


def _drop_advertising(article: etree._Element) -> None:
    """Take out pictures that link to where search engines are asked not to follow: they were paid for."""
    for link in list(article.iter("a")):
        paid = {"sponsored", "nofollow"} & set((link.get("rel") or "").lower().split())
        if paid and next(link.iter("img"), None) is not None:
            link.tag = DROPPED
    etree.strip_elements(article, DROPPED, with_tail=False)


def _part_headings(article: etree._Element) -> None:
    """Put the subtitle inside a heading on a line of its own, so that reading by lines finds it."""
    for heading in select(article, "h1"):
        headline, subtitle = split_heading(heading)
        if subtitle is not None:
            for child in list(heading):
                heading.remove(child)
            heading.text = headline
            etree.SubElement(heading, "br").tail = subtitle
