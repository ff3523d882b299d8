"""The README matches the code."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from caliber_crawler import errors
from caliber_crawler.archive import Archive
from caliber_crawler.commands.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("readme") / "archive.db"
    Archive.open(path, mode="write").close()
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_there_are_five_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs(archive: sqlite3.Connection, query: str) -> None:
    assert archive.execute(query).description


def test_every_command_is_in_the_table() -> None:
    assert re.findall(r"^\| `caliber ([\w-]+)", README, re.MULTILINE) == list(COMMANDS)


def commands(group: click.Group) -> Iterator[click.Command]:
    """The commands of a group, including those of nested groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def test_every_command_has_help_with_an_example() -> None:
    assert [command.name for command in commands(main) if "Example:\n" not in (command.help or "")] == []


def test_every_table_and_view_is_documented(archive: sqlite3.Connection) -> None:
    rows = archive.execute("select name from sqlite_schema where type in ('table', 'view')")
    ours = {name for (name,) in rows if not re.match(r"sqlite_|_sqlite|versions_(fts_|vocab)", name)}
    documented = set(re.findall(r"`(\w+)`", README[README.index("## The archive") : README.index("### Five useful")]))
    assert ours <= documented


def test_every_exit_code_is_documented() -> None:
    codes = {error.exit_code for error in vars(errors).values() if isinstance(error, type)}
    assert "Exit codes: 0 done, 1 failed,\n2 wrong usage, 3 ran but its checks failed" in README
    codes -= {1, 2, 3}
    assert codes == {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}


def test_every_linked_file_exists() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
