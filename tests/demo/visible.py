"""Page parsing for these tests: with lxml only, without the program's extraction code."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from lxml import html

from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.truth import Truth

CAPTURED = datetime(2026, 1, 7, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

LINES_OF_THEIR_OWN = {"p", "div", "li", "ul", "h1", "h2", "footer", "header", "nav", "main", "blockquote", "figure"}


@cache
def everything(site: DemoSite) -> tuple[Truth, ...]:
    """Return the ground truth of every article at the latest time used in the tests."""
    return tuple(site.truth(LATER))


@lru_cache(maxsize=2_000)
def source(site: DemoSite, url: str, now: datetime = LATER) -> str:
    """Return the source of the page at a URL."""
    response = site.respond(url.removeprefix(site.base_url), now)
    assert response.status == 200, url
    return response.body.decode()


def page(site: DemoSite, url: str, now: datetime = LATER) -> Any:
    """Return the parsed page at a URL."""
    return html.fromstring(source(site, url, now))


def text(element: Any) -> str:
    """Return the text of an element in NFC with collapsed blanks."""
    return unicodedata.normalize("NFC", " ".join(element.text_content().split()))


def only(root: Any, selector: str) -> Any:
    """Return the only element of a class (``.post_body``)."""
    found = root.xpath(f"//*[contains(concat(' ', @class, ' '), ' {selector.lstrip('.')} ')]")
    assert len(found) == 1, f"{len(found)} {selector}"
    return found[0]


def lines(root: Any) -> list[str]:
    """Return the page as plain text: one item per line as displayed, without empty ones."""
    parts: list[str] = []

    def walk(element: Any) -> None:
        block = element.tag in LINES_OF_THEIR_OWN
        if block:
            parts.append("\n")
        if element.tag not in ("script", "style"):
            parts.append(re.sub(r"\s+", " ", element.text or ""))
            for child in element:
                walk(child)
                parts.append(re.sub(r"\s+", " ", child.tail or ""))
        if block:
            parts.append("\n")

    walk(root.find("body"))
    return [line for line in (" ".join(raw.split()) for raw in "".join(parts).split("\n")) if line]
