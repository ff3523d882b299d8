"""The commands in documents: they are parsed, run, and compared with the output that the documents show.

A block ``console`` has commands after ``$ `` and lines that they print; ``…`` leaves out lines or the rest of a line.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from caliber_crawler.commands.cli import main
from caliber_crawler.commands.options import QueryCommand, with_excluded_words
from tests.conftest import ROOT, Result, run_module

MODULES = {"caliber": "caliber_crawler", "sqlite-utils": "sqlite_utils"}
LEFT_OUT = "…"
SERVERS = {"browse", "watch"}
"""Commands that run until they are stopped; documents are only checked to call them correctly."""


@dataclass(frozen=True)
class Command:
    """A command of a document with the lines that it shows."""

    line: str
    shown: list[str]

    def run(self, folder: Path, **variables: str) -> Result:
        program, *arguments = shlex.split(self.line)
        return run_module(MODULES[program], *arguments, folder=folder, **variables)


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> Iterator[Command]:
    """The commands of the blocks ``console``."""
    for block in blocks("console", text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = part.rstrip().split("\n")
            yield Command(line, shown)


def lines_of_readme(text: str) -> list[str]:
    """The commands of a README, from its blocks ``sh``, without their remarks."""
    lines = [line for block in blocks("sh", text) for line in block.splitlines()]
    return [re.sub(r" +# .*", "", line) for line in lines]


def on_demo_site(arguments: list[str], base_url: str, sites: Mapping[str, str]) -> list[str]:
    """The arguments of ``caliber`` with demo sites, without delay, in place of the sites on the network."""
    words = [sites.get(word, word) for word in arguments]
    if words[0] not in ("crawl", "doctor", "learn"):
        return words
    given = words != arguments or "--base-url" in words
    return [*words, *(() if given else ("--base-url", base_url)), "--delay", "0"]


def missing_lines(shown: list[str], output: str) -> list[str]:
    """The shown lines that the output does not have, in this order. A line that ends with ``…`` is a beginning."""
    rest = iter([line.rstrip() for line in output.splitlines()])
    return [line for line in shown if line != LEFT_OUT and not any(is_shown(line, printed) for printed in rest)]


def is_shown(line: str, printed: str) -> bool:
    beginning = line.removesuffix(f" {LEFT_OUT}")
    return printed == line or (beginning != line and printed.startswith(beginning))


def calls(text: str) -> Iterator[list[str]]:
    """The calls of ``caliber`` in any block of shell code: the words after its name."""
    shell = [line for block in blocks("sh", text) for line in _lines_of_shell(block)]
    for line in (*shell, *(command.line for command in commands(text))):
        yield from _calls_in(shlex.split(line, comments=True))


def _lines_of_shell(block: str) -> Iterator[str]:
    """The lines of a block that call ``caliber``; a line goes on behind a backslash and in an open quotation."""
    line = ""
    for each in block.splitlines():
        line += each
        if line.endswith("\\"):
            line = line[:-1]
        elif line.count("'") % 2 and "caliber" not in line.partition("'")[0]:
            line += "\n"
        else:
            yield from [line] * ("caliber" in line)
            line = ""


def _calls_in(words: list[str]) -> Iterator[list[str]]:
    ends = {"|", "||", "&&", "&", ";", ">", ">>", "<"}
    while words:
        end = next((place for place, word in enumerate(words) if word in ends), len(words))
        call = words[:end]
        while call and re.match(r"[A-Z_]+=", call[0]):
            call = call[1:]
        if call[:1] == ["caliber"]:
            yield call[1:]
        words = words[end + 1 :]


def check_call(words: list[str]) -> None:
    """Raise a usage error of click if a command or an option of a call does not exist."""
    command: click.Command = main
    context = click.Context(main, info_name="caliber")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            raise click.UsageError(f"No such command: {words[0]}")
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    if isinstance(command, QueryCommand):
        words = with_excluded_words(words, command.get_params(context))
    values, _, _ = command.make_parser(context).parse_args(list(words))
    for option in command.params:
        value = values.get(option.name or "")
        if isinstance(option.type, click.Choice) and isinstance(value, str):
            option.type.convert(value, option, context)


@dataclass
class Shell:
    """Runs the commands of one document in a folder, with the demo site in place of the sites on the network."""

    folder: Path
    base_url: str
    variables: dict[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    """URLs and names of sites in the document, and what is crawled instead."""
    demo: Path | None = None
    """The archive that ``make demo`` gives, if another test runs it."""

    def run(self, command: Command) -> None:
        """Run a command and compare what it prints."""
        words = shlex.split(command.line, comments=True)
        match words:
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.variables[name] = value
            case [".", ".venv/bin/activate"]:
                assert "venv .venv" in (ROOT / "scripts/set-up-python").read_text().replace("--clear ", "")
            case ["make", "demo"] if self.demo is not None:
                shutil.copy(self.demo, self.folder / "data/demo.db")
            case ["make", "demo"]:
                self._call(["demo"], command)
            case ["cp", source, target]:
                shutil.copy(self.folder / source, self.folder / target)
            case ["caliber", name, *_] if name in SERVERS:
                check_call(words[1:])
            case ["caliber", *arguments]:
                self._call(on_demo_site(arguments, self.base_url, self.sites), command)
            case [program, *arguments]:
                self._compare(run_module(MODULES[program], *arguments, folder=self.folder, **self.variables), command)

    def _call(self, arguments: list[str], command: Command) -> None:
        self._compare(run_module("caliber_crawler", *arguments, folder=self.folder, **self.variables), command)

    def _compare(self, result: Result, command: Command) -> None:
        output = f"{result.stdout}\n{result.stderr}"
        assert result.exit_code == 0, f"{command.line}:\n{output}"
        assert missing_lines(command.shown, output) == [], f"{command.line}:\n{output}"
