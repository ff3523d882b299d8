"""Corrections of a site definition by the facts that crawls used instead of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urljoin

from caliber_crawler.discovery.healed_facts import HealedFact, path_of, stated_pagination
from caliber_crawler.doctor.judgement import Finding
from caliber_crawler.site import Feed, LearnedLayout, Site, Sitemaps
from caliber_crawler.site_learning.update import corrected, quoted

PARTS = ("article", "headline", "section", "date", "body", "authors", "views")
"""The parts of a layout that are learned."""
FORMS = (("=", ", ", ("=", "=(", "=[")), (" = ", "\n", (" = ", " = [")))
"""What is between a field and its value, between two fields, and in front of a text: in Python, and in TOML."""


def healed_findings(facts: Iterable[HealedFact], site: Site) -> Iterator[Finding]:
    """A finding for each fact of the definition that a crawl replaced, with what to state instead."""
    for fact in facts:
        for name, old, new in corrections(fact, site):
            subject = f"{fact.name.removeprefix('healed_')} {fact.page or fact.stated}"
            yield Finding(subject, False, f"a crawl used {fact.used}", f'{name}: replace "{old}" by "{new}"')


def corrections(fact: HealedFact, site: Site) -> Iterator[tuple[str, str, str]]:
    """The corrections of a definition by a healed fact: the name of the field, its text, and the correct one.

    Nothing if the definition does not state the fact that failed, because it was corrected.
    """
    match fact.name:
        case "healed_listing":
            for edition in site.editions:
                for key, section in edition.sections.items():
                    if _is_at(section.path, fact.stated, site):
                        yield f"Section.path of {key}", section.path, fact.used
        case "healed_pagination":
            if fact.stated == stated_pagination(site) and site.listing is not None:
                more, _, form = fact.used.partition("#")
                yield "ListingLayout.more", site.listing.more, more
                if form or site.listing.form:
                    yield "ListingLayout.form", site.listing.form, form
        case "healed_feed":
            for source in site.sources:
                if isinstance(source, Feed) and _is_at(source.path, fact.stated, site):
                    yield "Feed.path", source.path, fact.used
        case "healed_sitemap":
            for source in site.sources:
                for path in source.paths if isinstance(source, Sitemaps) else ():
                    if _is_at(path, fact.stated, site):
                        yield "Sitemaps.paths", path, fact.used


def corrected_definition(source: str, site: Site, learned: LearnedLayout | None, healed: Iterable[HealedFact]) -> str:
    """The source of a definition with what crawls learned and used instead of what it states.

    A whole learned layout replaces the stated one. A learned selector of one part stands beside the stated one, which
    fits the earlier pages.
    """
    if learned is not None and site.layouts:
        stated = site.layouts[0]
        layout = learned.as_layout or learned.corrected(stated)
        changes = {part: (getattr(stated, part), getattr(layout, part)) for part in PARTS}
        source = corrected(source, {part: both for part, both in changes.items() if all(both)})
    for fact in healed:
        source = corrected_source(source, fact, site)
    return source


def corrected_source(source: str, fact: HealedFact, site: Site) -> str:
    """The source of a definition with a healed fact in it. A text that the source computes is not found, and stays."""
    for name, old, new in corrections(fact, site):
        field = name.partition(" ")[0].rpartition(".")[2]
        for sign, joint, openings in FORMS:
            if field == "form" and not old:  # a field of its own, behind the request that was just corrected
                more = f"more{sign}{quoted(fact.used.partition('#')[0])}"
                source = source.replace(more, f"{more}{joint}form{sign}{quoted(new)}")
            elif field == "more" and not old:  # behind the teaser
                teaser = next((text for text in _written("teaser", site, sign) if text in source), "")
                behind = f"{teaser}{joint}more{sign}{quoted(new)}"
                source = source.replace(teaser, behind, 1) if teaser else source
            else:
                for opening in openings:
                    source = source.replace(f'{field}{opening}"{old}"', f"{field}{opening}{quoted(new)}")
    return source


def _written(field: str, site: Site, sign: str) -> tuple[str, ...]:
    """How a source may state a field of the listing's layout."""
    value = getattr(site.listing, field)
    return f'{field}{sign}"{value}"', f"{field}{sign}'{value}'", f"{field}{sign}{quoted(value)}"


def _is_at(path: str, stated: str, site: Site) -> bool:
    return path_of(site.normal_url(urljoin(f"{site.base_url}/", path)), site) == stated
