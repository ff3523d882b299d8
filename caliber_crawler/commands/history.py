"""``caliber history``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

import click

from caliber_crawler.archive import Archive, ArticleVersion
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, secho, style
from caliber_crawler.differences import Paragraph, Piece, changes_only, line_differences, text_differences
from caliber_crawler.quantity import quantity

WIDTH = 100
COLUMNS = 60
"""Width of the chart."""
BARS = "▁▂▃▄▅▆▇█"
LINES: tuple[Literal["headline", "subtitle", "authors", "published_local"], ...] = (
    *("headline", "subtitle", "authors", "published_local"),
)
MARKS = {"removed": ("[-", "-]", "red"), "added": ("{+", "+}", "green")}
"""The marks of `wdiff`, so that changes are visible without colours."""


@click.command()
@click.argument("article")
@archive_option
@json_option
def history(article: str, archive: Path, *, as_json: bool) -> None:
    """Print every version of an article, its changes word by word, and its view counts over time.

    ARTICLE is its ID, or any URL that it has or had. Versions that a re-extraction replaced are left out.

    \b
    Example:
      caliber history https://caliber.az/en/post/baku-s-geopolitical-formula
    """
    with Archive.open(archive) as opened:
        known = opened.article(article)
        texts = opened.history(known["id"])
    counts = known["view_counts"]
    changes = [None, *(_changes(old, new) for old, new in pairwise(texts))]
    if as_json:
        echo_json(
            {
                "article": known["id"],
                "url": known["url"],
                "versions": [
                    {**text, "changes": change and {name: _pieces(parts) for name, parts in change.items()}}
                    for text, change in zip(texts, changes, strict=True)
                ],
                "view_counts": counts,
            }
        )
        return
    secho(known["headline"], bold=True)
    echo(f"{known['url']}\n")
    for text, change in zip(texts, changes, strict=True):
        echo(
            f"Version {text['number']}, seen {text['seen_from']} to {text['seen_until']},"
            f" {quantity(text['word_count'], 'word')}"
        )
        for line in _lines(change or {}):
            echo(line)
    for line in _curve([(count["observed_at"], count["views"]) for count in counts]):
        echo(line)


def _changes(old: ArticleVersion, new: ArticleVersion) -> dict[str, list[Paragraph]]:
    """The differences by field; of the body, only the changed paragraphs."""
    lines = {
        name: [line_differences(_line(old[name]), _line(new[name]))]
        for name in LINES
        if _line(old[name]) != _line(new[name])
    }
    body = changes_only(text_differences(old["body"], new["body"]))
    return lines | ({"body": body} if body else {})


def _line(value: object) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value or "")


def _pieces(paragraphs: Iterable[Paragraph]) -> list[list[dict[str, str]]]:
    return [[{"kind": piece.kind, "text": piece.text} for piece in paragraph.pieces] for paragraph in paragraphs]


def _lines(changes: dict[str, list[Paragraph]]) -> Iterable[str]:
    for name, paragraphs in changes.items():
        for paragraph in paragraphs:
            text = f"{name}: {''.join(map(_mark, paragraph.pieces))}"
            # Colours are added after wrapping, because their codes would count as width.
            yield textwrap.indent("\n".join(_colour(textwrap.wrap(text, WIDTH, break_on_hyphens=False))), "  ")
    if changes:
        yield ""


def _mark(piece: Piece) -> str:
    if piece.kind == "same":
        return piece.text
    opening, closing, _ = MARKS[piece.kind]
    blanks = piece.text[len(piece.text.rstrip()) :]
    return f"{opening}{piece.text.rstrip()}{closing}{blanks}"


def _colour(lines: list[str]) -> Iterable[str]:
    open_mark: str | None = None
    for line in lines:
        text, position = "", 0
        while position < len(line):
            if open_mark is None:
                starts = {
                    line.find(mark[0], position): kind for kind, mark in MARKS.items() if mark[0] in line[position:]
                }
                start = min(starts, default=len(line))
                text += line[position:start]
                position, open_mark = start, starts.get(start)
            else:
                _, closing, colour = MARKS[open_mark]
                end = line.find(closing, position)
                stop = len(line) if end < 0 else end + len(closing)
                text += style(line[position:stop], fg=colour)
                position, open_mark = stop, open_mark if end < 0 else None
        yield text


def _curve(counts: Sequence[tuple[str, int]]) -> list[str]:
    """The view counts over time, as one line of bars."""
    if not counts:
        return []
    times = [datetime.fromisoformat(time).timestamp() for time, _ in counts]
    values = [views for _, views in counts]
    first, last, least, most = times[0], times[-1], min(values), max(values)
    line = f"{quantity(values[-1], 'view')} at {counts[-1][0]}"
    if len(counts) == 1 or first == last:
        return [line]
    bars = ""
    for column in range(COLUMNS):
        time = first + (last - first) * (column + 1) / COLUMNS
        value = [views for at, views in zip(times, values, strict=True) if at <= time][-1]
        bars += BARS[round((value - least) / ((most - least) or 1) * (len(BARS) - 1))]
    return [bars, f"{values[0]:,} at {counts[0][0]} … {line}, {quantity(len(counts), 'view count')}"]
