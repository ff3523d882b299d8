"""Comparisons: a definition with the generic extraction, and what a definition states with what was learned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from caliber_crawler.extraction.learned import coverages
from caliber_crawler.extraction.page import Page, open_page
from caliber_crawler.extraction.slots import HEADLINE, parse_rule
from caliber_crawler.extraction.text import fold
from caliber_crawler.extraction.tree import Unreadable
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.learning.url_patterns import path_of
from caliber_crawler.processes import run_limited
from caliber_crawler.quantity import quantity
from caliber_crawler.site import LearnedLayout, Site
from caliber_crawler.site_learning.survey import Survey
from caliber_crawler.site_learning.teaching import LIMITS

FIELDS = ("headline", "subtitle", "published_at", "authors", "section", "views", "body")
PARTS = ("headline", "date", "authors", "section", "views", "body")
SAME_TEXT = 0.9


class FieldRow(NamedTuple):
    """On how many pages the definition and the generic extraction find a field, and on how many they agree."""

    field: str
    definition: int
    generic: int
    same: int
    pages: int


class FactRow(NamedTuple):
    """What a definition states about a fact, and what was learned."""

    fact: str
    stated: str
    learned: str
    verdict: str


def compare_extractions(captures: Sequence[Capture], defined: Site, plain: Site, now: datetime) -> list[FieldRow]:
    """Extract pages with a definition and without it, in a worker process."""
    return run_limited(_compare_extractions, captures, defined, plain, now, limits=LIMITS)


def _compare_extractions(captures: Sequence[Capture], defined: Site, plain: Site, now: datetime) -> list[FieldRow]:
    pairs = [
        (_article(extract_page(capture, defined, now)), _article(extract_page(capture, plain, now)))
        for capture in captures
    ]
    return [
        FieldRow(
            name,
            sum(_has(one, name) for one, _ in pairs),
            sum(_has(other, name) for _, other in pairs),
            sum(_same(one, other, name) for one, other in pairs),
            len(pairs),
        )
        for name in FIELDS
    ]


def _article(outcome: object) -> Article | None:
    return outcome.article if isinstance(outcome, Extraction) else None


def _has(article: Article | None, name: str) -> bool:
    return article is not None and getattr(article, name) not in (None, "", ())


def _same(one: Article | None, other: Article | None, name: str) -> bool:
    if one is None or other is None:
        return False
    if name == "body":
        return min(coverages(one.body.split("\n"), other.body.split("\n"))) >= SAME_TEXT
    if name == "published_at":
        return one.published_at is not None and one.published_at == other.published_at
    return fold(str(getattr(one, name))) == fold(str(getattr(other, name)))


def compare_facts(survey: Survey, site: Site, captures: Sequence[Capture]) -> list[FactRow]:
    """What a site's definition states, beside what was learned without it."""
    rows = [_title(survey, site), _article_path(survey, site), _timezone(survey, site), *_editions(survey, site)]
    rows += run_limited(compare_selectors, captures, site, survey.layout, limits=LIMITS)
    return rows


def compare_selectors(captures: Sequence[Capture], site: Site, learned: LearnedLayout) -> list[FactRow]:
    """The selectors of a definition and the learned ones, by what they find on pages. Runs in a worker process."""
    documents = [page for capture in captures if (page := _opened(capture, site)) is not None]
    rows = []
    for part in PARTS:
        stated = next((getattr(layout, part) for layout in site.layouts if getattr(layout, part)), "")
        own = next(iter(getattr(learned, part)), "").removesuffix(HEADLINE)
        if not stated and not own:
            continue
        equal = both = 0
        for page in documents:
            if page.document is None or not stated or not own:
                continue
            one = page.document.values(parse_rule(stated).css)
            other = page.document.values(parse_rule(own).css)
            if one and other:
                both += 1
                equal += _is_same_place(one[0], other[0])
        verdict = "not stated" if not stated else "not learned" if not own else "same selector" if stated == own else ""
        rows.append(
            FactRow(f"layout: {part}", stated, own, verdict or f"same text on {equal} of {quantity(both, 'page')}")
        )
    return rows


def failed_selectors(captures: Sequence[Capture], site: Site, learned: LearnedLayout) -> dict[str, tuple[str, str]]:
    """The stated selectors that find nothing on most pages, by part, with the learned ones that do."""
    return run_limited(_failed_selectors, captures, site, learned, limits=LIMITS)


def _failed_selectors(captures: Sequence[Capture], site: Site, learned: LearnedLayout) -> dict[str, tuple[str, str]]:
    documents = [page.document for capture in captures if (page := _opened(capture, site)) and page.document]
    failed = {}
    for part in PARTS:
        own = next(iter(getattr(learned, part)), "").removesuffix(HEADLINE)
        stated = [getattr(layout, part) for layout in site.layouts if getattr(layout, part)]
        found = sum(any(document.values(parse_rule(css).css) for css in stated) for document in documents)
        if own and stated and 2 * found < len(documents):
            failed[part] = (stated[0], own)
    return failed


def _opened(capture: Capture, site: Site) -> Page | None:
    try:
        return open_page(capture, replace(site, layouts=(), learned=None))
    except Unreadable:
        return None


def _is_same_place(one: str, other: str) -> bool:
    return fold(one) == fold(other) or min(coverages([one], [other])) >= SAME_TEXT


def _title(survey: Survey, site: Site) -> FactRow:
    is_same = fold(survey.title.value) == fold(site.title)
    return FactRow("title", site.title, survey.title.value, "same" if is_same else "differs")


def _article_path(survey: Survey, site: Site) -> FactRow:
    pattern = survey.article_path
    if pattern is None:
        return FactRow("article_path", site.article_path, "", "not learned")
    urls = [path_of(url) for url in survey.urls]
    both = sum(bool(re.fullmatch(site.article_path, url)) == bool(re.fullmatch(pattern.regex, url)) for url in urls)
    return FactRow("article_path", site.article_path, pattern.regex, f"same on {both} of {quantity(len(urls), 'URL')}")


def _timezone(survey: Survey, site: Site) -> FactRow:
    if survey.timezone is None:
        return FactRow("timezone", site.timezone, "", "not learned")
    at = datetime(2026, 1, 1)  # noqa: DTZ001 - only the offset is needed
    offsets: list[timedelta | None] = [ZoneInfo(name).utcoffset(at) for name in (site.timezone, survey.timezone.value)]
    return FactRow(
        "timezone", site.timezone, survey.timezone.value, "same offset" if offsets[0] == offsets[1] else "differs"
    )


def _editions(survey: Survey, site: Site) -> list[FactRow]:
    found = {language.value for language in survey.languages}
    labels = {label.value.casefold() for label in survey.view_labels}
    shown = ", ".join(label.value for label in survey.view_labels)
    rows = []
    for edition in site.editions:
        is_found = edition.language in found
        own = edition.language if is_found else ""
        rows.append(FactRow("edition", edition.language, own, "same" if is_found else "no article in it"))
        rows += [
            FactRow(
                f"{edition.language}: view label", label, shown, "same" if label.casefold() in labels else "differs"
            )
            for label in edition.view_labels
            if is_found
        ]
    stated = {section.path for edition in site.editions for section in edition.sections.values()}
    for label, path in survey.sections:
        is_stated = path in stated
        verdict = "same path" if is_stated else "not stated"
        rows.append(FactRow(f"section {label.value}", path if is_stated else "", path, verdict))
    if survey.teasers is not None and site.listing is not None:
        verdict = "same selector" if survey.teasers.teaser == site.listing.teaser else "differs"
        rows.append(FactRow("listing: teaser", site.listing.teaser, survey.teasers.teaser, verdict))
    return rows
