"""Section, language, subtitle and picture of an article on a page of unknown layout."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from caliber_crawler.extraction.generic.byline_lines import is_byline_line
from caliber_crawler.extraction.generic.elements import is_longer
from caliber_crawler.extraction.generic.outline import short_text
from caliber_crawler.extraction.generic.page_language import choose_language
from caliber_crawler.extraction.linked_data import LinkedData, unescaped
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

MIN_SUBTITLE_LENGTH = 25
MAX_SUBTITLE_LENGTH = 500
LEVELS_ABOVE = 4
BLOCKS_BELOW = 4
MAX_SECTION_LENGTH = 60
MAX_CRUMBS = 20
_SECTION_PROPERTIES = frozenset(("articleSection", "genre"))
_CRUMB_NAMES = etree.XPath(".//*[@itemprop='name' or @property='name' or @itemprop='title']")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*$")
_SUBTITLE_NAME = re.compile(
    r"(?:^|[\s_-])(?:sub-?(?:title|head(?:ing|line)?)|stand-?first|dek|deck|lead|lede|intro|summary|excerpt|teaser-text)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_SECTION_PATH = re.compile(r"[^\W\d_][\w-]*")
# First path segments that name the kind of page or the language, not the section.
_KINDS = "news article articles story stories doc post posts blog content cnt node page www amp"
_NOT_A_SECTION = frozenset(_KINDS.split())


class FieldValue(NamedTuple):
    """A value that the page states for a field, and the method that found it."""

    text: str
    method: str
    source: str = ""


def declared_locale(root: etree._Element, data: LinkedData) -> str | None:
    """Return the language that the page declares, with its region if it names one (``en-GB``)."""
    return next((value.text for value in declared_locales(root, data)), None)


def declared_locales(root: etree._Element, data: LinkedData) -> Iterator[FieldValue]:
    """The languages that the page declares, the most reliable first."""
    html = root if root.tag == "html" else next(root.iter("html"), root)
    declared = [
        ("<html> lang", html.get("lang")),
        ("<html> xml:lang", html.get("{http://www.w3.org/XML/1998/namespace}lang")),
        ("JSON-LD inLanguage", data.text("inLanguage")),
    ]
    names = ("og:locale", "content-language", "dc.language", "language", "inlanguage")
    declared += [(f"<meta> {name}", data.metas[name][0]) for name in names if name in data.metas]
    for source, value in declared:
        if value and _LANGUAGE.match(value.strip()):
            yield FieldValue(value.strip(), "structured_data", source)


def extract_language(locale: str | None, text: str) -> FieldValue | None:
    """Return the primary language code (``en``): the declared one, unless the text is clearly in another language."""
    match = _LANGUAGE.match(locale or "")
    declared = match[1].lower() if match else None
    language = choose_language(declared, text)
    return FieldValue(language, "structured_data" if language == declared else "generic") if language else None


def find_sections(
    data: LinkedData, url: str, headline: str | None, properties: Sequence[etree._Element] = ()
) -> Iterator[FieldValue]:
    """The sections as the page names them, best first: linked data, meta elements, microdata, breadcrumb, URL path.

    ``properties``: the page's elements with a property of microdata.
    """
    stated = [("JSON-LD articleSection", value) for value in _texts(data.article.get("articleSection"))]
    names = ("article:section", "section", "parsely-section")
    stated += [(f"<meta> {name}", data.metas[name][0]) for name in names if name in data.metas]
    for source, value in stated:
        if value and len(value) <= MAX_SECTION_LENGTH:
            yield FieldValue(clean_inline(unescaped(value)), "structured_data", source)
    title = fold(headline or "")
    for element in properties:
        if element.get("itemprop") not in _SECTION_PROPERTIES or element.tag == "meta":
            continue
        if (text := short_text(element, MAX_SECTION_LENGTH)) and fold(text) != title:
            yield FieldValue(text, "structured_data", f"{element.get('itemprop')} in microdata")
    for source, trail in (("JSON-LD", _breadcrumbs(data)), ("microdata", _marked_breadcrumbs(properties))):
        crumbs = [crumb for crumb in trail if fold(crumb) != title]
        if len(crumbs) > 1 and len(crumbs[-1]) <= MAX_SECTION_LENGTH:
            yield FieldValue(crumbs[-1], "structured_data", f"{source} breadcrumb")
    parts = [part for part in unquote(urlsplit(url).path).split("/") if part]
    for part in parts[:-1]:
        if _SECTION_PATH.fullmatch(part) and len(part) > 2 and len(part) <= 30 and part.lower() not in _NOT_A_SECTION:
            yield FieldValue(part.lower(), "url", "path of the URL")


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [clean_inline(item) for item in values if isinstance(item, str) and item.strip()]


def _breadcrumbs(data: LinkedData) -> Iterator[str]:
    for node in data.breadcrumbs:
        items = node.get("itemListElement")
        for item in items if isinstance(items, list) else []:
            target = item.get("item") if isinstance(item, dict) else None
            name = item.get("name") if isinstance(item, dict) else None
            name = name or (target.get("name") if isinstance(target, dict) else None)
            if isinstance(name, str):
                yield clean_inline(unescaped(name))
        return


def _marked_breadcrumbs(properties: Sequence[etree._Element]) -> Iterator[str]:
    """The names in the first breadcrumb that microdata mark."""
    for item in properties:
        trail = item.getparent() if item.get("itemprop") == "itemListElement" else None
        while trail is not None and not trail.get("itemtype"):
            trail = trail.getparent()
        if trail is None or "BreadcrumbList" not in (trail.get("itemtype") or ""):
            continue
        for element in islice(cast(list[etree._Element], _CRUMB_NAMES(trail)), MAX_CRUMBS):
            if text := element.get("content") or short_text(element, MAX_SECTION_LENGTH):
                yield clean_inline(text)
        return


def find_subtitles(
    root: etree._Element, data: LinkedData, headline: str | None, authors: Collection[str] = ()
) -> Iterator[FieldValue]:
    """The texts below the headline that may be its subtitle, best first.

    The end of the heading, an element named as subtitle, or one that repeats the page's description. Not a byline, with
    the page's ``authors`` or others.
    """
    heading = _heading(root, headline)
    if heading is None:
        return
    title = fold(headline or "")
    if len(under := _text_after(title, text_of(heading)).strip(" :–—-|")) >= MIN_SUBTITLE_LENGTH and not (
        is_byline_line(under, authors)
    ):
        yield FieldValue(under, "text", "end of the heading")
    candidates = [data.text("description"), data.meta("og:description"), data.meta("description")]
    descriptions = {fold(text) for text in candidates if text}
    for element in _below(heading):
        is_named = _SUBTITLE_NAME.search(element.get("class") or "") is not None
        if not (is_named or descriptions) or is_longer(element, MAX_SUBTITLE_LENGTH):
            continue
        text = text_of(element)
        if not MIN_SUBTITLE_LENGTH <= len(text) <= MAX_SUBTITLE_LENGTH or fold(text) == title:
            continue
        if (is_named or fold(text) in descriptions) and not is_byline_line(text, authors):
            why = "element named as subtitle" if is_named else "text that repeats the description,"
            yield FieldValue(text, "text", f"{why} below the headline")


def _text_after(title: str, text: str) -> str:
    """The rest of a text after the folded title it begins with; folding changes lengths (``ß``)."""
    folded = fold(text)
    if not title or folded == title or not folded.startswith(title):
        return ""
    cut = bisect_left(range(len(text)), len(title), key=lambda cut: len(fold(text[:cut])))
    return text[cut:] if fold(text[:cut]) == title else ""


def _below(heading: etree._Element) -> Iterator[etree._Element]:
    """The blocks directly below a heading and below the elements that wrap it."""
    for wrapper in [heading, *heading.iterancestors()][:LEVELS_ABOVE]:
        if wrapper.tag in ("article", "main", "body"):
            return
        for sibling in islice(wrapper.itersiblings(), BLOCKS_BELOW):
            yield from islice(sibling.iter("p", "h2", "h3", "div", "section"), BLOCKS_BELOW)


def _heading(root: etree._Element, headline: str | None) -> etree._Element | None:
    headings = list(root.iter("h1"))
    same = [h for h in headings if headline and fold(text_of(h)) == fold(headline)]
    return next(iter([*same, *headings]), None)


def find_images(data: LinkedData, url: str) -> Iterator[FieldValue]:
    """The absolute URLs of the pictures that represent the page when it is shared, best first."""
    names = (
        *("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"),
        *("parsely-image-url", "image", "thumbnailurl"),
    )
    found = [(f"<meta> {name}", data.metas[name][0]) for name in names if name in data.metas]
    found += [("JSON-LD image", image) for image in _image_urls(data.resolved(data.article.get("image")))]
    for source, found_url in found:
        try:
            absolute = urljoin(url, found_url.strip()) if found_url else ""
        except ValueError:
            continue
        if absolute.startswith(("http://", "https://")):
            yield FieldValue(absolute, "structured_data", source)


def _image_urls(images: Sequence[Any]) -> Iterator[str]:
    for image in images:
        url = image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image
        if isinstance(url, str):
            yield url
