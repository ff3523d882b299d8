"""Options of a crawl on the command line, made from the fields of :class:`CrawlOptions` and its subclasses."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import update_wrapper
from pathlib import Path
from typing import Any, TypeVar

import click

from caliber_crawler.crawling.options import SCOPE_OPTIONS, CrawlOptions, Option, option, option_fields

Command = Callable[..., Any]
Options = TypeVar("Options", bound=CrawlOptions)

PARALLEL = 32
"""Default maximum number of sites that one process crawls in parallel."""
SITE_OPTIONS = (*SCOPE_OPTIONS, "base_url")
"""Options of a crawl that a schedule repeats."""


@dataclass(frozen=True, kw_only=True)
class CrawlCommand(CrawlOptions):
    """All arguments and options of ``caliber crawl``."""

    sites: tuple[str, ...] = ()
    archive: Path = Path("data/archive.db")
    as_json: bool = False
    all: bool = option(False, "Crawl every site that has a site definition.")
    sites_file: str = option("", "Crawl the sites of FILE, too: one start URL a line.", metavar="FILE", flag="--sites")
    parallel: int = option(PARALLEL, "Maximum number of sites crawled in parallel.", minimum=1)
    contact: str | None = option(
        None,
        "E-mail address or web page of the operator.",
        metavar="WHO",
        variable="CALIBER_CONTACT",
        setting="CONTACT",
    )
    notify: str = option(
        "",
        "Send a message when the state of a site changes: healthy, alarm or failed. TARGET is a webhook, a chat"
        " (slack+https://…, mattermost+…, teams+…), mailto:NAME@HOST or env:NAME.",
        metavar="TARGET",
        variable="CALIBER_NOTIFY",
    )
    ping: str = option(
        "",
        "Request this URL after a healthy crawl, and URL/fail after any other: a sign of life for monitoring.",
        metavar="URL",
        variable="CALIBER_PING",
    )
    verbose: bool = option(False, "Log every page to stderr.", short="v")


def takes(options: type[Options], only: Collection[str] | None = None) -> Callable[[Command], Command]:
    """Add the options of a dataclass, all or ``only`` some, to a command, which receives them as one object."""

    def decorate(command: Command) -> Command:
        names = {field.name for field in fields(options)}

        def wrapped(**values: Any) -> Any:
            given = {name: values.pop(name) for name in names & values.keys()}
            return command(options(**given), **values)

        update_wrapper(wrapped, command)
        for field, metadata in reversed(list(option_fields(options))):
            if only is None or field.name in only:
                _click_option(field.name, str(field.type), field.default, metadata)(wrapped)
        return wrapped

    return decorate


def command_line(options: CrawlOptions) -> list[str]:
    """The arguments that pass these options to ``caliber crawl``, without defaults.

    A value that comes from an environment variable stays there: every user of the machine can read a command line, and
    the URL of a webhook may be a secret.
    """
    words: list[str] = []
    for field, metadata in option_fields(type(options)):
        value = getattr(options, field.name)
        variable = metadata.variable
        if value == field.default or (variable and os.environ.get(variable) == value):
            continue
        name = metadata.flag or _name(field.name)
        words += [name] if value is True else [name, str(value)]
    return words


def _name(field: str) -> str:
    return "--" + field.replace("_", "-")


def _click_option(name: str, kind: str, default: Any, option: Option) -> Callable[[Command], Command]:
    help = option.help + (f"  [env: {option.variable}]" if option.variable else "")
    names = [f"-{option.short}"] * bool(option.short) + [option.flag or _name(name), name]
    if kind == "bool":
        return click.option(*names, is_flag=True, help=help)
    types: dict[str, click.ParamType[Any]] = {
        "int": click.IntRange(min=None if option.minimum is None else int(option.minimum)),
        "float": click.FloatRange(min=option.minimum),
    }
    return click.option(
        *names,
        type=types.get(kind.partition(" ")[0], click.STRING),
        default=default,
        show_default=default not in (None, ""),
        metavar=option.metavar,
        envvar=option.variable,
        help=help,
    )
