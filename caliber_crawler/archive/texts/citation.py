"""Citations of an article with the digest of its stored page, as a footnote, BibTeX or CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote

from caliber_crawler.archive.core.rows import SiteRow
from caliber_crawler.archive.texts.article_record import ArticleRecord

CitationStyle = Literal["text", "bibtex", "csl-json"]

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


class Proof(NamedTuple):
    """The page that the current text was extracted from, and the digests of both."""

    fetched_at: str
    body_digest: str | None
    content_digest: str

    def note(self) -> str:
        page = f"; SHA-256 of the page {self.body_digest}" if self.body_digest else ""
        return f"Archived {self.fetched_at}{page}; of the text {self.content_digest}"


def citation(article: ArticleRecord, site: SiteRow | None) -> str:
    """One line for a footnote: the article as published, and the capture that it was extracted from.

    The SHA-256 is that of the page's bytes: a reader who has the page can verify it.
    """
    authors = ", ".join(article["authors"])
    local = article["published_local"]
    published = _day(datetime.fromisoformat(local)) if local else "no date"
    parts = [authors, f"“{article['headline']}”", _outlet(article, site), published, article["url"]]
    line = ". ".join(part for part in parts if part)
    current = [version for version in article["versions"] if version["id"] == article["current_version_id"]]
    proof = {version["capture_id"] for version in current}
    for capture in article["captures"]:
        if capture["id"] in proof and capture["body_digest"]:
            seen = datetime.fromisoformat(capture["fetched_at"])
            line += f" (archived {_day(seen)}, {seen:%H:%M} UTC; SHA-256 {capture['body_digest']})"
    return f"{line}."


def bibtex(article: ArticleRecord, site: SiteRow | None) -> str:
    """An entry for biblatex; braces preserve the capitals of names and titles."""
    proof = _proof(article)
    published = article["published_local"]
    fields = {
        "author": " and ".join(f"{{{_latex(name)}}}" for name in article["authors"]),
        "title": f"{{{_latex(article['headline'])}}}",
        "subtitle": f"{{{_latex(article['subtitle'])}}}" if article["subtitle"] else "",
        "organization": f"{{{_latex(_outlet(article, site))}}}",
        "date": published[:10] if published else "",
        # biblatex reads a URL verbatim, except for braces.
        "url": quote(article["url"], safe="/:?#[]@!$&'()*+,;=%-._~"),
        "urldate": proof.fetched_at[:10],
        "langid": {"en": "english", "ru": "russian", "hy": "armenian"}.get(article["language"], ""),
        "note": _latex(proof.note()),
    }
    lines = [f"  {name:12} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{{_key(article)},", *lines, "}"])


def csl_json(article: ArticleRecord, site: SiteRow | None) -> str:
    """A CSL-JSON item for Zotero and Pandoc: https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html."""
    proof = _proof(article)
    published = article["published_local"]
    item = {
        "id": _key(article),
        "type": "article-newspaper",
        "title": article["headline"],
        "author": [{"literal": name} for name in article["authors"]],
        "container-title": _outlet(article, site),
        "issued": {"date-parts": [_date_parts(published)]} if published else None,
        "accessed": {"date-parts": [_date_parts(proof.fetched_at)]},
        "URL": article["url"],
        "language": article["language"],
        "note": proof.note(),
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


CITATIONS: Mapping[CitationStyle, Callable[[ArticleRecord, SiteRow | None], str]] = {
    "text": citation,
    "bibtex": bibtex,
    "csl-json": csl_json,
}
"""The function that writes each style."""


def _proof(article: ArticleRecord) -> Proof:
    (version,) = (version for version in article["versions"] if version["id"] == article["current_version_id"])
    (capture,) = (capture for capture in article["captures"] if capture["id"] == version["capture_id"])
    return Proof(capture["fetched_at"], capture["body_digest"], version["content_digest"])


def _outlet(article: ArticleRecord, site: SiteRow | None) -> str:
    return site["title"] if site else article["site"]


def _key(article: ArticleRecord) -> str:
    name = article["post_number"] or article["slug"] or article["id"]
    return re.sub(r"[^\w-]", "", f"{article['site']}-{name}", flags=re.ASCII)


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def _date_parts(time: str) -> list[int]:
    date = datetime.fromisoformat(time)
    return [date.year, date.month, date.day]


def _latex(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)
