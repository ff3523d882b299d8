"""The mock of Caliber.Az: a response for every URL, computed from the seed and the time of the request."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import parse_qs, unquote, urlsplit

from caliber_crawler.demo import pages, picture
from caliber_crawler.demo.article import Article
from caliber_crawler.demo.body import body_of, paragraphs
from caliber_crawler.demo.editions import EDITIONS, RUSSIAN, Edition, edition_named
from caliber_crawler.demo.newsroom import Newsroom
from caliber_crawler.demo.timeline import Shelf
from caliber_crawler.demo.truth import Truth, truth_of

BATCH = 20
"""Teasers per page of a listing; the real site's number is unknown."""
REPEATED = 2
"""Teasers at the start of a further page that repeat the page before."""
FEED_ITEMS = 30
SEARCHED = 2_000
"""Number of newest articles that a search covers."""

HTML = "text/html; charset=utf-8"
ROBOTS = "User-agent: *\nDisallow: /search\n"


@dataclass(frozen=True, slots=True)
class Response:
    """A response before compression."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class DemoSite:
    """A news site of any size that stores no pages and knows the ground truth of each.

    ``articles`` counts all articles (1 to 200,000) over the three editions and ``sections`` (default: all sections).
    ``clock`` gives the time of a request: later articles do not exist yet, counters grow, edits appear. ``base_url`` is
    the site's own URL. With ``validators``, article pages have an ETag over their text without the counter, and
    listings one over their first page; the real site's validators are unknown.
    """

    def __init__(
        self,
        articles: int = 1_000,
        seed: int = 1,
        *,
        sections: Sequence[str] | None = None,
        clock: Callable[[], datetime] | None = None,
        base_url: str = "http://127.0.0.1:8000",
        validators: bool = False,
    ) -> None:
        self.articles, self.seed = articles, seed
        self.newsroom = Newsroom(articles, seed, sections)
        self.clock = clock or (lambda: datetime.now(UTC))
        self.base_url = base_url.rstrip("/")
        self.validators = validators
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., Response | None]], ...] = (
            (re.compile(r"(?P<prefix>/en|/ru|/arm)?/post/(?P<name>[^/]+?)(?P<slash>/?)"), self._post),
            (re.compile(r"(?P<prefix>/en|/ru|/arm)?/category/(?P<slug>[^/]+)/?"), self._category),
            (re.compile(r"(?P<prefix>/en|/ru|/arm)?/?"), self._home),
            (re.compile(r"/media/photos/(?P<size>original|normal)/(?P<digits>[0-9a-f]{32})\.webp"), self._photo),
            (re.compile(r"/templates/Default/.+\.png"), self._decoration),
            (re.compile(r"/search/(?P<words>[^/]+)/?"), self._search),
            (re.compile(r"/robots\.txt"), self._robots),
            (re.compile(r"/rss\.xml"), self._feed),
            (re.compile(r"/rss"), self._feed_page),
        )

    def respond(self, target: str, now: datetime | None = None) -> Response:
        """Return the response to ``GET target`` (a path with its query) at ``now`` (default: the clock's time)."""
        now = now or self.clock()
        parts = urlsplit(target)
        path = unicodedata.normalize("NFC", unquote(parts.path))
        for pattern, answer in self._routes:
            match = pattern.fullmatch(path)
            if match is not None:
                response = answer(now=now, query=parts.query, **match.groupdict())
                if response is not None:
                    return response
        edition = next((e for e in EDITIONS if e.prefix and path.startswith(f"{e.prefix}/")), RUSSIAN)
        return _html(pages.not_found_page(edition, now), 404)

    def truth(self, at: datetime | None = None) -> Iterator[Truth]:
        """Return the ground truth of all articles published by then, newest first; see :func:`truth.truth_of`."""
        moment = at or self.clock()
        for article in self.visible(moment):
            yield truth_of(article, self.newsroom, self.base_url, moment)

    def visible(
        self, at: datetime | None = None, edition: str | None = None, section: str | None = None
    ) -> Iterator[Article]:
        """Return the articles published by then, newest first, of one edition or section or of all."""
        shelf = self._shelf(edition, section)
        if shelf is not None:
            newest = self.newsroom.timeline.newest_by(at or self.clock())
            yield from map(self.newsroom.article, shelf.walk(newest, self.newsroom.timeline.oldest))

    def count(self, edition: str | None = None, section: str | None = None, at: datetime | None = None) -> int:
        """Return the number of articles of an edition and a section published by then."""
        shelf = self._shelf(edition, section)
        timeline = self.newsroom.timeline
        return 0 if shelf is None else shelf.count(timeline.newest_by(at or self.clock()), timeline.oldest)

    def _shelf(self, edition: str | None, section: str | None) -> Shelf | None:
        return self.newsroom.shelf(edition_named(edition).name if edition else None, section)

    def _post(self, *, prefix: str | None, name: str, slash: str, now: datetime, query: str) -> Response | None:
        edition = _edition(prefix)
        number = int(name) if re.fullmatch(r"[0-9]{1,9}", name) else None
        k = self.newsroom.with_slug(edition, name) if number is None else self.newsroom.with_number(edition, number)
        if k is None:
            return None
        article = self.newsroom.article(k)
        if article.published_at > now:
            return None
        layout = "old" if number is not None and slash else "new"
        page = pages.article_page(article, self.newsroom, self.base_url, now, layout)
        return _html(page, etag=self._etag(article, layout, now) if self.validators else None)

    def _etag(self, article: Article, layout: str, now: datetime) -> str:
        texts = (layout, article.headline(now), *paragraphs(body_of(article, self.newsroom, now)))
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        return f'W/"{digest[:16]}"'

    def _category(self, *, prefix: str | None, slug: str, now: datetime, query: str) -> Response | None:
        edition = _edition(prefix)
        for key, section in edition.sections.items():
            if section.slug == slug and self.newsroom.shelf(edition.name, key) is not None:
                return self._listing(edition, key, now, query)
        return None

    def _home(self, *, prefix: str | None, now: datetime, query: str) -> Response | None:
        return self._listing(_edition(prefix), None, now, query)

    def _listing(self, edition: Edition, key: str | None, now: datetime, query: str) -> Response:
        page = parse_qs(query).get("page", [""])[0]
        articles = self._batch(edition, key, int(page) if re.fullmatch(r"[1-9][0-9]{0,8}", page) else 1, now)
        if page:
            return _html(pages.cards(articles, self.base_url, now))
        heading = edition.sections[key].label if key else "Caliber.Az"
        blurb = edition.sections[key].blurb if key else None
        more = edition.path_of(key) if key else edition.prefix or "/"
        text = pages.listing_page(edition, heading, articles, self.base_url, now, blurb=blurb, more=more)
        return _html(text, etag=f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"' if self.validators else None)

    def _batch(self, edition: Edition, key: str | None, page: int, now: datetime) -> list[Article]:
        shelf = self.newsroom.shelf(edition.name, key)
        assert shelf is not None
        newest, oldest = self.newsroom.timeline.newest_by(now), self.newsroom.timeline.oldest
        start = (page - 1) * (BATCH - REPEATED)
        if page > 1 and start + REPEATED >= shelf.count(newest, oldest):
            return []
        return [self.newsroom.article(k) for k in shelf.walk(newest, oldest, start, start + BATCH)]

    def _search(self, *, words: str, now: datetime, query: str) -> Response:
        wanted = words.casefold().split()
        found = (
            article
            for article in islice(self.visible(now), SEARCHED)
            if all(word in article.headline(now).casefold() for word in wanted)
        )
        return _html(pages.listing_page(RUSSIAN, words, list(islice(found, BATCH)), self.base_url, now))

    def _feed(self, *, now: datetime, query: str) -> Response:
        articles = list(islice(self.visible(now), FEED_ITEMS))
        text = pages.feed(articles, self.newsroom, self.base_url, now)
        return Response(200, (("content-type", "application/rss+xml; charset=utf-8"),), text.encode())

    def _feed_page(self, *, now: datetime, query: str) -> Response:
        return self._listing(RUSSIAN, None, now, "")

    def _robots(self, *, now: datetime, query: str) -> Response:
        return Response(200, (("content-type", "text/plain; charset=utf-8"),), ROBOTS.encode())

    def _photo(self, *, size: str, digits: str, now: datetime, query: str) -> Response:
        return Response(200, (("content-type", "image/webp"),), picture.webp(digits, size))

    def _decoration(self, *, now: datetime, query: str) -> Response:
        return Response(200, (("content-type", "image/png"),), picture.png())


def _edition(prefix: str | None) -> Edition:
    return next(edition for edition in EDITIONS if (prefix or "") in (edition.prefix, edition.old_prefix))


def _html(text: str, status: int = 200, etag: str | None = None) -> Response:
    headers = (("content-type", HTML), *((("etag", etag),) if etag else ()))
    return Response(status, headers, text.encode())
