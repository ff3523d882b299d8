"""The entries of one list from the web: the articles and further lists among them, and those that cannot be used.

Entries are written by third parties. None of them makes a list fail: an entry whose URL is invalid is counted and
reported, and the others are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from caliber_crawler.items import Capture, Listing, Problem, Teaser
from caliber_crawler.lists.dates import without_impossible_dates
from caliber_crawler.quantity import quantity
from caliber_crawler.site import ArticleURL, Site
from caliber_crawler.site.urls import MAX_URL_LENGTH, browser_url, is_http_url

MAX_REPORTED_LENGTH = 100
"""Characters of an invalid URL in a message."""
_LATER_PAGE = re.compile(r"(?:^|(?<=&))(?:page|paged|pg)=\d{1,2}(?:&|$)", re.I)


def absolute_url(text: str, base_url: str) -> str:
    """The URL that a list names, relative to the URL of the list. Raises ``ValueError`` for an invalid one."""
    # Ampersands are often escaped twice. A URL in which "&amp;" is correct is not known.
    url = text.strip().replace("&amp;", "&")
    if "\ufffd" in url:
        raise ValueError("the URL has characters that cannot be decoded")
    url.encode()
    if not url.startswith(("https://", "http://")):
        url = browser_url(url, base_url)
    if len(url) > MAX_URL_LENGTH:
        raise ValueError("the URL is too long")
    return url


def article_at(url: str, site: Site) -> ArticleURL | None:
    """The article of the site at an absolute URL, if it is one. Raises ``ValueError`` for an invalid URL."""
    article_url = site.article_url(url)
    if article_url is None and not is_http_url(url):
        raise ValueError("not a web URL")
    return article_url


def first_page(article_url: ArticleURL, site: Site) -> ArticleURL:
    """The URL of an article's first page: its later pages are not articles of their own."""
    parts = urlsplit(article_url.request_url or article_url.url)
    query = _LATER_PAGE.sub("", parts.query).removesuffix("&") if parts.query else ""
    if query == parts.query:
        return article_url
    return site.article_url(parts._replace(query=query).geturl()) or article_url


def usable_teasers(teasers: Iterable[Teaser], site: Site, fetched_at: datetime) -> tuple[Teaser, ...]:
    """The teasers of a page, each article once, under the URL of its first page and without impossible dates."""
    usable: dict[str, Teaser] = {}
    for teaser in teasers:
        if "page" in teaser.url or "pg=" in teaser.url:
            article_url = site.article_url(teaser.request_url or teaser.url)
            page = first_page(article_url, site) if article_url is not None else None
            if page is not None and page.url != teaser.url:
                teaser = replace(teaser, url=page.url, request_url=page.request_url)
        usable.setdefault(teaser.url, without_impossible_dates(teaser, fetched_at))
    return tuple(usable.values())


class ListEntries:
    """Collects the entries of a list in order, each article once.

    Their URLs are relative to ``base_url``, by default the URL of the list.
    """

    def __init__(self, capture: Capture, site: Site, *, base_url: str | None = None) -> None:
        self.capture, self.site = capture, site
        self._base_url = base_url or capture.effective_url
        self.total = self.invalid = self.not_articles = 0
        self._teasers: dict[str, Teaser] = {}
        self._sitemaps: dict[str, None] = {}
        self._example = ""

    def article(self, *urls: str, or_sitemap: bool = False) -> ArticleURL | None:
        """Count an entry; return the article that the first of its URLs names that is an article of the site.

        ``or_sitemap``: a URL that is not an article is a further sitemap.
        """
        self.total += 1
        invalid, other = "", ""
        for text in urls:
            try:
                url = absolute_url(text, self._base_url)
                article_url = article_at(url, self.site)
            except ValueError:
                invalid = invalid or text
                continue
            if article_url is not None:
                return first_page(article_url, self.site)
            other = other or url
        if other and or_sitemap:
            self._sitemaps[other] = None
        elif invalid and not other:
            self._reject(invalid)
        else:
            self.not_articles += 1
        return None

    def add(self, teaser: Teaser) -> None:
        """Add an article. Impossible dates count as unknown."""
        if teaser.url not in self._teasers:
            self._teasers[teaser.url] = without_impossible_dates(teaser, self.capture.fetched_at)

    def add_sitemap(self, text: str) -> None:
        """Count an entry that is a further sitemap, and add it."""
        self.total += 1
        try:
            url = absolute_url(text, self._base_url)
            self.site.normal_url(url)
        except ValueError:
            self._reject(text)
        else:
            if is_http_url(url):
                self._sitemaps[url] = None
            else:
                self._reject(text)

    def reject(self, example: str) -> None:
        """Count an entry that cannot be parsed."""
        self.total += 1
        self._reject(example)

    def _reject(self, example: str) -> None:
        self.invalid += 1
        self._example = self._example or example.strip()[:MAX_REPORTED_LENGTH]

    def listing(self, *, is_complete: bool = True, used: int | None = None) -> Listing:
        """The list with its entries.

        ``is_complete``: whether the end of the list was found. ``used``: the number of entries after which the others
        were ignored, if there are others.
        """
        return Listing(
            capture=self.capture,
            teasers=tuple(self._teasers.values()),
            sitemaps=tuple(self._sitemaps),
            not_articles=self.not_articles,
            invalid_entries=self.invalid,
            cut=not is_complete,
            warnings=tuple(self._warnings(is_complete, used)),
        )

    def _warnings(self, is_complete: bool, used: int | None) -> Iterator[Problem]:
        url = self.capture.effective_url
        if self.invalid:
            # ``repr`` escapes what cannot be printed or stored.
            example = f", such as {self._example!r}" if self._example else ""
            count = f"Skipped {self.invalid:,} of {quantity(self.total, 'entry', 'entries')} of {url}"
            yield _problem("invalid_entries", f"{count}, which do not have a valid URL{example}.")
        if not is_complete:
            yield _problem("list_incomplete", f"{url} ends in the middle, so that entries are missing.")
        if used is not None:
            yield _problem(
                "list_incomplete", f"{url} has more than {quantity(used, 'entry', 'entries')}; only these were used."
            )


def _problem(reason: str, message: str) -> Problem:
    return Problem(stage="extract", reason=reason, message=message)
