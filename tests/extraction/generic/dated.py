"""Pages of an article with dates in different places."""

from __future__ import annotations

from datetime import UTC, datetime

from caliber_crawler.extraction.generic.fields import declared_locale, extract_language
from caliber_crawler.extraction.generic.outline import Outline
from caliber_crawler.extraction.generic.publication_dates import FoundTimestamp, extract_published_at
from caliber_crawler.extraction.linked_data import parse_linked_data
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS

URL = "https://gazette.example/harbour/pier-to-be-rebuilt"
FETCHED_AT = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
PRINTED = '<span class="date">07.01.2026 14:35</span>'


def found_on(body: str, *, head: str = "", lang: str = "en", url: str = URL) -> FoundTimestamp | None:
    page = f'<html lang="{lang}"><head><title>{HEADLINE}</title>{head}</head><body>{body}</body></html>'
    root = parse_html(page.encode())
    data, outline = parse_linked_data(root), Outline(root, HEADLINE)
    locale = declared_locale(root, data)
    language = extract_language(locale, outline.sample)
    return extract_published_at(outline, data, url, language.text if language else None, locale=locale, now=FETCHED_AT)


def article(
    lines: str, *, before: str = "", after: str = "", head: str = "", lang: str = "en", url: str = URL
) -> str | None:
    """The date of an article with these lines below its headline."""
    body = f"{before}<main><article><h1>{HEADLINE}</h1>{lines}{TEXT}</article></main>{after}"
    found = found_on(body, head=head, lang=lang, url=url)
    return found.at.isoformat() if found else None


def linked(published: str, name: str = "datePublished") -> str:
    return (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "'
        f'{HEADLINE}", "{name}": "{published}"}}</script>'
    )


def meta(published: str, name: str = "article:published_time") -> str:
    return f'<meta property="{name}" content="{published}">'
