"""``caliber split``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.commands.archived_sites import reextractor
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable, NoSuchArticle
from caliber_crawler.items import Extraction
from caliber_crawler.quantity import quantity
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import ArticleURL
from caliber_crawler.software import software


@click.command()
@click.argument("article")
@archive_option
@json_option
def split(article: str, archive: Path, *, as_json: bool) -> None:
    """Undo a wrong join: divide an article into the articles to which its pages belong.

    ARTICLE is its ID, or any URL that it has or had. Its stored pages are extracted again. Pages stay together if they
    have a URL, post number or slug in common, or if one states the URL of the other and their texts resemble each
    other. Versions and view counts go with their pages; nothing is deleted, and no page is fetched.

    \b
    Example:
      caliber split https://caliber.az/en/post/some-article
      caliber split 17 --archive data/archive.db --json
    """
    with Archive.open(archive, mode="write") as opened:
        found = opened.articles.find(article)
        if found is None:
            raise NoSuchArticle(f"{archive} contains no article {article}.")
        extract = reextractor(opened)
        extractions = [
            each for id in opened.split.captures(found) if (each := extracted(opened, extract, id)) is not None
        ]

        def article_urls(extraction: Extraction) -> Sequence[ArticleURL]:
            site = extract.sites.definition_for(extraction.capture)
            return [] if site is None else site.article_urls(extraction.article.urls)

        with opened.transaction():
            run_id = opened.runs.start(
                "split", site=None, arguments={"article": found}, settings={}, software=software()
            )
            parts = opened.split.apply(found, extractions, article_urls, run_id)
            if parts:
                opened.runs.finish(run_id, "finished", None, {"articles": len(parts)})
            else:
                opened.runs.discard(run_id)
    if as_json:
        echo_json({"article": found, "parts": [asdict(part) for part in parts]})
        return
    if not parts:
        echo(f"Nothing to split: {quantity(len(extractions), 'page')} of article {found}, all of one article.")
        return
    echo(f"Split article {found} into {len(parts)}:")
    for part in parts:
        echo(f"  {part.article:>6}  {part.headline}")
        texts = f"{quantity(part.captures, 'page')}, {quantity(part.versions, 'version')}"
        echo(f"          {part.url}: {texts}, {quantity(part.view_counts, 'view count')}")


def extracted(archive: Archive, extract: Reextractor, id: int) -> Extraction | None:
    """The article on a stored page; ``None`` for a damaged page, or without an article.

    Raises ``ColdFileUnavailable``: without its page, an article would be divided wrongly.
    """
    try:
        return extract(archive.captures.get(id))
    except ColdFileUnavailable:
        raise
    except ArchiveError:
        return None
