"""Queries to CDX indexes of web archives: the Wayback Machine, Common Crawl and similar services.

An index is queried only on request (``--cdx``), for the URLs of the site's host. Fetched pages are stored and pending
requests are in the frontier, so a long index is resumed after a kill.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeGuard
from urllib.parse import parse_qsl, unquote, urlsplit

from w3lib.http import basic_auth_header

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import LATER_PAGE, list_entry, next_page
from caliber_crawler.items import Listing
from caliber_crawler.lists.cdx_indexes import (
    MAX_PAGES,
    add_parameters,
    is_list_url,
    with_mark,
)

VIA = "cdx"


def is_service(index: str, services: Mapping[str, str]) -> bool:
    """Whether this is the name or the URL of a service, not the name of a file."""
    return index.partition(":")[0] in services or index.lower().startswith(("http://", "https://"))


def index_entry(index: str, services: Mapping[str, str], scope: Scope, started_at: datetime) -> Entry:
    """The first page of an index.

    ``index`` is the URL of a service, with its own parameters, or a name in ``services``. A name may select from a list
    of indexes (``commoncrawl:2025``, ``commoncrawl:all``); the default is the newest.
    """
    service_url, which = _service_of(index, services)
    given = dict(parse_qsl(urlsplit(service_url).query, keep_blank_values=True))
    query = _query_for(scope)
    if is_list_url(service_url):
        url = with_mark(urlsplit(service_url)._replace(query="").geturl(), {**query, "which": which or "newest"})
    else:
        added = query if "url" not in given else {}
        url = with_mark(
            add_parameters(service_url, {name: value for name, value in added.items() if name not in given})
        )
    return list_entry(url, scope.site, "sitemap", VIA, started_at, priority=LATER_PAGE)


def authorization(index: str, services: Mapping[str, str]) -> tuple[str, str] | None:
    """The host of a service and the header with the credentials in its URL, which are kept nowhere else."""
    parts = urlsplit(_service_of(index, services)[0])
    if parts.username is None and parts.password is None:
        return None
    header = basic_auth_header(unquote(parts.username or ""), unquote(parts.password or ""), encoding="utf-8")
    return parts.netloc.rpartition("@")[2], header.decode("ascii")


def _service_of(index: str, services: Mapping[str, str]) -> tuple[str, str]:
    """The URL of a service, and which of its indexes."""
    name, _, which = index.partition(":")
    return (services[name], which) if name in services else (index, "")


def is_index(entry: object) -> TypeGuard[Entry]:
    """Whether a frontier entry is the index of a web archive, which has a host of its own."""
    return isinstance(entry, Entry) and entry.discovered_via == VIA and entry.kind == "sitemap"


def following(listing: Listing, entry: Entry) -> list[Entry]:
    """The requests that follow a page of an index."""
    room = max(0, MAX_PAGES - entry.page_number)
    return [next_page(entry, url, found_on=entry.url) for url in listing.sitemaps[:room]]


def _query_for(scope: Scope) -> dict[str, str]:
    """Parameters that select the site's host. A page published after a day was also archived after it."""
    since = scope.window.since
    return {"url": scope.site.host, "matchType": "host"} | ({"from": f"{since:%Y%m%d}"} if since else {})
