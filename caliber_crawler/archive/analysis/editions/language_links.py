"""The links of a page to its other languages: ``hreflang``, and the switches that carry a language's name.

Only tags are read, with patterns that take linear time: a stored page may contain anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from caliber_crawler.site.urls import browser_url

MAX_LINKS = 60
"""Links of a page that are looked at: no site has more languages."""

TAG = re.compile(rb"<(link|a)\b([^<>]{0,2000})>([^<>]{0,60})", re.IGNORECASE)
ATTRIBUTE = re.compile(rb"""\b(rel|href|hreflang)\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
BASE = re.compile(rb"<base\b[^<>]{0,200}?\bhref\s{0,9}=\s{0,9}[\"']?([^\s\"'<>]{1,2000})", re.IGNORECASE)
NAMES = {
    **dict.fromkeys(("en", "eng", "english"), "en"),
    **dict.fromkeys(("ru", "rus", "рус", "русский"), "ru"),
    **dict.fromkeys(("hy", "arm", "am", "հայ", "հայերեն"), "hy"),
    **dict.fromkeys(("az", "aze", "azərbaycan", "azərbaycanca"), "az"),
    **dict.fromkeys(("uk", "ua", "укр", "українська"), "uk"),
    **dict.fromkeys(("ka", "geo", "ქართული"), "ka"),
    **dict.fromkeys(("tr", "türkçe"), "tr"),
    **dict.fromkeys(("de", "deutsch"), "de"),
    **dict.fromkeys(("fr", "français"), "fr"),
    **dict.fromkeys(("es", "español"), "es"),
    **dict.fromkeys(("fa", "فارسی"), "fa"),
    **dict.fromkeys(("ar", "عربي", "العربية"), "ar"),
    **dict.fromkeys(("zh", "中文"), "zh"),
}
"""What language switches say, and the language that they mean."""


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A link of a page to what it says is the same page in another language."""

    url: str
    language: str
    """The primary subtag: ``en``, ``ru``, ``hy``."""
    method: Literal["hreflang", "link"]


def language_links(page: bytes, url: str) -> Iterator[LanguageLink]:
    """The links of a page to its other languages. ``url`` is that of the page."""
    base = BASE.search(page)
    base_url = browser_url(text_of(base[1]), url) if base else url
    count = 0
    for tag, attributes, text in TAG.findall(page):
        found = {name.lower(): text_of(value.strip(b"\"'")) for name, value in ATTRIBUTE.findall(attributes)}
        href = found.get(b"href", "").strip()
        language = found.get(b"hreflang", "").strip().lower().replace("_", "-").partition("-")[0]
        method: Literal["hreflang", "link"] = "hreflang"
        if not language and tag.lower() == b"a":
            language, method = NAMES.get(text_of(text).strip().casefold(), ""), "link"
        if not href or not language or language == "x":
            continue
        if tag.lower() == b"link" and "alternate" not in found.get(b"rel", "").lower():
            continue
        try:
            yield LanguageLink(browser_url(href, base_url), language, method)
        except ValueError:
            continue
        count += 1
        if count == MAX_LINKS:
            return


def text_of(data: bytes) -> str:
    return html.unescape(data.decode("utf-8", "replace"))
