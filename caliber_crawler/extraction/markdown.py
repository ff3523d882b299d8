"""A body as Markdown (CommonMark with GitHub's tables): structure, emphasis and links, which plain text lacks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from caliber_crawler.extraction.embeds import parse_embed
from caliber_crawler.extraction.lines import BETWEEN_CELLS, PLAIN, Line, Style, are_gaps_known
from caliber_crawler.extraction.text import without_invisible

Resolve = Callable[[str], str | None]
"""Makes the URL of a link or a picture absolute; ``None`` if it is not a web URL."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>~|]|&(?=#?\w+;))")
_SPECIAL_MARKS = "\\`*_[]<>~|&"
# Text that would start a heading, an item, a rule or a quotation at the beginning of a line.
_BLOCK_START = re.compile(r"#{1,6}(?=\s|$)|[-+](?=\s|$)|-+$|=+$")
_NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_NOT_IN_URL = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C"})
_BLANKS = re.compile(r"\s+")
_CLOSING_MARKS = re.compile(r"(?:^|(?<= ))(#+)$")
_ITEM = re.compile(r"(?:-|\d\.) $")


def write_markdown(lines: Sequence[Line], resolve: Resolve, locate: Resolve = lambda _: None) -> str:
    """Return the lines of a body as Markdown; as HTML it reads like :func:`lines.paragraphs` of the same lines.

    Pictures that ``locate`` finds keep their position on the page, before the text of their line.
    """
    texts = [line for line in lines if line.text]
    gaps = are_gaps_known(texts)
    whole = "".join([line.text for line in texts])
    # Most texts have few kinds of these characters, and a search in all of it is faster than one in each line.
    special = [mark for mark in _SPECIAL_MARKS if mark in whole]
    parts: list[str] = []
    above: Line | None = None
    for line in lines:
        text, gap, heading, _, pictures, prefix, cells, runs = line
        if text and not (runs or pictures or cells) and (prefix or not heading):
            if above is not None:
                apart = gap or not gaps or not above.text
                if above.prefix or above.cells:
                    parts.append(_between(above, line, apart=apart))
                else:
                    parts.append("\n\n" if apart else "\\\n")
            parts.append(prefix + _write_plain(text, special))
            above = line
            continue
        written = _write_pictures(line, locate) if pictures else ""
        if not (text or written):
            continue
        if above is not None:
            apart = gap or not gaps or not (text and above.text)
            parts.append(_between(above, line, apart=apart))
        parts.append(_write_line(line, above, resolve, written))
        above = line
    return "".join(parts)


def _write_plain(text: str, special: Sequence[str]) -> str:
    """A line that is nothing but text: the same as :func:`_write_words`, in a part of the time.

    ``special``: those of the special characters that it may have.
    """
    if text[0] == "[" and (embed := parse_embed(text)):
        return _write_embed(embed)
    for mark in special:
        if mark in text:
            text = _SPECIAL.sub(r"\\\1", text)
            break
    first = text[0]
    return text if first.isalpha() else _escape_start(text)


def _between(above: Line, line: Line, *, apart: bool) -> str:
    if not (above.prefix or above.cells):
        return "\n\n" if apart else "\\\n"
    if above.cells and line.cells and not line.gap:
        return "\n"
    if not apart:
        return "\\\n"
    if _ITEM.search(above.prefix) and _ITEM.search(line.prefix):
        return "\n"
    return "\n>\n" if above.prefix.startswith("> ") and line.prefix.startswith("> ") else "\n\n"


def _write_pictures(line: Line, locate: Resolve) -> str:
    written = []
    for picture in line.pictures if not line.cells else ():  # a table row has no room for pictures
        if url := locate(picture.url):
            caption = _escape(picture.caption).replace('"', '\\"')
            title = f' "{caption}"' if caption else ""
            written.append(f"![{_escape(picture.alt or picture.caption)}]({url.translate(_NOT_IN_URL)}{title})")
    return " ".join(written)


def _write_line(line: Line, above: Line | None, resolve: Resolve, pictures: str) -> str:
    if line.cells:
        row = f"{line.prefix}| {_write_runs(line, resolve)} |"
        first = above is None or line.gap or not above.cells
        return f"{row}\n{line.prefix}|{' --- |' * line.cells}" if first else row
    marker = "#" * line.heading + " " if line.heading and not line.prefix else line.prefix
    words = _write_words(line, resolve, pictures)
    return f"{marker}{pictures} {words}" if pictures and words else f"{marker}{pictures}{words}"


def _write_words(line: Line, resolve: Resolve, pictures: str) -> str:
    if embed := parse_embed(line.text):
        return _write_embed(embed)
    words = _write_runs(line, resolve)
    if line.heading and not line.prefix:
        # Number signs at the end of a heading would be read as its closing sequence.
        return _CLOSING_MARKS.sub(r"\\\1", words) if words.endswith("#") else words
    return words if pictures else _escape_start(words)


def _write_embed(embed: tuple[str, str]) -> str:
    return f"[{_escape(embed[0])}]({embed[1].translate(_NOT_IN_URL)})"


def _write_runs(line: Line, resolve: Resolve) -> str:
    if not line.runs:
        return _escape(line.text)
    runs = _clean_runs(line)
    written = []
    for position, (text, style) in enumerate(runs):
        if style is PLAIN:
            written.append(text if line.cells and text == BETWEEN_CELLS else _escape(text))
            continue
        before, after = (runs[at][0] if 0 <= at < len(runs) else "" for at in (position - 1, position + 1))
        if position and runs[position - 1][1] is not PLAIN and before[-1:] != " ":
            style = Style(href=style.href)  # adjacent emphasis in one word: the marks would merge
        written.append(_dress(text, style, before[-1:], after[:1], resolve))
    text = "".join(written)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    # An exclamation mark before a link would make it a picture.
    return text.strip().replace("![", "\\![")


def _clean_runs(line: Line) -> list[tuple[str, Style]]:
    """The runs with merged styles, and with blanks as in the clean text of the line."""
    runs: list[tuple[str, Style]] = []
    blank, at, every = True, 0, line.runs
    while at < len(every):
        text, style = every[at]
        begin, is_mark, at = at, text == BETWEEN_CELLS, at + 1
        while at < len(every) and every[at][1] == style and (every[at][0] == BETWEEN_CELLS) is is_mark:
            at += 1
        if at - begin > 1:
            text = "".join([part for part, _ in every[begin:at]])
        if not text.isprintable() or "  " in text:  # otherwise its only white space is single blanks
            text = _BLANKS.sub(" ", without_invisible(text))
        if line.cells and text == BETWEEN_CELLS:
            runs.append((text, PLAIN))
        elif text := text.lstrip() if blank else text:
            runs.append((text, PLAIN if style == PLAIN else style))
        blank = text.endswith(" ") if text else blank
    return runs


def _dress(text: str, style: Style, before: str, after: str, resolve: Resolve) -> str:
    """Return a run with its emphasis marks next to its words, as Markdown requires."""
    url = resolve(style.href) if style.href else None
    start, end = 0, len(text)
    while start < end and _is_edge(text[start], beside_word=before.isalnum() and not url):
        start += 1
    while start < end and _is_edge(text[end - 1], beside_word=after.isalnum() and not url):
        end -= 1
    core = _escape(text[start:end])
    if not core:
        return _escape(text)
    marks = "*" * (style.emphasis + 2 * style.strong)
    core = f"{marks}{core}{marks}"
    if url:
        core = f"[{core}]({url.translate(_NOT_IN_URL)})"
    return f"{_escape(text[:start])}{core}{_escape(text[end:])}"


def _is_edge(char: str, *, beside_word: bool) -> bool:
    """Return whether this character at the edge of an emphasis must be outside its marks."""
    return not char.isalnum() if beside_word else char.isspace()


def _escape(text: str) -> str:
    # Most texts have none of them, and a search for each is faster than one for all.
    if (
        "_" in text
        or "*" in text
        or "[" in text
        or "]" in text
        or "<" in text
        or ">" in text
        or "&" in text
        or "|" in text
        or "~" in text
        or "`" in text
        or "\\" in text
    ):
        return _SPECIAL.sub(r"\\\1", text)
    return text


def _escape_start(line: str) -> str:
    if not (line[:1] in "#-+=" or line[0].isdecimal()):  # most lines begin with a letter
        return line
    if _BLOCK_START.match(line):
        return f"\\{line}"
    return _NUMBER_START.sub(r"\1\\\2", line, count=1) if _NUMBER_START.match(line) else line
