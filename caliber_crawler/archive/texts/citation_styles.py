"""Citations with the digests of the stored page and its text: as a footnote, and for BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import IO, Literal
from urllib.parse import quote

from caliber_crawler.archive.texts.cited_texts import CitedText, citation_key

CitationStyle = Literal["text", "bibtex", "ris", "csl-json"]

# https://www.ctan.org/pkg/biblatex: the field types of an @online entry are names, literals, dates and a verbatim URL.
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
LATEX_LANGUAGES = {"en": "english", "ru": "russian", "hy": "armenian", "az": "azerbaijani", "tr": "turkish"}


@dataclass(frozen=True, slots=True)
class Style:
    """How entries are written in one style, and how a list of them is."""

    entry: Callable[[CitedText, str], str]
    """The entry of a text under a key."""
    media_type: str
    suffix: str
    """The suffix of files, with the dot."""
    opening: str = ""
    separator: str = "\n"
    closing: str = "\n"


def write_bibliography(texts: Iterable[CitedText], style: CitationStyle, file: IO[str]) -> int:
    """Write a citation of each text, each under a key of its own, and return their number."""
    form = STYLES[style]
    used: set[str] = set()
    file.write(form.opening)
    for text in texts:
        key = citation_key(text)
        if key in used:
            # Two editions of a site may use the same slug.
            key = f"{key}-{text['version_id']}"
        file.write((form.separator if used else "") + form.entry(text, key))
        used.add(key)
    if used or form.opening:
        file.write(form.closing)
    return len(used)


def citations(texts: Iterable[CitedText], style: CitationStyle) -> str:
    """The citations of some texts, as one text without a line end."""
    file = StringIO()
    write_bibliography(texts, style, file)
    return file.getvalue().rstrip("\r\n")


def footnote(text: CitedText, _key: str = "") -> str:
    """One line: the article as published, and the capture that it was extracted from.

    The SHA-256 is that of the page's bytes: a reader who has the page can verify it.
    """
    local = text["published_local"]
    published = _day(datetime.fromisoformat(local)) if local else "no date"
    authors = ", ".join(_authors(text))
    # Quotation marks within a title in quotation marks are single ones.
    title = _line(text["headline"]).replace("“", "‘").replace("”", "’")
    parts = [authors, f"“{title}”", _line(text["outlet"]), published, text["url"]]
    line = ". ".join(part for part in parts if part)
    if text["body_digest"]:
        seen = datetime.fromisoformat(text["fetched_at"])
        version = "" if text["is_current"] else f", version {text['version']}"
        line += f" (archived {_day(seen)}, {seen:%H:%M} UTC{version}; SHA-256 {text['body_digest']})"
    return f"{line}."


def bibtex(text: CitedText, key: str) -> str:
    """An entry for biblatex; braces preserve the capitals of names and titles."""
    published = text["published_local"]
    fields = {
        "author": " and ".join(f"{{{_latex(name)}}}" for name in _authors(text)),
        "title": f"{{{_latex(text['headline'])}}}",
        "subtitle": f"{{{_latex(text['subtitle'])}}}" if text["subtitle"] else "",
        "organization": f"{{{_latex(text['outlet'])}}}",
        "date": published[:10] if published else "",
        # biblatex reads a URL verbatim, except for braces.
        "url": quote(text["url"], safe="/:?#[]@!$&'()*+,;=%-._~"),
        "urldate": text["fetched_at"][:10],
        "langid": LATEX_LANGUAGES.get(text["language"], ""),
        "note": _latex(_note(text)),
    }
    lines = [f"  {name:12} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{{key},", *lines, "}"])


def ris(text: CitedText, key: str) -> str:
    """A record for EndNote, Mendeley and Zotero: https://en.wikipedia.org/wiki/RIS_(file_format)."""
    published = text["published_local"]
    fields = [
        ("TY", "NEWS"),
        ("ID", key),
        # The format reserves the asterisk in names. A name is not divided: nothing says which part is the family name.
        *(("AU", name.replace("*", "")) for name in _authors(text)),
        ("TI", text["headline"]),
        ("T2", text["outlet"].replace("*", "")),
        ("PY", published[:4] if published else ""),
        ("DA", f"{published[:10].replace('-', '/')}/" if published else ""),
        ("Y2", f"{text['fetched_at'][:10].replace('-', '/')}/"),
        ("LA", text["language"]),
        ("UR", text["url"]),
        ("N1", _note(text)),
    ]
    lines = [f"{tag}  - {line}" for tag, value in fields if (line := _line(value))]
    return "\r\n".join([*lines, "ER  - "])


def csl_json(text: CitedText, key: str) -> str:
    """A CSL-JSON item for Zotero and Pandoc: https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html."""
    published = text["published_local"]
    item = {
        "id": key,
        "type": "article-newspaper",
        "title": text["headline"],
        "author": [{"literal": name} for name in _authors(text)],
        "container-title": text["outlet"],
        "issued": {"date-parts": [_date_parts(published)]} if published else None,
        "accessed": {"date-parts": [_date_parts(text["fetched_at"])]},
        "URL": text["url"],
        "language": text["language"],
        "note": _note(text),
    }
    written = json.dumps({name: value for name, value in item.items() if value}, ensure_ascii=False, indent=2)
    # Not `textwrap.indent`, which also takes U+0085 and the like inside a text for the end of a line.
    return "  " + written.replace("\n", "\n  ")


STYLES: dict[CitationStyle, Style] = {
    "text": Style(footnote, "text/plain", ".txt"),
    "bibtex": Style(bibtex, "application/x-bibtex", ".bib", separator="\n\n"),
    "ris": Style(ris, "application/x-research-info-systems", ".ris", separator="\r\n", closing="\r\n"),
    "csl-json": Style(
        csl_json, "application/vnd.citationstyles.csl+json", ".json", opening="[\n", separator=",\n", closing="\n]\n"
    ),
}
"""Every style."""


def _note(text: CitedText) -> str:
    version = "" if text["is_current"] else f"; version {text['version']}, not the current text"
    page = f"; SHA-256 of the page {text['body_digest']}" if text["body_digest"] else ""
    return f"Archived {text['fetched_at']}{version}{page}; of the text {text['content_digest']}"


def _authors(text: CitedText) -> list[str]:
    return [_line(name) for name in json.loads(text["authors"])]


def _line(text: str) -> str:
    """A text as one line without control characters: a line end would begin another field."""
    return " ".join(
        "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text).split()
    )


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def _date_parts(time: str) -> list[int]:
    date = datetime.fromisoformat(time)
    return [date.year, date.month, date.day]


def _latex(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in _line(text))
