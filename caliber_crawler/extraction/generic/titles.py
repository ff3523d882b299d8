"""The headline of a page of unknown layout, chosen among the page's titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from caliber_crawler.extraction.generic.byline_lines import is_byline_line
from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.linked_data import LinkedData, unescaped, without_tags
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

_SEPARATOR = (
    r"(?:(?<!\s)\s++)?(?:(?:[|｜│∣·・•»_]|::|/)\s*+|(?<=\s)[–—―−*:~⋆★‹›«→←►▸¦-]\s++|"
    # Chinese and Japanese titles have no blanks around a dash.
    r"(?<=[\u3040-\u30ff\u3400-\u9fff])[-–—―]{1,2}+(?=[\u3040-\u30ff\u3400-\u9fff]))"
)
# Between a title and a label. Quotation marks of comparison keys may have been "»". A colon is part of most headlines:
# it separates only what is known to be another part.
_BEHIND = re.compile(rf"{_SEPARATOR}|\s\"\s")
_BEFORE = re.compile(rf"(?:{_SEPARATOR}|\s\"\s)$")
_BEHIND_OR_COLON = re.compile(rf"{_SEPARATOR}|\s\"\s|(?:(?<!\s)\s++)?:\s")
_BEFORE_OR_COLON = re.compile(rf"(?:{_SEPARATOR}|\s\"\s|:\s)$")
_SPLIT = re.compile(f"({_SEPARATOR})")
_BARS = frozenset("|｜│∣·・•»›_")
_FEED = re.compile(
    r"(?:(?<!\s)\s++)?(?:[»:|–—-]\s*+)?\b(?:(?:rss|atom)(?:\s?[12]\.0)?(?:\s++feed)?|feed|akışı|beslemesi|лента)\s*+$",
    re.IGNORECASE,
)
MAX_TITLE_LENGTH = 500
MAX_SECTIONS = 5
MAX_LINKS = 100
MAX_SITE_NAME_LENGTH = 40
MIN_LIKENESS, SAME_WORDING = 0.4, 0.9
"""Shares of common words: two titles are of one article from the first on, and the same from the second on."""
ALIKE = 0.6
UNLIKE = 0.15
MAX_MARKED = 20
MAX_SECTION_WORDS = 3
_TITLE_TERMS = frozenset(("dc:title", "dcterms:title"))
"""RDFa terms with which Drupal marks the title of a node."""
MIN_CUT_LENGTH, MAX_CUT_LENGTH = 100, 110
CUT_MARKS = ("...", "…")
_MARKS = str.maketrans(dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„«»″", '"') | dict.fromkeys("–—−", "-"))


_SOURCES = {
    "linked": "JSON-LD headline",
    "og": "<meta> og:title",
    "heading": "heading",
    "twitter": "<meta> twitter:title",
    "title": "<title>",
}
"""The sources of a title, the most reliable first."""


class Title(NamedTuple):
    """A title of the page, and the method that found it."""

    text: str
    method: str
    source: str = ""
    why: str = ""
    """Why it ranks where it does, as a clause; empty if only its source decided."""


class Titles(NamedTuple):
    """The titles of a page without the site's name."""

    ranked: Sequence[Title]
    """Those that may be the headline, best first."""
    others: Sequence[Title]
    """Those that are not used, each with the reason."""


def rank_titles(root: etree._Element, data: LinkedData, url: str, properties: Sequence[etree._Element]) -> Titles:
    """Return the page's titles: linked data, OpenGraph, heading, then other sources.

    The site's name is removed from both ends of a title. A title truncated with dots is replaced by a complete one with
    the same beginning. ``properties``: what :func:`find_properties` found on the page.
    """
    found: dict[str, str] = {}
    others: list[Title] = []
    for voice, (printed, text) in _candidates(root, data, url, properties).items():
        if text and len(text) <= MAX_TITLE_LENGTH:
            found[voice] = text
        elif printed:
            is_long = len(printed) > MAX_TITLE_LENGTH
            why = f"longer than {MAX_TITLE_LENGTH} characters" if is_long else "only the site's name"
            others.append(_title(voice, printed[:MAX_TITLE_LENGTH], why))
    reasons: dict[str, str] = {}
    if _is_for_search_engines(found):
        why = "written for search engines: only <title> repeats it, heading and og:title agree on another"
        others.append(_title("linked", found.pop("linked"), why))
    if "linked" not in found and _is_own_heading(found):
        found = {"heading": found["heading"]} | found
        reasons["heading"] = "the heading that readers see, in other words than the metadata"
    elif _is_section_heading(found):
        found["heading"] = found.pop("heading")
        reasons["heading"] = "a few words that no other title contains, such as a section's name"
    return Titles([_completed(voice, text, found, reasons) for voice, text in found.items()], others)


def _title(voice: str, text: str, why: str = "") -> Title:
    return Title(text, "text" if voice in ("heading", "title") else "structured_data", _SOURCES[voice], why)


def _completed(voice: str, text: str, found: Mapping[str, str], reasons: Mapping[str, str]) -> Title:
    """The title; the complete one with the same beginning if this one is truncated."""
    key = _key(text)
    for other, whole in found.items():
        if _is_cut(key, _key(whole)):
            return _title(voice, whole, f"truncated there, completed from {_SOURCES[other]}")
        if text.isupper() and not whole.isupper() and _key(whole) == key:
            return _title(voice, whole, f"in capitals there, as written in {_SOURCES[other]}")
    return _title(voice, text, reasons.get(voice, ""))


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


def _is_own_heading(found: Mapping[str, str]) -> bool:
    """Return whether the heading is another wording of the titles in the metadata: readers see the heading."""
    heading = found.get("heading")
    if heading and any(_key(text) in _key(heading) for voice, text in found.items() if voice != "heading"):
        return False  # the headline, and more
    shares = [likeness(heading, text) for voice, text in found.items() if heading and voice != "heading"]
    return bool(shares) and MIN_LIKENESS <= max(shares) < SAME_WORDING


def _is_section_heading(found: Mapping[str, str]) -> bool:
    """Return whether the heading is a few words that no title contains, such as the name of a section."""
    heading = found.get("heading") or ""
    others = [text for voice, text in found.items() if voice != "heading"]
    return (
        0 < len(heading.split()) <= 3
        and any(len(text.split()) > 3 for text in others)
        and all(likeness(heading, text) < UNLIKE for text in others)
    )


def _candidates(
    root: etree._Element, data: LinkedData, url: str, properties: Sequence[etree._Element]
) -> dict[str, tuple[str | None, str | None]]:
    """The titles as the page states them, and without the site's name and labels, by source."""
    names = (*site_names(data, url), *_names_of_home(root, url), *_names_of_feed(root))
    sections = tuple(_sections(data, url))
    element = next(root.iter("title"), None)
    printed = {
        "linked": _plain(data.text("headline") or data.text("name")),
        "og": _plain(data.meta("og:title")),
        "twitter": _plain(data.meta("twitter:title")),
        "title": text_of(element) if element is not None else None,
    }
    short = {voice: without_site_name(text, names, sections) for voice, text in printed.items()}
    heading = _heading(root, [text for text in short.values() if text], names, properties)
    shown = without_site_name(heading, names, sections)
    sure = [text for text in (short["linked"], heading) if text]
    return {
        "linked": (printed["linked"], _as_begun(short["linked"], [heading] if heading else [], colon=False)),
        "og": (printed["og"], _as_begun(short["og"], sure)),
        "heading": (heading, shown or heading),
        "twitter": (printed["twitter"], _as_begun(short["twitter"], sure)),
        "title": (printed["title"], _as_begun(short["title"], sure)),
    }


def _plain(text: str | None) -> str | None:
    return clean_inline(without_tags(unescaped(text))) if text else None


def _sections(data: LinkedData, url: str) -> Iterator[str]:
    """The folded names of the page's section, which templates add to its title: linked data, meta, URL path."""
    stated = data.resolved(data.article.get("articleSection"))[:MAX_SECTIONS]
    stated += [data.meta("article:section", "section", "parsely-section")]
    stated += [part.replace("-", " ") for part in urlsplit(url).path.strip("/").split("/")[:-1] if len(part) > 2]
    for name in stated:
        if isinstance(name, str) and 1 < len(name) <= MAX_SITE_NAME_LENGTH:
            yield fold(name)


def site_names(data: LinkedData, url: str) -> tuple[str, ...]:
    """Return the site's names, folded: ``og:site_name``, the publisher and the host."""
    publishers = [node.get("name") for node in data.resolved(data.article.get("publisher")) if isinstance(node, dict)]
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    names = [data.meta("og:site_name"), data.meta("application-name"), *publishers, host, host.partition(".")[0]]
    # Some templates repeat the headline as the publisher's name.
    headline = fold(data.text("headline") or "")
    folded = (fold(name) for name in names if isinstance(name, str) and len(name) > 1)
    return tuple(dict.fromkeys(name for name in folded if name != headline))


def without_site_name(title: str | None, names: tuple[str, ...], sections: tuple[str, ...] = ()) -> str | None:
    """Return a title without the site's name and section at either end; ``None`` if only the site's name remains.

    A section is removed only behind or before a bar: ``Politics - a hard trade`` is a headline.
    """
    if not title or len(title) > MAX_TITLE_LENGTH or _is_site_name(title, names):
        return None
    pieces = _SPLIT.split(title)
    while len(pieces) > 2 and (_is_site_name(pieces[-1], names) or _is_section(pieces[-2:], sections)):
        pieces = pieces[:-2]
    while len(pieces) > 2 and (_is_site_name(pieces[0], names) or _is_section(pieces[1::-1], sections)):
        pieces = pieces[2:]
    shorter = "".join(pieces).strip()
    before, colon, behind = shorter.rpartition(":")
    if colon and _is_site_name(behind, names):
        shorter = before
    before, colon, behind = shorter.partition(": ")
    if colon and _is_site_name(before, names):
        shorter = behind
    before, bracket, behind = shorter.rpartition(" (")
    if bracket and behind.endswith(")") and _is_site_name(behind[:-1], names):
        shorter = before
    return shorter.strip() or None


def _is_section(parts: Sequence[str], sections: tuple[str, ...]) -> bool:
    """Return whether a separator and a part of a title are a bar and the section's name."""
    separator, name = parts
    return separator.strip() in _BARS and fold(name.strip()) in sections


def _is_site_name(text: str, names: tuple[str, ...]) -> bool:
    folded = fold(text)
    joined = re.sub(r"\W+", "", folded)
    return any(folded == name or joined == re.sub(r"\W+", "", name) for name in names) and bool(joined)


def _as_begun(title: str | None, sure: list[str], *, colon: bool = True) -> str | None:
    """Return the more reliable title if this one is that title with a label, site, section or date at either end."""
    if not title:
        return None
    whole = _key(title)
    behind, before = (_BEHIND_OR_COLON, _BEFORE_OR_COLON) if colon else (_BEHIND, _BEFORE)
    for text in sure:
        key = _key(text)
        if len(text.split()) < 2 or len(key) >= len(whole):
            continue
        if whole.startswith(key) and behind.match(whole[len(key) :]):
            return text
        if whole.endswith(key) and before.search(whole[: -len(key)]):
            return text
    return title


def _names_of_home(root: etree._Element, url: str) -> Iterator[str]:
    """The folded texts of links to the home page: the site's name, unless it is only "Home"."""
    scheme, host, *_ = urlsplit(url)
    home = {"/", f"{scheme}://{host}", f"{scheme}://{host}/", f"//{host}", f"//{host}/"}
    for link in root.iter("a"):
        if (link.get("href") or "").strip() in home and 1 < len(text := text_of(link)) <= MAX_SITE_NAME_LENGTH:
            yield fold(text)


def _names_of_feed(root: etree._Element) -> Iterator[str]:
    """The folded titles of the site's feeds, without words such as "RSS Feed"."""
    for link in islice(root.iter("link"), MAX_LINKS):
        if link.get("type") in ("application/rss+xml", "application/atom+xml"):
            name, found = _FEED.subn("", link.get("title") or "")
            if found and 1 < len(name := name.strip(" »|:–—-")) <= MAX_SITE_NAME_LENGTH:
                yield fold(name)


def _heading(
    root: etree._Element, known: list[str], names: tuple[str, ...], properties: Sequence[etree._Element]
) -> str | None:
    """Return the heading most similar to the page's titles, or the one marked as headline, or the longest ``h1``.

    An ``h1`` with the site's name is a logo. The only heading marked as headline also wins against titles of a few
    words of which it contains none: they name its section.
    """
    marked = [element for element in properties if element is not root and _is_marked(element)]
    elements = [*marked[:MAX_MARKED], *root.iter("h1")]
    headings = [text for element in elements if (text := text_of(element)) and not _is_site_name(text, names)]
    headings += [text for element in elements[:MAX_MARKED] for text in _without_labels(element, known)]
    headings = [text for text in headings if not (known and _is_byline(text, known))]
    if not known:
        return text_of(marked[0]) or None if len(marked) == 1 else max(headings, key=len, default=None)
    if len(marked) == 1 and (own := text_of(marked[0])) and all(map(partial(_names_section, own), known)):
        return own
    if not headings:  # some pages have their headline in another heading
        headings = [text for element in islice(root.iter("h2", "h3"), MAX_MARKED) if (text := text_of(element))]
        headings = [text for text in headings if any(map(partial(_is_alike, text), known))]
    best = max(headings, key=lambda text: max(likeness(text, title) for title in known), default=None)
    return _named_behind(best, root, known) or best


def _named_behind(heading: str | None, root: etree._Element, known: Sequence[str]) -> str | None:
    """Return a lesser heading that is the rest of a title behind this one: "Valley Notes: Road to open again".

    The first heading is then the name of the site.
    """
    key = _key(heading or "")
    rests = {
        _key(title)[behind.end() :]
        for title in known
        if key and _key(title).startswith(key) and (behind := _BEHIND_OR_COLON.match(_key(title), len(key)))
    }
    rests = {rest for rest in rests if len(rest) > len(key)}
    if not rests:
        return None
    lesser = (text_of(element) for element in islice(root.iter("h2", "h3"), MAX_MARKED))
    return next((text for text in lesser if _key(text) in rests), None)


def _without_labels(element: etree._Element, known: Sequence[str]) -> Iterator[str]:
    """A heading without an element at one of its ends, such as a label, if the rest is a title of the page.

    Nor with a byline behind it.
    """
    if not len(element):
        return
    first, last = element[0], element[-1]
    whole, head, tail = text_of(element), text_of(first), text_of(last)
    rests = [whole[len(head) :]] if head and not (element.text or "").strip() and whole.startswith(head) else []
    rests += [whole[: -len(tail)]] if tail and not (last.tail or "").strip() and whole.endswith(tail) else []
    for rest in map(str.strip, rests):
        if len(rest.split()) > 1 and any(
            _key(title) == _key(rest) or _as_begun(title, [rest]) == rest for title in known
        ):
            yield rest
    own, under = split_heading(element)
    if under and is_byline_line(under):
        yield own


def _is_byline(heading: str, known: Sequence[str]) -> bool:
    """Return whether a heading is only a byline, and shares hardly a word with the titles of the page."""
    return is_byline_line(heading) and all(likeness(heading, title) < UNLIKE for title in known)


def _is_marked(element: etree._Element) -> bool:
    """Return whether microdata or RDFa mark an element of the text as a headline."""
    return element.tag not in ("meta", "link") and any(
        name.lower() in _TITLE_TERMS or name.rpartition(":")[2].lower() == "headline"
        for key in ("itemprop", "property")
        for name in (element.get(key) or "").split()
    )


def _names_section(heading: str, title: str) -> bool:
    """Return whether a title of a few words says nothing that a longer heading says."""
    words = len(title.split())
    return words <= MAX_SECTION_WORDS < len(heading.split()) and likeness(heading, title) == 0


def likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, 0 to 1."""
    words, others = set(re.findall(r"\w+", one.casefold())), set(re.findall(r"\w+", other.casefold()))
    return len(words & others) / max(len(words | others), 1)


def _is_alike(heading: str, title: str) -> bool:
    return likeness(heading, title) >= ALIKE or _as_begun(title, [heading]) == heading


def _key(text: str) -> str:
    return fold(text.translate(_MARKS))


def _is_cut(shorter: str, longer: str) -> bool:
    """Return whether ``shorter`` is the beginning of ``longer``, truncated with dots or at search engines' limit."""
    stem = shorter.rstrip(". …")
    if MIN_CUT_LENGTH <= len(shorter) <= MAX_CUT_LENGTH and longer != shorter and longer.startswith(shorter):
        return True
    return shorter.endswith(CUT_MARKS) and len(stem) >= 15 and longer != shorter and longer.startswith(stem)
