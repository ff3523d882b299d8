"""Options that select articles, the same for all commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click

from caliber_crawler.archive import Selection
from caliber_crawler.commands.options import DAY, TIMESTAMP, join_names

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("site", {"default": "", "help": "Only these sites, separated by commas."}),
    ("section", {"default": "", "help": "Only these sections, separated by commas."}),
    ("language", {"default": "", "help": "Only these languages (en, ru, hy …), separated by commas."}),
    ("from", {"type": DAY, "help": "Only articles published on this day or later (local time)."}),
    ("to", {"type": DAY, "help": "Only articles published on this day or earlier (local time)."}),
    ("since", {"type": TIMESTAMP, "help": "Only articles published at or after this time."}),
    ("until", {"type": TIMESTAMP, "help": "Only articles published before this time."}),
    ("code", {"multiple": True, "metavar": "VARIABLE=CODE", "help": "Only articles with this code from any coder."}),
    ("unique", {"is_flag": True, "help": "Of near-duplicates (`caliber copies find`), only the first published."}),
    ("search", {"metavar": "QUERY", "help": "Only articles that `caliber search` finds for QUERY."}),
)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, and call the command with their ``Selection`` as ``selection``."""

    @wraps(command)
    def with_selection(*arguments: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name, _ in OPTIONS}
        return command(*arguments, selection=selection_from(given), **options)

    return add_options(with_selection, "")


def add_options(command: Callable[..., Any], prefix: str) -> Callable[..., Any]:
    """Add the options under names with a prefix (``--reference-site``)."""
    for name, attributes in reversed(OPTIONS):
        command = click.option(f"--{prefix}{name}", **attributes)(command)
    return command


def selection_from(options: Mapping[str, Any]) -> Selection:
    return Selection(
        sites=join_names(options["site"]),
        sections=join_names(options["section"]),
        languages=join_names(options["language"]),
        first_day=options["from"],
        last_day=options["to"],
        since=options["since"],
        until=options["until"],
        codes=options["code"],
        unique=options["unique"],
        search=options["search"],
    )
