"""URLs of links, pictures and backgrounds on a page, made absolute and filtered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlsplit

from lxml import etree

from caliber_crawler.extraction.page import Page
from caliber_crawler.items import Image, Link
from caliber_crawler.site import PageURL
from caliber_crawler.site.urls import MAX_URL_LENGTH, browser_url

# Quotes are optional in CSS, and templates use every form. A URL may contain a semicolon.
_STYLE_TOKEN = re.compile(
    r"(?P<background>background(?:-image)?\s*+:)|(?P<end>;)"
    r"|url\(\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\"')\s][^)]*+)?)",
    re.I,
)
# Only a URL with a host can be invalid: browsers accept any path. They take a backslash for a slash.
_HOST_START = re.compile(r"[:/\\]\s*[/\\]")
_SCHEMES = ("https://", "http://")
OTHER_SCHEMES = ("javascript:", "mailto:", "tel:", "data:", "about:", "whatsapp:", "viber:", "tg:", "sms:", "blob:")
"""Schemes of links that lead to no page."""
# Characters that a browser leaves in a fragment: https://url.spec.whatwg.org/#fragment-percent-encode-set
_FRAGMENT_CHARACTERS = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"


def absolute(href: str, page: Page) -> str | None:
    """Resolve a URL as a browser would, but keep its fragment; ``None`` if it is not a web URL."""
    href, hash_sign, fragment = href.partition("#")
    try:
        # Most links are whole, and the base of a page has to be searched for.
        url = browser_url(href) if href.startswith(_SCHEMES) else browser_url(href, page.base_url)
    except ValueError:
        return None
    if not url.startswith(_SCHEMES):
        return None
    if not hash_sign:
        return url
    return f"{url}#{quote(fragment.strip(), safe=_FRAGMENT_CHARACTERS, errors='replace')}"


def count_invalid_links(root: etree._Element, page: Page) -> int:
    """The number of different links of a page that are not valid URLs, or too long ones."""
    hrefs = {href for link in root.iter("a", "area") if (href := link.get("href")) is not None}
    return sum(not _is_valid(href, page) for href in hrefs if len(href) > MAX_URL_LENGTH or _HOST_START.search(href))


def _is_valid(href: str, page: Page) -> bool:
    if href.strip().lower().startswith(OTHER_SCHEMES):
        return True
    try:
        return len(browser_url(href, page.base_url)) <= MAX_URL_LENGTH
    except ValueError:
        return False


def page_url_of(href: str, page: Page) -> PageURL | None:
    """Resolve a link; ``None`` if it is not a web URL. An article URL of the site has its normal form."""
    url = absolute(href, page)
    return None if url is None else page.site.article_url(url) or PageURL(url=url)


class PageURLs:
    """The targets of links and the URLs of pictures on a page, each resolved once."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._targets: dict[str, PageURL | None] = {}
        self._pictures: dict[str, str | None] = {}

    def target(self, href: str) -> PageURL | None:
        """Same as :func:`page_url_of`."""
        if href not in self._targets:
            self._targets[href] = page_url_of(href, self._page)
        return self._targets[href]

    def link(self, href: str) -> str | None:
        """The URL of a link; ``None`` if it is not a web URL."""
        target = self.target(href)
        return target.url if target is not None else None

    def picture(self, source: str) -> str | None:
        """Same as :func:`absolute_image`."""
        if source not in self._pictures:
            self._pictures[source] = absolute_image(source, self._page)
        return self._pictures[source]


def absolute_links(links: Iterable[Link], resolve: Callable[[str], PageURL | None]) -> tuple[Link, ...]:
    """Return web links in page order without duplicates, resolved by :func:`page_url_of`."""
    found: dict[str, Link] = {}
    for link in links:
        if not link.url.startswith("#") and (target := resolve(link.url)):
            found.setdefault(target.url, Link(url=target.url, text=link.text))
    return tuple(found.values())


def absolute_images(images: Iterable[Image], locate: Callable[[str], str | None]) -> tuple[Image, ...]:
    """Return the pictures of an article in page order, without duplicates, located by :func:`absolute_image`."""
    found: dict[str, Image] = {}
    for image in images:
        if url := locate(image.url):
            found.setdefault(url, Image(url=url, alt=image.alt))
    return tuple(found.values())


def absolute_image(source: str, page: Page) -> str | None:
    """Resolve a picture's URL as a browser would; ``None`` for boilerplate."""
    url = absolute(source, page)
    return None if url is None or is_decoration(url, page) else url


def is_decoration(url: str, page: Page) -> bool:
    """Return whether the picture at this absolute URL is boilerplate of the site."""
    prefixes = page.site.decoration
    # Few URLs contain the beginning of such a path, and the test is cheaper than to parse them.
    if not any(prefix in url for prefix in prefixes):
        return False
    return urlsplit(url).path.startswith(prefixes) and page.site.owns(url)


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
