"""The arguments of `caliber search`: a query may begin with a minus, and a mistake has its place."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.commands.options import with_excluded_words
from caliber_crawler.commands.search import search
from tests.archive.newsroom import Newsroom, start_run


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for name in ("corridor Zangezur", "corridor China", "pact China"):
            slug = name.replace(" ", "-")
            newsroom.save(article_urls=(f"https://caliber.az/en/post/{slug}",), headline=name, page=slug.encode())
    return path


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(search, [*arguments, "--archive", str(path)])


@pytest.mark.parametrize(
    "arguments",
    [
        ("corridor", "-Zangezur"),
        ("--", "corridor", "-Zangezur"),
        ("corridor -Zangezur",),
        ("-Zangezur", "corridor"),
        ("--limit", "5", "corridor", "-Zangezur", "--language", "en"),
        ("corridor", "NOT", "Zangezur"),
        ("--", "-Zangezur", "corridor"),
    ],
)
def test_an_excluded_word_is_no_option(path: Path, arguments: tuple[str, ...]) -> None:
    # Behind `--`, everything belongs to the query, also the option of `run`.
    result = CliRunner().invoke(search, ["--archive", str(path), *arguments])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "corridor China"
    assert result.stderr == "1 found.\n"


def test_an_unknown_option_is_still_an_error(path: Path) -> None:
    result = run(path, "corridor", "--newset")
    assert result.exit_code == 2
    assert "--newset" in result.stderr


def test_options_keep_their_values() -> None:
    params: list[click.Parameter] = list(search.params)
    assert with_excluded_words(["a", "--limit", "-3", "-b"], params) == ["--limit", "-3", "--", "a", "-b"]
    assert with_excluded_words(["a", "--limit=3", "--newest", "-b"], params) == [
        "--limit=3",
        "--newest",
        "--",
        "a",
        "-b",
    ]
    assert with_excluded_words(["a", "-hospital"], [*params, click.Option(["-h"])]) == ["--", "a", "-hospital"]
    assert with_excluded_words(["a", "--limit", "3"], params) == ["a", "--limit", "3"]


def test_the_number_of_matches_is_exact(path: Path) -> None:
    result = run(path, "corridor", "|", "pact", "--limit", "1")
    assert result.stderr == "3 found. Showing 1; use --limit to show more.\n"


def test_a_mistake_is_an_error_with_its_place(path: Path) -> None:
    result = run(path, "corridor AND (NOT)")
    assert isinstance(result.exception, Exception)
    *_, query, place = str(result.exception).splitlines()
    assert query[place.index("^") : place.rindex("^") + 1] == "NOT"
