"""A learned layout as site facts, and back."""

from __future__ import annotations

from caliber_crawler.archive import Archive, FactName, SiteFact
from caliber_crawler.learning import Learned
from caliber_crawler.learning.layout import Fact, Part, layout_of
from caliber_crawler.site import LearnedLayout

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
}
PART_OF: dict[str, Part] = {name: part for part, name in FACT_OF.items()}
AGREEMENT: FactName = "layout_agreement"
AGREES = "the learned selectors alone give what they give together with the generic extraction"
"""The value of the fact :data:`AGREEMENT`; its evidence decides whether the generic extraction is skipped."""
TRUSTED_PAGES, TRUSTED_SHARE = 10, 0.95
LAYOUT_FACTS: tuple[FactName, ...] = (*FACT_OF.values(), AGREEMENT)
"""The names of the facts that make a learned layout."""


def site_facts(learned: Learned, agreeing: int, compared: int) -> list[SiteFact]:
    """The facts of a lesson, as the archive stores them."""
    facts = [SiteFact(FACT_OF[fact.part], fact.value, fact.confirming, fact.examined) for fact in learned.facts]
    return [*facts, SiteFact(AGREEMENT, AGREES, agreeing, compared)] if learned.facts else []


def learned_layout(archive: Archive, site: str) -> LearnedLayout | None:
    """The layout that was learned about a site; ``None`` if there is none."""
    rows = archive.site_facts.current(site, *LAYOUT_FACTS)
    facts = [
        Fact(PART_OF[row["fact"]], row["value"], row["pages_confirming"], row["pages_examined"])
        for row in rows
        if row["fact"] in PART_OF
    ]
    agreement = next((row for row in rows if row["fact"] == AGREEMENT), None)
    is_trusted = agreement is not None and is_trustworthy(agreement["pages_confirming"], agreement["pages_examined"])
    layout = layout_of(facts, is_trusted=is_trusted)
    return None if layout.is_empty else layout


def learned_layouts(archive: Archive) -> dict[str, LearnedLayout]:
    """The learned layouts of all sites in an archive, by site."""
    layouts = {site: learned_layout(archive, site) for site in archive.site_facts.sites()}
    return {site: layout for site, layout in layouts.items() if layout is not None}


def layout_facts(archive: Archive, site: str) -> list[SiteFact]:
    """The facts of a site's learned layout that hold, with their evidence."""
    return [
        SiteFact(row["fact"], row["value"], row["pages_confirming"], row["pages_examined"])  # type: ignore[arg-type]
        for row in archive.site_facts.current(site, *LAYOUT_FACTS)
    ]


def is_trustworthy(agreeing: int, compared: int) -> bool:
    """Whether a layout agreed on enough pages that the generic extraction can be skipped."""
    return compared >= TRUSTED_PAGES and agreeing >= TRUSTED_SHARE * compared
