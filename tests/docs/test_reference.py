"""The reference is complete and current."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from caliber_crawler import archive, errors, items, reasons, settings, site
from caliber_crawler.archive import Archive
from caliber_crawler.browse.canned_queries import canned_queries
from caliber_crawler.commands.cli import COMMANDS, main
from docs.reference_pages import pages
from docs.reference_pages.diagram import references
from docs.reference_pages.schema import relations
from tests.tooling.repository import ROOT, our_files

REFERENCE = ROOT / "docs/reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """The text below a heading, to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    after = re.split(rf"^{re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)[1]
    return re.split(rf"^#{{1,{len(level)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", pages.PAGES)
def test_the_pages_are_current(name: str) -> None:
    if name == "schema.md" and sqlite3.sqlite_version_info >= (3, 41):
        pytest.skip("newer versions of SQLite give types to the expressions of views")
    assert page(name) == pages.page(name), "run: make reference"


def commands(group: click.Group, path: str = "caliber") -> Iterator[tuple[str, click.Command]]:
    """Every command, including those of nested groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def test_every_command_and_option_is_documented() -> None:
    text = page("commands.md")
    assert re.findall(r"^\| \[`caliber ([\w-]+)", text, re.MULTILINE) == list(COMMANDS)
    for path, command in commands(main):
        part = section(text, f"{'#' * len(path.split())} {path}")
        names = [name for option in command.params for name in option.opts if isinstance(option, click.Option)]
        assert [name for name in names if not re.search(rf"`.*{name}\b.*`", part)] == [], path


def test_every_command_has_help_with_an_example() -> None:
    assert [path for path, command in commands(main) if "Example:\n" not in (command.help or "")] == []


def test_every_setting_is_documented() -> None:
    names = {name for name in vars(settings) if name.isupper() and name != "ROBOTS_AGENT"}
    documented = re.findall(r"^(?:\| `)?([A-Z_]+)(?:`| =)", section(page("settings.md"), "## Settings of crawls"), re.M)
    assert sorted(documented) == sorted(names)


@pytest.mark.slow
def test_every_environment_variable_is_documented() -> None:
    sources = [path for path in our_files(ROOT / "caliber_crawler") if path.suffix == ".py"]
    used = {name for path in sources for name in re.findall(r"\bCALIBER_[A-Z_]+\b", path.read_text("utf-8"))}
    documented = re.findall(r"^\| `(\w+)`", section(page("settings.md"), "## Environment variables"), re.MULTILINE)
    assert set(documented) == used


def test_every_exit_code_is_documented() -> None:
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.CaliberError)]
    codes = {error.exit_code for error in ours}
    documented = re.findall(r"^\| (\d+) \| \S", section(page("codes.md"), "## Exit codes"), re.MULTILINE)
    assert [int(code) for code in documented] == sorted({0, 1, 2, 3} | codes)


def test_every_reason_code_is_documented_with_its_remedy() -> None:
    text = section(page("codes.md"), "## Reason codes")
    assert set(re.findall(r"^\| `(\w+)` \| \S.* \| \S", text, re.MULTILINE)) == set(reasons.REASONS)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The columns of each table and view of a new archive, except those of the full-text index."""
    path = tmp_path_factory.mktemp("reference") / "archive.db"
    Archive.open(path, mode="write").close()
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        ]
        ours = [name for name in names if not re.match(r"sqlite_|_sqlite|versions_(fts|vocab|tokens)", name)]
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_xinfo({name})")] for name in ours}


def test_every_table_view_and_column_is_documented(schema: dict[str, list[str]]) -> None:
    text = page("schema.md")
    assert {"articles", "edits", "views_at"} <= schema.keys()
    for name, columns in schema.items():
        assert re.findall(r"^\| `(\w+)`", section(text, f"### {name}"), re.MULTILINE) == columns, name


def test_every_column_of_a_listed_table_has_a_meaning() -> None:
    text = page("schema.md")
    empty = re.findall(r"^\| `\w+` \| [^|]*\|\s*\|$", text, re.MULTILINE)
    assert empty == []


def test_the_diagram_shows_every_reference_of_the_schema() -> None:
    drawn = set(re.findall(r"<title>(\w+):(\w+)(?:&#45;|-)&gt;(\w+):(\w+)</title>", page("schema.svg")))
    assert drawn == set(references({each.name: each for each in relations() if not each.is_view}))
    assert len(drawn) > 20


def test_every_canned_query_is_documented() -> None:
    assert re.findall(r"^`(\w+)`: ", page("queries.md"), re.MULTILINE) == list(canned_queries())


@pytest.mark.slow
def test_every_public_python_name_is_documented(site_folder: Path) -> None:
    """In the inventory of the site, which other sites link with."""
    inventory = (site_folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
    documented = {line.split()[0].rpartition(".")[2] for line in zlib.decompress(inventory).decode().splitlines()}
    public = {*archive.__all__, *site.__all__}
    public |= {
        name for module in (items, errors) for name, value in vars(module).items() if is_public(name, value, module)
    }
    public |= {name for name in dir(Archive) if not name.startswith("_")}
    assert public - documented == set()


def is_public(name: str, value: object, module: object) -> bool:
    return not name.startswith("_") and getattr(value, "__module__", "") == getattr(module, "__name__", None)
