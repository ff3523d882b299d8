"""A text to cite, without an archive."""

from __future__ import annotations

from caliber_crawler.archive.texts.cited_texts import CitedText

TEXT = CitedText(
    article_id=17,
    site="caliber",
    language="en",
    url="https://caliber.az/en/post/formula",
    post_number=None,
    slug="formula",
    version_id=3,
    version=2,
    is_current=1,
    headline="Baku’s formula",
    subtitle=None,
    authors='["Vugar B."]',
    published_local="2026-01-06T19:13:00+04:00",
    content_digest="c" * 64,
    fetched_at="2026-01-07T12:00:00Z",
    body_digest="b" * 64,
    outlet="Caliber.Az",
)


def cited_text(**fields: object) -> CitedText:
    """The text with other values of some fields."""
    return {**TEXT, **fields}  # type: ignore[typeddict-item] # tests of hostile values too
