"""What ``doctor``, ``status`` and ``explain`` report about a site without a definition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive, Entry, SiteFact
from caliber_crawler.commands.cli import main
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.learning.themes import Story

SITE = "news.example"
FACTS = [
    SiteFact("headline_selector", ".entry-title", 19, 20),
    SiteFact("body_selector", ".entry-content", 20, 20),
    SiteFact("boilerplate_line", "All rights reserved", 20, 20),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with three articles of a generic site, a page that is none, and learned facts."""
    path = tmp_path / "a.db"
    with Archive.open(path, mode="write") as archive, archive.transaction():
        newsroom = Newsroom(archive, start_run(archive))
        archive.site_facts.confirm(SITE, FACTS, minutes(0))
        for number in range(3):
            story = Story(number)
            archive.frontier.add([entry(story.url)], newsroom.run_id)
            saved = newsroom.save(minutes(number), site=SITE, article_urls=(story.url,), headline=story.headline)
            archive.frontier.mark_done(story.url, minutes(number), status=200, article_id=saved.article_id)
        archive.db.execute("INSERT OR IGNORE INTO sites VALUES (?, ?, ?, 'UTC', NULL)", (SITE, SITE, f"https://{SITE}"))
        archive.runs.finish(newsroom.run_id, "finished", None, {})
    return path


def entry(url: str) -> Entry:
    return Entry(url=url, site=SITE, kind="article", discovered_via="links", discovered_on=f"https://{SITE}/")


@pytest.fixture
def run(path: Path) -> Callable[..., str]:
    return lambda *words: CliRunner().invoke(main, [*words, "--archive", str(path)]).output


def test_the_doctor_prints_what_was_learned(run: Callable[..., str]) -> None:
    printed = run("doctor", f"https://{SITE}/")
    assert f"{SITE} has no site definition. Learned from its stored pages" in printed
    assert "headline_selector" in printed
    assert "All rights reserved" not in printed
    assert f"`caliber learn https://{SITE}` writes a site definition" in printed


def test_the_doctor_says_when_nothing_was_learned(run: Callable[..., str]) -> None:
    assert "contains too few of its articles to learn its layout" in run("doctor", "https://other.example/")


def test_the_status_lists_learned_layouts_with_their_evidence(run: Callable[..., str]) -> None:
    assert ".entry-title (19 of 20)" in run("status")


def test_explain_says_why_a_url_is_an_article(run: Callable[..., str]) -> None:
    printed = run("explain", Story(1).url)
    assert "It was named by links on https://news.example/." in printed
    assert "The URL matches the usual shapes of article URLs." in printed
    assert "Of the 3 fetched URLs of the same shape, 3 are articles." in printed
    assert "The page is an article: headline by selector." in printed


def test_explain_does_not_speak_of_a_definition_that_does_not_exist(run: Callable[..., str]) -> None:
    assert "definition" not in run("explain", f"https://{SITE}/tag/politics")
