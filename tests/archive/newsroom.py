"""Helpers that create the contents of an archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from caliber_crawler.archive import Archive, SavedArticle
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.site import ArticleURL

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
BAKU = timezone(timedelta(hours=4))
SLUG_URL = "https://caliber.az/en/post/baku-s-formula"
NUMBER_URL = "https://caliber.az/en/post/247893"


def minutes(count: float) -> datetime:
    """The time ``count`` minutes after noon."""
    return NOON + timedelta(minutes=count)


def address(url: str, language: str = "en") -> ArticleURL:
    """A URL as an article URL of the site, parsed by its last segment."""
    last = url.rpartition("/")[2]
    number = int(last) if last.isdecimal() else None
    return ArticleURL(url=url, language=language, number=number, slug=None if number else last)


def article(**fields: Any) -> Article:
    return Article(
        **{
            "site": "caliber",
            "language": "en",
            "url": SLUG_URL,
            "headline": "Baku’s geopolitical formula",
            "body": "On January 5 the president spoke.\n\nThis course is right.",
            "published_at": datetime(2026, 1, 6, 19, 13, tzinfo=BAKU),
            "section": "analytics",
            "section_label": "ANALYTICS",
            **fields,
        }
    )


def capture(at: datetime = NOON, **fields: Any) -> Capture:
    return Capture(
        **{
            "site": "caliber",
            "url": SLUG_URL,
            "fetched_at": at,
            "status": 200,
            "headers": (("Content-Type", "text/html; charset=utf-8"),),
            "body": f"<p>as served at {at.isoformat()}</p>".encode(),
            **fields,
        }
    )


@dataclass
class Newsroom:
    """An archive with a running run, and one-line methods to save articles."""

    archive: Archive
    run_id: int

    def save(
        self,
        at: datetime = NOON,
        *,
        extractor: str = "caliber_crawler 0.1.0",
        layout: str = "new",
        page: bytes | None = None,
        kept: Capture | None = None,
        article_urls: tuple[str, ...] = (),
        methods: dict[str, str] | None = None,
        **fields: Any,
    ) -> SavedArticle:
        """Store a page as served at a time, and save its article."""
        found = article(**fields, **({"url": article_urls[0]} if article_urls else {}))
        if kept is None:
            body = {} if page is None else {"body": page}
            kept = self.archive.captures.store(capture(at, url=found.url, **body), self.run_id)
        extraction = Extraction(
            capture=kept,
            article=found,
            layout=layout,
            extractor=extractor,
            methods=methods or {"headline": "selector"},
            stated_urls=article_urls[1:],
        )
        return self.archive.articles.save(
            extraction, self.run_id, [address(url, found.language) for url in article_urls or (found.url,)]
        )

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """A transaction that fails at its end."""
        with suppress(InterruptedError), self.archive.transaction():
            yield
            raise InterruptedError

    def values(self, sql: str, *parameters: object) -> list[Any]:
        """The first column of a query's rows."""
        return [row[0] for row in self.archive.db.execute(sql, parameters)]


def start_run(archive: Archive) -> int:
    return archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={"python": "3.11"})
