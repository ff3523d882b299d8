"""What a site is: a description in plain facts, from which everything else works.

A site's file (``spiders/<site>.py``) fills in a :class:`Site`. Nothing here fetches or parses pages.
"""

from caliber_crawler.site.discovery import (
    DiscoverySource,
    Feed,
    Links,
    Listings,
    PostIds,
    Revisits,
    Search,
    Sitemaps,
    StartPage,
)
from caliber_crawler.site.editions import Edition, Section
from caliber_crawler.site.layouts import JsonTeasers, Layout, ListingLayout, TextLayout
from caliber_crawler.site.registry import SiteRegistry
from caliber_crawler.site.site import Site, known_languages
from caliber_crawler.site.urls import ArticleURL

__all__ = [
    "ArticleURL",
    "DiscoverySource",
    "Edition",
    "Feed",
    "JsonTeasers",
    "Layout",
    "Links",
    "ListingLayout",
    "Listings",
    "PostIds",
    "Revisits",
    "Search",
    "Section",
    "Site",
    "SiteRegistry",
    "Sitemaps",
    "StartPage",
    "TextLayout",
    "known_languages",
]
