"""Articles of made words with the natural frequencies of words (Zipf's law), each visited three times.

``archive_growth`` measures with them: unlike the sentences of the demo site, their words are of every frequency.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from caliber_crawler.archive import Archive
from caliber_crawler.items import Article, Capture, Extraction, Link
from caliber_crawler.site import Site

SITE = Site(
    name="caliber",
    title="Caliber.Az",
    base_url="https://caliber.az",
    timezone="Asia/Baku",
    editions=(),
    article_path=r"(?:/\w+)?/post/(?:(?P<number>\d+)|(?P<slug>[^/]+))",
    reuse="with a link",
)
LANGUAGES = ("ru", "en", "hy")
SECTIONS = ("politics", "economics", "world", "analytics", "interviews", "opinion", "karabakh")
START = datetime(2021, 6, 1, tzinfo=UTC)
WORDS = 320
EDITED = 12
"""One article in this many was edited."""

SYLLABLES = ["".join(pair) for pair in product("bcdfgklmnprstvz", "aeiou")]
VOCABULARY = ["".join(parts) for parts in product(SYLLABLES, SYLLABLES, SYLLABLES[::11])]
random.Random(2).shuffle(VOCABULARY)


def paragraphs(words: list[str]) -> str:
    return "\n\n".join(" ".join(words[start : start + 40]) + "." for start in range(0, len(words), 40))


def visits(number: int, published_at: datetime, body: str) -> Iterator[tuple[Article, datetime]]:
    """The article at three visits; at the last one its text may have been edited."""
    language, section = LANGUAGES[number % 3], SECTIONS[number % len(SECTIONS)]
    url = f"https://caliber.az/{language}/post/article-{number}"
    for visit, hours in enumerate((1, 24, 120)):
        is_edited = visit == 2 and number % EDITED == 0
        text = body.replace(f"{VOCABULARY[0]} ", "", 1) + "\n\nOne more paragraph." if is_edited else body
        yield (
            Article(
                site="caliber",
                language=language,
                url=url,
                urls=(url,),
                headline=f"{' '.join(body.split()[:8])} {number}" + (", updated" if is_edited else ""),
                body=text,
                published_at=published_at,
                authors=(f"Author {number % 60}",),
                section=section,
                section_label=section.upper(),
                views=(number * 7919) % 5000 * (visit + 1),
                views_shown="Views",
                links=(Link(url=f"https://host{number % 90}.example/{number}", text="there"),),
            ),
            published_at + timedelta(hours=hours),
        )


def save(archive: Archive, run: int, article: Article, seen_at: datetime) -> None:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    page = f"<h1>{article.headline}</h1>{article.url}".encode()
    capture = Capture(site="caliber", url=article.url, fetched_at=seen_at, status=200, headers=headers, body=page)
    stored = archive.captures.store(capture, run)
    extraction = Extraction(
        capture=stored, article=article, layout="new", extractor="benchmark", methods={"headline": "selector"}
    )
    article_url = SITE.article_url(article.url)
    archive.articles.save(extraction, run, [article_url] if article_url else [])
