"""Options that several commands share, meaning the same in each."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from caliber_crawler.commands.terminal import echo


class Moment(click.ParamType[datetime]):
    """An ISO 8601 time, in UTC unless it says otherwise."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-01-07T10:00:00Z.", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Size(click.ParamType[int]):
    """So many bytes, as ``1GB`` or ``500 MiB``; a bare number is of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", value.strip().upper())
        if match is None:
            self.fail(f"{value!r} is not a size; write it as 1GB or 500MB.", param, ctx)
        number, unit, binary = match.groups()
        return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit or " "))


MOMENT = Moment()
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
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, in the archive's own names.")


def echo_json(value: Any) -> None:
    """Print a value as JSON that people can read, letters as they are."""
    echo(json.dumps(value, ensure_ascii=False, indent=2))
