"""Authors of an article on a page of unknown layout: linked data, meta elements, then bylines."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, cast

from lxml import etree

from caliber_crawler.extraction.generic.elements import PERSON_PAGE, is_longer
from caliber_crawler.extraction.generic.names import (
    MAX_LINE_LENGTH,
    has_label,
    is_byline_name,
    is_person,
    is_single_name,
    split_names,
    unique_names,
)
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

AUTHOR_METAS = (
    *("author", "article:author", "og:article:author", "sailthru.author", "parsely-author", "mediator_author"),
    *("dc.creator", "dcterms.creator", "dc:creator", "byl", "byline", "citation_author", "article:author_name"),
    *("article.author", "authors", "author_name", "author-name", "creator", "og:author", "cxenseparse:author"),
    *("shareaholic:article_author_name", "vr:author", "dcsext.author"),
)
_LABELS_OF_AUTHORS = frozenset(("written by", "author", "by", "автор", "написано автором", "yazan", "yazar", "müəllif"))
MAX_BYLINES = 100
MAX_NAMES_LENGTH = 300
MAX_BLOCKS = 40
LEVELS_ABOVE = 4
_BYLINE_NAME = re.compile(
    r"(?:^|[\s_:-])(?:by-?line|authors?|autor(?:en|es)?|auteurs?|writers?|contributors?|journalists?|yazar|muell?if|avtor|"
    r"(?:written|posted|submitted|created)-?by|submitted)(?:$|[\s_-]|name|s?link)|creator[_-]{1,2}name(?:$|[\s_-])",
    re.IGNORECASE,
)
_BYLINE_HINT = re.compile("by|aut(?:h?or|eur)|writer|contributor|journalist|yazar|muel|avtor|submitted|creator")
"""Part of every such name, and cheaper to search."""
_AUTHOR_NAME = re.compile(r"(?:author|creator|writer|byline|yazar|muellif)[_-]{1,2}name(?:$|[\s_-])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Parts of a page that name other people: those who comment, and the authors of other articles.
_OF_OTHERS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|commentary-list|responses?|replies|respond|discussion|disqus|related|recommend\w*+|"
    r"popular|latest|recent|trending|teasers?|promo|most-read|read-?(?:more|next)|testimonials?|"
    r"photo-?(?:credit|author)|captions?)(?:$|[\s_-]|list)",
    re.IGNORECASE,
)
# Parts that may name the author, and often name others.
_BESIDE = re.compile(r"(?:^|[\s_-])(?:sidebar|widgets?|footer|aside)(?:$|[\s_-])", re.IGNORECASE)
MAX_NAMES_BESIDE = 2
MAX_LABEL_LENGTH = 40
MAX_SIGNATURE_LENGTH, MAX_SIGNERS = 60, 3
EMPHASIS = frozenset(("b", "strong", "i", "em"))
_OTHERS_BY = re.compile(
    r"\b(?:(?:reviewed|edited|translated|fact.checked|photographed|illustrated|photos?|images?|illustrations?)(?:\s++by)?|"
    r"editor|translator|foto|фото|перевод|редактор|redaktor|tərcümə)\s*+[:：]?+\s*+$",
    re.IGNORECASE,
)
_UNMARKED_TAGS = frozenset(("meta", "link", "script", "img"))
_MARKS = frozenset(("class", "rel", "itemprop", "id", "data-testid", "property"))


class Authors(NamedTuple):
    """Names of people, or of the desk or agency that signs, and the method that found them."""

    names: tuple[str, ...]
    method: str
    source: str = ""
    why: str = ""
    """Why these are the authors or not, as a clause; empty if only the order of sources decided."""


class Byline(NamedTuple):
    element: etree._Element
    above: frozenset[etree._Element]


def extract_authors(
    root: etree._Element, data: LinkedData, names_of_site: Iterable[str] = (), headline: str | None = None
) -> Authors | None:
    """Return the authors that the page names, each once, in page order; ``None`` if it names nobody."""
    return next(iter(rank_authors(root, data, names_of_site, headline)), None)


def rank_authors(
    root: etree._Element,
    data: LinkedData,
    names_of_site: Iterable[str] = (),
    headline: str | None = None,
    *,
    complete: bool = False,
) -> list[Authors]:
    """Return the authors by source, best first; the sources after a person only if the ranking is ``complete``.

    A source that names a person takes precedence over one that names only a desk or the outlet itself.
    """
    outlet = {fold(name) for name in names_of_site}
    people: list[Authors] = []
    desks: list[Authors] = []
    outlets: list[Authors] = []
    for authors in _voices(root, data, headline):
        if any(is_person(name) and fold(name) not in outlet for name in authors.names):
            people.append(authors._replace(names=_without_outlet(authors.names, outlet)))
            if not complete:
                break
        elif any(fold(name) not in outlet for name in authors.names):
            desks.append(authors._replace(why="no name of a person"))
        elif authors.names:
            outlets.append(authors._replace(why="only the outlet itself"))
    return [*people, *desks, *outlets]


def _without_outlet(names: Sequence[str], outlet: Collection[str]) -> tuple[str, ...]:
    """The names beside which the site's own name stands, without it."""
    joined = {re.sub(r"\W|^the\s", "", name) for name in outlet}
    return tuple(name for name in names if re.sub(r"\W|^the\s", "", fold(name)) not in joined) or tuple(names)


def _voices(root: etree._Element, data: LinkedData, headline: str | None) -> Iterator[Authors]:
    """The authors named by each part of the page, most reliable first."""
    yield Authors(unique_names(_linked_names(data)), "structured_data", "JSON-LD author")
    for name in AUTHOR_METAS:
        if name in data.metas:
            yield Authors(unique_names(_meta_names(name, data)), "structured_data", f"<meta> {name}")
    yield Authors(unique_names(_labelled_names(data)), "structured_data", "<meta> twitter:data or parsely-page")
    yield Authors(unique_names(_byline_names(root, headline)), "text", "byline near the headline")


def _linked_names(data: LinkedData) -> Iterator[str]:
    people = data.resolved(data.article.get("author")) or data.resolved(data.article.get("creator"))
    for person in people:
        yield from _names_of(person)


def _names_of(person: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(person, str):
        yield from split_names(person)
    elif isinstance(person, list) and depth < 3:
        for one in person[:MAX_BYLINES]:
            yield from _names_of(one, depth + 1)
    elif isinstance(person, dict) and depth < 3:
        whole = " ".join(part for key in ("givenName", "familyName") if isinstance(part := person.get(key), str))
        yield from _names_of(person.get("name") or whole or person.get("author"), depth + 1)


def _meta_names(name: str, data: LinkedData) -> Iterator[str]:
    for content in data.metas[name]:
        parts = content.split(",")
        if name.startswith(("dc", "citation")) and len(parts) == 2:
            yield f"{parts[1].strip()} {parts[0].strip()}"
        else:
            yield from split_names(content)


def _labelled_names(data: LinkedData) -> Iterator[str]:
    """The author in the pairs of label and value of Twitter cards, and in Parse.ly's JSON."""
    for number in "12":
        if (data.meta(f"twitter:label{number}") or "").casefold().strip(" :") in _LABELS_OF_AUTHORS:
            yield from split_names(data.meta(f"twitter:data{number}") or "")
    if source := data.meta("parsely-page"):
        try:
            found = json.loads(source)
        except (ValueError, RecursionError):
            return
        if isinstance(found, dict):
            yield from _names_of(found.get("authors") or found.get("author"))


def _byline_names(root: etree._Element, headline: str | None) -> Iterator[str]:
    """The names in elements marked as bylines, nearest to the headline first; else in a line that begins with "By".

    Pages also list authors of other articles. The search therefore climbs from the headline and stops at the first
    element that contains a byline with a name.
    """
    heading = _heading(root, headline)
    above_heading = frozenset(heading.iterancestors()) if heading is not None else frozenset()
    found: dict[bool, list[Byline]] = {False: [], True: []}
    for element in islice(_bylines(root), MAX_BYLINES):
        above = frozenset(element.iterancestors())
        own = [element, *(above - above_heading)]
        if element not in above_heading and not any(map(_is_of_others, own)) and not _is_of_reviewer(element):
            found[any(map(_is_beside, own))].append(Byline(element, above))
    if names := _nearest(found[False], heading, root):
        yield from names
    elif heading is not None and (below := list(_names_below(heading))):
        yield from below
    elif len(set(names := _nearest(found[True], heading, root))) <= MAX_NAMES_BESIDE:
        yield from names


def _nearest(bylines: Sequence[Byline], heading: etree._Element | None, root: etree._Element) -> list[str]:
    """The names in the smallest element around the heading that contains a byline with a name."""
    around = frozenset().union(*(byline.above for byline in bylines))
    innermost = [byline for byline in bylines if byline.element not in around]
    for scope in heading.iterancestors() if heading is not None else [root]:
        if names := [name for byline in innermost if scope in byline.above for name in _names_in(byline.element)]:
            return names
    return []


def _heading(root: etree._Element, headline: str | None) -> etree._Element | None:
    wanted = fold(headline or "")
    first = None
    for element in root.iter("h1", "h2"):
        if wanted and fold(text_of(element)) == wanted:
            return element
        if first is None and element.tag == "h1":
            first = element
    return first


def _bylines(root: etree._Element) -> Iterator[etree._Element]:
    """The elements whose names say that they are bylines, and links to an author's page."""
    for element in root.iterdescendants(etree.Element):
        keys = element.keys()
        if not keys or _MARKS.isdisjoint(keys) or element.tag in _UNMARKED_TAGS:
            continue
        names = " ".join([element.get(key, "") for key in keys if key in _MARKS])
        named = _is_named_byline(names) if len(names) <= MAX_NAMES_LENGTH else _has_byline_name(names)
        if named or (element.tag == "a" and PERSON_PAGE.search(element.get("href", ""))):
            yield element


def _has_byline_name(names: str) -> bool:
    return _BYLINE_HINT.search(names.lower()) is not None and _BYLINE_NAME.search(_CAMEL.sub("-", names)) is not None


_is_named_byline = lru_cache(maxsize=8192)(_has_byline_name)
"""Most names stand on many elements, and on the other pages of a site."""


def _is_of_reviewer(element: etree._Element) -> bool:
    """Return whether the text directly before an element says that it names an editor, a translator or the like."""
    previous, parent = element.getprevious(), element.getparent()
    before = previous.tail if previous is not None else parent.text if parent is not None else None
    return before is not None and _OTHERS_BY.search(before[-MAX_LABEL_LENGTH:]) is not None


def _is_of_others(element: etree._Element) -> bool:
    if element.tag in ("nav", "figcaption"):
        return True
    return _OF_OTHERS.search(f"{element.get('class') or ''} {element.get('id') or ''}") is not None


def _is_beside(element: etree._Element) -> bool:
    if element.tag in ("aside", "footer"):
        return True
    return _BESIDE.search(f"{element.get('class') or ''} {element.get('id') or ''}") is not None


def _names_in(element: etree._Element) -> Iterator[str]:
    named = [part for part in element.iter() if _is_marked_name(part.get("itemprop") or part.get("property"))]
    for part in named or [element]:
        line = _line_of(part)
        if len(line) > MAX_LINE_LENGTH:
            continue
        is_sure = bool(named) or has_label(line) or _is_sure(element)
        parts = list(split_names(line))
        names = [name for name in parts if is_byline_name(name) or (is_sure and is_single_name(name))]
        if 2 * len(names) >= len(parts):  # other lines are biographies and lists of tags
            yield from names


def _is_marked_name(properties: str | None) -> bool:
    """Return whether microdata or RDFa (``schema:name``) mark a name."""
    return properties is not None and any(name.rpartition(":")[2] == "name" for name in properties.split())


def _is_sure(element: etree._Element) -> bool:
    """Return whether the element names an author and nothing else, so that one word is a name."""
    links = [link for link in element.iter("a") if PERSON_PAGE.search(link.get("href") or "")]
    return (
        bool(links)
        or "author" in f"{element.get('rel')} {element.get('itemprop')}"
        or _AUTHOR_NAME.search(element.get("class") or "") is not None
    )


def _line_of(element: etree._Element) -> str:
    """The text of an element, with a mark where only blanks are between two elements (``Jane Roe`` and ``editor``)."""
    pieces: list[str] = []
    for piece in cast(Iterator[str], element.itertext()):
        is_blank = piece.isspace()
        if pieces and (is_blank or not (pieces[-1][-1:].isspace() or piece[:1].isspace())):
            pieces.append(" | ")
        pieces.append(" " if is_blank else piece)
    return clean_inline("".join(pieces))


def _names_below(heading: etree._Element) -> Iterator[str]:
    """The names in a short line below the headline that begins with "By" and has nothing but names."""
    for wrapper in [heading, *heading.iterancestors()][:LEVELS_ABOVE]:
        for sibling in islice(wrapper.itersiblings(), 4):
            for element in islice(sibling.iter("p", "div", "span", "a", "address"), MAX_BLOCKS):
                if is_longer(element, MAX_LINE_LENGTH):
                    continue
                line = _line_of(element)
                if len(line) <= MAX_LINE_LENGTH and has_label(line):
                    names = list(split_names(line))
                    if names and all(is_byline_name(name) or is_single_name(name) for name in names):
                        yield from names
                        return
            if names := _names_emphasized(sibling):
                yield from names
                return


def _names_emphasized(block: etree._Element) -> list[str]:
    """The names that are all of the first paragraph of a block, in bold or italics."""
    first = next(block.iter("p"), None)
    if first is None or (first.text or "").strip() or len(first) != 1 or first[0].tag not in EMPHASIS:
        return []
    line = clean_inline("".join(cast(Iterator[str], first.itertext())))
    if (
        not line
        or len(line) > MAX_SIGNATURE_LENGTH
        or (first[0].tail or "").strip()
        or line.endswith((".", "!", "?", ":"))
    ):
        return []
    names = list(split_names(line))
    return names if len(names) <= MAX_SIGNERS and all(is_person(name) and name in line for name in names) else []
