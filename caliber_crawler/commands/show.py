"""``caliber show``."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from caliber_crawler.archive import Archive, ArticleRecord
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, style

WIDTH = 100


@click.command()
@click.argument("article")
@archive_option
@json_option
def show(article: str, archive: Path, *, as_json: bool) -> None:
    """Print one article and everything known about it. ARTICLE is its ID, or any URL that it has or had.

    \b
    Example:
      caliber show https://caliber.az/en/post/baku-s-geopolitical-formula
    """
    with Archive.open(archive) as opened:
        known = opened.article(article)
    if as_json:
        echo_json(known)
    else:
        echo("\n".join(_lines(known)))


def _lines(article: ArticleRecord) -> list[str]:
    lines = [style(article["headline"], bold=True)]
    if article["subtitle"]:
        lines.append(article["subtitle"])
    lines += ["", *_facts(article), ""]
    for paragraph in article["body"].split("\n\n"):
        lines += [textwrap.fill(paragraph, WIDTH), ""]
    lines.append(style("Versions", bold=True))
    lines += [
        f"  {version['number']}  {version['cause']:9}  seen {version['seen_from']} to {version['seen_until']}"
        for version in article["versions"]
    ]
    lines.append(style("Views", bold=True))
    lines += [f"  {count['observed_at']}  {count['views']:>9,}" for count in article["view_counts"]]
    return lines


def _facts(article: ArticleRecord) -> list[str]:
    views = f"{article['views']:,} at {article['views_at']}" if article["views"] is not None else "unknown"
    facts = {
        "published": article["published_local"] or "unknown",
        "site": f"{article['site']}, {article['language']}, {article['section'] or 'no section'}",
        "authors": ", ".join(article["authors"]),
        "views": views,
        "words": f"{article['word_count']:,}",
        "gone": article["gone_at"],
        "URL": "\n             ".join(url["url"] for url in article["urls"]),
        "article": str(article["id"]),
    }
    return [f"  {name:10} {value}" for name, value in facts.items() if value]
