"""Identity of an article: all URLs that a page gives for it, the best one, and a URN for pages without a URL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from urllib.parse import quote

from caliber_crawler.extraction.non_articles import is_front_page
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.structured_data import extract_meta
from caliber_crawler.extraction.text import slug
from caliber_crawler.items import Article
from caliber_crawler.site import ArticleURL
from caliber_crawler.site.urls import is_http_url

_KINDS = ("slug", "number", "other")


def article_urls_of(page: Page) -> list[tuple[ArticleURL, str]]:
    """Return the article's normalised URLs with the method that gave each, most reliable first, without duplicates.

    The first one is the page's own: the URL that served it, or for a saved file the URL that it states. The others are
    claims, which the archive accepts only if the texts resemble each other. ``og:url`` counts only without a valid
    canonical link: share plug-ins leave a stale one behind.

    Only article URLs of this site and of one edition count: a canonical link to the home page or to another language
    does not identify this article.
    """
    capture = page.capture
    canonical = page.canonical
    is_simple = capture.final_url is None and not capture.redirects and canonical == capture.url
    if is_simple and (own := _accepted(capture.url, page)) is not None:  # as on most pages
        return [(own, "url")]
    requested = [
        *(url for url in (capture.final_url, capture.url) if url),
        *reversed(capture.redirects),
    ]
    known = {url: parsed for url in {*requested, canonical} if url and (parsed := _accepted(url, page))}
    stated = [canonical]
    if canonical not in known:
        stated = [og_url := extract_meta(page, "og:url")]
        if og_url and og_url not in known and (parsed := _accepted(og_url, page)):
            known[og_url] = parsed
    served = capture.final_url
    is_led = served is not None and served not in known and any(url in known for url in requested)
    if is_led and served and (own := _served_at(served, page)):
        known[served] = own
    found: dict[str, tuple[ArticleURL, str]] = {}
    language = next((known[url].language for url in requested if url in known), None)
    for method, urls in (("url", requested), ("structured_data", stated)):
        for article_url in (known[url] for url in urls if url in known):
            if language is None or article_url.language == language:
                found.setdefault(article_url.url, (article_url, method))
                language = article_url.language
    return list(found.values())


def _served_at(url: str, page: Page) -> ArticleURL | None:
    """The URL that an article's URL led to, on a site without a definition.

    The forms of article URLs there are guesses. Where a short number leads to a title in two words, the title is the
    article's URL too: otherwise the page would be one article for each of them.
    """
    site = page.site
    try:
        is_own = not site.has_layouts and site.owns(url) and not is_front_page(url, site)
        own = site.parse_url(url) if is_own else None
    except ValueError:  # an invalid URL
        return None
    return ArticleURL(url=own.url, request_url=own.request_url) if own is not None else None


def best_url(article_urls: list[tuple[ArticleURL, str]]) -> tuple[ArticleURL, str] | None:
    """Return the URL to cite: a slug before a number, the page's own URL before the requested one."""
    if len(article_urls) < 2:
        return article_urls[0] if article_urls else None
    return min(article_urls, key=lambda entry: (_KINDS.index(entry[0].kind), entry[1] != "structured_data"))


def with_requested_url(article: Article, page: Page) -> tuple[Article, str]:
    """Return an article of which no URL is that of an article with the requested one, and the method that gave it."""
    requested = page.capture.effective_url
    on_the_web = is_http_url(requested)
    url = page.site.normal_url(requested) if on_the_web else text_identity(article)
    return replace(article, url=url, urls=(url,)), "url" if on_the_web else "text"


def _accepted(url: str, page: Page) -> ArticleURL | None:
    if url.startswith(("file:", "urn:")):
        return None
    return page.site.article_url(url)


def text_identity(article: Article) -> str:
    """Return a stable URN for an article without a URL: ``urn:article:caliber:en:20260106T1513Z:baku-s-…``.

    It consists of site, language, publication date and title. Headline and subtitle count as one, since plain text
    does not separate them. Changes of text and view counter do not change it.
    """
    title = slug(f"{article.headline} {article.subtitle or ''}")
    date = article.published_at.astimezone(UTC).strftime("%Y%m%dT%H%MZ") if article.published_at else "undated"
    return f"urn:article:{article.site}:{article.language}:{date}:{quote(title)}"
