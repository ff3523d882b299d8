"""``caliber cite``."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from caliber_crawler.archive import Archive
from caliber_crawler.archive.citation import citation
from caliber_crawler.commands.options import archive_option
from caliber_crawler.errors import NoSuchArticle

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


@click.command()
@click.argument("article")
@archive_option
@click.option(
    "--style",
    type=click.Choice(["text", "bibtex", "csl-json"]),
    default="text",
    show_default=True,
    help="How to write it.",
)
def cite(article: str, archive: Path, style: str) -> None:
    """Print how to cite an article: where and when it was published, when it was kept, and the digest that proves it.

    ARTICLE is its id, or any address it was ever known under. The digest is the SHA-256 of the page as served; a text
    can be checked with the one of its words (see docs/architecture.md).

    \b
    Example:
      caliber cite 17 --style bibtex
    """
    with Archive.open(archive) as opened:
        found = opened.articles.find(article)
        if found is None:
            raise NoSuchArticle(f"{archive} holds no article {article}.")
        known = opened.articles.show(found)
        site = opened.sites.get(str(known["site"]))
    write = {"text": citation, "bibtex": _bibtex, "csl-json": _csl_json}[style]
    click.echo(write(known, site))


def _bibtex(article: dict[str, Any], site: dict[str, Any] | None) -> str:
    """An entry for biblatex; braces keep the letters of names and titles as they are."""
    proof = _proof(article)
    published = article["published_local"]
    fields = {
        "author": " and ".join(f"{{{_latex(name)}}}" for name in article["authors"]),
        "title": f"{{{_latex(article['headline'])}}}",
        "subtitle": f"{{{_latex(article['subtitle'])}}}" if article["subtitle"] else "",
        "organization": f"{{{_latex(_outlet(article, site))}}}",
        "date": published[:10] if published else "",
        # Verbatim to biblatex, all but the braces.
        "url": quote(article["url"], safe="/:?#[]@!$&'()*+,;=%-._~"),
        "urldate": proof["fetched_at"][:10],
        "langid": {"en": "english", "ru": "russian", "hy": "armenian"}.get(article["language"], ""),
        "note": _latex(_note(proof)),
    }
    lines = [f"  {name:12} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@online{{{_key(article)},", *lines, "}"])


def _csl_json(article: dict[str, Any], site: dict[str, Any] | None) -> str:
    """An item of CSL-JSON, as Zotero and Pandoc read it: https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html."""
    proof = _proof(article)
    published = article["published_local"]
    item = {
        "id": _key(article),
        "type": "article-newspaper",
        "title": article["headline"],
        "author": [{"literal": name} for name in article["authors"]],
        "container-title": _outlet(article, site),
        "issued": {"date-parts": [_date_parts(published)]} if published else None,
        "accessed": {"date-parts": [_date_parts(proof["fetched_at"])]},
        "URL": article["url"],
        "language": article["language"],
        "note": _note(proof),
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


def _proof(article: dict[str, Any]) -> dict[str, Any]:
    """The page the current text was read on, and the digest of that text."""
    (version,) = (version for version in article["versions"] if version["id"] == article["current_version_id"])
    (capture,) = (capture for capture in article["captures"] if capture["id"] == version["capture_id"])
    return {**capture, "content_digest": version["content_digest"]}


def _note(proof: dict[str, Any]) -> str:
    page = f"; SHA-256 of the page {proof['body_digest']}" if proof["body_digest"] else ""
    return f"Archived {proof['fetched_at']}{page}; of the text {proof['content_digest']}"


def _outlet(article: dict[str, Any], site: dict[str, Any] | None) -> str:
    return str(site["title"] if site else article["site"])


def _key(article: dict[str, Any]) -> str:
    name = article["post_number"] or article["slug"] or article["id"]
    return re.sub(r"[^\w-]", "", f"{article['site']}-{name}", flags=re.ASCII)


def _date_parts(moment: str) -> list[int]:
    date = datetime.fromisoformat(moment)
    return [date.year, date.month, date.day]


def _latex(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)
