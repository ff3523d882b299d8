"""A lesson: what the worker process does with the pages of a site. It uses no archive and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from caliber_crawler.extraction.learned import METHOD, coverages
from caliber_crawler.extraction.page import open_page
from caliber_crawler.extraction.slots import names_at
from caliber_crawler.extraction.text import fold
from caliber_crawler.extraction.tree import Unreadable
from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.learning import Learned, Sample, learn_layout
from caliber_crawler.processes.limits import Limits
from caliber_crawler.site import LearnedLayout, Site

LIMITS = Limits(cpu_seconds=30.0, wall_seconds=180.0)
"""The limits of a lesson of twenty pages, each of which is extracted up to three times."""
SAME_TEXT = 0.95
"""The share of each text that the other has, at which two extractions of a body are the same."""
SINGLE_FIELDS = ("authors", "section", "subtitle", "views", "cover_image")
"""Fields that are trusted one by one: they can be extracted as on any page without the others."""
EXACT_ZONES = ("page", "two_clocks", "printed_day")
"""Sources of a date's offset that make it an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was learned from pages, and how far the learned rules alone agree with the whole extraction."""

    learned: Learned
    agreeing: int
    """Pages on which they agree, fields that are trusted one by one apart."""
    compared: int
    of_field: Mapping[str, int] = field(default_factory=dict)
    """Of the pages on which they agree, those on which each of these fields does too."""
    unsigned: tuple[int, int] = (0, 0)
    """Pages that name no author, of those on which the learned selector finds none."""


def learn_pages(captures: Sequence[Capture], site: Site, now: datetime) -> Lesson:
    """Learn the layout of a generic site from pages, with the generic extraction as the teacher."""
    plain = replace(site, learned=None)
    outcomes = [(capture, extract_page(capture, plain, now)) for capture in captures]
    samples = [sample for capture, outcome in outcomes if (sample := sample_of(capture, plain, outcome)) is not None]
    learned = learn_layout(samples)
    layout = learned.layout
    if layout.is_empty:
        return Lesson(learned=learned, agreeing=0, compared=0)
    found = [(capture, outcome) for capture, outcome in outcomes if isinstance(outcome, Extraction)]
    silent = [
        not outcome.article.authors
        for capture, outcome in found
        if layout.authors and not _authors_at(capture, site, layout)
    ]
    differing = [_differing(capture, outcome, site, layout, now) for capture, outcome in found]
    agreed = [fields for fields in differing if fields <= set(SINGLE_FIELDS)]
    of_field = {name: sum(name not in fields for fields in agreed) for name in SINGLE_FIELDS}
    return Lesson(
        learned=learned,
        agreeing=len(agreed),
        compared=len(found),
        of_field=of_field,
        unsigned=(sum(silent), len(silent)),
    )


def sample_of(capture: Capture, site: Site, outcome: object) -> Sample | None:
    """A page with what was extracted from it; ``None`` if it is not HTML."""
    try:
        document = open_page(capture, site).document
    except Unreadable:
        return None
    if document is None:
        return None
    if not isinstance(outcome, Extraction):
        return Sample(page=document, url=capture.effective_url)
    article, methods = outcome.article, outcome.methods
    dated = article.published_at is not None and methods.get("published_at") != "url"
    is_stated = methods.get("published_at") == "structured_data"
    return Sample(
        page=document,
        url=capture.effective_url,
        headline=article.headline,
        day=article.published_at.date() if dated and article.published_at is not None else None,
        authors=article.authors,
        body=article.body,
        language=article.language,
        is_language_of_text=methods.get("language") == "generic",
        views_shown=article.views_shown or "",
        stated_day=article.published_at.date() if is_stated and article.published_at is not None else None,
        instant=article.published_at if is_stated and methods.get("published_at_zone") in EXACT_ZONES else None,
    )


def compare_page(capture: Capture, site: Site, now: datetime) -> bool:
    """Whether a page of a site with a trusted layout gives the same article without that trust."""
    alone = extract_page(capture, site, now)
    assert site.learned is not None
    both = extract_page(capture, replace(site, learned=replace(site.learned, is_trusted=False)), now)
    if not isinstance(alone, Extraction) or not isinstance(both, Extraction):
        return isinstance(alone, Extraction) == isinstance(both, Extraction)
    return is_same(alone.article, both.article)


def _authors_at(capture: Capture, site: Site, layout: LearnedLayout) -> bool:
    document = open_page(capture, site).document
    return document is not None and any(names_at(document, rule) for rule in layout.authors)


def _differing(capture: Capture, plain: Extraction, site: Site, layout: LearnedLayout, now: datetime) -> set[str]:
    """The fields in which the learned rules alone differ from the generic extraction, with and without their help."""
    alone = extract_page(capture, replace(site, learned=replace(layout, is_trusted=True)), now)
    if not isinstance(alone, Extraction) or alone.methods.get("body") != METHOD:
        return {"body"}  # the rules alone do not find an article
    differing = differing_fields(alone.article, plain.article)
    if not differing:
        return differing
    both = extract_page(capture, replace(site, learned=replace(layout, is_trusted=False)), now)
    return differing & differing_fields(alone.article, both.article) if isinstance(both, Extraction) else differing


def is_same(one: Article, other: Article) -> bool:
    """Whether two extractions of a page give the same article: equal fields, and nearly the same text."""
    return not differing_fields(one, other)


def differing_fields(one: Article, other: Article) -> set[str]:
    """The fields in which two extractions of a page differ."""
    equal = {
        "headline": fold(one.headline) == fold(other.headline),
        "published_at": one.published_at == other.published_at and _local_day(one) == _local_day(other),
        "authors": set(map(fold, one.authors)) == set(map(fold, other.authors)),
        "body": min(coverages(one.body.split("\n"), other.body.split("\n"))) >= SAME_TEXT,
    }
    equal |= {name: getattr(one, name) == getattr(other, name) for name in ("language", *SINGLE_FIELDS[1:])}
    return {name for name, is_equal in equal.items() if not is_equal}


def _local_day(article: Article) -> object:
    return article.published_at.date() if article.published_at else None
