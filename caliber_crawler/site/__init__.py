"""The data model of a site. It describes a site; nothing here fetches or parses pages.

A site definition (``spiders/<site>.py``) creates a :class:`Site`.
"""

from caliber_crawler.site.discovery import (
    DiscoverySource,
    Exploration,
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
from caliber_crawler.site.learned import LearnedLayout
from caliber_crawler.site.registry import SiteRegistry
from caliber_crawler.site.site import Site, known_languages
from caliber_crawler.site.urls import ArticleURL, PageURL

__all__ = [
    "ArticleURL",
    "DiscoverySource",
    "Edition",
    "Exploration",
    "Feed",
    "JsonTeasers",
    "Layout",
    "LearnedLayout",
    "Links",
    "ListingLayout",
    "Listings",
    "PageURL",
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
