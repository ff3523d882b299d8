"""Learned rules as an extraction method: a second opinion on what the generic extraction finds, field by field.

- Headline, date and authors: the rule's value where it speaks; a date from the page's structured data stays if it is of
  the same day. A weak rule only fills a gap.
- Body: the generic extraction's text, unless it refused the page, or one of the two texts is a small part of the other.
- A page that the generic extraction refused is an article if the rules of headline, date and body each speak.

On a site whose rules alone give the same, the generic extraction is skipped (``LearnedLayout.is_trusted``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from caliber_crawler.extraction.captions import move_captions
from caliber_crawler.extraction.counts import parse_count, with_count
from caliber_crawler.extraction.embeds import replace_embeds
from caliber_crawler.extraction.lines import Line, extract_lines
from caliber_crawler.extraction.page import Page
from caliber_crawler.extraction.slots import (
    DateForm,
    SlotDate,
    counter_at,
    date_at,
    headline_at,
    is_same_day,
    names_at,
    subtitle_at,
    without_tail,
)
from caliber_crawler.extraction.text import fold, fold_clean, letters_in
from caliber_crawler.extraction.tree import class_names, select
from caliber_crawler.site.learned import LearnedLayout

if TYPE_CHECKING:
    from caliber_crawler.extraction.generic import GenericExtraction

METHOD = "learned"
NON_TEXT = (
    *("script", "style", "noscript", "template", "svg", "iframe", "form", "button", "select", "textarea", "object"),
    *("canvas", "dialog", "nav", "footer"),
)
DROPPED = "dropped"
SWITCH = 0.3
"""The learned text replaces the generic one if one of them covers less than this share of the other."""
MAX_DIFFERENCE = timedelta(hours=14)
"""Between two instants of one date, of which one is perhaps a local time that claims to be UTC."""
MIN_KEPT = 0.7
"""The share of the generic text that must remain without the elements that are dropped; else they are not."""
LINES_ABOVE = 5
"""Lines at the beginning of a container among which the headline may be."""
MIN_LETTERS = 80
"""Letters of a text that counts."""
MIN_SAMPLE, MAX_SAMPLE = 300, 1_500
"""Characters of a text that show its language."""
MAX_DISTANCE = 700
"""The greatest rank distance of the detector for a text that is surely in a language."""
_NAME = re.compile(r"[.#][A-Za-z_-][\w-]*", re.ASCII)


class Readings(NamedTuple):
    """What the learned rules find on a page."""

    headline: str | None
    date: SlotDate | None
    authors: tuple[str, ...]
    section: str | None
    body: tuple[Line, ...]
    views_shown: str | None = None
    """The view counter as printed."""
    subtitle: str | None = None
    """The subtitle inside the heading."""
    zone: tzinfo | None = None
    """The zone of the site's printed dates."""

    @property
    def published_at(self) -> datetime | None:
        """The date; naive without an offset."""
        return in_zone(self.date.at, self.zone) if self.date is not None else None

    @property
    def date_details(self) -> dict[str, str]:
        """How exact the date is, and where its offset comes from."""
        if self.date is None:
            return {}
        zone = "page" if self.date.at.tzinfo else METHOD if self.zone else "site"
        return {"published_at_precision": "day" if self.date.is_bare else "minute", "published_at_zone": zone}

    @property
    def is_article(self) -> bool:
        """Whether the three main rules each speak."""
        return self.date is not None and self.has_text

    @property
    def has_text(self) -> bool:
        """Whether the rules of headline and text each speak."""
        return bool(self.headline) and _letters(self.body) >= MIN_LETTERS


def read_page(page: Page, layout: LearnedLayout) -> Readings:
    """What the rules find on a page, which is HTML."""
    document, tail = page.document, layout.headline_tail
    assert document is not None
    headline = next(filter(None, (headline_at(document, rule, tail) for rule in layout.headline)), None)
    subtitle = next(filter(None, (subtitle_at(document, rule) for rule in layout.headline)), None)
    form = DateForm(layout.date_format, layout.date_language or layout.language, layout.is_month_first)
    dates = (date_at(document, rule, form) for rule in layout.date)
    date = next(filter(None, dates), None)
    authors = next(filter(None, (names_at(document, rule) for rule in layout.authors)), ())
    section = next(filter(None, (headline_at(document, rule) for rule in layout.section)), None)
    views = next(filter(None, (with_count(counter_at(document, rule)) for rule in layout.views)), None)
    return Readings(headline, date, authors, section, body_at(page, layout, headline), views, subtitle, layout.zone)


def in_zone(at: datetime, zone: tzinfo | None) -> datetime:
    """A timestamp in a zone if it has none."""
    return at.replace(tzinfo=zone) if at.tzinfo is None and zone is not None else at


def body_at(page: Page, layout: LearnedLayout, headline: str | None = None) -> tuple[Line, ...]:
    """The lines of the text: of the only element that the first speaking rule finds, less what is dropped."""
    assert page.document is not None
    for rule in layout.body:
        found = page.document.outermost(rule)
        if len(found) == 1:
            container = found[0]
            container.tail = None
            _drop(container, layout.drop)
            classes = class_names(container)
            if "caption" in classes or next(container.iter("figcaption"), None) is not None:
                move_captions(container)
            replace_embeds(container, page, classes)
            etree.strip_elements(container, *NON_TEXT, with_tail=False)
            lines = [line for line in extract_lines(container) if line.text or line.pictures]
            own = fold(headline or "")
            longest = 2 * len(headline or "")
            return without_known_lines(
                (
                    line
                    for place, line in enumerate(lines)
                    if place >= LINES_ABOVE or not 0 < len(line.text) <= longest or fold_clean(line.text) != own
                ),
                layout,
            )
    return ()


def without_known_lines(lines: Iterable[Line], layout: LearnedLayout) -> tuple[Line, ...]:
    """The lines of a text that do not stand on many pages of the site."""
    known, longest = _folded(layout.lines)
    # Folding shortens a text by its marks only.
    return tuple(line for line in lines if not 0 < len(line.text) <= longest or fold_clean(line.text) not in known)


@lru_cache(maxsize=64)
def _folded(lines: tuple[str, ...]) -> tuple[frozenset[str], int]:
    """The lines folded, and the length up to which a text may be one of them."""
    return frozenset(map(fold, lines)), 2 * max(map(len, lines), default=0)


def _drop(container: etree._Element, selectors: Iterable[str]) -> None:
    classes, ids, others = _split_names(tuple(selectors))
    found = select(container, others) if others else []
    if classes or ids:
        # Many times as fast as a search by XPath.
        for element in container.iter(etree.Element):
            names = element.get("class")
            if (names and not classes.isdisjoint(names.split())) or (ids and element.get("id") in ids):
                found.append(element)
    for element in found:
        if element is not container:
            element.tag = DROPPED
    if found:
        etree.strip_elements(container, DROPPED, with_tail=False)


@lru_cache(maxsize=256)
def _split_names(selectors: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], str]:
    """The classes and the IDs of the selectors that are one of them, and all others as one selector."""
    names = frozenset(css for css in selectors if _NAME.fullmatch(css))
    classes, ids = (frozenset(css[1:] for css in names if css[0] == mark) for mark in ".#")
    return classes, ids, ", ".join(css for css in selectors if css not in names)


def dropped_lines(page: Page, layout: LearnedLayout) -> frozenset[str]:
    """The lines of the elements that are not part of an article, folded."""
    assert page.document is not None
    elements = (element for css in layout.drop for element in page.document.outermost(css))
    return frozenset(fold(line.text) for element in elements for line in extract_lines(element) if line.text)


def second_opinion(
    generic: GenericExtraction,
    refusal: str | None,
    readings: Readings,
    layout: LearnedLayout,
    dropped: frozenset[str] = frozenset(),
) -> GenericExtraction | None:
    """The generic extraction corrected by the learned rules; ``None`` if neither finds an article.

    ``dropped``: see :func:`dropped_lines`.
    """
    if refusal is not None and not readings.is_article:
        return None
    methods = dict(generic.methods)
    changes: dict[str, object] = {}
    tail = layout.headline_tail

    def overrules(part: str, value: object) -> bool:
        return value in (None, "", ()) or part not in layout.weak

    headline = without_tail(generic.headline, tail) if generic.headline else None
    if readings.headline and overrules("headline", headline) and fold(readings.headline) != fold(headline or ""):
        headline, methods["headline"] = readings.headline, METHOD
    changes["headline"] = headline
    date = readings.date
    known = generic.published_at
    is_other = known is None or (
        date is not None
        and (is_other_date(date, known, generic.date_details) or is_finer(date, known, generic.date_details))
    )
    if date is not None and is_other and overrules("date", known):
        changes["published_at"], methods["published_at"] = readings.published_at, METHOD
        changes["date_details"] = readings.date_details
    elif known is not None and known.tzinfo is None and readings.zone is not None:
        changes["published_at"] = in_zone(known, readings.zone)
        changes["date_details"] = {**generic.date_details, "published_at_zone": METHOD}
    names = {fold(name) for name in generic.authors}
    if (
        readings.authors
        and overrules("authors", generic.authors)
        and {fold(name) for name in readings.authors} != names
    ):
        changes["authors"], methods["authors"] = readings.authors, METHOD
    if readings.views_shown and generic.views is None:
        changes |= {"views_shown": readings.views_shown, "views": parse_count(readings.views_shown, layout.language)}
        methods["views"] = methods["views_shown"] = METHOD
    language = language_of_site(generic.language, methods.get("language"), _texts(generic.body), layout)
    if language != generic.language:
        changes["language"], methods["language"] = language, METHOD
    if readings.subtitle and not generic.subtitle:
        changes["subtitle"], methods["subtitle"] = readings.subtitle, METHOD
    if readings.section and not generic.section:
        changes["section"], methods["section"] = readings.section, METHOD
    body = without_known_lines(generic.body, layout)
    rest = tuple(line for line in body if fold(line.text) not in dropped)
    if _letters(rest) >= MIN_KEPT * _letters(body):
        body = rest
    if len(body) < len(generic.body):
        changes["body"] = body
    if _letters(readings.body) >= MIN_LETTERS and (
        refusal is not None or min(coverages(_texts(body), _texts(readings.body))) < SWITCH
    ):
        changes["body"], methods["body"] = readings.body, METHOD
    return replace(generic, methods=methods, **changes)  # type: ignore[arg-type]


def is_other_date(date: SlotDate, known: datetime, details: Mapping[str, str]) -> bool:
    """Whether a learned date is of another day than a known one. The time zone of one of them may be unknown."""
    is_instant = details.get("published_at_precision") == "minute" and details.get("published_at_zone") == "page"
    if is_instant and known.tzinfo is not None and date.at.tzinfo is not None and not date.is_bare:
        return abs(known - date.at) > MAX_DIFFERENCE
    return not is_same_day(known.date(), date.at.date())


def is_finer(date: SlotDate, known: datetime, details: Mapping[str, str]) -> bool:
    """Whether a learned date has the time of a day of which only the day is known."""
    return details.get("published_at_precision") == "day" and not date.is_bare and date.at.date() == known.date()


def is_as_usual(language: str | None, text: str, layout: LearnedLayout) -> bool:
    """Whether a page is in the only language of its site, as it declares, by a fast look at its text."""
    if not layout.is_monolingual or language != layout.language or len(text) < MIN_SAMPLE:
        return False
    # Imported here: the library is slow to load.
    from resiliparse.parse.lang import detect_fast

    found, distance = detect_fast(text[:MAX_SAMPLE], cutoff=MAX_DISTANCE)
    return bool(found == language and distance <= MAX_DISTANCE)


def language_of_site(
    language: str | None, method: str | None, texts: Sequence[str], layout: LearnedLayout
) -> str | None:
    """The language of the site's texts, where a page declares another one or none and its text is too short to tell."""
    if layout.text_language is None or method == "generic" or language == layout.text_language:
        return language
    # Imported here: the package is slow to load.
    from caliber_crawler.extraction.generic.page_language import is_clearly_in

    return language if language and is_clearly_in(" ".join(texts), language) else layout.text_language


def coverages(one: Iterable[str], other: Iterable[str]) -> tuple[float, float]:
    """The share of the words of each text that the other has too."""
    words, others = (Counter(word for line in lines for word in _words(line)) for lines in (one, other))
    common = sum((words & others).values())
    return common / max(1, words.total()), common / max(1, others.total())


def _words(line: str) -> list[str]:
    folded = fold(line)
    # A text without blanks between words is compared by pairs of signs.
    return folded.split() if letters_in(folded) == len(folded) else [folded[at : at + 2] for at in range(len(folded))]


def _texts(lines: Iterable[Line]) -> list[str]:
    return [line.text for line in lines if line.text]


def _letters(lines: Iterable[Line]) -> int:
    return sum(letters_in(line.text) for line in lines)


def learned_layout_of(page: Page) -> LearnedLayout | None:
    """The learned layout of a page's site, if the page has a tree to apply it to."""
    layout = page.site.learned
    return layout if layout is not None and not layout.is_empty and page.document is not None else None
