"""What a survey shows about a site's lists, sections and dates, as site facts."""

from __future__ import annotations

from collections.abc import Iterator

from caliber_crawler.archive import FactName, SiteFact
from caliber_crawler.site_learning.survey import Survey

SURVEY_FACTS: tuple[FactName, ...] = (
    "article_url_pattern",
    "feed_url",
    "listing_url",
    "pagination",
    "section_label",
    "teaser_selector",
    "timezone",
    "views_label",
)


def survey_facts(survey: Survey) -> list[SiteFact]:
    """The facts of a survey with their evidence; each value once."""
    found: dict[tuple[FactName, str], SiteFact] = {}
    for fact in _facts(survey):
        found.setdefault((fact.fact, fact.value), fact)
    return list(found.values())


def _facts(survey: Survey) -> Iterator[SiteFact]:
    if (pattern := survey.article_path) is not None:
        yield SiteFact("article_url_pattern", pattern.regex, pattern.articles, pattern.of_articles)
    for feed in survey.feeds:
        yield SiteFact("feed_url", f"{survey.site.base_url}{feed.value}", feed.confirming, feed.examined)
    for listing in survey.lists:
        yield SiteFact("listing_url", listing.value, listing.confirming, listing.examined)
    for label, _ in survey.sections:
        yield SiteFact("section_label", label.value, label.confirming, label.examined)
    for label in survey.view_labels:
        yield SiteFact("views_label", label.value, label.confirming, label.examined)
    if (zone := survey.timezone) is not None:
        yield SiteFact("timezone", zone.value, zone.confirming, zone.examined)
    if (rule := survey.teasers) is not None:
        yield SiteFact("teaser_selector", rule.teaser, rule.lists, rule.of_lists)
        if rule.next:
            yield SiteFact("pagination", rule.next, rule.lists, rule.of_lists)
