"""Corrections of a definition by facts that crawls used instead of stated ones."""

from __future__ import annotations

import pytest

from caliber_crawler.discovery.healed_facts import HealedFact
from caliber_crawler.doctor.corrections import corrected_source, healed_findings
from caliber_crawler.site import Feed, Listings, Site, Sitemaps
from caliber_crawler.site.toml_loader import load_definition
from caliber_crawler.site.toml_writer import definition_text
from tests.discovery.driven import paper_site

SITE = paper_site("world", sources=(Listings(), Feed(path="/rss.xml"), Sitemaps(paths=("/map.xml",))))
LISTING = HealedFact("healed_listing", "/world", "/topics/world-affairs")
PAGINATION = HealedFact("healed_pagination", "?page={page}", "/ajax/news?page={page}", "/world")
POSTED = HealedFact("healed_pagination", "?page={page}", "/ajax/news#cat=5&page={page}", "/world")
FEED = HealedFact("healed_feed", "/rss.xml", "/feed/")
SITEMAP = HealedFact("healed_sitemap", "/map.xml", "/sitemap.xml")
SOURCE = """Section(path="/world"), more="?page={page}", Feed(path="/rss.xml"), Sitemaps(paths=("/map.xml",))"""


@pytest.mark.parametrize(
    ("fact", "old", "new"),
    [
        (LISTING, 'path="/world"', 'path="/topics/world-affairs"'),
        (PAGINATION, 'more="?page={page}"', 'more="/ajax/news?page={page}"'),
        (POSTED, 'more="?page={page}"', 'more="/ajax/news", form="cat=5&page={page}"'),
        (FEED, 'path="/rss.xml"', 'path="/feed/"'),
        (SITEMAP, 'paths=("/map.xml"', 'paths=("/sitemap.xml"'),
    ],
)
def test_the_source_of_a_definition_is_corrected(fact: HealedFact, old: str, new: str) -> None:
    assert corrected_source(SOURCE, fact, SITE) == SOURCE.replace(old, new)


@pytest.mark.parametrize("fact", [LISTING, PAGINATION, POSTED, FEED, SITEMAP])
def test_a_definition_in_toml_is_corrected_like_one_in_python(fact: HealedFact) -> None:
    changed = load_definition(corrected_source(definition_text(SITE), fact, SITE), "paper.toml")
    assert changed != SITE
    assert list(healed_findings([fact], changed)) == []


@pytest.mark.parametrize("fact", [LISTING, PAGINATION, POSTED, FEED, SITEMAP])
def test_a_replaced_fact_is_a_finding_with_its_correction(fact: HealedFact) -> None:
    first, *others = healed_findings([fact], SITE)
    assert (first.sound, first.found) == (False, f"a crawl used {fact.used}")
    assert f'replace "{fact.stated}" by' in first.advice
    assert bool(others) == (fact is POSTED)  # the form is a field of its own


def test_a_corrected_definition_has_no_finding() -> None:
    right: Site = paper_site("politics", sources=(Listings(),))
    assert list(healed_findings([LISTING, FEED, SITEMAP], right)) == []
