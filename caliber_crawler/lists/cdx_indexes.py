"""Pages of the CDX indexes of web archives: the Wayback Machine, Common Crawl and similar services.

Both documented kinds of pagination are supported: a resumption key
(https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server), and a page count that is requested first
(https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html). A list of indexes, one for each crawl, has the format
of https://index.commoncrawl.org/collinfo.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from caliber_crawler.errors import InputError
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Capture, Listing, Problem
from caliber_crawler.lists.cdx_lines import InvalidLines, parse_cdx, teaser_of
from caliber_crawler.lists.json_teasers import parse_json_text
from caliber_crawler.quantity import quantity
from caliber_crawler.site import Site
from caliber_crawler.site.urls import host_of, without_credentials

MARK = "cdx"
"""Fragment of the URLs of indexes in the frontier. It is never sent; it distinguishes them from the site's sitemaps."""
MAX_PAGES = 2_000
"""Maximum number of pages of one index in one traversal. A page has some thousand URLs; no newspaper has as many."""
CRAWL_QUERY = {"output": "json", "fl": "url,status", "filter": "=status:200"}
"""Query parameters for each index of a list."""
_RESUME_JSON = re.compile(r'\[\s*\]\s*,\s*\[\s*"([^"\\]{1,4000})"\s*\]\s*+(?:\]\s*+)?\Z')
_RESUME_TEXT = re.compile(r"\n[ \t]*\n(\S{1,4000})\s*\Z")


def is_index_url(url: str) -> bool:
    """Whether a URL in the frontier is that of an index."""
    return urlsplit(url).fragment.partition("&")[0] == MARK


def parse_index(capture: Capture, site: Site) -> Listing:
    """The articles on a page of an index, and in ``sitemaps`` the URLs to request next. Raises ``Unreadable``."""
    text = capture.body.decode("utf-8", "replace")
    if is_list_url(capture.url):
        return Listing(capture=capture, teasers=(), sitemaps=tuple(_indexes(text, capture)))
    if "showNumPages=true" in urlsplit(capture.url).query:
        return Listing(capture=capture, teasers=(), sitemaps=tuple(_counted_pages(text, capture)))
    rows, key = _split_resumption_key(text)
    invalid = InvalidLines()
    try:
        teasers = [teaser_of(url, site) for url in parse_cdx(rows.splitlines(), invalid)]
    except InputError as error:
        raise Unreadable("not_a_cdx", f"{_url_of(capture)} is not a CDX index: {error}") from None
    articles = {teaser.url: teaser for teaser in teasers if teaser is not None}
    message = f"Skipped {quantity(invalid.count, 'line')} of {_url_of(capture)}. {invalid.first}"
    warning = Problem(stage="extract", reason="invalid_entries", message=message)
    return Listing(
        capture=capture,
        teasers=tuple(articles.values()),
        sitemaps=(_resumption_url(capture.url, key),) if key else (),
        not_articles=sum(teaser is None for teaser in teasers),
        invalid_entries=invalid.count,
        warnings=(warning,) if invalid.count else (),
    )


def _indexes(text: str, capture: Capture) -> Iterator[str]:
    known = parse_json_text(text)
    if not isinstance(known, list) or not all(isinstance(index, dict) for index in known):
        raise Unreadable("not_a_cdx", f"{_url_of(capture)} is not a list of indexes.")
    query = dict(parse_qsl(urlsplit(capture.url).fragment))
    which = query.pop("which", "newest")
    if which == "newest":
        known = known[:1]
    elif which != "all":
        known = [index for index in known if which in str(index.get("id", ""))]
    if not known:
        raise Unreadable("not_a_cdx", f"{_url_of(capture)} does not list an index named {which!r}.")
    for index in known:
        api_url = str(index.get("cdx-api") or "")
        # The list must not redirect the crawl to another host.
        if host_of(api_url) is not None and host_of(api_url) == host_of(capture.url):
            yield with_mark(add_parameters(api_url, {**query, **CRAWL_QUERY, "showNumPages": "true"}))


def _counted_pages(text: str, capture: Capture) -> Iterator[str]:
    count = parse_json_text(text)
    count = count.get("pages") if isinstance(count, dict) else count
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Unreadable("not_a_cdx", f"{_url_of(capture)} does not state the number of pages.")
    for page in islice(range(count), MAX_PAGES):
        yield with_mark(add_parameters(_remove_parameter(capture.url, "showNumPages"), {"page": str(page)}))


def _split_resumption_key(text: str) -> tuple[str, str | None]:
    for pattern in (_RESUME_JSON, _RESUME_TEXT):
        if found := pattern.search(text):
            return text[: found.start()], found[1]
    return text, None


def _resumption_url(url: str, key: str) -> str:
    # Services return the key quoted for a URL; others are quoted here.
    quoted = key if re.fullmatch(r"[\w%+.*~-]+", key) else quote_plus(key)
    parts = urlsplit(_remove_parameter(url, "resumeKey"))
    return with_mark(parts._replace(query=f"{parts.query}&resumeKey={quoted}".lstrip("&")).geturl())


def is_list_url(url: str) -> bool:
    return urlsplit(url).path.endswith("/collinfo.json")


def add_parameters(url: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()


def _remove_parameter(url: str, name: str) -> str:
    parts = urlsplit(url)
    others = (pair for pair in parts.query.split("&") if pair.partition("=")[0] != name)
    return parts._replace(query="&".join(others), fragment="").geturl()


def with_mark(url: str, parameters: Mapping[str, str] | None = None) -> str:
    fragment = "&".join(filter(None, (MARK, urlencode(parameters or {}))))
    return urlsplit(without_credentials(url))._replace(fragment=fragment).geturl()


def _url_of(capture: Capture) -> str:
    return urlsplit(capture.effective_url)._replace(fragment="").geturl()
