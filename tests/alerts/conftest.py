from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from tests.archive.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """An archive with one article that matches ``corridor`` and one that does not."""
    with Archive.open(tmp_path / "archive.db", mode="write") as archive:
        room = Newsroom(archive, archive.runs.start("crawl", site="caliber", arguments={}, settings={}, software={}))
        publish(room, 1, "The corridor", "They met about the corridor.")
        publish(room, 2, "The harvest", "Farmers brought in wheat.")
        yield room


def publish(newsroom: Newsroom, number: int, headline: str, body: str, minute: float = 0) -> None:
    """Store a page of an article."""
    from tests.archive.newsroom import minutes

    url = f"https://caliber.az/en/post/{9000 + number}"
    newsroom.save(minutes(minute), article_urls=(url,), headline=headline, body=body)
