"""Authors of an article on a page of unknown layout: linked data, meta elements, then bylines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from lxml import etree

from caliber_crawler.extraction.linked_data import LinkedData, unescaped
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

AUTHOR_METAS = (
    *("author", "article:author", "og:article:author", "sailthru.author", "parsely-author", "dc.creator"),
    *("dcterms.creator", "byl", "byline", "citation_author", "article:author_name", "article.author"),
)
MAX_AUTHORS = 12
MAX_BYLINES = 100
MAX_NAME_LENGTH = 60
MAX_BYLINE_LENGTH = 160
# "da Silva" and "Von der Leyen" are names: a preposition is removed only before a capital, Romance ones only in lower
# case.
_BY = re.compile(
    r"^(?:(?i:written\s+by|reported\s+by|story\s+by|text|texto|tekst|by|von|vom|par|door|oleh|автор(?:ы)?|հեղինակ|müəllif|"
    r"autor(?:in|en|es)?|auteurs?|authors?)|por|di|da|av|af|от)\b\s*+(?:[:：]\s++|(?<=\s))(?=[^\W\d_a-zа-яё])"
)
_JOIN = re.compile(
    r"(?:(?<!\s)\s++)?(?:[,;|/&、・]|(?<=\s)(?:and|und|et|y|e|en|och|og|и|ve|dan|with|mit)\s)\s*+", re.IGNORECASE
)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\d{2,}|^\W*$|\b(?:image|photo|getty|shutterstock|updated|published|min(?:ute)?s? read|subscribe|"
    r"follow|newsletter|comments?|share|read more|view all|profile|archive|posts?)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:editors?|reporters?|correspondents?|journalists?|columnists?|contributors?|staff\s+writers?|producers?|"
    r"redakteur\w*|korrespondent\w*|reporterin|journalist\w*|redactora?|periodista|rédact\w+|"
    r"обозревател\w+|корреспондент\w*|редактор\w*|журналист\w*)\b",
    re.IGNORECASE,
)
_NEVER_NAMES = re.compile(r"^\(|https?:|www\.|\w@\w")
_BYLINE_NAME = re.compile(
    r"(?:^|[\s_-])(?:by-?line|authors?|autor(?:en|es)?|auteurs?|writers?)(?:$|[\s_-]|name)", re.IGNORECASE
)
_MARKED = etree.XPath(".//*[@class or @itemprop or @rel='author' or @id or @data-testid]")


class Authors(NamedTuple):
    """Names of people, or of the desk or agency that signs, and the method that found them."""

    names: tuple[str, ...]
    method: str


def extract_authors(root: etree._Element, data: LinkedData, names_of_site: Iterable[str] = ()) -> Authors | None:
    """Return the authors that the page names, each once, in page order; ``None`` if it names nobody.

    A source that names a person takes precedence over one that names only a desk or the outlet itself.
    """
    outlet = {fold(name) for name in names_of_site}
    others: list[Authors] = []
    for authors in _voices(root, data):
        of_outlet = all(fold(name) in outlet for name in authors.names)
        if any(map(is_name, authors.names)) and not of_outlet:
            return authors
        if authors.names:
            others.append(authors)
    return next(iter(others), None)


def _voices(root: etree._Element, data: LinkedData) -> Iterator[Authors]:
    """The authors named by each part of the page, most reliable first."""
    yield Authors(_clean(_linked_names(data)), "structured_data")
    for name in AUTHOR_METAS:
        yield Authors(_clean(_meta_names(name, data)), "structured_data")
    yield Authors(_clean(_byline_names(root)), "text")


def _linked_names(data: LinkedData) -> Iterator[str]:
    people = data.resolved(data.article.get("author")) or data.resolved(data.article.get("creator"))
    for person in people:
        yield from _names_of(person)


def _names_of(person: Any) -> Iterator[str]:
    if isinstance(person, str):
        yield from _split(person)
    elif isinstance(person, dict):
        for name in person["name"] if isinstance(person.get("name"), list) else [person.get("name")]:
            if isinstance(name, str):
                yield from _split(name)


def _meta_names(name: str, data: LinkedData) -> Iterator[str]:
    contents = data.metas.get(name, ())
    for content in contents:
        parts = content.split(",")
        if name.startswith(("dc", "citation")) and len(parts) == 2:
            yield f"{parts[1].strip()} {parts[0].strip()}"
        else:
            yield from _split(content)


def _split(text: str) -> Iterator[str]:
    line = clean_inline(unescaped(text[: MAX_BYLINE_LENGTH * 4]))
    if _NEVER_NAMES.search(line):
        return
    parts = [part for part in _JOIN.split(_BY.sub("", line)) if part]
    # "Jane Doe, Chief Editor" is one author; a desk that signs alone keeps its name.
    yield from [part for part in parts if not _ROLE.search(part)] or parts


def _byline_names(root: etree._Element) -> Iterator[str]:
    """The names in elements marked as bylines, nearest to the headline first.

    Pages also list authors of other articles. The search therefore climbs from the headline and stops at the first
    element that contains a byline with a name.
    """
    found = [element for element in cast(list[etree._Element], _MARKED(root)) if _is_byline(element)][:MAX_BYLINES]
    holders = [frozenset(element.iterancestors()) for element in found]
    around = frozenset().union(*holders)
    heading = next(root.iter("h1"), None)
    for scope in heading.iterancestors() if heading is not None else [root]:
        bylines = [element for element, above in zip(found, holders, strict=True) if scope in above]
        names = [name for element in bylines if element not in around for name in _names_of_byline(element)]
        if names:
            yield from names
            return


def _is_byline(element: etree._Element) -> bool:
    names = " ".join(element.get(key) or "" for key in ("class", "rel", "itemprop", "id", "data-testid"))
    return _BYLINE_NAME.search(names) is not None


def _names_of_byline(element: etree._Element) -> Iterator[str]:
    line = text_of(element)
    if len(line) <= MAX_BYLINE_LENGTH:
        yield from (name for name in _split(line) if is_name(name))


def is_name(text: str) -> bool:
    """Return whether a text looks like a name: two to five words, capitalised except for particles such as ``de``."""
    words = text.split()
    return 1 < len(words) <= 5 and all(word[0].isupper() or len(word) <= 3 for word in words) and words[0][0].isupper()


def _clean(names: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for raw in names:
        name = clean_inline(_BY.sub("", raw)).strip(" ,.;:|-–—")
        if not name or len(name) > MAX_NAME_LENGTH or _NOT_A_NAME.search(name):
            continue
        kept.setdefault(fold(name), name)
    return tuple(kept.values())[:MAX_AUTHORS]
