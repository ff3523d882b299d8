"""The site's own search: its results are a listing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import site_list_entry
from caliber_crawler.site import Search


def result_pages(search: Search, scope: Scope, started_at: datetime) -> Iterator[Entry]:
    """The first page of results for each query."""
    for query in scope.queries:
        url = search.path.format(query=quote(query, safe="", errors="replace"))
        yield site_list_entry(url, scope.site, "listing", search.name, started_at)
