"""The command `caliber history`."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from caliber_crawler.commands.cli import main
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import SLUG_URL, Newsroom, minutes


def run(*arguments: object, color: bool = False) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], color=color)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def edited(newsroom: Newsroom) -> Newsroom:
    for minute, (headline, body, views) in enumerate(
        [
            ("Baku’s formula", "On January 5 the president spoke.\n\nThis course is right.", 100),
            ("Baku’s new formula", "On January 6 the president spoke at length.\n\nThis course is right.", 4200),
        ]
    ):
        newsroom.save(minutes(60 * minute), headline=headline, body=body, views=views, authors=("Vugar B.",))
    newsroom.archive.sites.store(CaliberSpider.site)
    return newsroom


def test_history_shows_changes_word_by_word(edited: Newsroom) -> None:
    output = run("history", 1, "--archive", edited.archive.path)
    assert "headline: Baku’s {+new+} formula" in output
    assert "body: On January [-5-] {+6+} the president spoke {+at length+}." in re.sub(r"\s+", " ", output)
    assert "This course" not in output
    assert "▁" in output
    assert "█" in output
    assert "100 at 2026-01-07T12:00:00Z … 4,200 views at 2026-01-07T13:00:00Z, 2 view counts" in output


def test_changes_are_coloured_in_a_terminal(edited: Newsroom) -> None:
    assert "\x1b[32m{+new+}\x1b[0m" in run("history", 1, "--archive", edited.archive.path, color=True)


def test_history_as_json(edited: Newsroom) -> None:
    history = json.loads(run("history", SLUG_URL, "--archive", edited.archive.path, "--json"))
    first, second = history["versions"]
    assert first["changes"] is None
    assert [piece["kind"] for piece in second["changes"]["headline"][0]] == ["same", "added", "same"]
    assert [count["views"] for count in history["view_counts"]] == [100, 4200]


def test_history_omits_versions_that_a_re_extraction_replaced(newsroom: Newsroom) -> None:
    newsroom.save(page=b"the page", headline="Old text")
    newsroom.save(minutes(5), page=b"the page", headline="New text")
    assert "Old text" not in run("history", 1, "--archive", newsroom.archive.path)
