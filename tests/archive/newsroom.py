"""Short ways to make what goes into an archive."""

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
    """That many minutes past noon."""
    return NOON + timedelta(minutes=count)


def address(url: str, language: str = "en") -> ArticleURL:
    """An address of the site, taken apart by its last part."""
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
    """An archive with a run under way, into which articles are saved in one line."""

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
        **fields: Any,
    ) -> SavedArticle:
        """Keep a page as served at that moment and save the article read on it."""
        read = article(**fields, **({"url": article_urls[0]} if article_urls else {}))
        if kept is None:
            body = {} if page is None else {"body": page}
            kept = self.archive.captures.store(capture(at, url=read.url, **body), self.run_id)
        extraction = Extraction(
            capture=kept, article=read, layout=layout, extractor=extractor, methods={"headline": "selector"}
        )
        return self.archive.articles.save(
            extraction, self.run_id, [address(url, read.language) for url in article_urls or (read.url,)]
        )

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """A transaction in which everything goes well until the very end."""
        with suppress(InterruptedError), self.archive.transaction():
            yield
            raise InterruptedError

    def values(self, sql: str, *parameters: object) -> list[Any]:
        """The first column of what a query gives."""
        return [row[0] for row in self.archive.db.execute(sql, parameters)]


def start_run(archive: Archive) -> int:
    return archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={"python": "3.11"})
