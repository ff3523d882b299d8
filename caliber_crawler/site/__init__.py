"""What a site is: a description in plain facts, from which everything else works.

A site's file (``spiders/<site>.py``) fills in a :class:`Site`. Nothing here fetches or parses pages.
"""

from caliber_crawler.site.addresses import Address
from caliber_crawler.site.editions import Edition, Section
from caliber_crawler.site.layouts import JsonCards, Layout, ListingLayout, TextLayout
from caliber_crawler.site.registry import SiteRegistry
from caliber_crawler.site.roads import (
    Feed,
    Links,
    Listings,
    Numbers,
    Revisits,
    Road,
    Search,
    Sitemaps,
    StartPage,
)
from caliber_crawler.site.site import Site, known_languages

__all__ = [
    "Address",
    "Edition",
    "Feed",
    "JsonCards",
    "Layout",
    "Links",
    "ListingLayout",
    "Listings",
    "Numbers",
    "Revisits",
    "Road",
    "Search",
    "Section",
    "Site",
    "SiteRegistry",
    "Sitemaps",
    "StartPage",
    "TextLayout",
    "known_languages",
]
