"""A site without a definition gets another design between two crawls: its articles get no false edit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from caliber_crawler.demo import running
from caliber_crawler.demo.site import Response
from tests.conftest import Result
from tests.learning.themes import Story, Theme, classic

HTML = (("Content-Type", "text/html; charset=utf-8"),)


def old(story: Story) -> str:
    """The classic design with a subtitle, and a line beside the text."""
    page = classic(story)
    lead = f'<p class="lead">What the {story.word(2)} said of the {story.word(4)} in year {story.number}.</p>'
    page = page.replace("</h1>", f"</h1>{lead}", 1)
    return page.replace(
        '<div class="related">', f'<p class="tags">Topics of the day: {story.word(5)}</p><div class="related">'
    )


def new(story: Story) -> str:
    """Other names and elements, no subtitle, and a call for readers in the middle of the text."""
    paragraphs = [f"<div class='txt'>{text}</div>" for text in story.paragraphs]
    paragraphs.insert(2, f"<div class='call'>Read more: {Story(story.number + 2).headline}</div>")
    return f"""<html lang="en"><head><title>{story.headline}</title></head><body><div class="bar56"><a href="/">Home</a>
</div><div class="page56"><div class="head56">{story.headline}</div><div class="when56">{story.day:%d.%m.%Y}</div>
<div class="who56"><a rel="author" href="/people/{story.number % 4}">{story.author}</a></div>
<div class="words56">{"".join(paragraphs)}</div></div>
<div class="low56">Write to the desk of the newspaper if you know more about this story of ours</div></body></html>"""


@dataclass
class ThemedSite:
    """A site of stories in one design, which is another one later."""

    theme: Theme
    stories: int
    base_url: str = ""

    def respond(self, target: str, now: datetime | None = None) -> Response:
        paths = {urlsplit(story.url).path: story for story in map(Story, range(self.stories))}
        if target == "/":
            links = "".join(f'<li><a href="{path}">{story.headline}</a></li>' for path, story in paths.items())
            page = f"<html><head><title>The News</title></head><body><h1>The News</h1><ul>{links}</ul></body></html>"
        elif target in paths:
            page = self.theme(paths[target])
        else:
            return Response(404, HTML, b"<h1>Not found</h1>")
        return Response(200, HTML, page.encode())


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.slow
def test_a_redesign_makes_no_edit_on_a_learned_site(caliber: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    site = ThemedSite(old, 34)
    with running(site) as base_url:
        arguments = ("crawl", f"{base_url}/", "--archive", path, "--delay", 0)
        first = caliber(*arguments)
        before = rows(path, "SELECT id, headline, subtitle, body FROM article_texts ORDER BY id")
        assert len(before) == 34, first.stdout
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE frontier SET due_at = '2024-01-01T00:00:00Z' WHERE article_id IS NOT NULL")
        site.theme = new
        done = caliber(*arguments)
    assert rows(path, "SELECT count(*) FROM edits") == [(0,)]
    assert "healed: " in done.stdout
    assert "unchanged 34" in done.stdout
    assert rows(path, "SELECT id, headline, subtitle, body FROM article_texts ORDER BY id") == before
    # The generic extraction took the day of the last change for the date of some articles, before the site was learned.
    days = rows(path, "SELECT headline, substr(published_at, 1, 10) FROM article_texts")
    assert dict(days) == {story.headline: str(story.day) for story in map(Story, range(34))}
