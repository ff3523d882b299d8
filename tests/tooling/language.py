"""The texts that users read, and the words that the project does not use in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import click

from caliber_crawler.commands.cli import main
from tests.tooling.repository import ROOT

PACKAGE = ROOT / "caliber_crawler"
DATA_MODULES = ("reasons.py", "extraction/lines.py", "extraction/wall_phrases.py")
"""Modules whose strings are not messages: names of elements, and phrases that are searched on pages. The reference
has the text of reasons."""
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md"))),
)

BANNED: dict[str, str] = {
    r"roads?\b(?! safety)": "discovery source",
    r"rungs?|ladders?": "extraction method",
    r"hand-?outs?|let go|taken? up": "dispatcher, release, resume",
    r"furniture|chrome\b(?!-)": "boilerplate",
    r"impostors?": "non-article page",
    r"intakes?|taken in|takes? in": "ingest",
    r"reread(?:s|ing)?|read again|read once more": "re-extract",
    r"seals?|sealed": "checksum",
    r"seats?": "worker",
    r"known ground|trodden": "already crawled",
    r"site(?:'s)? files?|its file": "site definition",
    r"unfiled|general reader": "generic site, generic extractor",
    r"kept pages?|pages? kept": "stored page",
    r"forg[eo]t(?:s|ten|ting)?": "takedown",
    r"twins?": "near-duplicate",
    r"moments?": "timestamp, date",
    r"(?<!mail )(?<!IP )(?<!private )(?<!link-local )(?<!public )(?<!loopback )"
    r"address(?:es)?(?! (?:book|bar|space))": "URL",
    r"told|tells?|telling": "report, print, return",
    r"stands?|stood|standing": "is, appears",
    r"bears?|bore|utter(?:s|ed)?|brings?|brought": "contain, return, state",
    r"nought|so many|whoever|came of": "0, maximum number of, operator, outcome",
    r"(?<!there )(?:is|are|was|were) no(?! (?:longer|more))": "is not a",
    r"strangers?": "visitors, third parties",
    r"mends?|mended|put right": "fix, repair",
    r"bat(?:ch|ches) of cards?|cards?\b": "teaser",
    r"for ever": "permanently, at any time",
}
"""Patterns that must not match whole words of a text, and what to write instead."""

_BANNED = [
    (re.compile(rf"(?<![\w/_.`-])(?:{pattern})(?![\w/_`-])", re.IGNORECASE), better)
    for pattern, better in BANNED.items()
]


PHRASE = re.compile(r"[a-z]{2,} [a-z]")
NOT_A_MESSAGE = re.compile(r"\b(?:SELECT|UPDATE|INSERT|WHERE|CREATE|FROM)\b|\(\?|\[\^|\\b")
"""SQL statements and regular expressions."""


class Text(NamedTuple):
    """A text for users, and where it is."""

    place: str
    text: str


def faults(text: Text) -> list[str]:
    """A line for each banned word of a text."""
    plain = re.sub(r"```.*?```|`[^`\n]*`|https?://\S+|\]\([^)]*\)", " ", text.text, flags=re.DOTALL)
    return [
        f"{text.place}: {found[0]!r} in {_around(plain, found)!r}; write {better!r}"
        for pattern, better in _BANNED
        for found in pattern.finditer(plain)
    ]


def _around(text: str, found: re.Match[str]) -> str:
    return " ".join(text[max(0, found.start() - 40) : found.end() + 40].split())


def help_texts(command: click.Command = main, path: str = "caliber") -> Iterator[Text]:
    """The help of every command and option."""
    context = click.Context(command, info_name=path)
    yield Text(f"{path} --help", command.get_help(context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from help_texts(found, f"{path} {name}")


def documents() -> Iterator[Text]:
    """The paragraphs of the documentation."""
    for name in DOCUMENTS:
        line = 1
        for block in re.split(
            r"(\n\s*\n)",
            re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), (ROOT / name).read_text("utf-8"), flags=re.DOTALL),
        ):
            if block.strip():
                yield Text(f"{name}:{line}", block)
            line += block.count("\n")


def templates() -> Iterator[Text]:
    """The visible text of the pages that Datasette shows."""
    for path in sorted((PACKAGE / "browse" / "templates").glob("*.html")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            visible = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", line)
            if re.search(r"\w{2}", visible):
                yield Text(f"{path.relative_to(ROOT)}:{number}", visible)


def tables() -> Iterator[Text]:
    """Descriptions of tables, charts and canned queries."""
    for path in sorted((PACKAGE / "browse").glob("*.toml")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.startswith(("sql", "SELECT", "  ")):
                yield Text(f"{path.relative_to(ROOT)}:{number}", line)


def messages() -> Iterator[Text]:
    """String literals of the code that contain a phrase: messages, labels, headings; no docstrings, no SQL."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "demo" in path.parts or str(path.relative_to(PACKAGE)) in DATA_MODULES:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
                continue
            if PHRASE.search(node.value) and not NOT_A_MESSAGE.search(node.value):
                yield Text(f"{path.relative_to(ROOT)}:{node.lineno}", node.value)
