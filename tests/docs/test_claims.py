"""What documents name in their sentences exists: options, commands, variables, files, benchmarks and exit codes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from caliber_crawler import errors
from caliber_crawler.commands.cli import main
from tests.docs.test_glossary import TERMS, singular
from tests.documents import check_call
from tests.tooling.repository import ROOT, our_files

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name != "reference"),
]
OTHERS = {
    *(
        "--dist",
        "--volumes",
        "--rm",
        "--build-arg",
        "--user",
        "--nthreads",
        "--nworkers",
    ),  # pytest, Docker, systemd, Dask
    *(
        "--template-dir",
        "--setting",
        "--spider",
        "--sign",
        "--with-metadata",
        "--upgrade",
    ),  # Datasette, Scrapy, git, pip
    *("--crawl", "--depth", "--with-metadata"),  # trafilatura, ArchiveBox
}
"""Options of other programs, and those of the programs in benchmarks/ and scripts/."""
CODE = "\n".join(
    path.read_text("utf-8", errors="replace")
    for folder in ("caliber_crawler", "benchmarks", "scripts", "docs/deploy")
    for path in our_files(ROOT / folder)
    if path.suffix in (".py", "", ".toml", ".env", ".yaml") and "vendor" not in path.parts
)


def prose(path: Path) -> str:
    """A document without its blocks of code, as one line."""
    return " ".join(re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL).split())


def inline(path: Path) -> list[str]:
    """The pieces of code in sentences."""
    return re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(path))


def options_of(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from options_of(found)


OPTIONS = {*options_of(main), "--help", "--version"}

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@every_document
def test_every_option_in_a_sentence_exists(path: Path) -> None:
    named = {option for code in inline(path) for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*\b(?!-)", code)}
    assert {name for name in named - OPTIONS - OTHERS if f'"{name}"' not in CODE} == set()


@every_document
def test_every_command_in_a_sentence_exists(path: Path) -> None:
    for code in inline(path):
        words = code.replace("…", "").replace("[", "").replace("]", "").replace("FORMAT", "csv").split("|")[0]
        if words.startswith("caliber ") and not words.startswith("caliber -"):
            arguments = shlex.split(words)[1:]
            # A sentence may name an option without its value.
            check_call([*arguments, *(["1"] if arguments[-1].startswith("--") and "=" not in arguments[-1] else [])])


@every_document
def test_every_variable_and_file_in_a_sentence_exists(path: Path) -> None:
    for code in inline(path):
        for variable in re.findall(r"\bCALIBER_[A-Z_]+\b", code):
            assert variable in CODE, variable
        for name in re.findall(r"python -m (benchmarks\.\w+)", code):
            assert (ROOT / f"{name.replace('.', '/')}.py").exists(), name
        if re.fullmatch(r"(tests|benchmarks|caliber_crawler|scripts|docs)/[\w./-]+", code):
            assert (ROOT / code).exists(), code


@every_document
def test_every_exit_code_in_a_sentence_exists(path: Path) -> None:
    known = {getattr(errors, name) for name in dir(errors) if isinstance(getattr(errors, name), int)}
    known |= {each.exit_code for each in vars(errors).values() if hasattr(each, "exit_code")}
    assert {int(code) for code in re.findall(r"exit codes? (\d+)", prose(path))} <= known | {0, 1, 2}


@every_document
def test_every_term_that_a_document_defines_is_in_the_glossary(path: Path) -> None:
    """A term is in bold, in lower case, where it is defined: "a **job** is", "its archive, its **shard**"."""
    defined = re.findall(r"\b(?:A|An|a|an|its) \*\*([a-z][a-z -]*)\*\*(?= (?:is|are|\())|, its \*\*(\w+)", prose(path))
    defined = [one or other for one, other in defined]
    assert {singular(term) for term in defined} - {term.replace("-", " ") for term in TERMS} - TERMS == set()
