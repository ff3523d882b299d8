"""A learned layout as site facts, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caliber_crawler.archive import Archive, FactName, SiteFact
from caliber_crawler.learning import Learned
from caliber_crawler.learning.layout import Fact, Part, layout_of
from caliber_crawler.site import LearnedLayout
from caliber_crawler.site_learning.teaching import Lesson

FACT_OF: dict[Part, FactName] = {
    "headline": "headline_selector",
    "date": "date_selector",
    "authors": "authors_selector",
    "section": "section_selector",
    "views": "views_selector",
    "body": "body_selector",
    "drop": "dropped_selector",
    "line": "boilerplate_line",
    "tail": "headline_tail",
    "language": "language",
    "text_language": "text_language",
    "undated": "undated",
    "date_format": "date_format",
    "date_language": "date_language",
    "date_zone": "date_zone",
}
PART_OF: dict[str, Part] = {name: part for part, name in FACT_OF.items()}
AGREEMENT: FactName = "layout_agreement"
AGREES = "the learned selectors alone give what they give together with the generic extraction"
"""The value of the fact :data:`AGREEMENT`; its evidence decides whether the generic extraction is skipped.

Further values are names of fields that can be extracted as on any page where they do not agree: they count only on the
agreeing pages."""
UNSIGNED = "where the selector of the authors finds none, the page names none"
"""Another value of the fact :data:`AGREEMENT`, about the pages on which that selector is silent."""
MIN_UNSIGNED = 2
EARLIER: FactName = "earlier_rule"
"""A rule of the trusted layout that a redesign ended: the name of its fact, a blank and its value."""
TRUSTED_PAGES, TRUSTED_SHARE = 10, 0.95
LAYOUT_FACTS: tuple[FactName, ...] = (*FACT_OF.values(), AGREEMENT)
"""The names of the facts that make a learned layout."""


def site_facts(learned: Learned) -> list[SiteFact]:
    """The facts of a learned layout, as the archive stores them."""
    return [SiteFact(FACT_OF[fact.part], fact.value, fact.confirming, fact.examined) for fact in learned.facts]


def lesson_facts(lesson: Lesson) -> list[SiteFact]:
    """The facts of a lesson: those of the layout, and how far they can be trusted."""
    facts, agreeing = site_facts(lesson.learned), lesson.agreeing
    if not facts:
        return []
    fields = [SiteFact(AGREEMENT, name, count, agreeing) for name, count in lesson.of_field.items()]
    unsigned = [SiteFact(AGREEMENT, UNSIGNED, *lesson.unsigned)] if lesson.unsigned[1] else []
    return [*facts, SiteFact(AGREEMENT, AGREES, agreeing, lesson.compared), *fields, *unsigned]


def learned_layout(archive: Archive, site: str) -> LearnedLayout | None:
    """The layout that was learned about a site; ``None`` if there is none."""
    return layout_of_facts(layout_facts(archive, site, EARLIER))


def layout_of_facts(known: Sequence[SiteFact]) -> LearnedLayout | None:
    """The layout of a site's facts; ``None`` if they have no rule."""
    facts, earlier = [], []
    agreements: dict[str, SiteFact] = {}
    for fact in known:
        name, _, value = fact.value.partition(" ")
        if fact.fact == AGREEMENT:
            agreements[fact.value] = fact
        elif fact.fact in PART_OF:
            facts.append(Fact(PART_OF[fact.fact], fact.value, fact.pages_confirming, fact.pages_examined))
        elif fact.fact == EARLIER and name in PART_OF:
            earlier.append(Fact(PART_OF[name], value, fact.pages_confirming, fact.pages_examined))
    agreement, unsigned = agreements.pop(AGREES, None), agreements.pop(UNSIGNED, None)
    # Rules that found archived articles again after a redesign need no agreement with the generic extraction.
    found_again = bool(earlier) and agreement is None
    is_agreed = agreement is not None and is_trustworthy(agreement.pages_confirming, agreement.pages_examined)
    layout = layout_of(facts, is_trusted=found_again or is_agreed)
    if not facts or (layout.is_empty and not (layout.section or layout.views)):
        return None
    return replace(
        layout,
        untrusted=tuple(sorted(name for name, fact in agreements.items() if fact.share < TRUSTED_SHARE)),
        is_unsigned=unsigned is not None
        and unsigned.pages_examined >= MIN_UNSIGNED
        and unsigned.share >= TRUSTED_SHARE,
        earlier=layout_of(earlier, is_trusted=True) if earlier else None,
    )


def earlier_rules(facts: Sequence[SiteFact]) -> list[SiteFact]:
    """The facts of a layout as those of the layout before a redesign."""
    return [
        SiteFact(EARLIER, f"{fact.fact} {fact.value}", fact.pages_confirming, fact.pages_examined)
        for fact in facts
        if fact.fact in PART_OF
    ]


def is_healed(archive: Archive, site: str) -> bool:
    """Whether the layout of a site without a definition was replaced after a redesign, and not learned since."""
    return bool(archive.site_facts.current(site, EARLIER)) and not archive.site_facts.current(site, AGREEMENT)


def learned_layouts(archive: Archive) -> dict[str, LearnedLayout]:
    """The learned layouts of all sites in an archive, by site."""
    layouts = {site: learned_layout(archive, site) for site in archive.site_facts.sites()}
    return {site: layout for site, layout in layouts.items() if layout is not None}


def layout_facts(archive: Archive, site: str, *further: FactName) -> list[SiteFact]:
    """The facts of a site's learned layout that hold, and ``further`` ones, with their evidence."""
    return [
        SiteFact(row["fact"], row["value"], row["pages_confirming"], row["pages_examined"])  # type: ignore[arg-type]
        for row in archive.site_facts.current(site, *LAYOUT_FACTS, *further)
    ]


def is_trustworthy(agreeing: int, compared: int) -> bool:
    """Whether a layout agreed on enough pages that the generic extraction can be skipped."""
    return compared >= TRUSTED_PAGES and agreeing >= TRUSTED_SHARE * compared
