"""Compare articles in an archive's rows with the ground truth of the demo site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

COMPARED = ("headline", "subtitle", "published_at", "published_local", "section", "language", "authors", "body")
"""Fields of an article that are compared."""


def differences(truth: Iterable[Mapping[str, Any]], archived: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each article that is missing, is not on the site, or differs in a field; sorted."""
    articles = {_slug(article): article for article in archived}
    pages = {page["slug"]: page for page in truth}
    lines = [f"{slug} is in the archive and not on the site" for slug in articles.keys() - pages.keys()]
    for slug, page in pages.items():
        article = articles.get(slug)
        if article is None:
            lines.append(f"{slug} is missing")
            continue
        fields = [name for name in COMPARED if _plain(article[name]) != _plain(page[name])]
        if fields:
            lines.append(f"{slug} differs in {', '.join(fields)}")
    return sorted(lines)


def _slug(article: Mapping[str, Any]) -> str:
    return unquote(urlsplit(str(article["url"])).path.rstrip("/").rpartition("/")[2])


def _plain(value: Any) -> Any:
    return ("; ".join(value) if isinstance(value, list) else value) or None
