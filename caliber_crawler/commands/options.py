"""Options that several commands share."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from caliber_crawler.commands.terminal import echo

if TYPE_CHECKING:
    pass


class Timestamp(click.ParamType[datetime]):
    """An ISO 8601 timestamp. Without an offset it is in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(value)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a timestamp; write it as 2026-01-07T10:00:00Z.", param, ctx)


class Size(click.ParamType[int]):
    """A number of bytes, such as ``1GB`` or ``500 MiB``; a number without a unit is in bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", value.strip().upper())
        if match is None:
            self.fail(f"{value!r} is not a size; write it as 1GB or 500MB.", param, ctx)
        number, unit, binary = match.groups()
        return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit or " "))


TIMESTAMP = Timestamp()
SIZE = Size()

archive_option = click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="CALIBER_ARCHIVE",
    default=Path("data/archive.db"),
    show_default=True,
    show_envvar=True,
    help="The archive: one SQLite file.",
)


def join_names(text: str) -> tuple[str, ...]:
    """The names in a text, separated by commas."""
    return tuple(dict.fromkeys(part for each in text.split(",") if (part := each.strip())))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with the archive's column names.")


class Day(click.ParamType[str]):
    """A day, such as ``2026-01-31``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            day = date.fromisoformat(value).isoformat()
        except ValueError:
            day = ""
        if day != value:
            self.fail(f"{value!r} is not a day; write it as 2026-01-31.", param, ctx)
        return day


DAY = Day()


class QueryCommand(click.Command):
    """A command whose arguments are a query: ``-word`` is an excluded word, and not an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_excluded_words(args, self.get_params(ctx)))


def with_excluded_words(args: list[str], params: list[click.Parameter]) -> list[str]:
    """The arguments of a command, with ``--`` before the queries if one of them begins with a minus.

    An argument that begins with one minus is a query, unless it is an option of the command. Options may follow it.
    """
    options = {name: param for param in params if isinstance(param, click.Option) for name in param.opts}
    known: list[str] = []
    queries: list[str] = []
    rest = iter(args)
    for arg in rest:
        name = arg.partition("=")[0]
        if arg == "--":
            queries += rest
        elif name in options:
            known.append(arg)
            if name == arg and not (options[name].is_flag or options[name].count):
                known += [value for value in [next(rest, None)] if value is not None]
        elif arg.startswith("--"):
            known.append(arg)
        else:
            queries.append(arg)
    return [*known, "--", *queries] if any(query.startswith("-") for query in queries) else args


def echo_json(value: Any) -> None:
    """Print a value as indented JSON, without escapes for non-ASCII letters."""
    echo(json.dumps(value, ensure_ascii=False, indent=2))
