"""A site without a definition, created from the URL of one of its pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from caliber_crawler.site.discovery import Exploration, Links, Sitemaps
from caliber_crawler.site.site import Site
from caliber_crawler.site.urls import is_http_url, requested_url, without_credentials

_OTHER_PAGES = (
    *("tags?", "topics?", "categor(?:y|ies)", "authors?", "profiles?", "users?", "search", "page", "archives?"),
    *("trackback", r"comment-page-\d+", "embed"),
    *("galler(?:y|ies)", "login", "register", "account", r"subscri\w+", "newsletters?", r"wp-[\w-]+", "feeds?", "rss"),
)
_FILES = "jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|xml|json|css|js"
_WORD = r"[^\W_]+"
ARTICLE_SHAPES = (
    r"(?:.*/)?(?:19|20)\d\d/\d\d?/.*[^\W\d_].*",  # /2026/01/07/talks-resume
    r"(?:.*/)?[^/]*\d{5,}[^/]*",  # /world-europe-67890123, /1234567.html
    rf"(?:.*/)?(?:{_WORD}[-_]){{3,}}[^/]*",  # /talks-resume-after-winter
    r"(?:.*/)?(?=[^/]*\d[^/]*\d)(?=[^/]*[a-z])[a-z0-9]{8,}",  # /articles/c4gd9w0p0x9o
)
"""Patterns of article URLs on news sites. They match 92 of 100 real article URLs, and few other pages."""
NUMBERED_SHAPES = (
    r"(?:[^/]+/)*archives?/(?!(?:19|20)\d{6}(?:/|$))\d{5,}(?:-[^/]*)?",  # /archives/12345
    # /technology/archive/2026/11/talks-resume/12345, /topic/world/2026/11/20/talks-resume
    r"(?:[^/]+/)*(?:archives?|topics?)/(?:[^/]+/)?(?:19|20)\d\d/\d\d?/(?:\d\d?/)?[^/]*[^\W\d_]-[^/]+(?:/\d+)?",
    r"(?:[^/]+/)*(?:node|story|article|post)/\d{2,}",  # /node/412
)
"""Patterns of article URLs below the words of archives and topics, and of short post IDs after a word for articles."""
ARTICLE_PATH = (
    rf"/(?:(?!(?:.*/)?(?:{'|'.join(_OTHER_PAGES)})(?:/|$))(?!.*\.(?:{_FILES})$)(?:{'|'.join(ARTICLE_SHAPES)})"
    rf"|{'|'.join(NUMBERED_SHAPES)})"
)


def generic_site(url: str) -> Site:
    """The generic site of a page's host, which is explored from that page.

    Timestamps without an offset are assumed to be UTC. Raises ``ValueError`` unless ``url`` is an HTTP or HTTPS URL.
    """
    if not is_http_url(url := url.strip()):
        raise ValueError(
            f"{without_credentials(url)!r} is not the URL of a web page; write it as https://example.org/page."
        )
    url = requested_url(url)
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(".")
    base_url = f"{parts.scheme}://{host}"
    name = host.removeprefix("www.")
    return Site(
        name=name,
        title=name,
        base_url=base_url,
        timezone="UTC",
        editions=(),
        article_path=ARTICLE_PATH,
        sources=(Exploration(url=url), Links(), Sitemaps()),
    )
