"""Everything in docs/workbench.md works, and has the results that the document shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from doctest import NORMALIZE_WHITESPACE, DocTestParser, DocTestRunner
from pathlib import Path

import pytest

from tests.browse.conftest import browsing
from tests.conftest import ROOT, Result
from tests.documents import Command, blocks, commands, missing_lines
from tests.workbench_archive import fill_sheet, write_workbench_archive

pytestmark = pytest.mark.slow

DOCUMENT = (ROOT / "docs/workbench.md").read_text("utf-8")
TASKS = re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[1:]


def pages(text: str = DOCUMENT) -> list[str]:
    return re.findall(r"`(/archive[^`]*)`", text)


def has_results(page: str) -> bool:
    """Whether a page has a table with rows or a link to an article; a file, the URL of an article."""
    if "<html" in page:
        return page.count("<tr") > 1 or bool(re.search(r"/archive/articles/\d", page))
    return "https://caliber.az/" in page


def prepare(folder: Path) -> None:
    """Write the files that the document assumes."""
    (folder / "data").mkdir()
    write_workbench_archive(folder / "data/archive.db")
    (codebook,) = blocks("toml", DOCUMENT)
    (folder / "codebook.toml").write_text(codebook, encoding="utf-8")


def run_commands(folder: Path) -> Iterator[tuple[Command, Result]]:
    """Run every command of the document; yield each with its result."""
    for command in commands(DOCUMENT):
        if sheet := re.fullmatch(r"caliber codes import (\S+)", command.line):
            fill_sheet(folder / sheet[1])
        yield command, command.run(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workbench")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> list[tuple[Command, Result]]:
    """Every command with its result, in the order of the document."""
    return list(run_commands(folder))


def test_each_of_sixteen_tasks_has_a_page_a_command_and_python() -> None:
    assert [task.split(".")[0] for task in TASKS] == [str(number) for number in range(1, 17)]
    for task in TASKS:
        assert pages(task), task
        assert list(commands(task)), task
        assert blocks("pycon", task), task


def test_a_page_without_rows_has_no_results() -> None:
    assert not has_results("<html><table><tr><th>word</th></tr></table>")
    assert not has_results("id,url\n")


def test_lines_that_are_not_printed_are_missing() -> None:
    assert missing_lines(["a", "…", "cd …"], "a\nb\ncde\n") == []
    assert missing_lines(["b", "a"], "a\nb\n") == ["a"]
    assert missing_lines(["cd"], "cde\n") == ["cd"]


def test_every_command_prints_what_the_document_shows(results: list[tuple[Command, Result]]) -> None:
    for command, result in results:
        assert result.exit_code == 0, f"{command.line}: {result.stderr}"
        assert command.shown, command.line
        output = f"{result.stdout}\n{result.stderr}"
        assert missing_lines(command.shown, output) == [], f"{command.line}:\n{output}"


@pytest.mark.usefixtures("results")
def test_python_returns_what_the_document_shows(folder: Path) -> None:
    examples = DocTestParser().get_doctest(
        "\n".join(blocks("pycon", DOCUMENT)), {}, "workbench", "docs/workbench.md", 0
    )
    report: list[str] = []
    with chdir(folder):
        outcome = DocTestRunner(optionflags=NORMALIZE_WHITESPACE).run(examples, out=report.append, clear_globs=False)
        examples.globs["archive"].close()
    assert outcome.failed == 0, "".join(report)
    assert outcome.attempted >= len(TASKS)


@pytest.mark.usefixtures("results")
def test_every_page_has_results(folder: Path) -> None:
    with browsing(folder / "data/archive.db") as get:
        for page in pages():
            response = get(page)
            assert response.status_code == 200, page
            assert has_results(response.text), page
