"""The commands in documents exist, and those of tutorial, guides and README work and print what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from caliber_crawler.demo import DemoSite, running
from tests.conftest import ROOT, run_module
from tests.documents import Command, Shell, calls, check_call, commands, lines_of_readme
from tests.workbench_archive import write_workbench_archive

EVERY = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = [
    path
    for path in (ROOT / "docs/tutorial.md", *sorted((ROOT / "docs/guides").glob("*.md")))
    if any(commands(path.read_text("utf-8")))
]
"""Documents whose blocks ``console`` are run."""
ANALYSES = ("attention.md", "cite.md", "exports.md", "words.md")
"""Guides that show what they find in the archive of docs/workbench.md."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", EVERY, ids=name_of)
def test_every_command_and_option_in_a_document_exists(document: Path) -> None:
    for words in calls(document.read_text("utf-8")):
        check_call(words)


@pytest.mark.parametrize("words", [["crawl", "--sectoin", "x"], ["crawll"], ["export", "cvs"], ["words", "lists"]])
def test_a_call_that_does_not_exist_is_noticed(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        check_call(words)


def test_calls_are_found_in_pipes_and_after_variables() -> None:
    text = "```sh\ngrep x links.txt | A=1 caliber crawl --urls - # a remark\n```\n"
    assert list(calls(text)) == [["crawl", "--urls", "-"]]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with running(DemoSite(articles=60, seed=1, sections=("analytics",))) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def small_site() -> Iterator[str]:
    """In place of example.org."""
    with running(DemoSite(articles=10, seed=2, sections=("analytics",))) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def archive(site: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the guides have at the beginning: an archive of the site."""
    path = tmp_path_factory.mktemp("guides") / "archive.db"
    done = run_module("caliber_crawler", "crawl", "--base-url", site, "--delay", "0", "--archive", path)
    assert done.exit_code == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbench") / "archive.db"
    write_workbench_archive(path)
    return path


@pytest.fixture
def shell(site: str, small_site: str, tmp_path: Path) -> Callable[[Path | None], Shell]:
    """Open a shell in a new folder, perhaps with an archive and a second one to merge."""

    def opened(archive: Path | None = None) -> Shell:
        (tmp_path / "data").mkdir()
        if archive is not None:
            for name in ("archive.db", "colleague.db"):
                (tmp_path / "data" / name).write_bytes(archive.read_bytes())
        sites = {"example.org": small_site.removeprefix("http://"), "https://example.org/a-page": f"{small_site}/en/"}
        return Shell(tmp_path, site, sites=sites)

    return opened


@pytest.mark.slow
@pytest.mark.parametrize("document", RUN, ids=name_of)
def test_the_commands_of_a_document_print_what_it_shows(
    document: Path, shell: Callable[[Path | None], Shell], request: pytest.FixtureRequest
) -> None:
    source = None if document.name == "tutorial.md" else "workbench" if document.name in ANALYSES else "archive"
    opened = shell(source and request.getfixturevalue(source))
    for command in commands(document.read_text("utf-8")):
        opened.run(command)


@pytest.mark.slow
def test_the_commands_of_the_readme_work_one_after_the_other(
    shell: Callable[[Path | None], Shell], archive: Path
) -> None:
    opened = replace(shell(None), demo=archive)
    lines = lines_of_readme((ROOT / "README.md").read_text("utf-8"))
    assert lines[0] == "make demo"
    assert len(lines) > 8
    for line in lines:
        opened.run(Command(line, []))


def test_the_table_of_first_minutes_has_every_command_of_the_readme() -> None:
    """As ``python -m benchmarks.readme`` prints it."""
    timed = re.findall(r"^\| `(.+?)` \|", (ROOT / "docs/install.md").read_text("utf-8"), flags=re.MULTILINE)
    assert timed == lines_of_readme((ROOT / "README.md").read_text("utf-8"))
