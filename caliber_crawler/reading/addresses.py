"""Addresses on a page: of links, pictures and backgrounds, made absolute and sorted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from lxml import etree

from caliber_crawler.items import Image, Link
from caliber_crawler.reading.page import Page

# Quotes are optional in CSS, and templates write every form.
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]*?url\(\s*(?P<quote>[\"']?)(?P<url>.*?)(?P=quote)\s*\)", re.I)


def absolute(href: str, page: Page) -> str | None:
    """An address as the browser would follow it; ``None`` when it is not one of the web."""
    try:
        url = urljoin(page.base_url, href.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


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
        if (url := absolute(image.url, page)) and not is_decoration(url, page):
            found.setdefault(url, replace(image, url=url))
    return tuple(found.values())


def is_decoration(url: str, page: Page) -> bool:
    """Is this picture furniture of the site?"""
    try:
        parts = urlsplit(urljoin(page.base_url, url))
    except ValueError:
        return True
    return page.site.owns(parts.geturl()) and parts.path.startswith(page.site.decoration)


def background_image(element: etree._Element | None, page: Page) -> str | None:
    """The picture of an element: its CSS background, else the first ``img`` in it."""
    if element is None:
        return None
    match = _BACKGROUND.search(element.get("style") or "")
    candidates = [match["url"]] if match else []
    candidates += [image.get("data-src") or image.get("src") or "" for image in element.iter("img")]
    for candidate in candidates:
        url = absolute(candidate, page) if candidate.strip() else None
        if url and not is_decoration(url, page):
            return url
    return None
