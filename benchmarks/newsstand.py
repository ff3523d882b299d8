"""Generated archives for benchmarks: articles of 400 words on pages of 60 KB, with images, links and view counts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.items import Article, Capture, Extraction, Image, Link
from caliber_crawler.site import ArticleURL

NOW = datetime(2026, 1, 7, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx"), ("Cache-Control", "no-cache"))
WORDS = 400
PAGE_BYTES = 60_000
BATCH_SIZE = 500


def extractions(first: int, count: int) -> Iterator[Extraction]:
    """Articles by number: the same number gives the same article in every archive."""
    chance = random.Random(7)
    words = [
        *["the", "of", "and", "in", "to", "a", "on", "is", "for", "with", "by", "at", "as", "from"],
        *(f"word{n}" for n in range(30_000)),
    ]
    # Summed up once: for each call of `choices`, this takes longer than everything else.
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    # Markup shared by all pages of the site: with an earlier page as a dictionary, it takes almost no space.
    shell = " ".join(f'<div class="{word}">{word}</div>' for word in chance.choices(words, k=PAGE_BYTES // 38))
    for number in range(first, first + count):
        chance = random.Random(number)
        paragraphs = [" ".join(chance.choices(words, cum_weights=weights, k=WORDS // 4)) for _ in range(4)]
        body = "\n\n".join(paragraphs)
        url = f"https://caliber.az/en/post/{number + 1}"
        at = NOW + timedelta(minutes=number)
        headline = " ".join(chance.choices(words, cum_weights=weights, k=8))
        page = f"<html><h1>{headline}</h1>{shell}<p>{'</p><p>'.join(paragraphs)}</p></html>"
        yield Extraction(
            capture=Capture(site="caliber", url=url, fetched_at=at, status=200, headers=HTML, body=page.encode()),
            article=Article(
                site="caliber",
                language="en",
                url=url,
                headline=headline,
                body=body,
                body_markdown=body,
                published_at=at,
                authors=(f"Author {number % 40}",),
                section="analytics",
                section_label="ANALYTICS",
                views=number,
                views_shown=f"Views: {number}",
                cover_image=f"https://caliber.az/media/{number}.webp",
                images=(Image(url=f"https://caliber.az/media/{number}.webp", alt=headline),),
                links=tuple(Link(url=f"https://example.org/{number}/{n}", text=paragraphs[n][:20]) for n in range(2)),
            ),
            layout="new",
            extractor="benchmark",
            methods=dict.fromkeys(("headline", "body", "published_at", "authors", "section", "views"), "selector"),
        )


def create_archive(path: Path, first: int, count: int, *, days: Sequence[int] = (0,)) -> Path:
    """Create an archive with ``count`` articles from number ``first`` on, each visited ``days`` after publication."""
    with Archive.open(path, mode="write") as archive:
        run_id = archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        articles = list(extractions(first, count))
        for day in days:
            for start in range(0, count, BATCH_SIZE):
                with archive.transaction():
                    for extraction in articles[start : start + BATCH_SIZE]:
                        store(archive, later_visit(extraction, day), run_id)
        archive.runs.finish(run_id, "finished", None, {"new": count})
    return path


def later_visit(extraction: Extraction, day: int) -> Extraction:
    """The same article some days later, with more views on an otherwise equal page."""
    views = (extraction.article.views or 0) + 100 * day
    page = extraction.capture.body.replace(b"</html>", f"<i>Views: {views}</i></html>".encode())
    capture = replace(extraction.capture, fetched_at=extraction.capture.fetched_at + timedelta(days=day), body=page)
    return replace(extraction, capture=capture, article=replace(extraction.article, views=views))


def store(archive: Archive, extraction: Extraction, run_id: int) -> None:
    article, capture = extraction.article, archive.captures.store(extraction.capture, run_id)
    entry = Entry(
        url=article.url, site="caliber", kind="article", language="en", section="analytics", discovered_via="listing"
    )
    archive.frontier.add([entry], run_id)
    number = int(article.url.rpartition("/")[2])
    saved = archive.articles.save(
        replace(extraction, capture=capture),
        run_id,
        [ArticleURL(url=article.url, language="en", number=number)],
    )
    archive.frontier.mark_done(
        article.url, extraction.capture.fetched_at, status=200, article_id=saved.article_id, due_at=None
    )
