"""The commands with their options, from click."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from caliber_crawler.commands.cli import COMMANDS, main
from docs.reference_pages.markdown import anchor, cell, code, escaped, table

INTRODUCTION = """# Commands

`caliber COMMAND --help` prints the same. Most commands take `--archive PATH` (default `data/archive.db`, or the
[environment variable](settings.md#environment-variables) `CALIBER_ARCHIVE`) and `--json`, which prints JSON for
scripts. Data goes to stdout, everything else to stderr. [Exit codes](codes.md#exit-codes) name the cause of a failure.

"""
COMMON = ("--help",)


def commands_page() -> str:
    """A list of all commands, then each with its options."""
    listed = table(
        ("Command", "What it does"),
        ((f"[`caliber {name}`](#{anchor(f'caliber {name}')})", cell(summary)) for name, summary in COMMANDS.items()),
    )
    return INTRODUCTION + listed + "".join(_described(path, command) for path, command in subcommands(main, "caliber"))


def subcommands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group by its full name, each followed by its own subcommands."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from subcommands(command, f"{path} {name}")


def _described(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    level = "#" * len(path.split())
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    rows = [_row(option, context) for option in options if option.opts[-1] not in COMMON]
    options_table = table(("Option", "Meaning", "Default", "Environment"), rows)
    parts = (f"{level} {path}", code(usage), _help(command.help or ""), options_table)
    return "".join(f"\n{part.rstrip()}\n" for part in parts if part)


def _help(text: str) -> str:
    """Help as Markdown: lines after a ``\\b`` are preformatted, and an example is a block of shell code."""
    blocks = []
    for block in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = block.strip().partition("\n")
        if not first.startswith("\b"):
            blocks.append(_paragraph(block))
        else:
            is_example = rest.startswith("Example:\n")
            lines = inspect.cleandoc(rest.removeprefix("Example:\n"))
            blocks.append(f"```{'sh' if is_example else 'text'}\n{lines}\n```")
    return "\n\n".join(block for block in blocks if block)


def _paragraph(text: str) -> str:
    return escaped(" ".join(text.split()))


def _row(option: click.Option, context: click.Context) -> tuple[str, str, str, str]:
    record = option.get_help_record(context)
    assert record is not None, option.name
    # What click appends in brackets is shown in columns of its own.
    help_text = re.sub(r"\s*\[env: \w+\]", "", option.help or "")
    words, _, given = help_text.partition("  [default: ")
    extra = option.get_help_extra(context)
    default = given.removesuffix("]") or extra.get("default", "")
    limits = _limits(extra["range"]) if "range" in extra else ""
    required = " Required." if option.required else ""
    variable = option.envvar if isinstance(option.envvar, str) else ""
    return code(record[0]), cell(words + limits + required), cell(default), code(variable) if variable else ""


def _limits(text: str) -> str:
    """A range as a sentence: ``x>=1``, ``0<=x<=9``."""
    numbers = re.findall(r"[\d.]+", text)
    return f" From {numbers[0]} to {numbers[1]}." if len(numbers) > 1 else f" At least {numbers[0]}."
