"""Every date on a page that may be its publication date, with what it is, where it stands and how exact it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from lxml import etree

from caliber_crawler.extraction.dates.labels import Role, is_called_date, role_of_label, role_of_name
from caliber_crawler.extraction.dates.printed import MAX_LINE_LENGTH, PrintedDate, find_printed_dates, with_ascii_digits
from caliber_crawler.extraction.dates.stamps import Stamp, parse_stamp
from caliber_crawler.extraction.generic.date_names import (
    FAINT_METAS,
    PUBLISHED_METAS,
    PUBLISHED_PROPERTIES,
    WEAK_METAS,
    WEAK_PROPERTIES,
)
from caliber_crawler.extraction.generic.outline import MAX_NUMBERED_LENGTH, UNREAD_TAGS, Outline, Place, short_text
from caliber_crawler.extraction.generic.text_runs import block_of, runs_of
from caliber_crawler.extraction.linked_data import LinkedData
from caliber_crawler.extraction.text import clean_inline

MAX_CANDIDATES = 200
"""Dates in the page's elements; more are a list."""
MAX_GROUP_LENGTH = 60
LEVELS_OF_GROUP = 3
MIN_REPETITIONS = 3
MAX_SENTENCE_LENGTH = 120
MIN_RUNNING_WORDS = 3
MAX_UNIT = 5
"""Characters behind the time of day in its element: ``Uhr``, a comma."""
MAX_BESIDE = 60
"""Characters beside a date that is not named as one, below the first long text."""
MAX_TRIED = 1000
"""Elements with numbers or dates that are looked at."""
MAX_INLINE = 60
"""Elements in a line; a longer one is not a dateline."""
_STAMP_ATTRIBUTES = ("content", "datetime", "pubdate", "title")
# Other names with "time" belong to clocks and players.
_DATA_NAME = re.compile(r"data-(?!.*(?:modif|updat))(?:\S*(?:date|publi|pub-|created)|time(?:stamp)?$)")
_STAMP_TITLE = re.compile(r"\s{0,9}\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
"""A title for people who point at "3 days ago"."""
_DIGIT = re.compile(r"[\d〇零]")
_NUMBERS = re.compile(r"[\d:.,\s–—|-]+")
_SHORT_YEAR = r"\d[. ]{1,2}[^\W\d_]{3,10}[. ]{1,2}\d\d(?!\d)|\d ?[\u0e01-\u0e4e.]{4,12} ?\d\d(?!\d)"
_YEAR = re.compile(rf"\d{{4}}|\d[./-]\d\d?[./-]\d\d|[’']\d\d|{_SHORT_YEAR}")
ASIDE = "in a part of the page that is not the article"
_TEASER = "beside the headline of another article"
_SENTENCE_END = re.compile(r"[.!?。！？।։]$")
_CLOCK_END = re.compile(r"\d[:.hH]\d\d\s?[^\W\d_]{1,2}(?:\.\s?[^\W\d_])?\.$")  # "p.m.", "น.", "ч."
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
    name: str = ""
    """The name of the property, meta element or attribute that states it."""
    element: etree._Element | None = field(default=None, compare=False, repr=False)
    """The element that states it."""
    is_above: bool = False
    """Whether it is printed above the headline."""
    is_by_name: bool = False
    """Whether it is called an update by its element's class ``updated`` only, not by a text."""
    rejection: str = ""
    """Why it cannot be the date of the page's own article, as a clause; empty if it can."""


# Tiers. A date is looked for in all sources; these decide between those that are found.
DECLARED, NAMED, WEAKLY_DECLARED, DATELINE, LINE, URL, FAINTLY_DECLARED, BELOW, REST, UPDATE, LONE = range(11)


def declared_candidates(data: LinkedData, language: str | None) -> Iterator[DateCandidate]:
    """The dates in linked data and meta elements."""
    order = 0
    for tier, properties, metas in (
        (DECLARED, PUBLISHED_PROPERTIES, PUBLISHED_METAS),
        (WEAKLY_DECLARED, WEAK_PROPERTIES, WEAK_METAS),
        (FAINTLY_DECLARED, (), FAINT_METAS),
    ):
        stated = [(f"JSON-LD {name}", text) for name in properties if (text := data.text(name))]
        stated += [(f"<meta> {name}", data.metas[name][0]) for name in metas if name in data.metas]
        for name, text in stated:
            if (stamp := parse_stamp(text, language)) is not None:
                order += 1
                yield _candidate(stamp, Role.PUBLISHED, tier, Place.HEAD, order, text, name)


def _candidate(
    stamp: Stamp,
    role: Role,
    tier: int,
    place: Place,
    order: int,
    text: str,
    name: str,
    element: etree._Element | None = None,
    rejection: str = "",
) -> DateCandidate:
    return DateCandidate(
        *(stamp.at, stamp.is_bare, role, "structured_data", tier, place, order, stamp.other, text, name),
        element=element,
        rejection=rejection,
    )


def page_candidates(
    outline: Outline, language: str | None, positions: range, *, with_rejected: bool = False
) -> list[DateCandidate]:
    """The dates in these elements: attributes for machines, and texts.

    Dates of teasers, lists, comments and the like are left out; ``with_rejected`` adds them with the reason.
    """
    found: list[tuple[DateCandidate, str]] = []
    rejected: list[DateCandidate] | None = [] if with_rejected else None
    seen: set[etree._Element] = set()
    numbered = frozenset(outline.numbered)
    tried = 0
    for position in positions:
        if len(found) >= MAX_CANDIDATES or tried + len(seen) > MAX_TRIED:
            break
        element = outline.elements[position]
        if _is_stamped(element):
            tried += 1
            if (candidate := _stamped_candidate(element, outline, language, rejected)) is not None:
                found.append((candidate, f"@{_signature(element)}"))
        if position not in numbered:
            continue
        for text, owner in ((element.text, element), (element.tail, element.getparent())):
            if not text or len(text) > MAX_NUMBERED_LENGTH or not _DIGIT.search(text):
                continue
            block = block_of(owner) if owner is not None and owner.tag not in UNREAD_TAGS else None
            if block is not None and block not in seen and block.tag != "title":
                seen.add(block)
                dates = _printed_candidates(block, outline, language, seen, rejected)
                found += [(candidate, _signature(block)) for candidate in dates]
    return [*_without_lists(found, rejected), *(rejected or ())]


def _is_stamped(element: etree._Element) -> bool:
    """Return whether an element has an attribute with a date for machines."""
    names = element.keys()
    for name in map(str, names):
        if name in ("datetime", "pubdate") or (name.startswith("data-") and _DATA_NAME.match(name)):
            return True
        if name in ("itemprop", "property"):
            called = element.get(name, "")
            if "date" in called or "published_time" in called:
                return True
    return "title" in names and (element.tag == "abbr" or _STAMP_TITLE.match(element.get("title") or "") is not None)


def _signature(element: etree._Element) -> str:
    parent = element.getparent()
    around = (element, parent) if parent is not None else (element,)
    return "/".join(f"{node.tag}.{node.get('class', '')}" for node in around)


def _without_lists(found: list[tuple[DateCandidate, str]], rejected: list[DateCandidate] | None) -> list[DateCandidate]:
    """Drop dates of elements that repeat with other dates: they are teasers. One near the headline stays."""
    days: dict[str, set[str]] = {}
    for candidate, signature in found:
        days.setdefault(signature, set()).add(candidate.text)
    in_head = Counter(signature for candidate, signature in found if candidate.place == Place.HEAD)
    kept = []
    for candidate, signature in found:
        is_near = candidate.place == Place.HEAD and in_head[signature] < MIN_REPETITIONS
        if is_near or len(days[signature]) < MIN_REPETITIONS:
            kept.append(candidate)
        elif rejected is not None:
            rejected.append(replace(candidate, rejection="such elements state several dates: a list"))
    return kept


# ---------------------------------------------------------------------------------------------- attributes for machines


def _stamped_candidate(
    element: etree._Element, outline: Outline, language: str | None, rejected: list[DateCandidate] | None
) -> DateCandidate | None:
    place = outline.place_of(element)
    rejection = ASIDE if place == Place.ASIDE else _TEASER if outline.is_teaser(element) else ""
    if rejection and rejected is None:
        return None
    named = (str(name) for name in element.attrib if _DATA_NAME.match(str(name)))
    texts = [(name, element.get(name) or "") for name in (*_STAMP_ATTRIBUTES, *named)]
    if element.get("itemprop"):
        texts.append(("itemprop", short_text(element, MAX_BESIDE) or ""))
    stated = ((name, text, stamp) for name, text in texts if text and (stamp := parse_stamp(text, language)))
    if (found := next(stated, None)) is None:
        return None
    name, text, stamp = found
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
        place, tier = Place.TEXT, LINE
    candidate = _candidate(stamp, role, tier, place, outline.position.get(element, 0), text, name, element, rejection)
    if rejection and rejected is not None:
        rejected.append(candidate)
        return None
    return candidate


def _role_of_element(element: etree._Element) -> Role:
    for node in (element, *islice(element.iterancestors(), 2)):
        if node.tag in ("body", "main", "article", "section"):
            break
        names = " ".join(node.get(key) or "" for key in ("class", "id", "itemprop", "name", "data-testid"))
        if names.strip() and (role := role_of_name(names[:300])) is not Role.UNNAMED:
            return role
    return Role.UNNAMED


def _has_class_updated(element: etree._Element) -> bool:
    around = (element, *islice(element.iterancestors(), 2))
    return any("updated" in (node.get("class") or "").lower().split() for node in around)


def _label_of(element: etree._Element) -> tuple[str, str, str]:
    """The text before an element in its line, in the element before the first digit, and after the element."""
    block = block_of(element)
    inside = _before_digits(short_text(element, MAX_BESIDE) or "")
    if block is None or block is element or len(block) > MAX_INLINE:
        return "", inside, ""
    for run in runs_of(block):
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
    if not _SENTENCE_END.search(after or before) or _CLOCK_END.search(after):
        return False
    return _running_words(after) >= 2 or _running_words(before) + _running_words(after) >= MIN_RUNNING_WORDS


def _is_dateline(date: PrintedDate, before: str, after: str, owner: etree._Element) -> bool:
    """Return whether a date begins or ends a paragraph, in an element of its own that is named as a date."""
    if before and (after or not _SENTENCE_END.search(before)):
        return False
    text = short_text(owner, MAX_BESIDE)
    return (
        text is not None and len(text) <= date.end - date.start + MAX_UNIT and is_called_date(owner.get("class") or "")
    )


def _running_words(text: str) -> int:
    """The number of words that are not names or labels: in small letters, or of a script without capitals."""
    return sum(not word[0].isupper() for word in _WORDS.findall(text))


# ------------------------------------------------------------------------------------------------------ printed dates


def _printed_candidates(
    block: etree._Element,
    outline: Outline,
    language: str | None,
    seen: set[etree._Element],
    rejected: list[DateCandidate] | None,
) -> Iterator[DateCandidate]:
    found = False
    for run in runs_of(block):
        line = re.sub(r"\s", " ", "".join(piece.text for piece in run)) if run[-1].start <= MAX_LINE_LENGTH else ""
        if len(line) > MAX_LINE_LENGTH or not (_YEAR.search(with_ascii_digits(line)) or "年" in line):
            continue
        dates = find_printed_dates(line, language)
        if dates and outline.is_teaser(block):
            if rejected is not None:
                rejected += [_rejected(date, block, _TEASER) for date in dates]
            return
        for number, date in enumerate(dates):
            found = True
            begin = dates[number - 1].end if number else 0
            after = line[date.end :] if number == len(dates) - 1 else ""
            piece = next(piece for piece in reversed(run) if piece.start <= date.start)
            position = outline.position.get(piece.before, 0)
            yield from _printed(date, line[begin : date.start], after, piece.owner, position, outline, rejected)
    if not found and (grouped := _group_of(block, seen)) is not None:
        line = short_text(grouped, MAX_GROUP_LENGTH) or ""
        dates = find_printed_dates(line, language)
        if not (dates and _is_part_of(block, line, dates)):
            return
        seen.update((grouped, *grouped.iter(etree.Element)))
        for date in dates[:1]:
            if not outline.is_teaser(grouped):
                position = outline.position.get(grouped, 0)
                yield from _printed(date, line[: date.start], line[date.end :], grouped, position, outline, rejected)


def _is_part_of(block: etree._Element, line: str, dates: list[PrintedDate]) -> bool:
    """Return whether a block is a part of the only date of a line, or a time of day beside it."""
    text = short_text(block, MAX_GROUP_LENGTH) or ""
    return len(dates) == 1 and (_NUMBERS.fullmatch(text) is not None or text in line[dates[0].start : dates[0].end])


def _group_of(block: etree._Element, seen: set[etree._Element]) -> etree._Element | None:
    """The largest short element around a block: day, month and year may stand in elements of their own."""
    best = None
    for node in islice(block.iterancestors(), LEVELS_OF_GROUP):
        if node in seen or short_text(node, MAX_GROUP_LENGTH) is None:
            break
        best = node
    return best


def _rejected(date: PrintedDate, owner: etree._Element, rejection: str, position: int = 0) -> DateCandidate:
    tier = DATELINE if owner.tag == "time" or is_called_date((owner.get("class") or "")[:300]) else REST
    return DateCandidate(
        *(date.at, date.clock is None, _role_of_element(owner), "text", tier, Place.ASIDE, position),
        text=str(date.day),
        element=owner,
        rejection=rejection,
    )


def _printed(
    date: PrintedDate,
    before: str,
    after: str,
    owner: etree._Element,
    position: int,
    outline: Outline,
    rejected: list[DateCandidate] | None,
) -> Iterator[DateCandidate]:
    place = outline.place_of(owner, position)
    is_caption = date.clock is None and outline.is_in_figure(owner)
    is_part = owner.tag != "time" and outline.is_headline(owner)
    if place == Place.ASIDE or is_caption or is_part:
        if rejected is not None:
            rejection = ASIDE if place == Place.ASIDE else "in a caption" if is_caption else "part of the headline"
            rejected.append(_rejected(date, owner, rejection, position))
        return
    labelled = role_of_label(before, after)
    role = labelled if labelled is not Role.UNNAMED else _role_of_element(owner)
    names = " ".join(node.get("class") or node.get("id") or "" for node in (owner, *islice(owner.iterancestors(), 1)))
    is_named = role in (Role.PUBLISHED, Role.UPDATED) or is_called_date(names[:300]) or owner.tag == "time"
    is_alone = len(before) + len(after) <= MAX_BESIDE
    if place == Place.HEAD and not is_named and not is_alone and outline.is_below_prose(position):
        place = Place.TEXT
    if _is_in_sentence(before.strip(), after.strip()) and not _is_dateline(date, before.strip(), after.strip(), owner):
        place, is_named = (Place.TEXT if place == Place.HEAD else place), False
    tier = DATELINE if is_named else LINE
    if date.is_short and not is_named:
        tier = REST
    other = datetime.combine(date.other, date.at.time(), date.zone) if date.other else None
    yield DateCandidate(
        *(date.at, date.clock is None, role, "text", tier, place, position, other, str(date.day)),
        element=owner,
        is_above=outline.is_above_headline(position),
        is_by_name=labelled is Role.UNNAMED and _has_class_updated(owner),
    )
