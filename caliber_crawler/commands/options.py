"""Options that several commands share, meaning the same in each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click


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


MOMENT = Moment()

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
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
