"""How to cite an article: who wrote what where and when, and which kept page proves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def citation(article: Mapping[str, Any], site: Mapping[str, Any] | None) -> str:
    """One line for a footnote: the article as the site published it, and the capture of this archive it rests on.

    ``article`` is what :meth:`Articles.show` gives, ``site`` a row of ``sites``. The SHA-256 is that of the page's
    bytes, so that whoever holds them can tell that they are the ones cited.
    """
    authors = ", ".join(article["authors"])
    local = article["published_local"]
    published = _day(datetime.fromisoformat(local)) if local else "no date"
    outlet = site["title"] if site else article["site"]
    parts = [authors, f"“{article['headline']}”", str(outlet), published, article["url"]]
    line = ". ".join(part for part in parts if part)
    current = [version for version in article["versions"] if version["id"] == article["current_version_id"]]
    proof = {version["capture_id"] for version in current}
    for capture in article["captures"]:
        if capture["id"] in proof and capture["body_digest"]:
            seen = datetime.fromisoformat(capture["fetched_at"])
            line += f" (archived {_day(seen)}, {seen:%H:%M} UTC; SHA-256 {capture['body_digest']})"
    return f"{line}."


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
