"""What needs no teacher: date, byline and section, from the shape of the site.

The date is the slot nearest to the headline that has exactly one day on most pages, and different days on different
ones. A byline is marked as one. A section is a link marked as a category.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree

from caliber_crawler.extraction.slots import MAX_BYLINE
from caliber_crawler.learning.candidates import Frequencies, Selector, matches, selectors_of
from caliber_crawler.learning.choice import Choice, Evidence
from caliber_crawler.learning.fields import IndexedSample, SlotRule, date_values, name_keys, names_a_change
from caliber_crawler.learning.page_index import PageIndex

MOST, FEWER = 0.9, 0.8
"""A date's slot has one day on so many pages; slots with the first share come before those with the second."""
MIN_DIFFERENT = 0.5
MIN_PAGES = 5
BYLINE_SHARE = 0.7
MAX_FOREIGN = 0.1
MAX_MEAN_NAME = 32
MAX_SECTION = 40
_AUTHOR = re.compile(r"(?:^|[\s_-])(?:by-?line|authors?|autor(?:en|es)?|auteurs?|yazar|writers?)(?:$|[\s_-])", re.I)
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autor(?:es)?|auteurs?|yazar(?:lar)?|avtor|user|profile)/[^/]")
_CATEGORY_PAGE = re.compile(r"/(?:category|categories|kategori|kategorie|rubrik|section|sections|rubric)/[^/]")
Place = Callable[[IndexedSample], int | None]
"""The element of the headline on a page."""


class Slots(NamedTuple):
    """A candidate with its distance from the headline, in elements."""

    rule: SlotRule
    pages: int
    distance: float


def learn_date(samples: Sequence[IndexedSample], headline_of: Place) -> Choice[SlotRule] | None:
    """The slot of the date of publication; the evidence counts pages on which it has exactly one day."""
    if len(samples) < MIN_PAGES:
        return None
    frequencies = Frequencies([sample.page for sample in samples])
    candidates: dict[SlotRule, None] = {}
    for sample in samples[: 2 * MIN_PAGES]:
        for (place, attribute), dates in sample.dates.items():
            if len({value.at.date() for value in dates}) == 1:
                candidates |= {
                    SlotRule(selector, attribute): None for selector in selectors_of(sample.page, place, frequencies)
                }
    found: list[Slots] = []
    for rule in candidates:
        if names_a_change(rule.selector.css):
            continue
        days = [date_values(sample, rule) for sample in samples]
        single = [min(values) for values in days if len(values) == 1]
        if len(single) < FEWER * len(samples) or len(set(single)) < MIN_DIFFERENT * len(single):
            continue
        found.append(Slots(rule, len(single), _distance(samples, rule.selector, headline_of)))
    if not found:
        return None
    most = MOST * len(samples)
    best = min(found, key=lambda slot: (slot.pages < most, slot.distance, slot.rule.rank))
    return Choice(best.rule, Evidence(best.pages, 0, best.pages, len(samples)))


def learn_byline(samples: Sequence[IndexedSample], headline_of: Place, base_url: str) -> Choice[SlotRule] | None:
    """The slot of the authors' names, marked as a byline by its name or by a link to an author's page."""
    if len(samples) < MIN_PAGES:
        return None
    host = urlsplit(base_url).netloc
    ranked: list[tuple[tuple[object, ...], Selector, int]] = []
    for selector in _candidates(samples, _is_byline):
        found = [(sample.page, matches(sample.page, selector)) for sample in samples]
        named = [(page, places) for page, places in found if places and len(places) <= 8]
        if len(named) < BYLINE_SHARE * len(samples):
            continue
        every = [(page, place) for page, places in named for place in places]
        texts = [page.text(place) for page, place in every]
        links = [href for page, place in every if (href := page.elements[place].get("href"))]
        foreign = sum(urlsplit(urljoin(base_url, href)).netloc not in (host, "") for href in links)
        if (
            not all(_is_byline(page, place) for page, place in every)
            or foreign > MAX_FOREIGN * max(1, len(links))
            or sum(map(len, texts)) > MAX_MEAN_NAME * len(texts)
            or any(character.isdecimal() for text in texts for character in text)
            or not all(0 < len(text) <= MAX_BYLINE and name_keys(text) for text in texts)
        ):
            continue
        single = sum(len(places) == 1 for _, places in named)
        order = (
            len(named) < MOST * len(samples),
            single < MOST * len(named),
            len(links) < len(every),
            _distance(samples, selector, headline_of),
            *selector.rank,
        )
        ranked.append((order, selector, len(named)))
    return _best(ranked, len(samples))


def learn_section(samples: Sequence[IndexedSample], headline_of: Place, base_url: str) -> Choice[SlotRule] | None:
    """The slot of the section: a link marked as a category, or to a category's page, nearest to the headline.

    A category's page is one that the menu of most pages links to, or whose address says so.
    """
    if len(samples) < MIN_PAGES:
        return None
    menu = _menu_links(samples, urlsplit(base_url).netloc)

    def is_section(page: PageIndex, place: int) -> bool:
        return _is_section(page, place, menu)

    ranked: list[tuple[tuple[object, ...], Selector, int]] = []
    for selector in _candidates(samples, is_section):
        found = [(sample.page, matches(sample.page, selector)) for sample in samples]
        named = [(page, places) for page, places in found if places and len(places) <= 4]
        texts = {page.text(places[0]) for page, places in named}
        targets = {_link_around(page, places[0]) for page, places in named}
        if (
            len(named) < FEWER * len(samples)
            or min(len(texts), len(targets)) < 2
            or any(not 0 < len(text) <= MAX_SECTION for text in texts)
            or not all(is_section(page, place) for page, places in named for place in places)
        ):
            continue
        marked = "category" in selector.css
        order = (not marked, _distance(samples, selector, headline_of), *selector.rank)
        ranked.append((order, selector, len(named)))
    return _best(ranked, len(samples))


def _candidates(samples: Sequence[IndexedSample], is_wanted: Callable[[PageIndex, int], bool]) -> dict[Selector, None]:
    """The selectors, in order, of the elements of the first pages that look like the wanted part."""
    frequencies = Frequencies([sample.page for sample in samples])
    return {
        selector: None
        for sample in samples[: 2 * MIN_PAGES]
        for place in range(len(sample.page.elements))
        if is_wanted(sample.page, place)
        for selector in selectors_of(sample.page, place, frequencies)
    }


def _best(ranked: Sequence[tuple[tuple[object, ...], Selector, int]], pages: int) -> Choice[SlotRule] | None:
    """The selector that ranks first, with the number of pages on which it was found."""
    if not ranked:
        return None
    _, selector, found = min(ranked)
    return Choice(SlotRule(selector), Evidence(found, 0, found, pages))


def _distance(samples: Sequence[IndexedSample], selector: Selector, headline_of: Place) -> float:
    """The mean number of elements between the first match and the headline."""
    distances = [
        abs(found[0] - headline)
        for sample in samples
        if (headline := headline_of(sample)) is not None and (found := matches(sample.page, selector))
    ]
    return sum(distances) / len(distances) if distances else float("inf")


def _names_of(page: PageIndex, place: int) -> Iterator[str]:
    for near in (place, *([page.parents[place]] if page.parents[place] >= 0 else [])):
        element = page.elements[near]
        for attribute in ("class", "rel", "itemprop", "id"):
            if value := element.get(attribute):
                yield value


def _is_byline(page: PageIndex, place: int) -> bool:
    if page.size(place) > 6 or not 2 < page.text_length(place) <= 2 * MAX_BYLINE:
        return False
    element = page.elements[place]
    if _AUTHOR_PAGE.search(element.get("href") or ""):
        return True
    return any(_AUTHOR.search(name) for name in _names_of(page, place))


def _menu_links(samples: Sequence[IndexedSample], host: str) -> frozenset[str]:
    """The targets on the site to which most pages link, and only some twice: from the menu, and as their section."""
    pages = [Counter(target for element in sample.page.elements if (target := _target(element))) for sample in samples]
    counts = Counter(target for page in pages for target in page)
    twice = Counter(target for page in pages for target, number in page.items() if number > 1)
    least = MOST * len(samples)
    return frozenset(
        target
        for target, count in counts.items()
        if count >= least and 0 < twice[target] < FEWER * len(samples) and urlsplit(target).netloc in ("", host)
    )


def _target(element: etree._Element) -> str:
    return (element.get("href") or "").partition("#")[0] if element.tag == "a" else ""


def _link_around(page: PageIndex, place: int) -> str:
    """The target of the link that an element is, or of which it has all the text; empty without one."""
    link = next((each for each in (place, *page.ancestors(place)) if page.elements[each].tag == "a"), None)
    is_label = link is not None and link >= place - 2 and page.text(link) == page.text(place)
    return page.elements[link].get("href") or "" if link is not None and is_label else ""


def _is_section(page: PageIndex, place: int, menu: frozenset[str]) -> bool:
    if not 0 < page.text_length(place) <= 3 * MAX_SECTION or not (target := _link_around(page, place)):
        return False
    marks = (page.elements[place].get("rel") or "").lower().split()
    return "category" in marks or _CATEGORY_PAGE.search(target) is not None or target.partition("#")[0] in menu
