"""Settings of crawls from the source of ``settings.py``, and environment variables from the options of commands."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import click

from caliber_crawler import settings
from caliber_crawler.commands.cli import main
from docs.reference_pages.commands import subcommands
from docs.reference_pages.markdown import anchor, cell, code, table

INTRODUCTION = """# Settings

## Environment variables

An option overrides its variable.

"""
OF_SETTINGS = """
## Settings of crawls

Defaults of [Scrapy's settings](https://docs.scrapy.org/en/latest/topics/settings.html) and of this program's own. Some
have an [option](commands.md#caliber-crawl) of `caliber crawl`; Scrapy's command sets any of them:
`scrapy crawl caliber -s TRAP_PAGES=10000`.
"""
SECTION = re.compile(r"# --- (?P<heading>.+?) -+\n")
MAX_WIDTH = 60
"""Longer values are shown as a block of code."""
OTHER_VARIABLES = {
    "CALIBER_BROWSE_HOSTS": (
        "Host names under which `caliber browse` may be visited, separated by commas, besides those of this machine.",
        "caliber browse",
    ),
    "CALIBER_CHROMIUM": ("Path of Chromium, if it is not found, for listings that need a browser.", "caliber crawl"),
    "CALIBER_COLD_FOLDER": (
        "A folder to search for files in cold storage, before the one that the archive records.",
        "caliber cold",
    ),
    "CALIBER_DEFINITIONS": ("A folder of site definitions in TOML.", "caliber crawl"),
    "CALIBER_SMTP_FROM": ("Sender of e-mail.", "caliber alerts"),
    "CALIBER_SMTP_URL": ("Mail server: `smtps://user:password@mail.example.org`.", "caliber alerts"),
    "CALIBER_SPIDERS": (
        "Further modules or packages with site definitions, separated by spaces.",
        "caliber crawl",
    ),
}
"""Variables that are not those of an option: the meaning, and the command that they matter to most."""


@dataclass
class Setting:
    """One assignment of ``settings.py``."""

    name: str
    value: str
    source: str
    meaning: str


@dataclass
class Part:
    """The settings under one heading, and functions and remarks left out."""

    heading: str
    settings: list[Setting] = field(default_factory=list)


def variables() -> dict[str, tuple[str, list[str]]]:
    """Every environment variable: the meaning, and the commands."""
    found: dict[str, tuple[str, list[str]]] = {name: (text, [of]) for name, (text, of) in OTHER_VARIABLES.items()}
    for path, command in subcommands(main, "caliber"):
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                meaning = re.sub(r"\s*\[.*", "", option.help or "")
                found.setdefault(option.envvar, (meaning, []))[1].append(path)
    return dict(sorted(found.items()))


def parts() -> list[Part]:
    """The settings by their headings, in the order of the source."""
    source = Path(settings.__file__).read_text("utf-8")
    places = [*SECTION.finditer(source)]
    found = [Part("General"), *(Part(place["heading"]) for place in places)]
    starts = [source.count("\n", 0, place.start()) + 1 for place in places]
    body = ast.parse(source).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            part = found[sum(start <= node.lineno for start in starts)]
            part.settings.append(_setting(node, following, source))
    return [part for part in found if part.settings]


def _setting(node: ast.Assign, following: ast.stmt | None, source: str) -> Setting:
    lines = source.splitlines()
    meaning = lines[node.end_lineno - 1][node.end_col_offset :].partition("# ")[2] if node.end_lineno else ""
    if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
        meaning = str(following.value.value)
    above = lines[node.lineno - 2]
    if not meaning and above.startswith("# ") and not above.startswith("# ---"):
        meaning = above.removeprefix("# ")
    text = ast.get_source_segment(source, node) or ""
    return Setting(ast.unparse(node.targets[0]), ast.unparse(node.value), text, meaning)


def settings_page() -> str:
    """Environment variables and settings."""
    rows = ((code(name), cell(text), _commands(paths)) for name, (text, paths) in variables().items())
    text = INTRODUCTION + table(("Variable", "Meaning", "Commands"), rows) + OF_SETTINGS
    for part in parts():
        text += f"\n### {part.heading.partition(':')[0]}\n\n"
        if remark := part.heading.partition(": ")[2]:
            text += f"{remark[0].upper()}{remark[1:]}.\n\n"
        short = [each for each in part.settings if len(each.value) <= MAX_WIDTH]
        rows = ((code(each.name), code(each.value), cell(each.meaning)) for each in short)
        blocks = [f"```python\n{each.source}\n```\n" for each in part.settings if each not in short]
        text += "\n".join(filter(None, [table(("Setting", "Value", "Meaning"), rows), *blocks]))
    return text


def _commands(paths: list[str]) -> str:
    if len(paths) > 6:
        return "most"
    return ", ".join(f"[`{path}`](commands.md#{anchor(path)})" for path in paths)
