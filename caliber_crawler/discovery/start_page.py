"""A page chosen by the user: an article, a list of articles, or both."""

from __future__ import annotations

from datetime import datetime

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.site import StartPage


def start_page(source: StartPage, scope: Scope, started_at: datetime) -> Entry:
    """The frontier entry of the page, which is parsed as a list first."""
    return site_list_entry(source.url, scope.site, "listing", source.name, started_at)
