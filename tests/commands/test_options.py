"""The options on a command line reach the functions that implement the commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from caliber_crawler.commands.cli import main
from caliber_crawler.commands.crawl_options import CrawlCommand, command_line, takes
from caliber_crawler.crawling.options import option_fields


def commands_in(group: click.Group, name: str = "caliber") -> Iterator[tuple[str, click.Command]]:
    """All commands below a group, each with the words that call it."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands_in(command, f"{name} {word}")
        yield f"{name} {word}", command


COMMANDS = dict(commands_in(main))
COLLECTED = {"options", "filters", "selection", "reference", "ctx"}
"""Parameters that are made from several options."""


@click.command()
@takes(CrawlCommand)
def print_options(options: CrawlCommand) -> None:
    click.echo(repr(options))


def parsed(*words: str) -> str:
    result = CliRunner().invoke(print_options, list(words), env={"CALIBER_CONTACT": None, "CALIBER_NOTIFY": None})
    assert result.exit_code == 0, result.output
    return result.output.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_of_a_command_is_on_its_command_line(name: str) -> None:
    command = COMMANDS[name]
    assert command.callback is not None
    parameters = inspect.signature(command.callback).parameters
    received = {*parameters} - COLLECTED
    given = {parameter.name for parameter in command.params if parameter.expose_value}
    assert received <= given
    if parameters.keys() <= received | {"ctx"}:
        assert received == given


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_a_help_text(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert all(each.help for each in command.params if isinstance(each, click.Option)), name


def test_without_options_a_crawl_has_the_default_values() -> None:
    assert parsed() == repr(CrawlCommand())


def test_a_flag_is_off_by_default() -> None:
    flags = [field for field in fields(CrawlCommand) if field.type == "bool"]
    assert {field.name for field in flags} >= {"due", "backfill", "all", "verbose"}
    assert not any(field.default for field in flags)


@pytest.mark.parametrize(
    "values",
    [{"due": True}, {"verbose": True, "backfill": True}, {"limit": 7, "delay": 0.5}, {"section": "a b", "parallel": 2}],
)
def test_the_command_line_of_options_gives_the_same_options(values: dict[str, Any]) -> None:
    options = replace(CrawlCommand(), **values)
    assert parsed(*command_line(options)) == repr(options)


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        (each.name, f"{option.minimum - step:g}", step == 0)
        for each, option in option_fields(CrawlCommand)
        if option.minimum is not None
        for step in (0, 1)
    ],
)
def test_a_number_has_a_minimum(name: str, value: str, accepted: bool) -> None:
    result = CliRunner().invoke(print_options, [f"--{name.replace('_', '-')}", value])
    assert result.exit_code == (0 if accepted else 2), result.output


def test_a_short_name_is_the_same_option() -> None:
    assert parsed("-v") == parsed("--verbose")
