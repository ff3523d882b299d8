"""The headline of a page of unknown layout, chosen among the page's titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from caliber_crawler.extraction.linked_data import LinkedData, unescaped
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

_SEPARATOR = r"(?:(?<!\s)\s++)?(?:(?:\||·|•|»|::|/)\s*+|(?<=\s)[–—*-]\s++)"
MAX_TITLE_LENGTH = 500
MAX_SITE_NAME_LENGTH = 40
CUT_MARKS = ("...", "…")
_MARKS = str.maketrans(dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„«»″", '"') | dict.fromkeys("–—−", "-"))


class Title(NamedTuple):
    text: str
    method: str


def extract_headline(root: etree._Element, data: LinkedData, url: str) -> Title | None:
    """Return the title in the newsroom's words: linked data, OpenGraph, heading, then other sources.

    The site's name is removed from both ends of a title. A title truncated with dots is replaced by a complete one with
    the same beginning.
    """
    found = {
        voice: text for voice, text in _candidates(root, data, url).items() if text and len(text) <= MAX_TITLE_LENGTH
    }
    if _is_for_search_engines(found):
        del found["linked"]
    for voice, text in found.items():
        whole = next((other for other in found.values() if _is_cut(_key(text), _key(other))), text)
        return Title(whole, "text" if voice in ("heading", "title") else "structured_data")
    return None


def _is_for_search_engines(found: Mapping[str, str]) -> bool:
    """Return whether linked data agrees only with ``<title>``, while heading and OpenGraph share other words."""
    keys = {voice: _key(text) for voice, text in found.items()}
    linked, heading = keys.get("linked"), keys.get("heading")
    return (
        None not in (linked, heading)
        and linked != heading
        and linked == keys.get("title")
        and heading == keys.get("og")
    )


def _candidates(root: etree._Element, data: LinkedData, url: str) -> dict[str, str | None]:
    names = (*site_names(data, url), *_names_of_home(root, url))
    linked = without_site_name(data.text("headline") or data.text("name"), names)
    og = without_site_name(_plain(data.meta("og:title")), names)
    twitter = without_site_name(_plain(data.meta("twitter:title")), names)
    element = next(root.iter("title"), None)
    title = without_site_name(text_of(element) if element is not None else None, names)
    known = [text for text in (linked, og, twitter, title) if text]
    heading = _heading(root, known, names)
    sure = [text for text in (linked, heading) if text]
    return {
        "linked": linked,
        "og": _as_begun(og, sure),
        "heading": heading,
        "twitter": _as_begun(twitter, sure),
        "title": _as_begun(title, sure),
    }


def _plain(text: str | None) -> str | None:
    return clean_inline(unescaped(text)) if text else None


def site_names(data: LinkedData, url: str) -> tuple[str, ...]:
    """Return the site's names, folded: ``og:site_name``, the publisher and the host."""
    publishers = [node.get("name") for node in data.resolved(data.article.get("publisher")) if isinstance(node, dict)]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names = [data.meta("og:site_name"), data.meta("application-name"), *publishers, host, host.partition(".")[0]]
    return tuple(dict.fromkeys(fold(name) for name in names if isinstance(name, str) and len(name) > 1))


def without_site_name(title: str | None, names: tuple[str, ...]) -> str | None:
    """Return a title without the site's name at either end; ``None`` if nothing else remains."""
    if not title or len(title) > MAX_TITLE_LENGTH or _is_site_name(title, names):
        return None
    pieces = re.split(f"({_SEPARATOR})", title)
    while len(pieces) > 2 and _is_site_name(pieces[-1], names):
        pieces = pieces[:-2]
    while len(pieces) > 2 and _is_site_name(pieces[0], names):
        pieces = pieces[2:]
    return "".join(pieces).strip() or None


def _is_site_name(text: str, names: tuple[str, ...]) -> bool:
    folded = fold(text)
    joined = re.sub(r"\W+", "", folded)
    return any(folded == name or joined == re.sub(r"\W+", "", name) for name in names) and bool(joined)


def _as_begun(title: str | None, sure: list[str]) -> str | None:
    """Return the more reliable title if this one is that title with a suffix (site, section, date)."""
    if not title:
        return None
    for text in sure:
        if len(text.split()) < 2:
            continue
        key, whole = _key(text), _key(title)
        if whole.startswith(key) and re.match(rf"(?:{_SEPARATOR})", whole[len(key) :]):
            return text
    return title


def _names_of_home(root: etree._Element, url: str) -> Iterator[str]:
    """The folded texts of links to the home page: the site's name, unless it is only "Home"."""
    scheme, host, *_ = urlsplit(url)
    home = {"/", f"{scheme}://{host}", f"{scheme}://{host}/", f"//{host}", f"//{host}/"}
    for link in root.iter("a"):
        if (link.get("href") or "").strip() in home and 1 < len(text := text_of(link)) <= MAX_SITE_NAME_LENGTH:
            yield fold(text)


def _heading(root: etree._Element, known: list[str], names: tuple[str, ...]) -> str | None:
    """Return the ``h1`` most similar to the page's titles, or the longest one without titles.

    An ``h1`` with the site's name is a logo.
    """
    headings = [text_of(element) for element in root.iter("h1")]
    headings = [text for text in headings if text and not _is_site_name(text, names)]
    if not headings:
        return None
    if not known:
        return max(headings, key=len)
    return max(headings, key=lambda text: max(likeness(text, title) for title in known))


def likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, 0 to 1."""
    words, others = set(re.findall(r"\w+", one.casefold())), set(re.findall(r"\w+", other.casefold()))
    return len(words & others) / max(len(words | others), 1)


def _key(text: str) -> str:
    return fold(text.translate(_MARKS))


def _is_cut(shorter: str, longer: str) -> bool:
    """Return whether ``shorter`` is the beginning of ``longer``, truncated with dots."""
    stem = shorter.rstrip(". …")
    return shorter.endswith(CUT_MARKS) and len(stem) >= 15 and longer != shorter and longer.startswith(stem)
