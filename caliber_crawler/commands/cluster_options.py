"""Options that the commands of ``caliber cluster`` share, and the check of their extra."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click
from click.core import ParameterSource

from caliber_crawler.errors import MissingExtra

dsn_option = click.option(
    "--dsn",
    envvar="CALIBER_DSN",
    default="",
    show_envvar=True,
    help="The PostgreSQL database, as postgresql://user@host/database; libpq's variables (PGHOST, PGPASSWORD …) work"
    " too. Pass the password in the environment.",
)
shards_option = click.option(
    "--shards",
    envvar="CALIBER_SHARDS",
    default="data/shards",
    show_default=True,
    show_envvar=True,
    help="The storage of the shards: a folder that all machines share, or the URL of a bucket (s3://…, gs://…).",
)


def requires_extra(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command that needs the extra ``cluster``; also refuse a password on the command line."""

    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            from caliber_crawler.cluster import database
        except ImportError:
            raise MissingExtra("cluster") from None
        source = click.get_current_context().get_parameter_source("dsn")
        if source is ParameterSource.COMMANDLINE and database.has_password(options["dsn"]):
            raise click.UsageError(
                "Every user of this machine can read a command line: pass the password in CALIBER_DSN or PGPASSWORD."
            )
        return command(*arguments, **options)

    return update_wrapper(wrapped, command)
