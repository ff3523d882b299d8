"""Every date on a page that may be its publication date, with what it is, where it stands and how exact it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from lxml import etree

from caliber_crawler.extraction.dates.labels import Role, is_called_date, role_of_label, role_of_name
from caliber_crawler.extraction.dates.printed import PrintedDate, find_printed_dates, with_ascii_digits
from caliber_crawler.extraction.dates.stamps import Stamp, parse_stamp
from caliber_crawler.extraction.generic.outline import UNREAD_TAGS, Outline, Place, short_text
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.text import clean_inline

PUBLISHED_METAS = (
    *("article:published_time", "og:article:published_time", "article:published", "datepublished"),
    *("parsely-pub-date", "sailthru.date", "publishdate", "publish-date", "publish_date", "pubdate", "pub_date"),
    *("publication_date", "publicationdate", "publication-date", "cxenseparse:recs:publishtime", "rnews:datepublished"),
    *("dcterms.issued", "dc.date.issued", "dc.date.published", "dcterms.date", "prism.publicationdate"),
    *("citation_publication_date", "citation_online_date", "article.published", "originalpublicationdate"),
    *("og:published_time", "og:pubdate", "article_date_original", "published_time", "published-date", "published_at"),
    *("mediator_published_time", "bt:pubdate", "datepublished", "sort_date", "article:post_date", "displaydate"),
)
WEAK_METAS = (
    *("dcterms.created", "dc.date.created", "date", "dc.date", "article_date", "article:date", "created", "dateposted"),
    *("og:date", "itemprop:date", "timestamp"),
)
PUBLISHED_PROPERTIES = ("datePublished",)
WEAK_PROPERTIES = ("dateCreated", "uploadDate", "coverageStartTime")
MAX_CANDIDATES = 200
"""Dates in the page's elements; more are a list."""
MAX_GROUP_LENGTH = 60
LEVELS_OF_GROUP = 3
MIN_REPETITIONS = 3
MAX_SENTENCE_LENGTH = 120
MIN_RUNNING_WORDS = 3
MAX_BESIDE = 60
"""Characters beside a date that is not named as one, below the first long text."""
MAX_TRIED = 1000
"""Elements with numbers or dates that are looked at."""
MAX_INLINE = 60
"""Elements in a line; a longer one is not a dateline."""
MAX_TEXT_LENGTH = 1000
_STAMP_ATTRIBUTES = ("content", "datetime", "pubdate", "title")
# Other names with "time" belong to clocks and players.
_DATA_NAME = re.compile(r"data-(?!.*(?:modif|updat))(?:\S*(?:date|publi|pub-|created)|time(?:stamp)?$)")
_INLINE_TEXT = """
a abbr b bdi bdo big cite code data dfn em font i ins kbd label mark q s samp small span strong sub sup time tt
u var wbr
"""
_INLINE = frozenset(_INLINE_TEXT.split())
_SPACED = frozenset(("span", "a", "time", "small", "label", "abbr", "cite", "data"))
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"\d{4}|\d[./-]\d\d?[./-]\d\d|[’']\d\d")
_SENTENCE_END = re.compile(r"[.!?。！？।։]$")
_WORDS = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class DateCandidate:
    """One date that a page states."""

    at: datetime
    """Naive if the page gives no offset; midnight for a bare day."""
    is_bare: bool
    """Whether it is only a day."""
    role: Role
    method: str
    """``structured_data``, ``text`` or ``url``."""
    tier: int
    """The reliability of its source; lower is better."""
    place: Place = Place.HEAD
    order: int = 0
    """The order on the page."""
    other: datetime | None = None
    """The timestamp if day and month are swapped, where the text does not decide."""
    text: str = ""
    """The text that states it."""


# Tiers. A date is looked for in all sources; these decide between those that are found.
DECLARED, NAMED, WEAKLY_DECLARED, DATELINE, LINE, URL, BELOW, REST, UPDATE = range(9)


def declared_candidates(data: LinkedData, language: str | None) -> Iterator[DateCandidate]:
    """The dates in linked data and meta elements."""
    order = 0
    for tier, properties, metas in (
        (DECLARED, PUBLISHED_PROPERTIES, PUBLISHED_METAS),
        (WEAKLY_DECLARED, WEAK_PROPERTIES, WEAK_METAS),
    ):
        texts = [text for name in properties if (text := data.text(name))]
        texts += [data.metas[name][0] for name in metas if name in data.metas]
        for text in texts:
            if (stamp := parse_stamp(text, language)) is not None:
                order += 1
                yield _candidate(stamp, Role.PUBLISHED, "structured_data", tier, Place.HEAD, order, text)


def _candidate(stamp: Stamp, role: Role, method: str, tier: int, place: Place, order: int, text: str) -> DateCandidate:
    return DateCandidate(stamp.at, stamp.is_bare, role, method, tier, place, order, stamp.other, text)


def page_candidates(outline: Outline, language: str | None, positions: range) -> list[DateCandidate]:
    """The dates in these elements: attributes for machines, and texts. None that stands in a list."""
    found: list[tuple[DateCandidate, str]] = []
    seen: set[etree._Element] = set()
    tried = 0
    for position in positions:
        if len(found) >= MAX_CANDIDATES or tried + len(seen) > MAX_TRIED:
            break
        element = outline.elements[position]
        if _is_stamped(element):
            tried += 1
            if (candidate := _stamped_candidate(element, outline, language)) is not None:
                found.append((candidate, f"@{_signature(element)}"))
        for text, owner in ((element.text, element), (element.tail, element.getparent())):
            if not text or len(text) > MAX_TEXT_LENGTH or not _DIGIT.search(text):
                continue
            block = _block_of(owner) if owner is not None and owner.tag not in UNREAD_TAGS else None
            if block is not None and block not in seen and block.tag != "title":
                seen.add(block)
                dates = _printed_candidates(block, outline, language, seen)
                found += [(candidate, _signature(block)) for candidate in dates]
    return _without_lists(found)


def _is_stamped(element: etree._Element) -> bool:
    """Return whether an element has an attribute with a date for machines."""
    names = element.keys()
    if not names:
        return False
    if "datetime" in names or "pubdate" in names or any(_DATA_NAME.match(str(name)) for name in names):
        return True
    called = f"{element.get('itemprop', '')} {element.get('property', '')}"
    return "date" in called or "published_time" in called or (element.tag == "abbr" and "title" in names)


def _signature(element: etree._Element) -> str:
    parent = element.getparent()
    around = (element, parent) if parent is not None else (element,)
    return "/".join(f"{node.tag}.{node.get('class', '')}" for node in around)


def _without_lists(found: list[tuple[DateCandidate, str]]) -> list[DateCandidate]:
    """Drop dates of elements that repeat with other dates: they are teasers. One near the headline stays."""
    days: dict[str, set[str]] = {}
    for candidate, signature in found:
        days.setdefault(signature, set()).add(candidate.text)
    in_head = Counter(signature for candidate, signature in found if candidate.place == Place.HEAD)
    return [
        candidate
        for candidate, signature in found
        if len(days[signature]) < MIN_REPETITIONS
        or (candidate.place == Place.HEAD and in_head[signature] < MIN_REPETITIONS)
    ]


# ---------------------------------------------------------------------------------------------- attributes for machines


def _stamped_candidate(element: etree._Element, outline: Outline, language: str | None) -> DateCandidate | None:
    place = outline.place_of(element)
    if place == Place.ASIDE or outline.is_teaser(element):
        return None
    named = (str(name) for name in element.attrib if _DATA_NAME.match(str(name)))
    texts = [element.get(name) or "" for name in (*_STAMP_ATTRIBUTES, *named)]
    if element.get("itemprop"):
        texts.append(short_text(element, MAX_BESIDE) or "")
    text, stamp = next(((text, stamp) for text in texts if text and (stamp := parse_stamp(text, language))), ("", None))
    if stamp is None:
        return None
    called = " ".join(element.get(name) or "" for name in ("itemprop", "property"))
    if "datePublished" in called or "published_time" in called:
        role, tier = Role.PUBLISHED, NAMED
    elif "odified" in called or "updated" in called:
        role, tier = Role.UPDATED, NAMED
    else:
        role, tier = _role_of_element(element), DATELINE
    if element.get("pubdate") is not None:
        role = Role.PUBLISHED
    before, inside, after = _label_of(element)
    labelled = role_of_label(before or inside, after)
    if tier != NAMED and (labelled is Role.UPDATED or role_of_label(before) is Role.OTHER):
        role = role_of_label(before) if labelled is Role.OTHER else labelled
    elif labelled is Role.PUBLISHED and role is Role.UNNAMED:
        role = labelled
    if tier != NAMED and _is_in_sentence(before, after):
        place = Place.TEXT
    return _candidate(stamp, role, "structured_data", tier, place, outline.position.get(element, 0), text)


def _role_of_element(element: etree._Element) -> Role:
    for node in (element, *islice(element.iterancestors(), 2)):
        if node.tag in ("body", "main", "article", "section"):
            break
        names = " ".join(node.get(key) or "" for key in ("class", "id", "itemprop", "name", "data-testid"))
        if names.strip() and (role := role_of_name(names[:300])) is not Role.UNNAMED:
            return role
    return Role.UNNAMED


def _label_of(element: etree._Element) -> tuple[str, str, str]:
    """The text before an element in its line, in the element before the first digit, and after the element."""
    block = _block_of(element)
    inside = _before_digits(short_text(element, MAX_BESIDE) or "")
    if block is None or block is element:
        return "", inside, ""
    if len(block) > MAX_INLINE:
        return "", inside, ""
    for run in _runs(block):
        own = [piece for piece in run if piece.owner is element or element in piece.owner.iterancestors()]
        if own:
            line = "".join(piece.text for piece in run)
            return clean_inline(line[: own[0].start]), inside, clean_inline(line[own[-1].start + len(own[-1].text) :])
    return "", inside, ""


def _before_digits(text: str) -> str:
    match = re.match(r"\D*", text)
    return match[0] if match else ""


def _is_in_sentence(before: str, after: str) -> bool:
    """Return whether a date stands in a sentence of the text."""
    if role_of_label(before, after) is Role.PUBLISHED:
        return False
    if len(before) + len(after) > MAX_SENTENCE_LENGTH:
        return True
    if not _SENTENCE_END.search(after or before):
        return False
    return _running_words(after) >= 2 or _running_words(before) + _running_words(after) >= MIN_RUNNING_WORDS


def _running_words(text: str) -> int:
    """The number of words that are not names or labels: in small letters, or of a script without capitals."""
    return sum(not word[0].isupper() for word in _WORDS.findall(text))


# ------------------------------------------------------------------------------------------------------ printed dates


class Piece(NamedTuple):
    """A part of a line: a text directly in an element."""

    start: int
    text: str
    owner: etree._Element
    before: etree._Element
    """The owner, or the element within it that the text follows."""


Run = list[Piece]


def _block_of(element: etree._Element | None) -> etree._Element | None:
    """The element around inline elements; ``None`` for one that no visitor reads."""
    while element is not None and element.tag in _INLINE:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return None if element is None or element.tag in UNREAD_TAGS else element


def _runs(block: etree._Element) -> list[Run]:
    """The lines of text directly in a block: its inline elements, divided by blocks and line breaks."""
    runs: list[Run] = [[]]
    length = 0

    def write(text: str | None, owner: etree._Element, before: etree._Element) -> None:
        nonlocal length
        if text:
            runs[-1].append(Piece(length, text, owner, before))
            length += len(text)

    def divide() -> None:
        nonlocal length
        runs.append([])
        length = 0

    write(block.text, block, block)
    stack: list[tuple[etree._Element, etree._Element | None]] = [(block, _first(block))]
    while stack:
        owner, child = stack.pop()
        if child is None:
            if owner is not block:
                parent = owner.getparent()
                around = parent if parent is not None else owner
                if owner.tag in _SPACED:
                    write(" ", around, owner)
                write(owner.tail, around, owner)
            continue
        stack.append((owner, child.getnext()))
        if child.tag in _INLINE:
            if child.tag in _SPACED:
                write(" ", child, child)
            write(child.text, child, child)
            stack.append((child, _first(child)))
        else:
            if child.tag not in UNREAD_TAGS and child.tag not in ("img", "input", "button"):
                divide()
            write(" ", owner, child)
            write(child.tail, owner, child)
    return [run for run in runs if run]


def _first(element: etree._Element) -> etree._Element | None:
    return element[0] if len(element) else None


def _printed_candidates(
    block: etree._Element, outline: Outline, language: str | None, seen: set[etree._Element]
) -> Iterator[DateCandidate]:
    found = False
    for run in _runs(block):
        line = re.sub(r"\s", " ", "".join(piece.text for piece in run))
        if not _YEAR.search(with_ascii_digits(line)):
            continue
        dates = find_printed_dates(line, language)
        if dates and outline.is_teaser(block):
            return
        for number, date in enumerate(dates):
            found = True
            begin = dates[number - 1].end if number else 0
            after = line[date.end :] if number == len(dates) - 1 else ""
            piece = next(piece for piece in reversed(run) if piece.start <= date.start)
            position = outline.position.get(piece.before, 0)
            yield from _printed(date, line[begin : date.start], after, piece.owner, position, outline)
    if not found and (grouped := _group_of(block, seen)) is not None:
        line = short_text(grouped, MAX_GROUP_LENGTH) or ""
        for date in find_printed_dates(line, language)[:1]:
            if not outline.is_teaser(grouped):
                position = outline.position.get(grouped, 0)
                yield from _printed(date, line[: date.start], line[date.end :], grouped, position, outline)


def _group_of(block: etree._Element, seen: set[etree._Element]) -> etree._Element | None:
    """The largest short element around a block: day, month and year may stand in elements of their own."""
    best = None
    for node in islice(block.iterancestors(), LEVELS_OF_GROUP):
        if node in seen or short_text(node, MAX_GROUP_LENGTH) is None:
            break
        best = node
    if best is not None:
        seen.update((best, *best.iter(etree.Element)))
    return best


def _printed(
    date: PrintedDate, before: str, after: str, owner: etree._Element, position: int, outline: Outline
) -> Iterator[DateCandidate]:
    place = outline.place_of(owner, position)
    if place == Place.ASIDE or outline.is_headline(owner) or (date.clock is None and outline.is_in_figure(owner)):
        return
    role = role_of_label(before, after)
    if role is Role.UNNAMED:
        role = _role_of_element(owner)
    names = " ".join(node.get("class") or node.get("id") or "" for node in (owner, *islice(owner.iterancestors(), 1)))
    is_named = role in (Role.PUBLISHED, Role.UPDATED) or is_called_date(names[:300]) or owner.tag == "time"
    is_alone = len(before) + len(after) <= MAX_BESIDE
    if place == Place.HEAD and not is_named and not is_alone and outline.is_below_prose(position):
        place = Place.TEXT
    if _is_in_sentence(before.strip(), after.strip()):
        place, is_named = (Place.TEXT if place == Place.HEAD else place), False
    tier = DATELINE if is_named else LINE
    if date.is_short and not is_named:
        tier = REST
    other = datetime.combine(date.other, date.at.time(), date.zone) if date.other else None
    yield DateCandidate(date.at, date.clock is None, role, "text", tier, place, position, other, str(date.day))
