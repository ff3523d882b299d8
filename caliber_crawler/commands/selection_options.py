"""Options that select articles, the same for all commands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any

import click

from caliber_crawler.archive import ArticleFilter, selection_of
from caliber_crawler.commands.options import DAY, TIMESTAMP, join_names

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("site", {"default": "", "help": "Only these sites, separated by commas."}),
    ("section", {"default": "", "help": "Only these sections, separated by commas."}),
    ("language", {"default": "", "help": "Only these languages (en, ru, hy …), separated by commas."}),
    ("from", {"type": DAY, "help": "Only articles published on this day or later (local time)."}),
    ("to", {"type": DAY, "help": "Only articles published on this day or earlier (local time)."}),
    ("since", {"type": TIMESTAMP, "help": "Only articles published at or after this time."}),
    ("until", {"type": TIMESTAMP, "help": "Only articles published before this time."}),
    (
        "code",
        {
            "multiple": True,
            "metavar": "VARIABLE=CODE",
            "help": "Only articles with this code from any coder; VARIABLE alone: with any code. May be repeated.",
        },
    ),
    (
        "unique",
        {
            "is_flag": True,
            "help": "Of near-duplicates (`caliber copies find`), only the first published that matches the filters.",
        },
    ),
    ("search", {"metavar": "QUERY", "help": "Only articles that `caliber search` finds for QUERY."}),
)


QUERY = "search"
"""The option that a command with a query of its own does not need."""


def filter_options(command: Callable[..., Any], *, without_query: bool = False) -> Callable[..., Any]:
    """Add the options to a command, which gets them as ``filters``: keyword filters of :class:`Archive`."""
    names = [name for name, _ in OPTIONS if not (without_query and name == QUERY)]

    @wraps(command)
    def with_filters(*arguments: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in names}
        return command(*arguments, filters=filters_from(given), **options)

    return add_options(with_filters, "", names)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets their ``Selection`` as ``selection``."""

    @wraps(command)
    def with_selection(*arguments: Any, filters: ArticleFilter, **options: Any) -> Any:
        return command(*arguments, selection=selection_of(**filters), **options)

    return filter_options(with_selection)


def add_options(command: Callable[..., Any], prefix: str, names: Collection[str]) -> Callable[..., Any]:
    """Add the options of these names, with a prefix (``--reference-site``)."""
    for name, attributes in reversed([(name, attributes) for name, attributes in OPTIONS if name in names]):
        command = click.option(f"--{prefix}{name}", **attributes)(command)
    return command


def filters_from(options: Mapping[str, Any]) -> ArticleFilter:
    """The values of the options as keyword filters."""
    filters: ArticleFilter = {
        "site": join_names(options["site"]),
        "section": join_names(options["section"]),
        "language": join_names(options["language"]),
        "first_day": options["from"],
        "last_day": options["to"],
        "since": options["since"],
        "until": options["until"],
        "code": options["code"],
        "unique": options["unique"],
    }
    return filters | {"search": options[QUERY]} if QUERY in options else filters
