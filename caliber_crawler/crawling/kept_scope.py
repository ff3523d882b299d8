"""The scope that an archive keeps for a site: what earlier crawls were asked for.

A crawl of what is due has no scope of its own. Without this one, ``crawl --due`` after ``crawl --since 2025-10-10``
would fetch the whole past of the site, in all its languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from caliber_crawler.crawling.scope import Scope


def with_kept_scope(scope: Scope, crawls: Iterable[Mapping[str, Any]]) -> Scope:
    """Return the scope of a crawl of what is due, with the languages, sections and dates of earlier crawls.

    ``crawls``: the arguments of earlier crawls of the site that were not limited to what was due. Together they are
    what the archive is to hold. What the scope itself states has precedence; a language or section that the site no
    longer has is left out.
    """
    asked = [crawl for crawl in crawls if crawl.get("sources") and not crawl.get("queries") and not crawl.get("ids")]
    if not asked:
        return scope
    window, changes = scope.window, dict[str, Any]()
    known = {
        "languages": [edition.language for edition in scope.site.editions],
        "sections": list(dict.fromkeys(key for edition in scope.site.editions for key in edition.sections)),
    }
    for name, option in (("languages", "language"), ("sections", "section")):
        kept = tuple(value for value in known[name] if any(value in crawl.get(name, ()) for crawl in asked))
        if kept and option not in scope.stated:
            changes[name] = kept
    if "since" not in scope.stated:
        window = replace(window, since=_outermost(min, (crawl.get("since") for crawl in asked)))
    if "until" not in scope.stated:
        window = replace(window, until=_outermost(max, (crawl.get("until") for crawl in asked)))
    return replace(scope, window=window, **changes)


def _outermost(choose: Any, texts: Iterable[str | None]) -> datetime | None:
    """The outermost of the dates; ``None`` if one of the crawls had no limit on that side."""
    given = list(texts)
    return None if None in given else choose(datetime.fromisoformat(text) for text in given if text)
