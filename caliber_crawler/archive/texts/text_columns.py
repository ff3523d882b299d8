"""The text of a version as columns, and its content digest."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as json_string
from typing import NamedTuple, TypedDict

from caliber_crawler.archive.core.rows import VersionRow
from caliber_crawler.archive.core.times import local_text, utc_text_or_none
from caliber_crawler.items import Article, Extraction


@lru_cache(maxsize=4)  # a page is compared with the known texts of its article before it is stored
def content_digest(article: Article) -> str:
    """SHA-256 over the text of an article, in NFC, with every run of white space as one space."""
    return digest_of(
        article.headline, article.subtitle, article.authors, article.body, utc_text_or_none(article.published_at)
    )


def digest_of_row(row: VersionRow) -> str:
    """The content digest of a row of ``versions``."""
    return digest_of(row["headline"], row["subtitle"], json.loads(row["authors"]), row["body"], row["published_at"])


def digest_of(headline: str, subtitle: str | None, authors: Sequence[str], body: str, published_at: str | None) -> str:
    return digest_of_plain(headline, subtitle, authors, plain(body), published_at)


def digest_of_plain(
    headline: str, subtitle: str | None, authors: Sequence[str], body: str, published_at: str | None
) -> str:
    """:func:`digest_of` for a body that is :func:`plain` already."""
    # JSON separates the fields: moving text from one field to another changes the digest. The result is that of
    # json.dumps, which takes longer for a list.
    names = ", ".join([json_string(plain(author)) for author in authors])
    fields = json_string(plain(headline)), json_string(plain(subtitle or "")), f"[{names}]", json_string(body)
    content = f"[{', '.join(fields)}, {'null' if published_at is None else json_string(published_at)}]"
    return hashlib.sha256(content.encode()).hexdigest()


def plain(text: str) -> str:
    """A text in NFC, with every run of white space as one space and none at its ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    # Most texts have only single spaces and ends of paragraphs. All other white space is not printable.
    line = " ".join(filter(None, text.split("\n"))) if "\n" in text else text
    if line.isprintable() and "  " not in line and not (line.startswith(" ") or line.endswith(" ")):
        return line
    return " ".join(text.split())


EXTRACTION_COLUMNS = ("body_markdown", "signature", "extractor", "layout", "methods")
"""The columns of a version that are not its text."""
COPIED_COLUMNS = (
    "headline",
    "subtitle",
    "authors",
    "published_at",
    "published_local",
    "word_count",
    "body",
    *EXTRACTION_COLUMNS,
)


class ExtractedColumns(TypedDict):
    """The columns of a version that come from its page, as :class:`VersionRow` describes them."""

    headline: str
    subtitle: str | None
    authors: str
    published_at: str | None
    published_local: str | None
    word_count: int
    body: str
    body_markdown: str
    signature: str | None
    extractor: str
    layout: str
    methods: str


def version_columns(extraction: Extraction) -> ExtractedColumns:
    """The columns of a version that an extraction fills."""
    article = extraction.article
    return {
        "headline": article.headline,
        "subtitle": article.subtitle,
        "authors": json.dumps(article.authors, ensure_ascii=False),
        "published_at": utc_text_or_none(article.published_at),
        "published_local": None if article.published_at is None else local_text(article.published_at),
        "word_count": len(article.body.split()),
        "body": article.body,
        "body_markdown": article.body_markdown,
        "signature": article.signature,
        "extractor": extraction.extractor,
        "layout": extraction.layout,
        "methods": json.dumps(dict(extraction.methods), ensure_ascii=False),
    }


def digest_of_columns(columns: ExtractedColumns) -> str:
    """The content digest of the columns of a version."""
    return digest_of(
        columns["headline"],
        columns["subtitle"],
        json.loads(columns["authors"]),
        columns["body"],
        columns["published_at"],
    )


class Page(NamedTuple):
    """A capture of an article, with the digest of its text now and before."""

    fetched_at: str
    digest: str
    id: int
    version_id: int | None
    previous_digest: str | None
