"""The ground truth of an article at a given time, to compare with an extraction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from caliber_crawler.demo.article import Article
from caliber_crawler.demo.body import body_of, hrefs, paragraphs, photo, plain
from caliber_crawler.demo.newsroom import Newsroom

Truth = dict[str, Any]


def truth_of(article: Article, newsroom: Newsroom, base_url: str, moment: datetime) -> Truth:
    """Return one article as its best page shows it at ``moment``, in the new layout.

    Text is in NFC with blanks collapsed. ``body`` is its paragraphs separated by blank lines. Each paragraph, list
    item, quoted paragraph and ``<br><br>`` part is one; an embedded post is the line ``[Post on X: URL]``. Advertising,
    captions, the ``By`` line and the signature are not included. ``links`` and ``images`` are absolute, in body order,
    links without duplicates. ``counterparts`` are the best URLs of the articles of other editions that tell the same
    story. Times end in ``Z`` (UTC). ``authors`` are named in the new layout,
    ``authors_on_old_layout`` in the old one.
    """
    blocks = body_of(article, newsroom, moment)
    edits = article.edits_by(moment)
    slug_urls, numeric_urls = addresses(article, base_url)
    return {
        "id": article.k,
        "edition": article.edition.name,
        "language": article.edition.language,
        "section": article.section_key,
        "section_label": article.section.label,
        "url": slug_urls[0],
        "urls": slug_urls + numeric_urls,
        "numeric_urls": numeric_urls,
        "old_layout_urls": [url for url in numeric_urls if url.endswith("/")],
        "layout": "new",
        "post_number": article.post_number,
        "slug": article.slug,
        "headline": _clean(article.headline(moment)),
        "subtitle": _clean(article.subtitle) if article.subtitle else None,
        "published_at": utc(article.published_at),
        "published_local": article.published_at.isoformat(timespec="seconds"),
        "authors": list(article.authors),
        "authors_on_old_layout": _names(article.subtitle_author, article.old_author) if numeric_urls else [],
        "body": "\n\n".join(paragraphs(blocks)),
        "signature": article.signature,
        "views": article.views(moment),
        "views_shown": article.views_shown(moment),
        "cover_image": base_url + photo(article.cover),
        "images": [base_url + block.url for block in blocks if block.kind == "image"],
        "links": [base_url + href if href.startswith("/") else href for href in hrefs(blocks)],
        "tweets": [{"url": block.url, "text": plain(block.lines[0])} for block in blocks if block.kind == "tweet"],
        "counterparts": [
            addresses(newsroom.article(other), base_url)[0][0] for other in newsroom.counterparts(article.k, moment)
        ],
        "edited_at": utc(edits[-1].at) if edits else None,
        "edits": [{"at": utc(edit.at), "kind": edit.kind} for edit in edits],
    }


def addresses(article: Article, base_url: str) -> tuple[list[str], list[str]]:
    """Return all URLs of the article: by slug, the best one first, and by number."""
    edition = article.edition
    prefixes = dict.fromkeys((edition.prefix, edition.old_prefix))
    slugs = [f"{base_url}{prefix}/post/{quote(article.slug)}{slash}" for prefix in prefixes for slash in ("", "/")]
    if article.post_number is None:
        return slugs, []
    numbers = [f"{base_url}{prefix}/post/{article.post_number}{slash}" for prefix in prefixes for slash in ("/", "")]
    return slugs, numbers


def utc(moment: datetime) -> str:
    """``2026-01-06T15:13:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(*names: str | None) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))


def _clean(text: str) -> str:
    return " ".join(text.split())
