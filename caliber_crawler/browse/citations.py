"""Files of citations, and the metadata from which reference managers such as Zotero save an article page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from datasette import NotFound
from datasette.utils.asgi import BadRequest, Response
from markupsafe import Markup

from caliber_crawler.archive.texts.citation_styles import STYLES, CitationStyle, citations
from caliber_crawler.archive.texts.cited_texts import CitedText, cited_texts, current_versions, version_id_of
from caliber_crawler.browse.search import MAX_EXPORTED, answer, asked_for
from caliber_crawler.errors import NoSuchArticle

if TYPE_CHECKING:
    from caliber_crawler.archive.core.connection import Connection
    from caliber_crawler.browse.pages import PageRequest

STYLE_OF_SUFFIX: dict[str, CitationStyle] = {form.suffix: style for style, form in STYLES.items()}
LABELS: dict[CitationStyle, str] = {"text": "text", "bibtex": "BibTeX", "ris": "RIS", "csl-json": "CSL-JSON"}


async def citations_file(page_request: PageRequest) -> Response:
    """``/-/citations.bib?article=17&version=2`` or ``/-/citations.ris?q=corridor&language=en``.

    A search gives at most :data:`MAX_EXPORTED` citations.
    """
    suffix = page_request.request.url_vars["suffix"]
    style = STYLE_OF_SUFFIX[suffix]

    def load(connection: Connection) -> str:
        return citations(cited_texts(connection, _versions(page_request, connection)), style)

    text = await page_request.read(load)
    return Response(
        f"{text}\n",
        content_type=f"{STYLES[style].media_type}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="citations{suffix}"'},
    )


def _versions(page_request: PageRequest, connection: Connection) -> list[int]:
    if not page_request.argument("article"):
        found = answer(connection, replace(asked_for(page_request), limit=MAX_EXPORTED))
        if found.message:
            raise BadRequest(str(found.error or found.message))
        return current_versions(connection, (hit.article_id for hit in found.hits))
    article, version = (page_request.number(name, 0, most=10**9) for name in ("article", "version"))
    try:
        return [version_id_of(connection, article, version or None)]
    except NoSuchArticle as error:
        raise NotFound("The archive has no such version of an article.") from error


def citation_links(url: str) -> Iterator[tuple[str, str]]:
    """Yield the label and the URL of the file in each style; ``url`` has ``.SUFFIX`` in place of the suffix."""
    for style, form in STYLES.items():
        yield LABELS[style], url.replace(".SUFFIX", form.suffix, 1)


def wayback_url(url: str, time: str) -> str:
    """Return the URL at which the Wayback Machine has its capture nearest to a time (ISO 8601 in UTC)."""
    stamp = "".join(letter for letter in time if letter.isdigit())[:14]
    return f"https://web.archive.org/web/{stamp}/{url}"


def json_ld(text: CitedText) -> Markup:
    """Return an article as schema.org's ``NewsArticle``, harmless inside a ``script`` element."""
    described = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": text["headline"],
        "author": [{"@type": "Person", "name": name} for name in json.loads(text["authors"])],
        "datePublished": text["published_local"],
        "inLanguage": text["language"],
        "publisher": {"@type": "Organization", "name": text["outlet"]},
        "url": text["url"],
        "archivedAt": text["fetched_at"],
        "identifier": f"sha256:{text['content_digest']}",
    }
    written = json.dumps({name: value for name, value in described.items() if value}, ensure_ascii=False)
    # `</script>` and `<!--` would end the element or hide its end.
    return Markup(written.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 (no markup is left)


def metadata(text: CitedText) -> list[tuple[str, str]]:
    """Return the ``meta`` elements of an article page that reference managers read: names and contents.

    The names are those of Google Scholar, which Zotero, Mendeley and EndNote know; ``z:itemType`` is Zotero's own.
    """
    published = text["published_local"]
    named = [
        ("citation_title", text["headline"]),
        *(("citation_author", name) for name in json.loads(text["authors"])),
        ("citation_publication_date", published[:10].replace("-", "/") if published else ""),
        ("citation_journal_title", text["outlet"]),
        ("citation_language", text["language"]),
        ("citation_public_url", text["url"]),
        ("z:itemType", "newspaperArticle"),
    ]
    return [(name, content) for name, content in named if content]
