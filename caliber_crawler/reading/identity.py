"""Which article this is: every address a page gives for it, the best of them, and an identity for pages without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from urllib.parse import quote

from caliber_crawler.items import Article
from caliber_crawler.reading.page import Page
from caliber_crawler.reading.structured_data import read_meta
from caliber_crawler.reading.text import slug
from caliber_crawler.site import Address

_KINDS = ("slug", "number", "other")


def addresses_of(page: Page) -> list[tuple[Address, str]]:
    """The article's addresses in normal form with the rung that gave each, surest first, each once.

    Only addresses of articles of this site, and only of one edition: a canonical link to the home page or to another
    language says nothing about this article.
    """
    capture = page.capture
    asked = [*(address for address in (capture.final_url, capture.url) if address), *reversed(capture.redirects)]
    own = [page.metadata.canonical, read_meta(page, "og:url")]
    known = {url: address for url in {*asked, *own} if url and (address := _accepted(url, page))}
    found: dict[str, tuple[Address, str]] = {}
    language = next((known[url].language for url in asked if url in known), None)
    for rung, urls in (("url", asked), ("structured", own)):
        for address in (known[url] for url in urls if url in known):
            if language is None or address.language == language:
                found.setdefault(address.url, (address, rung))
                language = address.language
    return list(found.values())


def best_address(addresses: list[tuple[Address, str]]) -> tuple[Address, str] | None:
    """The address to cite: one with a slug before one with a number; the page's own word before the one asked for."""
    return min(addresses, key=lambda entry: (_KINDS.index(entry[0].kind), entry[1] != "structured"), default=None)


def with_addresses(article: Article, page: Page, addresses: list[tuple[Address, str]]) -> tuple[Article, str]:
    """The article under its addresses, and the rung that gave the best of them."""
    if (best := best_address(addresses)) is not None:
        return replace(article, url=best[0].url, urls=tuple(address.url for address, _ in addresses)), best[1]
    asked = page.capture.address
    on_the_web = asked.startswith(("http:", "https:"))
    url = page.site.normal_url(asked) if on_the_web else text_identity(article)
    return replace(article, url=url, urls=(url,)), "url" if on_the_web else "text"


def _accepted(url: str, page: Page) -> Address | None:
    if url.startswith(("file:", "urn:")):
        return None
    try:
        return page.site.address(url)
    except ValueError:  # not an address at all, such as http://[
        return None


def text_identity(article: Article) -> str:
    """A stable name for an article that came without an address: ``urn:article:caliber:en:20260106T1513Z:baku-s-…``.

    Made of the site, the language, the moment of publication and the title; headline and subtitle count as one, since
    plain text does not tell them apart. The text and the view counter may change without changing it.
    """
    title = slug(f"{article.headline} {article.subtitle or ''}")
    moment = article.published_at.astimezone(UTC).strftime("%Y%m%dT%H%MZ") if article.published_at else "undated"
    return f"urn:article:{article.site}:{article.language}:{moment}:{quote(title)}"
