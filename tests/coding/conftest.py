from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding import Variable
from tests.archive.newsroom import Newsroom, minutes

TONE = Variable(name="tone", label="How does it speak?", codes=("positive", "neutral", "negative"))
ACTORS = Variable(name="actors", codes=("government", "EU", "Russia"), several=True)
REMARK = Variable(name="remark")

MONTHS = ("2026-01", "2026-01", "2026-01", "2026-02", "2026-02", "2026-03")


def fill(newsroom: Newsroom, *, count: int = 12) -> None:
    """Save articles in two sections and three months."""
    for number in range(count):
        url = f"https://caliber.az/en/post/{1000 + number}"
        newsroom.save(
            minutes(number),
            article_urls=(url,),
            headline=f"Headline {number}",
            body=f"Text number {number} of the newspaper.",
            section="analytics" if number % 3 else "politics",
        )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Twelve articles and a codebook."""
    with Archive.open(tmp_path / "archive.db", mode="write") as opened:
        run = opened.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        fill(Newsroom(opened, run))
        opened.runs.finish(run, "finished", None, {})
        opened.coding.replace_codebook([TONE, ACTORS, REMARK])
        yield opened
