"""Removal of everything that is not part of the article, before extraction."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace
from typing import cast

from lxml import etree

from caliber_crawler.extraction.boilerplate import is_advertising
from caliber_crawler.extraction.captions import CAPTIONS, mark_captions
from caliber_crawler.extraction.embeds import EMBEDDING, names_embed, replace_embedding
from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.lines import extract_lines
from caliber_crawler.extraction.omissions import REMOVED
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.structured_data import extract_title
from caliber_crawler.extraction.text_page import find_parts
from caliber_crawler.extraction.tree import Selection, possible_selectors, select
from caliber_crawler.site import Site

# Elements that are never part of an article.
NON_CONTENT = (
    *("script", "style", "noscript", "template", "svg", "iframe", "form"),
    *("button", "select", "textarea", "object", "canvas", "dialog"),
)
_NON_CONTENT = frozenset(NON_CONTENT)
_SPECIAL = frozenset((*NON_CONTENT, *EMBEDDING, "figcaption"))
"""Elements that cleaning may change."""
# Elements around an article on a page of unknown layout.
SURROUNDINGS = ("head", "nav", "footer", "aside", "[role=navigation]", "[role=search]", "[role=banner] nav")
DROPPED = "dropped"


def clean_page(page: Page) -> Page:
    """The page reduced to its article. The tree of the whole page is not modified.

    Each embed is replaced by one line with its kind and URL. On a page that is extracted as text, this function
    identifies the parts of the article, and drops the lines before the headline and after the view counter. A page of a
    generic site is returned unchanged, because the generic extractor does its own cleaning.
    """
    if not page.site.has_layouts:
        return page
    if page.document is None or page.article is None:
        return replace(page, parts=find_parts(page.lines, page.site))
    # An article with a tree of its own needs no copy: cleaning it twice changes nothing more.
    if page.document.has_root:
        page = replace(page, article=copy.deepcopy(page.article))
    article, selection = cast(etree._Element, page.article), page.selection
    special, classes = selection.tagged(_SPECIAL), selection.classes
    tags = {element.tag for element in special}
    if "caption" in classes or "figcaption" in tags:
        selection.remove(mark_captions(_captions_in(selection, classes, tags), article), REMOVED)
    if names_embed(classes):
        if replace_embedding(list(article.iter(etree.Element)), article, page):
            selection.forget()
    elif not EMBEDDING.isdisjoint(tags):
        embedding = [element for element in selection.tagged(_SPECIAL) if element.tag in EMBEDDING]
        if replace_embedding(embedding, article, page):
            selection.forget()
    if page.layout is not None:
        _drop(selection, possible_selectors(page.layout.drop, classes))
        return page
    _drop(selection, (*SURROUNDINGS, *_boilerplate_selectors(page.site)))
    _drop_advertising(article)
    _split_headings(article)
    lines = tuple(line for line in extract_lines(article) if not is_advertising(line))
    return replace(page, article=article, lines=lines, parts=find_parts(lines, page.site, extract_title(page)))


def _boilerplate_selectors(site: Site) -> tuple[str, ...]:
    """Selectors of elements that are not part of an article in any layout: listing teasers, advertising."""
    dropped = [selector for layout in site.layouts for selector in layout.drop]
    return tuple(dict.fromkeys([*dropped, *([site.listing.teaser] if site.listing else [])]))


def _captions_in(selection: Selection, classes: str, tags: Collection[str]) -> list[etree._Element]:
    """The captions of an article with these classes and tags, in document order."""
    if "caption" not in classes:
        return [element for element in selection.tagged(_SPECIAL) if element.tag == "figcaption"]
    return select(selection.element, CAPTIONS) if "figcaption" in tags else selection.classed("caption")


def _drop(selection: Selection, selectors: tuple[str, ...]) -> None:
    """Remove what is hidden or never part of a text, and the matches of the selectors; keep the text after each."""
    found = [element for css in selectors for element in selection.select(css)]
    found += [element for element in selection.tagged(_SPECIAL) if element.tag in _NON_CONTENT]
    found += [element for element in selection.styled if _is_hidden(element)]
    if found:
        selection.remove(found, DROPPED)


def _is_hidden(element: etree._Element) -> bool:
    style = element.get("style") or ""
    return element.get("hidden") is not None or "display:none" in style or "display: none" in style


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
