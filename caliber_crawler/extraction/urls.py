"""URLs of links, pictures and backgrounds on a page, made absolute and filtered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

from caliber_crawler.extraction.page import Page
from caliber_crawler.items import Image, Link

# Quotes are optional in CSS, and templates use every form. A URL may contain a semicolon.
_STYLE_TOKEN = re.compile(
    r"(?P<background>background(?:-image)?\s*+:)|(?P<end>;)"
    r"|url\(\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\"')\s][^)]*+)?)",
    re.I,
)
# A browser percent-encodes them too: https://url.spec.whatwg.org/#c0-control-percent-encode-set
_CONTROL_CHARACTERS = {code: quote(chr(code)) for code in (*range(0x20), *range(0x7F, 0xA0))}


def absolute(href: str, page: Page) -> str | None:
    """Resolve a URL as a browser would, control characters encoded; ``None`` if it is not a web URL."""
    try:
        parts = urlsplit(href.strip())
        if not (parts.scheme and parts.netloc):
            parts = urlsplit(urljoin(page.base_url, href.strip()))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    url = parts.geturl()
    return url if url.isprintable() else url.translate(_CONTROL_CHARACTERS)


def absolute_link(href: str, page: Page) -> str | None:
    """Resolve a link; an article URL of the site is returned in normal form."""
    url = absolute(href, page)
    try:
        article_url = page.site.article_url(url) if url else None
    except ValueError:
        return None
    return article_url.url if article_url is not None else url


def absolute_links(links: Iterable[Link], resolve: Callable[[str], str | None]) -> tuple[Link, ...]:
    """Return web links in page order without duplicates, made absolute by ``resolve``."""
    found: dict[str, Link] = {}
    for link in links:
        if not link.url.startswith("#") and (url := resolve(link.url)):
            found.setdefault(url, replace(link, url=url))
    return tuple(found.values())


def absolute_images(images: Iterable[Image], page: Page) -> tuple[Image, ...]:
    """Return the pictures of an article in page order, without duplicates and boilerplate."""
    found: dict[str, Image] = {}
    for image in images:
        if url := absolute_image(image.url, page):
            found.setdefault(url, replace(image, url=url))
    return tuple(found.values())


def absolute_image(source: str, page: Page) -> str | None:
    """Resolve a picture's URL as a browser would; ``None`` for boilerplate."""
    url = absolute(source, page)
    return None if url is None or is_decoration(url, page) else url


def is_decoration(url: str, page: Page) -> bool:
    """Return whether the picture at this absolute URL is boilerplate of the site."""
    return urlsplit(url).path.startswith(page.site.decoration) and page.site.owns(url)


def background_image(element: etree._Element | None, page: Page) -> str | None:
    """Return the picture of an element: its CSS background, else its first ``img``."""
    if element is None:
        return None
    url_in_style = _background_url(element.get("style") or "")
    candidates = [url_in_style] if url_in_style else []
    candidates += [image.get("data-src") or image.get("src") or "" for image in element.iter("img")]
    for candidate in candidates:
        if candidate.strip() and (url := absolute_image(candidate, page)):
            return url
    return None


def _background_url(style: str) -> str | None:
    """Return the first URL in a background property of a ``style`` attribute."""
    in_background = False
    for token in _STYLE_TOKEN.finditer(style):
        if token["background"]:
            in_background = True
        elif token["end"]:
            in_background = False
        elif in_background:
            return (token["double"] or token["single"] or token["bare"] or "").strip()
    return None


def section_linked(element: etree._Element, page: Page) -> str | None:
    """Return the section whose listing is linked inside an element, around it or by itself."""
    inside = [node.get("href") for node in element.iter("a") if node.get("href")]
    around = [node.get("href") for node in element.iterancestors("a") if node.get("href")]
    for href in (*inside, *around):
        try:
            wanted = page.site.normal_url(href or "")
        except ValueError:
            continue
        for edition in page.site.editions:
            for key, section in edition.sections.items():
                if page.site.normal_url(section.path) == wanted:
                    return key
    return None
