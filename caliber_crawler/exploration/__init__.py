"""Discovery of a whole site without a definition, from the links of its pages. Pure: no network and no archive.

    page ── page_links ──> links, each with its class ── Walk ──> the page to request next, and when to stop

Each link has a *class* (its place on the page), a *signature* (the elements around it) and a *template* (the shape of
its URL). The outcomes of requested pages teach the probabilities of each of these; see :mod:`~.probabilities`.
"""

from caliber_crawler.exploration.link_classes import LinkClass
from caliber_crawler.exploration.outcomes import PageOutcome
from caliber_crawler.exploration.walk import Walk

__all__ = ["LinkClass", "PageOutcome", "Walk"]
