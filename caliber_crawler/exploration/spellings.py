"""Spellings of URLs that lead to one page: parameters that select nothing, and the case of letters.

Each site has its own. A parameter that only says where a visitor comes from is learned from articles that were known
under the URL without it. A session ID shows on a single page: all its links have the same one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import urlsplit, urlunsplit

MIN_ARTICLES = 3
"""Number of articles that are known under two spellings, from which on the difference selects nothing."""
MAX_NAMES = 1_000
MAX_TEXTS = 20_000
"""Number of articles whose texts are compared with those under the same path."""
MIN_LINKS = 5
"""Number of links to different paths with one session ID, at least."""
SESSION_SHARE = 0.75
"""Share of the links of a page that have the same session ID."""
_SESSION_NAME = re.compile(r".{0,8}(?:sid|sess(?:ion)?(?:_?id)?)", re.IGNORECASE)
_SESSION_VALUE = re.compile(r"(?=.*\d)(?:[0-9a-f]{16,}|[A-Za-z0-9_-]{20,})")


class Spellings:
    """What the articles of a site show about the spellings of its URLs."""

    def __init__(self) -> None:
        self._idle: Counter[str] = Counter()
        self._needed: set[str] = set()
        self._lowered = 0
        self._has_capitals = False
        self._texts: dict[str, tuple[str, int]] = {}
        """The first article at each path: its URL, and a hash of its text."""
        self._same: Counter[str] = Counter()
        self._different: set[str] = set()
        """Parameters of which two values led to one text, and to different ones."""

    def compare(self, url: str, text: str) -> None:
        """Learn from the text of an article whose page names no other URL: whether its parameters select it."""
        path = url.partition("?")[0]
        known, digest = self._texts.get(path), hash(text)
        if known is None:
            if len(self._texts) < MAX_TEXTS:
                self._texts[path] = (url, digest)
            return
        names = {piece.partition("=")[0] for piece in _pieces(url) ^ _pieces(known[0])}
        if known[1] == digest:
            self._same.update(names if len(self._same) < MAX_NAMES else ())
        elif len(self._different) < MAX_NAMES:
            self._different |= names

    def is_copy(self, url: str) -> bool:
        """Whether the article at a URL was requested under another value of a parameter that selects nothing."""
        known, names = self._texts.get(url.partition("?")[0]), self._idle_in(url)
        if known is None or not names:
            return False
        return _without(url, names) == _without(known[0], self._idle_in(known[0]))

    def _idle_in(self, url: str) -> set[str]:
        return {name for name in _parameters(url) if self._is_idle(name)}

    def _is_idle(self, name: str) -> bool:
        return self._same[name] >= MIN_ARTICLES and name not in self._different

    def learn(self, url: str, known: str | None) -> None:
        """Learn from an article at a URL that is ``known`` under another one; ``None``: it was not known before."""
        if known is None:
            self._has_capitals |= _has_capitals(url)
            self._needed |= set(_parameters(url)[:MAX_NAMES] if len(self._needed) < MAX_NAMES else ())
            return
        if _without(url, set(_parameters(url)) - set(_parameters(known))) == known and len(self._idle) < MAX_NAMES:
            self._idle.update(set(_parameters(url)) - set(_parameters(known)))
        elif _lowered(url) == known:
            self._lowered += 1

    def usual(self, url: str) -> str:
        """The spelling of a URL that leads to the same page and is requested instead."""
        names = {name for name in _parameters(url) if self._idle[name] >= MIN_ARTICLES and name not in self._needed}
        if names:
            url = _without(url, names)
        return _lowered(url) if self._lowered >= MIN_ARTICLES and not self._has_capitals else url


def session_parameters(urls: Collection[str]) -> frozenset[str]:
    """The names of parameters with a session ID: most links of a page have the same long value, or name.

    >>> sorted(session_parameters([f"https://a.example/{n}?oid=8f14e45fceea167a5a36" for n in range(9)]))
    ['oid']
    """
    found = Counter(piece for url in urls for piece in set(urlsplit(url).query.split("&")) if piece)
    if not found or len({url.partition("?")[0] for url in urls}) < MIN_LINKS:
        return frozenset()
    names = set()
    for piece, count in found.items():
        name, _, value = piece.partition("=")
        is_session = _SESSION_VALUE.fullmatch(value) or (_SESSION_NAME.fullmatch(name) and len(value) >= 4)
        if is_session and count >= max(MIN_LINKS, SESSION_SHARE * len(urls)):
            names.add(name)
    return frozenset(names)


def without_parameters(url: str, names: Collection[str]) -> str:
    """The URL without the parameters of these names."""
    return _without(url, set(names)) if names and "?" in url else url


def _parameters(url: str) -> list[str]:
    return [piece.partition("=")[0] for piece in url.partition("?")[2].split("&") if piece]


def _pieces(url: str) -> set[str]:
    return {piece for piece in url.partition("?")[2].split("&") if piece}


def _without(url: str, names: set[str]) -> str:
    start, _, query = url.partition("?")
    kept = "&".join(piece for piece in query.split("&") if piece and piece.partition("=")[0] not in names)
    return f"{start}?{kept}" if kept else start


def _has_capitals(url: str) -> bool:
    path = urlsplit(url).path
    return path != path.lower()


def _lowered(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.lower())) if _has_capitals(url) else url
