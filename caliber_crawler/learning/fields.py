"""Rules for headline, date and authors, learned from pages with known answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Generic, NamedTuple, TypeVar

from caliber_crawler.extraction.headline import split_heading
from caliber_crawler.extraction.slots import (
    HEADLINE,
    MAX_BYLINE,
    MAX_DATE,
    MAX_HEADLINE,
    MAX_MATCHES,
    Rule,
    SlotDate,
    dates_in,
    is_same_day,
    names_of,
    without_tail,
)
from caliber_crawler.learning.candidates import Frequencies, Selector, matches, selectors_of
from caliber_crawler.learning.choice import Bounds, Choice, Evidence, Verdict, are_found, choose, evidence_of
from caliber_crawler.learning.page_index import PageIndex, text_key

Answer = TypeVar("Answer")
DATE_ATTRIBUTES = ("datetime", "content", "title")
HEADLINE_SIZE, BYLINE_SIZE = 12, 6
"""Descendants of an element that is a headline, or a name."""
MIN_DATE = 6
CHANGED = ("modif", "updat")
"""Parts of names of elements with the date of the last change."""
MAX_CANDIDATES = 400
MAX_RULES = 3
MIN_FURTHER_PAGES = 4
HEADLINE_BOUNDS = Bounds(agree=3, share=0.8)
DATE_BOUNDS = Bounds(agree=3, share=0.9)
AUTHORS_BOUNDS = Bounds(agree=4, share=0.9, spoken=0.35)


@dataclass(frozen=True)
class IndexedSample:
    """A page with what is known of its article."""

    page: PageIndex
    headline: str | None = None
    day: date | None = None
    authors: tuple[str, ...] = ()
    body: str = ""
    language: str | None = None
    views_shown: str = ""
    section: str = ""
    stated_day: date | None = None
    """The day as the page states it for machines, or as the archive knows it."""
    instant: datetime | None = None
    """The instant of publication that the page states, with its offset."""

    @cached_property
    def dates(self) -> dict[tuple[int, str], tuple[SlotDate, ...]]:
        """The dates on the page by element and attribute: those in short texts and in timestamps."""
        found: dict[tuple[int, str], tuple[SlotDate, ...]] = {}
        for place, element in enumerate(self.page.elements):
            for attribute in DATE_ATTRIBUTES:
                value = element.get(attribute)
                if value and MIN_DATE <= len(value) <= MAX_DATE and (dates := _dates(value, self.language, True)):
                    found[place, attribute] = dates
            if MIN_DATE <= self.page.text_length(place) <= 2 * MAX_DATE:
                value = self.page.text(place)
                if MIN_DATE <= len(value) <= MAX_DATE and (dates := _dates(value, self.language, False)):
                    found[place, ""] = dates
        return found


@lru_cache(maxsize=4096)
def _dates(value: str, language: str | None, is_stamp: bool) -> tuple[SlotDate, ...]:
    return tuple(dates_in(value, language, is_stamp=is_stamp))


class SlotRule(NamedTuple):
    """A candidate: a selector and the attribute with the value."""

    selector: Selector
    attribute: str = ""

    @property
    def text(self) -> str:
        return str(Rule(self.selector.css, self.attribute))

    @property
    def rank(self) -> tuple[object, ...]:
        """A timestamp for machines first, a heading that must be split last, then the shorter selector."""
        return (self.attribute != "datetime", self.attribute == HEADLINE, *self.selector.rank)


@dataclass(frozen=True)
class Field(Generic[Answer]):
    """How the rules of one field are found and judged."""

    answer: Callable[[IndexedSample], Answer | None]
    places: Callable[[IndexedSample, Answer], Iterator[tuple[int, str]]]
    """Where the answer stands on a page: elements and attributes."""
    judge: Callable[[IndexedSample, SlotRule, Answer | None], Verdict]
    """What a rule says on a page whose answer is found there; without an answer, whether it speaks."""
    bounds: Bounds


def learn_rules(samples: Sequence[IndexedSample], field: Field[Answer]) -> list[Choice[SlotRule]]:
    """The rules of a field: the best one, and further ones for the pages on which it is silent."""
    frequencies = Frequencies([sample.page for sample in samples])
    answers = [field.answer(sample) for sample in samples]
    places = [
        [] if answer is None else list(field.places(sample, answer))
        for sample, answer in zip(samples, answers, strict=True)
    ]
    if not are_found(bool(found) for found, answer in zip(places, answers, strict=True) if answer is not None):
        return []
    candidates: dict[SlotRule, None] = {}
    for sample, found in zip(samples, places, strict=True):
        for place, attribute in found:
            if len(candidates) < MAX_CANDIDATES:
                candidates |= {
                    SlotRule(selector, attribute): None for selector in selectors_of(sample.page, place, frequencies)
                }
    verdicts = {
        rule: [
            field.judge(sample, rule, answer if found else None)
            for sample, answer, found in zip(samples, answers, places, strict=True)
        ]
        for rule in candidates
    }
    return list(_chosen(verdicts, field.bounds))


def _chosen(verdicts: dict[SlotRule, list[Verdict]], bounds: Bounds) -> Iterator[Choice[SlotRule]]:
    ranks = {rule: rule.rank for rule in verdicts}
    left = list(range(len(next(iter(verdicts.values()), ()))))
    for number in range(MAX_RULES):
        of_left = {rule: [all_of[place] for place in left] for rule, all_of in verdicts.items()}
        chosen = choose(of_left, ranks, bounds)
        if chosen is None:
            return
        if number and (
            chosen.evidence.agree < MIN_FURTHER_PAGES
            or _disagreement(evidence_of(verdicts[chosen.rule])) > 1 - DATE_BOUNDS.share
        ):
            return
        yield chosen
        left = [place for place in left if verdicts[chosen.rule][place] is Verdict.SILENT]
        if len(left) < MIN_FURTHER_PAGES:
            return


def _disagreement(evidence: Evidence) -> float:
    return 1 - evidence.share if evidence.judged else 0.0


# --- Headline ---------------------------------------------------------------------------------------------------------


def headline_field(tail: str) -> Field[str]:
    """The field of the headline, on a site whose titles end with ``tail``."""
    return _text_field(lambda sample: text_key(without_tail(sample.headline or "", tail)) or None, HEADLINE_BOUNDS)


def has_sections(samples: Sequence[IndexedSample]) -> bool:
    """Whether the articles are of several sections: the label of a single one may stand anywhere."""
    return len({sample.section for sample in samples} - {""}) > 1


def _text_field(answer: Callable[[IndexedSample], str | None], bounds: Bounds) -> Field[str]:
    """A field whose value is the text of an element."""

    def places(sample: IndexedSample, wanted: str) -> Iterator[tuple[int, str]]:
        page = sample.page
        is_alone = False
        longer = []
        for place in range(len(page.elements)):
            is_short = page.size(place) <= HEADLINE_SIZE and len(wanted) <= page.text_length(place) <= 4 * MAX_HEADLINE
            if not is_short:
                continue
            key = text_key(page.text(place))
            if key == wanted:
                is_alone = True
                yield place, ""
            elif key.startswith(wanted):
                longer.append(place)
        # A heading with a subtitle is split only where the headline has no element of its own.
        for place in () if is_alone else longer:
            if text_key(split_heading(page.elements[place])[0]) == wanted:
                yield place, HEADLINE

    def judge(sample: IndexedSample, rule: SlotRule, wanted: str | None) -> Verdict:
        found = matches(sample.page, rule.selector)
        if not 0 < len(found) <= MAX_MATCHES or any(
            sample.page.text_length(place) > 4 * MAX_HEADLINE for place in found
        ):
            return Verdict.SILENT
        if rule.attribute == HEADLINE:
            values = {text_key(split_heading(sample.page.elements[place])[0]) for place in found} - {""}
        else:
            values = {text_key(sample.page.text(place)) for place in found} - {""}
        if len(values) != 1:
            return Verdict.SILENT
        if wanted is None:
            return Verdict.SPEAKS
        return Verdict.AGREES if values == {wanted} else Verdict.DISAGREES

    return Field(answer, places, judge, bounds)


SECTION = _text_field(lambda sample: text_key(sample.section) or None, DATE_BOUNDS)


# --- Date -------------------------------------------------------------------------------------------------------------


def date_values(sample: IndexedSample, rule: SlotRule) -> set[date]:
    """The days in all matches of a rule."""
    page, found = sample.page, matches(sample.page, rule.selector)
    if not 0 < len(found) <= MAX_MATCHES:
        return set()
    if not rule.attribute and any(len(page.text(place)) > MAX_DATE for place in found):
        return set()
    return {value.at.date() for place in found for value in sample.dates.get((place, rule.attribute), ())}


def _date_places(sample: IndexedSample, wanted: date) -> Iterator[tuple[int, str]]:
    for slot, dates in sample.dates.items():
        if any(value.at.date() == wanted for value in dates):
            yield slot


def _judge_date(sample: IndexedSample, rule: SlotRule, wanted: date | None) -> Verdict:
    if names_a_change(rule.selector.css):
        return Verdict.SILENT
    days = date_values(sample, rule)
    if len(days) != 1:
        return Verdict.SILENT
    (day,) = days
    if wanted is None or (day != wanted and is_same_day(day, wanted)):
        return Verdict.SPEAKS
    return Verdict.AGREES if day == wanted else Verdict.DISAGREES


def names_a_change(css: str) -> bool:
    """Whether a selector names the date of the last change."""
    return any(part in css.lower() for part in CHANGED)


DATE = Field[date](lambda sample: sample.day, _date_places, _judge_date, DATE_BOUNDS)


# --- Authors ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def name_keys(text: str) -> frozenset[str]:
    """The names in a byline, as keys; none if it is no name, such as ``admin``."""
    return frozenset(filter(None, map(text_key, names_of(text))))


def _author_places(sample: IndexedSample, wanted: frozenset[str]) -> Iterator[tuple[int, str]]:
    page = sample.page
    for place in range(len(page.elements)):
        if page.size(place) <= BYLINE_SIZE and 2 < page.text_length(place) <= MAX_BYLINE:
            text = page.text(place)
            key = text_key(text)
            if any(name in key for name in wanted) and (names := name_keys(text)) and names <= wanted:
                yield place, ""


def _judge_authors(sample: IndexedSample, rule: SlotRule, wanted: frozenset[str] | None) -> Verdict:
    page, found = sample.page, matches(sample.page, rule.selector)
    if not 0 < len(found) <= 8 or any(page.text_length(place) > MAX_BYLINE for place in found):
        return Verdict.SILENT
    names = frozenset().union(*(name_keys(page.text(place)) for place in found))
    if not names:
        return Verdict.SILENT
    if wanted is None:
        return Verdict.SPEAKS
    return Verdict.AGREES if names == wanted else Verdict.DISAGREES


AUTHORS = Field[frozenset[str]](
    lambda sample: frozenset(filter(None, map(text_key, sample.authors))) or None,
    _author_places,
    _judge_authors,
    AUTHORS_BOUNDS,
)


# --- View counter -----------------------------------------------------------------------------------------------------


def _view_places(sample: IndexedSample, wanted: str) -> Iterator[tuple[int, str]]:
    page = sample.page
    for place in range(len(page.elements)):
        if page.size(place) <= BYLINE_SIZE and len(wanted) <= page.text_length(place) <= MAX_BYLINE:
            key = text_key(page.text(place))
            if key in (wanted, re.sub(r"\D", "", wanted)):
                yield place, ""


def _judge_views(sample: IndexedSample, rule: SlotRule, wanted: str | None) -> Verdict:
    page, found = sample.page, matches(sample.page, rule.selector)
    if not 0 < len(found) <= MAX_MATCHES or any(page.text_length(place) > MAX_BYLINE for place in found):
        return Verdict.SILENT
    numbers = {re.sub(r"\D", "", page.text(place)) for place in found} - {""}
    if len(numbers) != 1:
        return Verdict.SILENT
    if wanted is None:
        return Verdict.SPEAKS
    return Verdict.AGREES if numbers == {re.sub(r"\D", "", wanted)} else Verdict.DISAGREES


VIEWS = Field[str](lambda sample: text_key(sample.views_shown) or None, _view_places, _judge_views, DATE_BOUNDS)


def common_tail(headlines: Sequence[str], share: float = 0.6) -> str:
    """What most of the headlines end with, from a mark on: ``| Example News``; empty if there is nothing."""
    known = [headline for headline in headlines if headline]
    if len(set(known)) < 3:
        return ""
    best = ""
    for headline in known[:20]:
        for cut in range(1, len(headline)):
            tail = headline[cut:]
            if tail[0] in "|–—-:·•«»" and sum(other.endswith(tail) for other in known) >= share * len(known):
                if len(tail) > len(best):
                    best = tail
                break
    # The blank before the mark belongs to it.
    return best if len(best) > 3 else ""
