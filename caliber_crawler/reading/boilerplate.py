"""Cleaning: what is not of the article goes, before anything is read."""

from __future__ import annotations

import copy
from dataclasses import replace

from lxml import etree

from caliber_crawler.reading.headline import split_heading
from caliber_crawler.reading.lines import read_lines
from caliber_crawler.reading.page import Page, first, select
from caliber_crawler.reading.structured_data import read_title
from caliber_crawler.reading.text import clean_inline
from caliber_crawler.reading.text_page import find_parts
from caliber_crawler.site import Site

# Never text of an article, on any page.
MACHINERY = "script, style, noscript, template, svg, iframe, form, button, select, textarea, object, canvas, dialog"
CAPTIONS = "figcaption, [class*=caption], [hidden], [style*='display:none'], [style*='display: none']"
# Around an article, on a page of unknown layout.
SURROUNDINGS = "head, nav, footer, aside, [role=navigation], [role=search], [role=banner] nav"
DROPPED = "dropped"
EMBEDDED_POSTS = (
    "blockquote.twitter-tweet, blockquote.instagram-media, blockquote.tiktok-embed, blockquote.telegram-post"
)


def clean_page(page: Page) -> Page:
    """The page with its article alone; the given page and its tree are left as they are.

    Embedded posts leave a link to where they were posted and nothing of their text. On a page that is read as text, the
    lines are told apart here, and those before the headline and after the view counter are gone.
    """
    if page.root is None or page.article is None:
        return replace(page, parts=find_parts(page.lines, page.site))
    article = copy.deepcopy(page.article)
    _unembed_posts(article)
    _drop(article, MACHINERY)
    _drop(article, CAPTIONS)
    if page.layout is not None:
        _drop(article, ", ".join(page.layout.drop))
        return replace(page, article=article)
    _drop(article, SURROUNDINGS)
    _drop(article, _foreign(page.site))
    _part_headings(article)
    lines = tuple(read_lines(article))
    return replace(page, article=article, lines=lines, parts=find_parts(lines, page.site, read_title(page)))


def _foreign(site: Site) -> str:
    """What a site's file says is never of an article, whatever the layout: listing cards, advertising."""
    dropped = [selector for layout in site.layouts for selector in layout.drop]
    return ", ".join(dict.fromkeys([*dropped, *([site.listing.card] if site.listing else [])]))


def _drop(article: etree._Element, css: str) -> None:
    """Take elements out; the text behind each stays."""
    for element in select(article, css):
        if element is not article:
            element.tag = DROPPED
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


def _unembed_posts(article: etree._Element) -> None:
    for post in select(article, EMBEDDED_POSTS):
        permalink = _permalink(post)
        for child in list(post):
            post.remove(child)
        post.text = None
        post.attrib.clear()
        post.tag = "div"
        if permalink:
            etree.SubElement(post, "a", href=clean_inline(permalink))


def _permalink(post: etree._Element) -> str | None:
    """Where a post was posted: the address it carries, else its last link to a status of its author."""
    for attribute in ("cite", "data-instgrm-permalink", "data-telegram-post"):
        if address := post.get(attribute):
            return address
    statuses = [a.get("href", "") for a in select(post, "a[href*='/status/']")]
    last = first(post, "a[href]:last-of-type")
    return statuses[-1] if statuses else last.get("href") if last is not None else None
