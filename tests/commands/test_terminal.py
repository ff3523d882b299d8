"""Commands print control characters of untrusted texts as escapes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from caliber_crawler import commands
from caliber_crawler.archive import Archive
from caliber_crawler.commands.cli import main
from caliber_crawler.commands.terminal import style, visible
from tests.archive.newsroom import Newsroom, minutes, start_run

FOLDER = Path(commands.__path__[0])
HOSTILE = "needle \x1b[2J\x1b]0;title\x07 \x1b[8mhidden\x1b[0m \x9b31m \r\x7f end"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], color=True)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """An archive whose texts try to control the terminal."""
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        newsroom.save(headline=f"Before {HOSTILE}", body=f"Old {HOSTILE}", authors=(HOSTILE,), views=1)
        newsroom.save(minutes(60), headline=f"After {HOSTILE}", body=f"New {HOSTILE}", authors=(HOSTILE,), views=2)
    return path


@pytest.mark.parametrize(
    "arguments",
    [("show", 1), ("show", 1, "--json"), ("history", 1), ("history", 1, "--json"), ("cite", 1), ("search", "needle")],
    ids=lambda arguments: " ".join(map(str, arguments)),
)
def test_a_text_cannot_control_the_terminal(hostile: Path, arguments: tuple[object, ...]) -> None:
    printed = run(*arguments, "--archive", hostile)
    without_style = re.sub(r"\x1b\[(?:0|1|3[0-7])m", "", printed)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", without_style)
    assert "needle" in printed


def test_parsed_json_is_the_original_text(hostile: Path) -> None:
    printed = json.loads(run("show", 1, "--json", "--archive", hostile))
    assert printed["headline"] == f"After {HOSTILE}"


def test_only_style_gives_control_codes() -> None:
    assert visible(style("a\x1b[31mb", fg="green", bold=True)) == "\x1b[32m\x1b[1ma\\u001b[31mb\x1b[0m"
    assert visible("line\n\ttab ə\u202f…") == "line\n\ttab ə\u202f…"
    assert visible("half \ud800") == "half \\ud800"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_command_prints_only_through_the_terminal_module(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    direct = {"print", "click.echo", "click.secho", "click.style", "sys.stdout.write", "sys.stderr.write"}
    assert path.stem == "terminal" or not calls & direct
