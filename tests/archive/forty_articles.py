"""An archive of forty articles, whose pages can be extracted again."""

from __future__ import annotations

import random
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.items import Capture, Extraction, Image, Link
from tests.archive.newsroom import Newsroom, article, minutes, start_run

WORDS = ("corridor", "президент", "խաղաղություն", "gas", "ёлка", "treaty", "Əliyev", "summit", "rail", "Shusha")


def page_of(number: int, texts: random.Random) -> tuple[str, bytes]:
    """The body of article ``number``, and a page with that body in a frame that all pages share."""
    body = "\n\n".join(" ".join(texts.choices(WORDS, k=60)) for _ in range(4)) + f" No {number}."
    frame = " ".join(random.Random(1).choices(WORDS, k=600))
    return body, f"<main>{body}</main>{frame}{texts.random()}".encode()


def media_of(number: int) -> tuple[tuple[Image, ...], tuple[Link, ...]]:
    """The images and links of article ``number``."""
    return (Image(url=f"https://x.az/{number}.webp", alt="Shusha"),), (
        Link(url="https://president.az/", text="speech"),
    )


def reextract(capture: Capture) -> Extraction | None:
    """Extract these pages."""
    number = int(capture.url.rpartition("/")[2])
    body = capture.body.decode().partition("<main>")[2].partition("</main>")[0]
    found = article(
        url=capture.url,
        headline=f"Headline {number}",
        body=body,
        authors=("A", "B"),
        subtitle="ё",
        views=number,
        images=media_of(number)[0],
        links=media_of(number)[1],
    )
    return Extraction(
        capture=capture,
        article=found,
        layout="new",
        extractor="caliber_crawler 0.1.0",
        methods={"headline": "selector"},
    )


def write_forty_articles(path: Path, count: int = 40) -> None:
    """Write an archive of 40 articles, or another number, with two versions each, in one file."""
    texts = random.Random(7)
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(1000, 1000 + count):
            for minute in (0, 60):
                body, page = page_of(number, texts)
                newsroom.save(
                    minutes(minute),
                    article_urls=(f"https://caliber.az/en/post/{number}",),
                    headline=f"Headline {number}",
                    subtitle="ё",
                    body=body,
                    page=page,
                    authors=("A", "B"),
                    views=number,
                    images=media_of(number)[0],
                    links=media_of(number)[1],
                )
        archive.runs.finish(newsroom.run_id, "finished", None, {})
