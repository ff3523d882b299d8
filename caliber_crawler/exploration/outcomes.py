"""The outcomes of requested pages, and how probable each is before anything is known of a site."""

from __future__ import annotations

from enum import IntEnum

from caliber_crawler.exploration.link_classes import LinkClass


class PageOutcome(IntEnum):
    """What a requested page turned out to be."""

    ARTICLE = 0
    LIST = 1
    OTHER = 2
    """Neither: a static page, an attachment."""
    DEAD = 3
    """A missing page, or another URL of a page that is known."""


Probabilities = tuple[float, float, float, float]
"""The probability of each outcome, by its number."""

PRIORS: dict[LinkClass, Probabilities] = {
    LinkClass.FEED: (0.95, 0.01, 0.01, 0.03),
    LinkClass.HEADLINE: (0.93, 0.01, 0.01, 0.05),
    LinkClass.TEXT: (0.81, 0.02, 0.02, 0.15),
    LinkClass.IMAGE: (0.77, 0.02, 0.15, 0.06),
    LinkClass.SITEMAP: (0.70, 0.15, 0.10, 0.05),
    LinkClass.PROSE: (0.66, 0.03, 0.14, 0.17),
    LinkClass.ADJACENT: (0.62, 0.33, 0.01, 0.04),
    LinkClass.SIDEBAR: (0.60, 0.01, 0.01, 0.38),
    LinkClass.NAVIGATION_LONG: (0.59, 0.15, 0.24, 0.02),
    LinkClass.SHORT: (0.56, 0.30, 0.07, 0.07),
    LinkClass.NEXT: (0.55, 0.41, 0.03, 0.01),
    LinkClass.PAGER: (0.29, 0.53, 0.10, 0.08),
    LinkClass.MORE: (0.01, 0.60, 0.09, 0.30),
    LinkClass.NAVIGATION: (0.20, 0.56, 0.23, 0.01),
    LinkClass.NUMBER: (0.12, 0.79, 0.01, 0.08),
    LinkClass.TAG: (0.01, 0.77, 0.01, 0.21),
    LinkClass.AUTHOR: (0.01, 0.95, 0.01, 0.03),
}
"""Shares measured on eleven whole sites, each site counted alike."""
DEAD_WEIGHT = 0.5
"""A dead link counts half: whole sections of a site may have moved while the rest of the template is alive."""


def weight_of(outcome: PageOutcome) -> float:
    """How much an outcome teaches."""
    return DEAD_WEIGHT if outcome is PageOutcome.DEAD else 1.0
