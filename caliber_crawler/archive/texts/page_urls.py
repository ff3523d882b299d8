"""The URLs of a page, by what they say about its article, and the post number and slug that they contain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caliber_crawler.items import Article
from caliber_crawler.site import ArticleURL


@dataclass(frozen=True, slots=True)
class PageUrls:
    """The URLs of a page."""

    own: tuple[ArticleURL, ...]
    """The URL that served the page, or that a page without any states for itself."""
    claims: tuple[ArticleURL, ...] = ()
    """Those that led to it by a redirect, and those that it states."""
    others: tuple[ArticleURL, ...] = ()
    """URLs that do not identify it, such as the start page."""

    @property
    def all(self) -> tuple[ArticleURL, ...]:
        return (*self.own, *self.claims, *self.others)


def page_urls(article: Article, article_urls: Sequence[ArticleURL]) -> PageUrls:
    """The URLs of a page; ``article_urls`` are those that the site's rules parse, the page's own first."""
    by_url: dict[str, ArticleURL] = {}
    for article_url in article_urls:
        by_url.setdefault(article_url.url, article_url)
    identifying = list(by_url.values())
    # Only URLs of articles identify one: pages that all state the start page as canonical are not one article.
    plain = [article_url for article_url in plain_urls_of(article) if article_url.url not in by_url]
    if identifying and plain and article.urls[:1] == (plain[0].url,) and {*by_url} <= {*article.urls}:
        # The URL of an article led to one that the site's rules do not know as such: it served the page nevertheless.
        return PageUrls(tuple(plain[:1]), tuple(identifying), tuple(plain[1:]))
    if identifying:
        return PageUrls(tuple(identifying[:1]), tuple(identifying[1:]), tuple(plain))
    return PageUrls(tuple(plain[:1]), tuple(plain[1:]))


def plain_urls_of(article: Article) -> list[ArticleURL]:
    """The URLs of an article, not parsed by the site's rules."""
    return [ArticleURL(url=url) for url in dict.fromkeys((article.url, *article.urls))]


def identifiers_of(article: Article, article_urls: Sequence[ArticleURL]) -> tuple[int | None, str | None]:
    """The post number and slug of an article, by its URLs."""
    number = next((article_url.number for article_url in article_urls if article_url.number is not None), None)
    languages = (None, article.language)
    slug = next((each.slug for each in article_urls if each.slug is not None and each.language in languages), None)
    return number, slug
