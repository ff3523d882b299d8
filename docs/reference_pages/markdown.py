"""Pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, except what is in backquotes."""
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(
        part if number % 2 else re.sub(r"([\\\[\]*_<|])", r"\\\1", part) for number, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """The text of a cell of a table: on one line."""
    return " ".join(escaped(text).split())


def code(text: object) -> str:
    """A text in backquotes."""
    return f"`{text}`".replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; empty without rows. Columns without any value are left out."""
    filled = [list(row) for row in rows]
    shown = [number for number in range(len(head)) if any(row[number] for row in filled)]
    lines = [[head[number] for number in shown], ["---"] * len(shown), *([row[n] for n in shown] for row in filled)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) if filled else ""


def anchor(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
