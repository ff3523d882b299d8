"""The indexes of web archives (CDX), asked over the network: the Wayback Machine's, Common Crawl's, and their kin.

An index is asked only by wish (``--cdx``), for the addresses of the site's host. What was fetched is kept and what is
still to be asked stands in the frontier, so a long index is read on after a kill. The documented ways to the next page
are followed: a resumption key (https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server), or pages
that are counted first (https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html). A list of indexes, one a
crawl, is read as https://index.commoncrawl.org/collinfo.json writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.discovery.entries import LATER_PAGE, list_entry, next_page
from caliber_crawler.discovery.url_lists import parse_cdx, teaser_of
from caliber_crawler.errors import InputError
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Capture, Listing
from caliber_crawler.site import Site

VIA = "cdx"
MARK = "cdx"
"""Fragment of the addresses of indexes in the frontier. It is never sent: it tells them from the site's own maps."""
MAX_PAGES = 2_000
"""Of one index in one walk; at some thousand addresses a page, more than any newspaper has."""
CRAWL_QUERY = {"output": "json", "fl": "url,status", "filter": "=status:200"}
"""What each index of a list is asked for."""

_RESUME_JSON = re.compile(r'\[\s*\]\s*,\s*\[\s*"([^"\\]{1,4000})"\s*\]\s*\]?\s*\Z')
_RESUME_TEXT = re.compile(r"\n[ \t]*\n(\S{1,4000})\s*\Z")


def is_service(wish: str, services: Mapping[str, str]) -> bool:
    """Is it the name of a service, or the address of one, and no file?"""
    return wish.partition(":")[0] in services or wish.lower().startswith(("http://", "https://"))


def index_entry(wish: str, services: Mapping[str, str], scope: Scope, started_at: datetime) -> Entry:
    """Where the walk through an index begins.

    ``wish`` is the address of a service, its own parameters included, or a name in ``services``, which may be followed
    by which of a list of indexes to ask (``commoncrawl:2025``, ``commoncrawl:all``; the newest unless said).
    """
    name, _, which = wish.partition(":")
    article_url, which = (services[name], which) if name in services else (wish, "")
    given = dict(parse_qsl(urlsplit(article_url).query, keep_blank_values=True))
    asked = _asked_for(scope)
    if _is_list(article_url):
        url = _marked(urlsplit(article_url)._replace(query="").geturl(), {**asked, "which": which or "newest"})
    else:
        added = asked if "url" not in given else {}
        url = _marked(_with(article_url, {name: value for name, value in added.items() if name not in given}))
    return list_entry(url, scope.site, "sitemap", VIA, started_at, priority=LATER_PAGE)


def is_index(entry: object) -> TypeGuard[Entry]:
    """Is this entry of the frontier the index of a web archive, which stands on a host of its own?"""
    return isinstance(entry, Entry) and entry.discovered_via == VIA and entry.kind == "sitemap"


def names_index(url: str) -> bool:
    """The same, told by the address alone."""
    return urlsplit(url).fragment.partition("&")[0] == MARK


def parse_index(capture: Capture, site: Site) -> Listing:
    """What a page of an index names: articles, and in ``maps`` what is to be asked next. Raises ``Unreadable``."""
    text = capture.body.decode("utf-8", "replace")
    if _is_list(capture.url):
        return Listing(capture=capture, teasers=(), sitemaps=tuple(_indexes(text, capture)))
    if "showNumPages=true" in urlsplit(capture.url).query:
        return Listing(capture=capture, teasers=(), sitemaps=tuple(_counted_pages(text, capture)))
    rows, key = _without_resumption(text)
    try:
        teasers = [teaser_of(url, site) for url in parse_cdx(rows.splitlines())]
    except InputError as error:
        raise Unreadable("not_a_cdx", f"{_shown(capture)} is no index of a web archive: {error}") from None
    articles = {teaser.url: teaser for teaser in teasers if teaser is not None}
    return Listing(
        capture=capture,
        teasers=tuple(articles.values()),
        sitemaps=(_resumed(capture.url, key),) if key else (),
        not_articles=sum(teaser is None for teaser in teasers),
    )


def following(listing: Listing, entry: Entry) -> list[Entry]:
    """What is to be asked after a page of an index."""
    room = max(0, MAX_PAGES - entry.page_number)
    return [next_page(entry, url, found_on=entry.url) for url in listing.sitemaps[:room]]


def _asked_for(scope: Scope) -> dict[str, str]:
    """The site's host. A page that was published after a day was archived after it, too."""
    since = scope.window.since
    return {"url": scope.site.host, "matchType": "host"} | ({"from": f"{since:%Y%m%d}"} if since else {})


def _indexes(text: str, capture: Capture) -> Iterator[str]:
    known = _json(text)
    if not isinstance(known, list) or not all(isinstance(index, dict) for index in known):
        raise Unreadable("not_a_cdx", f"{_shown(capture)} is no list of indexes.")
    asked = dict(parse_qsl(urlsplit(capture.url).fragment))
    which = asked.pop("which", "newest")
    if which == "newest":
        known = known[:1]
    elif which != "all":
        known = [index for index in known if which in str(index.get("id", ""))]
    if not known:
        raise Unreadable("not_a_cdx", f"{_shown(capture)} lists no index that is called {which!r}.")
    for index in known:
        article_url = str(index.get("cdx-api") or "")
        # Whoever answers for the list may not send us elsewhere.
        if urlsplit(article_url).netloc == urlsplit(capture.url).netloc:
            yield _marked(_with(article_url, {**asked, **CRAWL_QUERY, "showNumPages": "true"}))


def _counted_pages(text: str, capture: Capture) -> Iterator[str]:
    count = _json(text)
    count = count.get("pages") if isinstance(count, dict) else count
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Unreadable("not_a_cdx", f"{_shown(capture)} does not say how many pages there are.")
    for page in islice(range(count), MAX_PAGES):
        yield _marked(_with(_without(capture.url, "showNumPages"), {"page": str(page)}))


def _without_resumption(text: str) -> tuple[str, str | None]:
    for pattern in (_RESUME_JSON, _RESUME_TEXT):
        if found := pattern.search(text):
            return text[: found.start()], found[1]
    return text, None


def _resumed(url: str, key: str) -> str:
    # Services give the key ready for use in an address; one that is not is made so.
    ready = key if re.fullmatch(r"[\w%+.*~-]+", key) else quote_plus(key)
    parts = urlsplit(_without(url, "resumeKey"))
    return _marked(parts._replace(query=f"{parts.query}&resumeKey={ready}".lstrip("&")).geturl())


def _is_list(url: str) -> bool:
    return urlsplit(url).path.endswith("/collinfo.json")


def _with(url: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()


def _without(url: str, name: str) -> str:
    parts = urlsplit(url)
    kept = (pair for pair in parts.query.split("&") if pair.partition("=")[0] != name)
    return parts._replace(query="&".join(kept), fragment="").geturl()


def _marked(url: str, noted: Mapping[str, str] | None = None) -> str:
    fragment = "&".join(filter(None, (MARK, urlencode(noted or {}))))
    return urlsplit(url)._replace(fragment=fragment).geturl()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shown(capture: Capture) -> str:
    return urlsplit(capture.effective_url)._replace(fragment="").geturl()
