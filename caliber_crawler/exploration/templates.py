"""Templates of URLs: URLs of one template probably lead to pages of one type."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

MAX_LITERAL = 20
"""Longest path segment, in characters, that is part of a template as it is."""
MANY_DIGITS = 4
_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBER = re.compile(r"\d+")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")
_WORDS = re.compile(r"[^\W_]+")
_LAST_NUMBER = re.compile(r"(\d{1,6})(?=(?:/|\.[a-z]{2,5}|/index\.[a-z]{2,5})?$)")

_MEDIA = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|pdf|mp[34]|m4[av]|ogg|og[av]|webm|wav|avi|mov|zip|gz|rar|7z|tar|exe"
    r"|apk|dmg|docx?|xlsx?|pptx?|odt|epub|css|js|mjs|json|xml|rss|atom|txt|csv|ics|woff2?|ttf|eot)/?$",
    re.IGNORECASE,
)
_MACHINERY = re.compile(
    r"(?:^|/)(?:feeds?|rss|atom|embed|trackback|print|amp|wp-(?:admin|login|json|content|includes)[^/]*|xmlrpc\.php"
    r"|comment-page-\d+|log-?in|sign-?in|sign-?up|log-?out|register|registration|account|cart|checkout|search"
    r"|cdn-cgi|cgi-bin|replytocom|lost-?password)(?:/|\.(?:php|html?|aspx?)|$)",
    re.IGNORECASE,
)
_LISTING_UNDER_SEARCH = re.compile(
    r"/search/label/[^/?]+/?(?:\?.*)?|/search/?\?(?:.*&)?updated-m(?:ax|in)=.*", re.IGNORECASE
)
"""Blogger's lists: the posts with a label, and those before a date."""
_IDLE_QUERY = re.compile(
    r"(?:^|&)(?:s|q|query|search|replytocom|share|print|amp|feed|action|add-to-cart|redirect(?:_to)?|return(?:url)?"
    r"|sort|orderby|order|filter(?:_by)?|preview|nocache)=",
    re.IGNORECASE,
)


def is_followed(url: str) -> bool:
    """Whether a URL may be a page of articles: not media, a feed, a login, a search for words, a print view."""
    parts = urlsplit(url)
    if _MEDIA.search(parts.path) or (parts.query and _IDLE_QUERY.search(parts.query)):
        return False
    if _MACHINERY.search(parts.path) is None:
        return True
    return _LISTING_UNDER_SEARCH.fullmatch(f"{parts.path}?{parts.query}") is not None


@lru_cache(maxsize=4096)
def template(url: str) -> str:
    """The template of a URL: its path segments by kind, and the names of its parameters.

    >>> template("https://example.org/2026/01/talks-resume-in-the-capital/")
    'Y/M/S5'
    >>> template("https://example.org/news/page/3?lang=en")
    'news/page/N?lang'
    """
    parts = urlsplit(url)
    segments = [unquote(segment) for segment in parts.path.split("/") if segment]
    last = len(segments) - 1
    kinds = "/".join(_kind(segment, is_last=place == last) for place, segment in enumerate(segments))
    names = sorted(piece.partition("=")[0] for piece in parts.query.split("&") if piece)
    return f"{kinds}?{'&'.join(names)}" if names else kinds


@lru_cache(maxsize=4096)
def coarse(shape: str) -> str:
    """The coarse form of a template: its depth and its last segment."""
    path, mark, names = shape.partition("?")
    return f"{path.count('/') if path else -1} {path.rpartition('/')[2]}{mark}{names}"


def paging_chain(url: str) -> tuple[str, int] | None:
    """The chain of pages that a URL ending in a number belongs to, and that number; ``None`` for other URLs.

    >>> paging_chain("https://example.org/news/page/12/")
    ('https://example.org/news/page/#/', 12)
    """
    start, mark, query = url.partition("?")
    if query:
        pieces = query.split("&")
        for place in reversed(range(len(pieces))):
            name, _, value = pieces[place].partition("=")
            if value.isascii() and value.isdecimal() and len(value) <= 6:
                return f"{start}?{'&'.join((*pieces[:place], f'{name}=#', *pieces[place + 1 :]))}", int(value)
        return None
    if (found := _LAST_NUMBER.search(start)) is None:
        return None
    return f"{start[: found.start()]}#{start[found.end() :]}{mark}", int(found[0])


def _kind(segment: str, *, is_last: bool) -> str:
    extension = _EXTENSION.search(segment)
    end = extension[0].lower() if extension else ""
    name = segment[: len(segment) - len(end)]
    if _YEAR.fullmatch(name):
        return f"Y{end}"
    if _NUMBER.fullmatch(name):
        return f"{'M' if len(name) <= 2 and not is_last else 'N'}{end}"
    digits = sum(map(str.isdigit, name))
    if not is_last and len(name) <= MAX_LITERAL and digits < MANY_DIGITS:
        return f"{name.lower()}{end}"
    words = len(_WORDS.findall(name))
    size = 1 if words <= 1 else 2 if words == 2 else 4 if words <= 4 else 5
    return f"S{size}{'d' if digits >= MANY_DIGITS else ''}{end}"
