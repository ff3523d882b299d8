"""Addresses on a page: of links, pictures and backgrounds, made absolute and sorted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

from caliber_crawler.items import Image, Link
from caliber_crawler.reading.page import Page

# Quotes are optional in CSS, and templates write every form.
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]*?url\(\s*(?P<quote>[\"']?)(?P<url>.*?)(?P=quote)\s*\)", re.I)
# A browser percent-encodes them too: https://url.spec.whatwg.org/#c0-control-percent-encode-set
_CONTROL_CHARACTERS = {code: quote(chr(code)) for code in (*range(0x20), *range(0x7F, 0xA0))}


def absolute(href: str, page: Page) -> str | None:
    """A URL as the browser would follow it, control characters encoded; ``None`` when it is not one of the web."""
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
    """The same, in its normal form when it is the address of an article of the site."""
    url = absolute(href, page)
    try:
        address = page.site.address(url) if url else None
    except ValueError:
        return None
    return address.url if address is not None else url


def absolute_links(links: Iterable[Link], resolve: Callable[[str], str | None]) -> tuple[Link, ...]:
    """Links to the web in the order of the page, each address once, made absolute by ``resolve``."""
    found: dict[str, Link] = {}
    for link in links:
        if not link.url.startswith("#") and (url := resolve(link.url)):
            found.setdefault(url, replace(link, url=url))
    return tuple(found.values())


def absolute_images(images: Iterable[Image], page: Page) -> tuple[Image, ...]:
    """The pictures of an article in the order of the page, each once, without page furniture."""
    found: dict[str, Image] = {}
    for image in images:
        if url := absolute_image(image.url, page):
            found.setdefault(url, replace(image, url=url))
    return tuple(found.values())


def absolute_image(source: str, page: Page) -> str | None:
    """A picture's address as the browser would follow it; ``None`` for page furniture."""
    url = absolute(source, page)
    return None if url is None or is_decoration(url, page) else url


def is_decoration(url: str, page: Page) -> bool:
    """Is the picture at this absolute address furniture of the site?"""
    return urlsplit(url).path.startswith(page.site.decoration) and page.site.owns(url)


def background_image(element: etree._Element | None, page: Page) -> str | None:
    """The picture of an element: its CSS background, else the first ``img`` in it."""
    if element is None:
        return None
    match = _BACKGROUND.search(element.get("style") or "")
    candidates = [match["url"]] if match else []
    candidates += [image.get("data-src") or image.get("src") or "" for image in element.iter("img")]
    for candidate in candidates:
        if candidate.strip() and (url := absolute_image(candidate, page)):
            return url
    return None


def section_linked(element: etree._Element, page: Page) -> str | None:
    """The section whose listing an element links to, from within, from around it, or by itself."""
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
