"""The table that ``caliber extract --explain`` prints: every candidate of every field, and why one of them is used."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any
from unicodedata import east_asian_width

from caliber_crawler.commands.terminal import style
from caliber_crawler.extraction.candidates import FIELDS, Candidate, Explanation
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.items import Extraction, Problem
from caliber_crawler.quantity import quantity

MIN_WIDTH, DEFAULT_WIDTH = 72, 140
MAX_LINES = 2
"""Lines of a value; a longer one ends with its number of characters."""
MARK = "→ "


def explanation_json(page: Any, url: str, outcome: Extraction | Problem, explanation: Explanation) -> dict[str, Any]:
    """An explanation as one JSON object."""
    fields = {
        name: [_candidate_json(candidate) for candidate in explanation.fields[name]] for name in _names(explanation)
    }
    refusal = {"reason": outcome.reason, "message": outcome.message} if isinstance(outcome, Problem) else None
    warnings = outcome.warnings if isinstance(outcome, Extraction) else ()
    return {
        "page": page,
        "url": url,
        "refusal": refusal,
        "problems": [{"reason": problem.reason, "message": problem.message} for problem in warnings],
        "fields": fields,
        "left_out": [asdict(left_out) for left_out in explanation.left_out],
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    values = asdict(candidate)
    return values | {"chosen": values.pop("is_chosen")}


def explanation_lines(page: Any, url: str, outcome: Extraction | Problem, explanation: Explanation) -> Iterator[str]:
    """An explanation as a table for a terminal; the value that is used is marked and comes first."""
    yield style(str(page), bold=True)
    if url != page:
        yield url
    if isinstance(outcome, Problem):
        yield style(f"Refused ({outcome.reason}): {outcome.message}", fg="red")
    else:
        yield f"Article, layout {outcome.layout}."
        for problem in outcome.warnings:
            yield style(f"Warning ({problem.reason}): {problem.message}", fg="yellow")
    width = max(MIN_WIDTH, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns) - len(MARK) - 4
    widths = (width * 2 // 5, width * 5 // 20, width - width * 2 // 5 - width * 5 // 20)
    missing = [name for name in FIELDS if not explanation.fields.get(name)]
    for name in _names(explanation):
        yield ""
        yield style(name, bold=True)
        for candidate in sorted(explanation.fields[name], key=lambda candidate: not candidate.is_chosen):
            yield from _row(candidate, widths)
    if explanation.left_out:
        yield ""
        yield style("left out of the body", bold=True)
    for left_out in explanation.left_out:
        amount = f"{quantity(left_out.letters, 'letter')} ({left_out.share:.0%} of the page), {left_out.places}×"
        yield from _row(Candidate(left_out.sample, amount, "", left_out.reason), widths)
    if missing:
        yield ""
        yield f"No candidate for: {', '.join(missing)}."


def _names(explanation: Explanation) -> list[str]:
    found = {name for name, candidates in explanation.fields.items() if candidates}
    return [*(name for name in FIELDS if name in found), *sorted(found - set(FIELDS))]


def _row(candidate: Candidate, widths: Sequence[int]) -> Iterator[str]:
    cells = (_short(candidate.value, widths[0]), candidate.source, candidate.why)
    columns = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        mark = MARK if candidate.is_chosen and not number else " " * len(MARK)
        line = mark + "  ".join(part + " " * (width - _width(part)) for part, width in zip(parts, widths, strict=True))
        yield style(line.rstrip(), fg="green") if candidate.is_chosen else line.rstrip()


def _short(value: str, width: int) -> str:
    """A value as one line that fills at most ``MAX_LINES`` lines of a column."""
    line = clean_inline(value)
    longest = MAX_LINES * width
    if _width(line) <= longest:
        return line
    tail = f"… ({quantity(len(value), 'character')})"
    kept = ""
    for letter in line:
        if _width(kept) + _width(letter) > longest - len(tail) - width // 4:
            break
        kept += letter
    return kept.rstrip() + tail


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a text in a column; a wide letter takes two places."""
    if _width(text) == len(text):
        return textwrap.wrap(text, width) or [""]
    lines = [""]
    for letter in text:
        if _width(lines[-1]) + _width(letter) > width:
            lines.append("")
        lines[-1] += letter
    return [line.strip() for line in lines]


def _width(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
